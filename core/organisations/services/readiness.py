"""Is a club in order with its federation? The points, what the club confirmed, and the stand of all clubs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import force_locale
from sqlalchemy import and_, case, func, or_, select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.db import db
from core.errors import NotFound
from core.extend.contributions import ReadinessCheck
from core.extend.registry import registry
from core.organisations.checks import LOOKED_AT, core_checks
from core.organisations.models import Affiliation, ClubReadiness, Organisation
from core.tenancy import unscoped
from core.web.context import active_plugins, addresses_of, federation_setting, federations_of

#: setting of a federation (or of its plugin): month and day, "04-01"
REFERENCE_DAY = "core.reference_day"


def reference_day(federation: Organisation, today: date | None = None) -> date | None:
    """The next day on which the clubs of a federation have to be in order; None: no such day."""
    chosen = federation_setting(federation, REFERENCE_DAY)
    return next_time(str(chosen), today or clock.today(federation.time_zone)) if chosen else None


def next_time(month_and_day: str, today: date) -> date:
    """ "04-01" -> the first 1 April that is not past."""
    month, day = (int(part) for part in month_and_day.split("-"))
    found = date(today.year, month, day)
    return found if found >= today else date(today.year + 1, month, day)


@dataclass(frozen=True)
class Readiness:
    """How far a club is with the points of one federation. `day` is None when there is no deadline."""

    federation: Organisation | None
    day: date | None
    checks: tuple[ReadinessCheck, ...]

    @property
    def done(self) -> int:
        return sum(check.state == "ok" for check in self.checks)

    @property
    def total(self) -> int:
        return len(self.checks)

    @property
    def is_ready(self) -> bool:
        return self.done == self.total

    @property
    def days_left(self) -> int | None:
        return (self.day - clock.today()).days if self.day else None


def readiness_of(club: Organisation) -> list[Readiness]:
    """The points of a club, per federation; inside the scope of the club."""
    federations = federations_of(club)
    rules = {federation.federation_plugin for federation in federations}
    found = []
    for federation in federations:
        day = reference_day(federation)
        plugins = [name for name in active_plugins(club) if name not in rules or name == federation.federation_plugin]
        found.append(Readiness(federation, day, _checks(club, day or clock.today(club.time_zone), plugins)))
    return found


def _checks(club: Organisation, day: date, plugins: Iterable[str]) -> tuple[ReadinessCheck, ...]:
    found = {check.name: check for check in core_checks(club, day)}
    manifests = registry().plugins.manifests
    # those of federations last, because their word counts when two have one name
    for name in sorted(plugins, key=lambda plugin: (manifests[plugin].kind == "federation", plugin)):
        for answer in registry().plugins.ask("readiness_checks", [name], organisation=club, day=day):
            found |= {check.name: check for check in answer}
    return tuple(sorted(found.values(), key=lambda check: check.position))


# --- what a club confirms ------------------------------------------------------------------------


def note_looked_at(organisation: Organisation, name: str, *, actor: Actor) -> None:
    """Remember that somebody looked at something today."""
    seen = dict(organisation.setting(LOOKED_AT) or {})
    seen[name] = {"on": clock.today(organisation.time_zone).isoformat(), "by_id": actor.user_id}
    organisation.settings = {**(organisation.settings or {}), LOOKED_AT: seen}


def confirm(club: Organisation, name: str, *, actor: Actor) -> ReadinessCheck:
    """The club says that a point is right; only of points that ask for it."""
    require(actor, "organisation.write")
    check = next((c for r in readiness_of(club) for c in r.checks if c.name == name and c.can_confirm), None)
    if check is None:
        raise NotFound(f"readiness check {name}")
    note_looked_at(club, name, actor=actor)
    db.session.flush()
    record("organisation.confirmed", club, actor=actor, note=str(check.title))
    refresh(club)
    return check


# --- the stand of all clubs, for federations --------------------------------------------------------


def refresh(club: Organisation) -> None:
    """Store how far this club is, per federation; inside its scope and a transaction."""
    rows = {row.federation_id: row for row in db.session.scalars(select(ClubReadiness)).all()}
    federations = federations_of(club)
    for federation in federations:
        found, titles = _looked_at_in(federation.language, club, federation)
        own_titles = titles if club.language == federation.language else _looked_at_in(club.language, club, federation)[1]
        missing = [{"name": name, "title": title, "own_title": own_titles.get(name, title)} for name, title in titles.items()]
        row = rows.pop(federation.id, None)
        if row is None:
            row = ClubReadiness(federation_id=federation.id)
            db.session.add(row)
        row.day = found.day or clock.today(club.time_zone)
        row.done, row.total, row.missing, row.checked_at = found.done, found.total, missing, clock.now()
    for row in rows.values():  # of federations it left
        db.session.delete(row)
    db.session.flush()


def _looked_at_in(language: str, club: Organisation, federation: Organisation) -> tuple[Readiness, dict[str, str]]:
    """How far a club is, and what it lacks by name, in a language."""
    with addresses_of(club), force_locale(language):
        found = next(r for r in readiness_of(club) if r.federation is federation)
        return found, {check.name: str(check.short or check.title) for check in found.checks if check.state != "ok"}


def affiliated_today() -> Any:
    """Condition on Affiliation: it holds today."""
    today = clock.today()
    return and_(Affiliation.from_on <= today, or_(Affiliation.until_on.is_(None), Affiliation.until_on >= today))


def clubs_to_refresh() -> list[int]:
    """Ids of all clubs that are in a federation today."""
    with unscoped("the clubs whose readiness is looked at"):
        return list(
            db.session.scalars(
                select(Affiliation.organisation_id)
                .where(affiliated_today())
                .distinct()
                .order_by(Affiliation.organisation_id)
            )
        )


def is_ready() -> Any:
    return ClubReadiness.done == ClubReadiness.total


def is_started() -> Any:
    return ClubReadiness.done > 0


def number_of_clubs() -> Any:
    """How many clubs the federation (or region) at hand has today, as a SELECT of one number."""
    return select(func.count(Affiliation.id)).where(affiliated_today())


def stand_of_clubs() -> dict[str, int]:
    """How many of the clubs of the federation (or region) at hand are ready, started, not started. One query."""
    ready, started = case((is_ready(), 1), else_=0), case((is_started(), 1), else_=0)
    row = db.session.execute(
        select(func.count(Affiliation.id), func.coalesce(func.sum(ready), 0), func.coalesce(func.sum(started), 0))
        .select_from(Affiliation)
        .outerjoin(
            ClubReadiness,
            (ClubReadiness.organisation_id == Affiliation.organisation_id) & (ClubReadiness.federation_id == Affiliation.federation_id),
        )
        .where(affiliated_today())
    ).one()
    clubs, ready_count, started_count = (int(number) for number in row)
    return {"clubs": clubs, "ready": ready_count, "started": started_count - ready_count, "open": clubs - started_count}


@dataclass(frozen=True)
class Behind:
    """A club that is not in order. `done` and `total` are None when it was not looked at yet."""

    club_id: int
    name: str
    done: int | None
    total: int | None
    missing: list[dict[str, str]]


def furthest_from_ready(limit: int) -> list[Behind]:
    """The clubs of the federation (or region) at hand with most left to do. One query."""
    query = (
        select(Organisation.id, Organisation.name, ClubReadiness.done, ClubReadiness.total, ClubReadiness.missing)
        .select_from(Affiliation)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .outerjoin(
            ClubReadiness,
            (ClubReadiness.organisation_id == Affiliation.organisation_id) & (ClubReadiness.federation_id == Affiliation.federation_id),
        )
        .where(affiliated_today())
        .where(or_(ClubReadiness.id.is_(None), ClubReadiness.done < ClubReadiness.total))
        .order_by(func.coalesce(ClubReadiness.total - ClubReadiness.done, 0).desc(), Organisation.name)
        .limit(limit)
    )
    return [Behind(row.id, row.name, row.done, row.total, row.missing or []) for row in db.session.execute(query)]
