"""Seasons: one after the other, one of them current, those that are active open for work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, case, func, literal, select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.db import db
from core.errors import NotFound, StaleVersion, UserMistake
from core.i18n import _, format_date
from core.organisations.models import Organisation
from core.tenancy import current_scope
from core.web.context import current_organisation, federation_setting, federations_of
from plugins.groups.models import ClubGroup, Season

WRITE = "seasons.write"
START, NAME = "groups.season_start", "groups.season_name"
LONGEST_NAME = 20
#: longer is most likely a typing mistake
MOST_DAYS = 800


def today() -> date:
    """Today where the organisation is."""
    return clock.today(current_organisation().time_zone)


def seasons_of() -> Sequence[Season]:
    """All seasons, the newest first."""
    return db.session.scalars(select(Season).order_by(Season.start_on.desc())).all()


def get_season(pk: int) -> Season:
    """A season of the organisation at hand; NotFound for all others."""
    found = db.session.scalars(select(Season).where(Season.id == pk)).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"season {pk}")
    return found


def current_season() -> Season | None:
    """The one people see first: marked so, else that of today, else the newest."""
    known = seasons_of()
    day = today()
    return next((s for s in known if s.is_current), None) or next((s for s in known if s.holds(day)), None) or next(iter(known), None)


def season_titles() -> list[tuple[int, str]]:
    return [(season.id, season.name) for season in seasons_of()]


def reference_day() -> Any:
    """SQL: the day on which members of a season are looked at; for a committee today. Needs (outer) joined Season."""
    day = literal(today(), Date())
    return case((Season.end_on < day, Season.end_on), (Season.start_on > day, Season.start_on), else_=day)


def day_of(season: Season | None) -> date:
    """The same for one season."""
    return season.nearest(today()) if season is not None else today()


# --- what a federation prescribes -----------------------------------------------------------------


@dataclass(frozen=True)
class Prescription:
    """How a federation wants seasons: from a day of the year to the day before it a year later."""

    federation: Organisation
    month: int
    day: int
    #: "{start}-{end}", the years
    pattern: str = "{start}-{end}"

    def season_from(self, year: int) -> tuple[str, date, date]:
        start, after = date(year, self.month, self.day), date(year + 1, self.month, self.day)
        last = after - timedelta(days=1)
        return self.pattern.format(start=start.year, end=last.year if last.year != start.year else after.year), start, last


def prescriptions() -> list[Prescription]:
    """What the federations of the organisation at hand say; those that say nothing leave it free."""
    found = []
    for federation in federations_of(current_organisation()):
        start = federation_setting(federation, START)
        if start:
            month, day = (int(part) for part in str(start).split("-"))
            found.append(Prescription(federation, month, day, str(federation_setting(federation, NAME, "") or "{start}-{end}")))
    return found


def suggestion() -> dict[str, Any]:
    """What a new season would most likely be: the one after the last."""
    known, rules = seasons_of(), prescriptions()
    start = known[0].end_on + timedelta(days=1) if known else None
    if rules:
        year = start.year if start is not None else today().year - ((today().month, today().day) < (rules[0].month, rules[0].day))
        name, first, last = rules[0].season_from(year)
        return {"name": name, "start_on": first, "end_on": last, "is_current": True, "is_active": True}
    first = start or date(today().year - (today().month < 9), 9, 1)
    last = _year_later(first) - timedelta(days=1)
    return {"name": f"{first.year}-{first.year + 1}", "start_on": first, "end_on": last, "is_current": True, "is_active": True}


def _year_later(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return date(day.year + 1, 3, 1)


# --- changing -------------------------------------------------------------------------------------


def add_season(values: Mapping[str, Any], *, actor: Actor) -> Season:
    """Make a season. Marking it as current takes that mark from the other one."""
    require(actor, WRITE)
    if current_organisation().kind != "club":
        raise NotFound("seasons")
    _lock()
    cleaned = _clean(None, values)
    season = Season(**{**cleaned, "is_current": False})
    db.session.add(season)
    db.session.flush()
    record("group_season.created", season, actor=actor, changes={name: (None, value) for name, value in cleaned.items()})
    if cleaned["is_current"]:
        make_current(season, actor=actor)
    return season


def change_season(season: Season, values: Mapping[str, Any], *, version: int | None = None, actor: Actor) -> Season:
    """Change a season; its groups stay in it."""
    from plugins.groups.services.sharing import refresh_season  # noqa: PLC0415 -- circular: what is shared follows seasons too

    require(actor, WRITE)
    _lock()
    db.session.refresh(season)
    if version is not None and season.version != version:
        raise StaleVersion(f"season {season.id}")
    cleaned = _clean(season, values)
    is_current = cleaned.pop("is_current")
    changes = {name: (getattr(season, name), value) for name, value in cleaned.items() if getattr(season, name) != value}
    for name in changes:
        setattr(season, name, cleaned[name])
    db.session.flush()
    if changes:
        record("group_season.changed", season, actor=actor, changes=changes)
        refresh_season(season, actor=actor)
    if is_current != season.is_current:
        if is_current:
            make_current(season, actor=actor)
        else:
            _mark(season, current=False, actor=actor)
    return season


def make_current(season: Season, *, actor: Actor) -> Season | None:
    """Show this season first from now on; returns the one that was shown until now."""
    require(actor, WRITE)
    _lock()
    before = db.session.scalars(select(Season).where(Season.is_current.is_(True), Season.id != season.id)).all()
    for other in before:
        _mark(other, current=False, actor=actor)
    if not season.is_current:
        _mark(season, current=True, actor=actor)
    return next(iter(before), None)


def activate(season: Season, *, on: bool, actor: Actor) -> None:
    """Open a season for work, or close it."""
    require(actor, WRITE)
    if season.is_active != on:
        season.is_active = on
        db.session.flush()
        record("group_season.changed", season, actor=actor, changes={"is_active": (not on, on)})


def remove_season(season: Season, *, actor: Actor) -> None:
    """Remove a season without groups."""
    require(actor, WRITE)
    number = db.session.scalar(select(func.count(ClubGroup.id)).where(ClubGroup.season_id == season.id)) or 0
    if number:
        raise UserMistake(_("Season %(name)s has groups. They would be lost with it, so it stays.", name=season.name))
    record("group_season.deleted", season, actor=actor, changes={"name": (season.name, None)})
    db.session.delete(season)
    db.session.flush()


def require_open(season: Season | None) -> None:
    """Groups of a season that is not active can be looked at only."""
    if season is not None and not season.is_active:
        raise UserMistake(_("Season %(name)s is not active, so nothing can change in it. Activate it in Settings, Seasons.", name=season.name))


def _mark(season: Season, *, current: bool, actor: Actor) -> None:
    season.is_current = current
    db.session.flush()
    record("group_season.changed", season, actor=actor, changes={"is_current": (not current, current)})


def _clean(season: Season | None, values: Mapping[str, Any]) -> dict[str, Any]:
    name = " ".join(str(values.get("name") or "").split())
    start, end = values.get("start_on"), values.get("end_on")
    if not name:
        raise UserMistake(_("Fill in a name, for example 2026-2027."), field="name")
    if len(name) > LONGEST_NAME:
        raise UserMistake(_("Use at most %(number)s characters.", number=LONGEST_NAME), field="name")
    if start is None:
        raise UserMistake(_("Fill in the first day of the season."), field="start_on")
    if end is None:
        raise UserMistake(_("A season has an end: fill in its last day."), field="end_on")
    if end <= start:
        raise UserMistake(_("The last day lies before the first day."), field="end_on")
    if (end - start).days > MOST_DAYS:
        raise UserMistake(_("This season lasts longer than two years. Look at its days again."), field="end_on")
    _check_prescribed(name, start, end)
    _check_others(season, name, start, end)
    return {
        "name": name,
        "start_on": start,
        "end_on": end,
        "is_current": bool(values.get("is_current")),
        "is_active": bool(values.get("is_active")),
    }


def _check_prescribed(name: str, start: date, end: date) -> None:
    rules = prescriptions()
    wanted = [(rule, rule.season_from(start.year)) for rule in rules]
    if not rules or any((name, start, end) == season for _rule, season in wanted):
        return
    rule, (title, first, last) = wanted[0]
    if (start, end) != (first, last):
        raise UserMistake(
            _(
                "A season of %(federation)s runs from %(start)s to %(end)s. Fill in these days.",
                federation=rule.federation.name,
                start=format_date(first),
                end=format_date(last),
            ),
            field="start_on" if start != first else "end_on",
        )
    raise UserMistake(_("%(federation)s calls this season %(name)s. Fill in that name.", federation=rule.federation.name, name=title), field="name")


def _check_others(season: Season | None, name: str, start: date, end: date) -> None:
    for other in seasons_of():
        if season is not None and other.id == season.id:
            continue
        if other.name.casefold() == name.casefold():
            raise UserMistake(_("There is a season %(name)s already.", name=other.name), field="name")
        if start <= other.end_on and other.start_on <= end:
            raise UserMistake(
                _(
                    "These days overlap season %(name)s, from %(start)s to %(end)s. Let one end before the other begins.",
                    name=other.name,
                    start=format_date(other.start_on),
                    end=format_date(other.end_on),
                ),
                field="start_on" if start >= other.start_on else "end_on",
            )


def _lock() -> None:
    """One at a time per organisation, so that two seasons cannot both pass the check."""
    db.session.execute(select(Organisation.id).where(Organisation.id == current_scope().organisation_id).with_for_update(key_share=True))
