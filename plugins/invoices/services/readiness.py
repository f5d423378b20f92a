"""Which clubs are not in order yet, by the points of their own "in order?" page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from core import clock
from core.db import chunks, db, transaction
from core.i18n import _
from core.organisations.models import ClubReadiness, Organisation
from core.organisations.services.readiness import refresh
from core.tenancy import scope
from core.web.context import current_organisation
from plugins.invoices.models import RunClub
from plugins.invoices.services.runs import get_run

BATCH = 100
#: what is known of a club is asked again when it is older than this
FRESH = timedelta(hours=1)


def ask_readiness(run_id: int, generation: int, *, report: Callable[[int, str], None]) -> None:
    """Note with every club of a draft what it still has to do. Outside a transaction.

    Only titles of points leave the club, nothing about its people.
    """
    pairs = _clubs(run_id, generation)
    _refresh([club_id for _pk, club_id in pairs], report)
    for part in chunks(pairs, BATCH):
        with transaction():
            run = get_run(run_id, locked=True)
            if run.generation != generation:
                return
            missing = {row.organisation_id: row.missing for row in db.session.scalars(_known([club_id for _pk, club_id in part]))}
            for row in db.session.scalars(select(RunClub).where(RunClub.id.in_([pk for pk, _club in part]))):
                points = missing.get(row.club_id)
                row.open_points = None if points is None else [str(point["title"]) for point in points]
                row.is_ready = not row.open_points
            db.session.flush()
            not_ready = select(func.count()).select_from(RunClub).where(RunClub.run_id == run_id, RunClub.generation == generation, RunClub.is_ready.is_(False))
            run.not_ready = int(db.session.scalar(not_ready) or 0)
            db.session.flush()


def _clubs(run_id: int, generation: int) -> list[tuple[int, int]]:
    query = select(RunClub.id, RunClub.club_id).where(RunClub.run_id == run_id, RunClub.generation == generation, RunClub.members > 0)
    return [(row.id, row.club_id) for row in db.session.execute(query.order_by(RunClub.id))]


def _known(club_ids: list[int]) -> Any:
    federation_id = current_organisation().id
    return select(ClubReadiness).where(ClubReadiness.federation_id == federation_id, ClubReadiness.organisation_id.in_(club_ids))


def _refresh(club_ids: list[int], report: Callable[[int, str], None]) -> None:
    """Ask the clubs of which it is not known, or not any more."""
    federation_id, known = current_organisation().id, set()
    for part in chunks(club_ids, 1_000):
        fresh = ClubReadiness.checked_at >= clock.now() - FRESH
        query = select(ClubReadiness.organisation_id).where(ClubReadiness.federation_id == federation_id, ClubReadiness.organisation_id.in_(part), fresh)
        known.update(db.session.scalars(query))
    stale = [club_id for club_id in club_ids if club_id not in known]
    for done, club_id in enumerate(stale, start=1):
        club = db.session.get_one(Organisation, club_id)
        with scope(club), transaction():
            refresh(club)
        report(done, _("%(done)s of %(total)s clubs asked whether they are in order", done=done, total=len(stale)))
