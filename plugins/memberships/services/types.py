"""The types of membership an organisation offers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from core.access import Actor, require
from core.audit.services import record
from core.contacts.names import fold
from core.db import db
from core.errors import NotFound, StaleVersion, UserMistake
from core.extend.registry import registry
from core.i18n import LANGUAGES, _
from core.organisations.models import Organisation
from core.tenancy import current_scope, scope
from core.web.context import current_organisation, federations_of
from plugins.memberships.durations import DURATIONS, MonthDay
from plugins.memberships.hookspecs import MembershipTypeDeclaration
from plugins.memberships.models import ACCEPTANCES, DETAILS, MembershipType

WRITE = "membership_types.write"
LONGEST_NAME = 80
MOST_DAYS, MOST_MONTHS = 3_660, 120


def types_of(organisation: Organisation | None = None) -> Sequence[MembershipType]:
    """All types of one organisation (the one at hand), also those switched off, in order."""
    owner = organisation.id if organisation is not None else current_scope().organisation_id
    return db.session.scalars(select(MembershipType).where(MembershipType.organisation_id == owner).order_by(MembershipType.position, MembershipType.id)).all()


def types_on_offer() -> list[tuple[Organisation, list[MembershipType]]]:
    """What a club can ask now: per federation, then its own. Owners without types are left out."""
    club = current_organisation()
    owners = [*(federations_of(club) if club.kind == "club" else ()), club]
    rows = db.session.scalars(
        select(MembershipType)
        .where(MembershipType.organisation_id.in_([owner.id for owner in owners]), MembershipType.is_active.is_(True))
        .order_by(MembershipType.position, MembershipType.id)
    ).all()
    found = [(owner, [row for row in rows if row.organisation_id == owner.id]) for owner in owners]
    return [(owner, kinds) for owner, kinds in found if kinds]


def get_type(pk: int, *, own: bool = False) -> MembershipType:
    """A type this organisation may see (`own`: that is its own); NotFound for all others."""
    query = select(MembershipType).where(MembershipType.id == pk)
    if own:
        query = query.where(MembershipType.organisation_id == current_scope().organisation_id)
    found = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"membership type {pk}")
    return found


def add_type(values: Mapping[str, Any], *, actor: Actor) -> MembershipType:
    """Make a type; its key follows from its name."""
    require(actor, WRITE)
    cleaned = clean_type(values)
    kind = MembershipType(key=_free_key(cleaned["name"]), position=_last_position() + 10, **cleaned)
    db.session.add(kind)
    db.session.flush()
    record("membership_type.created", kind, actor=actor, changes={name: (None, _plain(value)) for name, value in cleaned.items()})
    return kind


def change_type(kind: MembershipType, values: Mapping[str, Any], *, actor: Actor, version: int | None = None) -> MembershipType:
    """Change a type. Memberships that exist keep their days."""
    require(actor, WRITE)
    if version is not None and kind.version != version:
        raise StaleVersion(f"membership type {kind.id}")
    cleaned = clean_type(values)
    changes = {name: (_plain(getattr(kind, name)), _plain(value)) for name, value in cleaned.items() if getattr(kind, name) != value}
    for name in changes:
        setattr(kind, name, cleaned[name])
    db.session.flush()
    if changes:
        record("membership_type.changed", kind, actor=actor, changes=changes)
    return kind


def move_type(kind: MembershipType, *, up: bool, actor: Actor) -> None:
    """One place further to the front or the back."""
    require(actor, WRITE)
    kinds = list(types_of())
    here = next(number for number, row in enumerate(kinds) if row.id == kind.id)
    there = here - 1 if up else here + 1
    if 0 <= there < len(kinds):
        kinds[here], kinds[there] = kinds[there], kinds[here]
    for number, row in enumerate(kinds, 1):
        if row.position != number * 10:
            row.position = number * 10
    db.session.flush()


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, MonthDay) else value


# --- checking ----------------------------------------------------------------------------------


def clean_type(values: Mapping[str, Any]) -> dict[str, Any]:
    """What can be stored of a filled-in type; what does not belong to its duration is emptied."""
    duration = values.get("duration")
    if duration not in DURATIONS:
        raise UserMistake(_("Choose how long it lasts."), field="duration")
    found: dict[str, Any] = {
        "name": _clean_name(values.get("name") or {}),
        "duration": duration,
        "period_start": None,
        "period_end": None,
        "transfer_on": None,
        "length": None,
        "length_unit": None,
        "acceptance": values.get("acceptance") or "ask",
        "needs": [name for name in DETAILS if name in (values.get("needs") or ())],
        "is_active": bool(values.get("is_active", True)),
    }
    if found["acceptance"] not in ACCEPTANCES:
        raise UserMistake(_("Choose when a request is accepted."), field="acceptance")
    if duration == "season_bound":
        found["period_start"] = _day(values, "period_start", _("Fill in the first day of the season."))
    if duration in ("season_bound", "fixed_end"):
        found["period_end"] = _day(values, "period_end", _("Fill in the last day."))
    if duration == "fixed_end" and values.get("transfer_on"):
        found["transfer_on"] = _day(values, "transfer_on", "")
    if duration == "fixed_duration":
        found |= _clean_length(values)
    return found


def _clean_name(name: Mapping[str, str]) -> dict[str, str]:
    cleaned = {language: " ".join(str(name.get(language) or "").split()) for language in LANGUAGES}
    found = {language: text for language, text in cleaned.items() if text}
    if not found:
        raise UserMistake(_("Fill in a name."), field="name")
    if any(len(text) > LONGEST_NAME for text in found.values()):
        raise UserMistake(_("Use at most %(number)s characters.", number=LONGEST_NAME), field="name")
    return found


def _day(values: Mapping[str, Any], name: str, missing: str) -> MonthDay:
    value = values.get(name)
    if isinstance(value, MonthDay):
        return value
    if not value:
        raise UserMistake(missing, field=name)
    found = re.fullmatch(r"\s*(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*", str(value))
    try:
        if found is None:
            raise ValueError
        return MonthDay(int(found[2]), int(found[1]))
    except ValueError:
        raise UserMistake(_("Write a day and a month, like 31/12."), field=name) from None


def _clean_length(values: Mapping[str, Any]) -> dict[str, Any]:
    unit = values.get("length_unit")
    if unit not in ("days", "months"):
        raise UserMistake(_("Choose days or months."), field="length_unit")
    text = str(values.get("length") or "").strip()
    most = MOST_DAYS if unit == "days" else MOST_MONTHS
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= most:
        raise UserMistake(_("Fill in a whole number from 1 to %(number)s.", number=most), field="length")
    return {"length": int(text), "length_unit": unit}


def _free_key(name: Mapping[str, str]) -> str:
    text = name.get("nl") or next(iter(name.values()))
    base = re.sub(r"[^a-z0-9]+", "_", fold(text)).strip("_")[:32]
    base = base if base[:1].isalpha() else f"type_{base}".rstrip("_")
    taken = {kind.key for kind in types_of()}
    key, number = base, 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    return key


def _last_position() -> int:
    return max((kind.position for kind in types_of()), default=0)


# --- what plugins declare ------------------------------------------------------------------------


def declared_types(federation: Organisation) -> list[MembershipTypeDeclaration]:
    """Types that come with the plugin of this federation."""
    return [item for plugin, item in registry().plugins.collect("register_membership_types") if plugin == federation.federation_plugin]


def sync_types(federation: Organisation) -> int:
    """Store declared types this federation does not have yet; inside transaction(). Returns how many.

    What is there already is left alone: the federation may have changed it.
    """
    declared = declared_types(federation)
    if not declared:
        return 0
    with scope(federation):
        known = {kind.key for kind in types_of(federation)}
        new = [item for item in declared if item.key not in known]
        for item in new:
            db.session.add(_from_declaration(item))
        db.session.flush()
    return len(new)


def _from_declaration(item: MembershipTypeDeclaration) -> MembershipType:
    def day(text: str | None) -> MonthDay | None:
        return MonthDay.parse(text) if text else None

    return MembershipType(
        key=item.key,
        name=dict(item.name),
        duration=item.duration,
        period_start=day(item.period_start),
        period_end=day(item.period_end),
        transfer_on=day(item.transfer_on),
        length=item.length,
        length_unit=item.length_unit,
        acceptance=item.acceptance,
        needs=list(item.needs),
        position=item.position,
    )
