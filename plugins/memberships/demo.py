"""Demo data: several years of memberships in every club, some requests, a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from core import clock
from core.contacts.models import Contact
from core.db import insert_rows, reserve_ids
from core.organisations.models import Organisation
from plugins.memberships.models import Membership, MembershipEvent, MembershipType
from plugins.memberships.services import add_type, sync_types, types_of
from plugins.memberships.services.extra import fields_of
from plugins.memberships.services.members import keep_members

_FALLBACK = {"nl": "Lid", "fr": "Membre", "de": "Mitglied", "en": "Member"}
_OWN = {"nl": "Steunend lid", "fr": "Membre sympathisant", "de": "Förderndes Mitglied", "en": "Supporting member"}
_REFUSAL = "Er is al een lidmaatschap op deze naam in een andere club. Kijk de geboortedatum na."


@dataclass(frozen=True)
class DemoMembership:
    """A membership of a federation, for a demo. Refused needs `reason`."""

    contact: Contact
    kind: MembershipType
    from_on: date
    until_on: date | None = None
    season: str | None = None
    status: str = "accepted"
    reason: str = ""


def seed_memberships(federation: Organisation, wanted: Sequence[DemoMembership]) -> None:
    """Store memberships as they would have come about, some statements for all. Call it inside the club."""
    rows = [_row(w.kind, federation, w.contact, w.from_on, w.until_on, status=w.status, season=w.season, reason=w.reason) for w in wanted]
    _store(rows)
    keep_members(list({w.contact.id: w.contact for w in wanted if w.status in ("requested", "accepted")}.values()), federation)


def _store(rows: list[dict[str, Any]]) -> None:
    for pk, row in zip(reserve_ids(Membership, len(rows)), rows, strict=True):
        row["id"] = pk
    insert_rows(Membership, rows)
    insert_rows(MembershipEvent, [event for row in rows for event in _events(row)])


def seed(world: Any) -> None:
    federation = world.federation
    sync_types(federation)
    with world.inside(federation) as actor:
        kinds = list(types_of(federation)) or [add_type({"name": _FALLBACK, "duration": "continuous", "acceptance": "complete"}, actor=actor)]
    for number, club in enumerate(world.clubs):
        with world.inside(club) as actor:
            own = add_type({"name": _OWN, "duration": "fixed_end", "period_end": "31/12", "transfer_on": "01/10"}, actor=actor) if not world.is_large else None
            _seed_club(world, club, federation, kinds, own, number)


def _seed_club(world: Any, club: Organisation, federation: Organisation, kinds: list[MembershipType], own: MembershipType | None, number: int) -> None:
    random = world.random_for(f"memberships {club.slug}")
    members = world.members_of(club)
    known = {contact.id for contact in members}
    others = [contact for contact in world.contacts_of(club) if contact.id not in known]
    rows = [row for place, contact in enumerate(members) for row in _of_member(random, contact, kinds, club, federation, world.today, place, number)]
    rows += [_row(random.choice(kinds), federation, contact, *_former(random, world.today)) for contact in others[::2]]
    if own is not None:
        start = date(world.today.year, 1, 1)
        rows += [_row(own, None, contact, start, date(world.today.year, 12, 31), season=str(world.today.year)) for contact in members[::9]]
    _store(rows)
    current = {row["contact_id"] for row in rows if row["federation_id"] is not None and row["status"] in ("requested", "accepted")}
    keep_members([contact for contact in (*members, *others) if contact.id in current or contact.id in {row["contact_id"] for row in rows}], federation)


def _of_member(
    random: Random, contact: Contact, kinds: list[MembershipType], club: Organisation, federation: Organisation, today: date, place: int, number: int
) -> Iterator[dict[str, Any]]:
    """One membership that goes on; now and then an earlier one, a request or a refusal instead."""
    kind = kinds[0] if random.random() < 0.85 else random.choice(kinds)
    extra = _extra(random, kind, club)
    if place and place % 19 == 3:
        yield _row(kind, federation, contact, today, None, status="requested", extra=extra, asked=today - timedelta(days=random.randrange(1, 12)))
        return
    if place == 8 and number % 3 == 0:
        yield _row(
            kind, federation, contact, today - timedelta(days=20), None, status="refused", extra=extra, asked=today - timedelta(days=20), reason=_REFUSAL
        )
        return
    start = today - timedelta(days=random.randrange(30, 2600))
    if random.random() < 0.15:
        ended = start - timedelta(days=random.randrange(60, 400))
        yield _row(kind, federation, contact, ended - timedelta(days=random.randrange(200, 900)), ended, extra=extra)
    yield _row(kind, federation, contact, start, None, extra=extra)


def _former(random: Random, today: date) -> tuple[date, date]:
    until = today - timedelta(days=random.randrange(40, 700))
    return until - timedelta(days=random.randrange(300, 2000)), until


def _extra(random: Random, kind: MembershipType, club: Organisation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for definition in fields_of(kind, club):
        values = [value for value, _label in definition.choices]
        if definition.type == "multi_choice" and values:
            found[definition.key] = [v for v in values if v in random.sample(values, min(len(values), random.choice((1, 1, 1, 2))))]
        elif definition.type == "choice" and values:
            found[definition.key] = random.choice(values)
        elif definition.type == "yes_no" and random.random() < 0.2:
            found[definition.key] = True
    return found


def _row(
    kind: MembershipType,
    federation: Organisation | None,
    contact: Contact,
    from_on: date,
    until_on: date | None,
    *,
    status: str = "accepted",
    extra: dict[str, Any] | None = None,
    season: str | None = None,
    asked: date | None = None,
    reason: str = "",
) -> dict[str, Any]:
    at = _at(asked or from_on)
    decided = at + timedelta(days=2) if status in ("accepted", "refused") else None
    return {
        "federation_id": federation.id if federation else None,
        "contact_id": contact.id,
        "type_id": kind.id,
        "from_on": from_on,
        "until_on": until_on,
        "season": season,
        "status": status,
        "extra": extra or {},
        "requested_at": at,
        "requested_by": "Demo",
        "decided_at": decided,
        "decided_by": federation.name if federation and decided else "",
        "reason": reason,
        "ended_at": _at(until_on) if until_on and until_on < clock.today() else None,  # a season that ends was not ended by anybody
        "end_reason": "",
        "import_id": None,
        "created_at": at,
        "changed_at": decided or at,
        "version": 1,
    }


def _at(day: date) -> datetime:
    return datetime.combine(day, time(10), UTC)


def _events(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    common = {"federation_id": row["federation_id"], "membership_id": row["id"], "actor_name": row["requested_by"], "note": ""}
    yield {**common, "act": "requested", "at": row["requested_at"], "changes": {"status": [None, "requested"]}}
    if row["decided_at"] is not None and row["federation_id"] is not None:
        yield {
            **common,
            "act": row["status"],
            "at": row["decided_at"],
            "actor_name": row["decided_by"],
            "note": row["reason"],
            "changes": {"status": ["requested", row["status"]]},
        }
    if row["ended_at"] is not None and row["federation_id"] is not None:
        yield {**common, "act": "ended", "at": row["ended_at"], "changes": {"until_on": [None, row["until_on"].isoformat()]}}
