"""Work on organisations outside a request: how far all clubs are, and reminding them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import force_locale
from sqlalchemy import select

from core import clock
from core.access import Actor, acting, system_actor
from core.db import chunks, db, transaction
from core.errors import UserMistake
from core.i18n import _, format_long_date
from core.jobs.api import JobRun
from core.organisations.models import Organisation
from core.organisations.services.clubs import get_club, readiness_row
from core.organisations.services.readiness import clubs_to_refresh, reference_day, refresh
from core.outbox.api import queue_mail
from core.tenancy import scope, unscoped
from core.web.context import current_organisation

#: clubs written together: on SQLite everybody else waits that long to write
BATCH = 5


def refresh_readiness(run: JobRun) -> None:
    """Look at every affiliated club again. Safe to run at any time."""
    ids = clubs_to_refresh()
    done = 0
    for part in chunks(ids, BATCH):
        with transaction():
            with unscoped("clubs whose readiness is looked at"):
                clubs = db.session.scalars(select(Organisation).where(Organisation.id.in_(part)).order_by(Organisation.id)).all()
            for club in clubs:
                with scope(club), acting(system_actor(club.id, language=club.language)):
                    refresh(club)
        done += len(part)
        run.progress(done, len(ids))


def remind(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> str:
    """Write to a club what it still has to do; to its general address, at most once a day."""
    club = get_club(item_id)
    row = readiness_row(club)
    if row is None or row.done == row.total:
        raise UserMistake(_("This club is in order."))
    address = club.organisation.email or club.organisation.invoice_email
    if not address:
        raise UserMistake(_("This club has no e-mail address."))
    federation = current_organisation()
    day = reference_day(federation) if federation.kind == "federation" else row.day
    with force_locale(club.organisation.language):
        subject = _("What %(federation)s still needs of %(club)s", federation=federation.name, club=club.organisation.name)
        lines = [
            _("Hello"),
            "",
            _("Before %(day)s we still need this of you:", day=format_long_date(day)) if day else _("We still need this of you:"),
            *(f"- {item['own_title']}" for item in row.missing),
            "",
            _("Log in and choose Manage club, In order: each point has a button that leads to the right place."),
            "",
            federation.name,
        ]
    queue_mail(to=address, subject=subject, text="\n".join(lines), unique_key=f"remind:{item_id}:{clock.today()}", actor=actor)
    return address
