"""Asking for memberships, one or thousands at once, in a fixed number of queries."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from core import clock
from core.access import Actor, require
from core.audit.services import Record, record_many
from core.contacts.models import Contact
from core.db import chunks, db, insert_rows, is_one_of, reserve_ids
from core.errors import NotFound, UserMistake
from core.extend.registry import registry
from core.i18n import _, format_date
from core.organisations.models import Organisation
from core.web.context import active_plugins, current_organisation, federations_of
from plugins.memberships.durations import Period, period_for, season_period
from plugins.memberships.hookspecs import Asked
from plugins.memberships.models import Membership, MembershipEvent, MembershipType
from plugins.memberships.services.acceptance import accepted_at_once, missing_details
from plugins.memberships.services.extra import clean_extra
from plugins.memberships.services.members import keep_members
from plugins.memberships.services.reading import get_membership, lock_contacts, title_of, today

WRITE = "memberships.write"


@dataclass(frozen=True)
class Wish:
    """A membership somebody wants for a contact. What is empty follows from the type."""

    contact_id: int
    kind: MembershipType
    from_on: date | None = None
    until_on: date | None = None
    season: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Outcome:
    """Ids of what was made by place in the wishes, and what stood in the way of the others."""

    made: dict[int, int] = field(default_factory=dict)
    mistakes: dict[int, UserMistake] = field(default_factory=dict)
    #: places of wishes for what the person has already
    doubles: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Expected:
    """What a wish would become."""

    from_on: date
    until_on: date | None
    is_accepted: bool
    extra: Mapping[str, Any]


@dataclass
class Foresight:
    """What would come of wishes, by their place; nothing is stored."""

    expected: dict[int, Expected] = field(default_factory=dict)
    mistakes: dict[int, UserMistake] = field(default_factory=dict)
    doubles: set[int] = field(default_factory=set)


def request_membership(contact: Contact, kind: MembershipType, *, actor: Actor, **wanted: Any) -> Membership:
    """Ask for one membership; `wanted` has from_on, until_on, season and extra as in Wish.

    A club's own membership, and one its federation's rule accepts, is accepted at once.
    """
    outcome = request_memberships([Wish(contact.id, kind, **wanted)], actor=actor)
    if outcome.mistakes:
        raise outcome.mistakes[0]
    return get_membership(outcome.made[0])


def request_memberships(wishes: Sequence[Wish], *, actor: Actor, import_id: int | None = None) -> Outcome:
    """Ask for many at once. Those that cannot be asked are told in the outcome, the others are stored."""
    require(actor, WRITE)
    return _Requesting(wishes, actor, import_id).run()


def foresee_memberships(wishes: Sequence[Wish], *, newcomers: Mapping[int, Any] | None = None, actor: Actor) -> Foresight:
    """What request_memberships would do now, by the same rules, without doing it.

    newcomers: details of people who are no contact yet, by a contact_id below zero.
    """
    require(actor, WRITE)
    asking = _Requesting(wishes, actor, None)
    found = {item.place: Expected(item.asked.from_on, item.asked.until_on, item.accepted, item.asked.extra) for item in asking.consider(newcomers)}
    return Foresight(found, asking.outcome.mistakes, asking.outcome.doubles)


def occupied(contact_ids: Sequence[int]) -> list[Any]:
    """Rows (id, contact_id, type_id, federation_id, from_on, until_on, status) of what was asked or accepted, ended or not."""
    m = Membership
    query = select(m.id, m.contact_id, m.type_id, m.federation_id, m.from_on, m.until_on, m.status)
    found: list[Any] = []
    for part in chunks(sorted(set(contact_ids)), 5_000):
        found += db.session.execute(query.where(is_one_of(m.contact_id, part), m.status.in_(("requested", "accepted")))).all()
    return found


def period_of(wish: Wish, day: date) -> Period:
    """First and last day of what is asked; `day` is today."""
    kind = wish.kind
    if wish.season:
        whole = season_period(kind, wish.season)
        if whole is None:
            raise UserMistake(_("%(type)s has no season “%(season)s”. Write it like 2026-2027.", type=title_of(kind), season=wish.season), field="season")
        usual = period_for(kind, wish.from_on or day)  # also one that begins before its season, after the transfer date
        first = wish.from_on or (usual.starts_on if usual.season == whole.season else whole.starts_on)
        if usual.season != whole.season and not whole.overlaps(Period(first, first)):
            raise UserMistake(_("The start date is not in season %(season)s.", season=whole.season), field="from_on")
        period = Period(first, whole.ends_on, whole.season)
    else:
        period = period_for(kind, wish.from_on or day)
    if wish.until_on is not None:
        if wish.until_on < period.starts_on:
            raise UserMistake(_("The last day is before the first day."), field="until_on")
        period = Period(period.starts_on, wish.until_on, period.season)
    return period


@dataclass
class _Prepared:
    """A wish that can be stored."""

    place: int
    asked: Asked
    accepted: bool = False


class _Requesting:
    def __init__(self, wishes: Sequence[Wish], actor: Actor, import_id: int | None) -> None:
        self.wishes, self.actor, self.import_id = wishes, actor, import_id
        self.club = current_organisation()
        self.today, self.now = today(), clock.now()
        self.federations: dict[int, Organisation] = {f.id: f for f in federations_of(self.club)} if self.club.kind == "club" else {}
        self.outcome = Outcome()
        self.people: dict[int, Any] = {}
        self.cleaned: dict[tuple[int, str], dict[str, Any] | UserMistake] = {}

    def run(self) -> Outcome:
        self._store(self.consider(), self.people)
        return self.outcome

    def consider(self, newcomers: Mapping[int, Any] | None = None) -> list[_Prepared]:
        """The wishes that can be stored, judged; those that cannot are in the outcome."""
        if self.club.kind != "club":
            raise UserMistake(_("Only a club asks for memberships."))
        ids = [wish.contact_id for wish in self.wishes]
        people = self.people = lock_contacts(ids) | dict(newcomers or {})
        taken: dict[int, list[Any]] = defaultdict(list)
        for row in occupied(ids):
            taken[row.contact_id].append(row)
        prepared = []
        for place, wish in enumerate(self.wishes):
            try:
                prepared.append(_Prepared(place, self._prepare(place, wish, people, taken)))
            except UserMistake as mistake:
                self.outcome.mistakes[place] = mistake
        return self._judge(prepared)

    def _prepare(self, place: int, wish: Wish, people: Mapping[int, Any], taken: Mapping[int, list[Any]]) -> Asked:
        person = people.get(wish.contact_id)
        if person is None:
            if len(self.wishes) == 1:
                raise NotFound(f"contact {wish.contact_id}")
            raise UserMistake(_("This contact no longer exists."))
        kind = wish.kind
        self._check_type(kind)
        period = period_of(wish, self.today)
        federation_id = self._federation_id(kind)
        for row in taken[person.id]:
            same = row.federation_id == federation_id and (federation_id is not None or row.type_id == kind.id)
            if same and period.overlaps(Period(row.from_on, row.until_on)):
                self.outcome.doubles.add(place)
                raise self._double(row)
        extra = self._clean(kind, wish.extra)
        was_member = any(row.federation_id == federation_id and row.status == "accepted" for row in taken[person.id])
        taken[person.id].append(_Taken(kind.id, federation_id, period.starts_on, period.ends_on))
        return Asked(person, kind, period.starts_on, period.ends_on, period.season or None, extra, missing_details(kind, person), was_member)

    def _check_type(self, kind: MembershipType) -> None:
        if kind.organisation_id not in self.federations and kind.organisation_id != self.club.id:
            raise UserMistake(_("Your club does not belong to the federation of this membership type."), field="type")
        if not kind.is_active:
            raise UserMistake(_("This membership type is no longer used. Choose another one."), field="type")

    def _federation_id(self, kind: MembershipType) -> int | None:
        return kind.organisation_id if kind.organisation_id != self.club.id else None

    def _double(self, row: Any) -> UserMistake:
        where = self.federations[row.federation_id].name if row.federation_id in self.federations else self.club.name
        if row.status == "requested":
            return UserMistake(_("A membership of %(name)s was asked for already.", name=where), field="type")
        if row.until_on is None:
            return UserMistake(_("This person already is a member of %(name)s since %(day)s.", name=where, day=format_date(row.from_on)), field="type")
        return UserMistake(
            _(
                "This person already is a member of %(name)s from %(start)s to %(end)s.",
                name=where,
                start=format_date(row.from_on),
                end=format_date(row.until_on),
            ),
            field="type",
        )

    def _clean(self, kind: MembershipType, extra: Mapping[str, Any]) -> dict[str, Any]:
        """Checked once for all wishes that ask the same."""
        key = (kind.id, json.dumps(extra, sort_keys=True, default=str))
        if key not in self.cleaned:
            try:
                self.cleaned[key] = clean_extra(kind, extra, self.club, actor=self.actor)
            except UserMistake as mistake:
                self.cleaned[key] = mistake
        found = self.cleaned[key]
        if isinstance(found, UserMistake):
            raise UserMistake(found.message, field=found.field)
        return found

    # --- rules --------------------------------------------------------------------------------

    def _judge(self, prepared: list[_Prepared]) -> list[_Prepared]:
        """Ask the rules, per federation; what they refuse is left out."""
        by_owner: dict[int | None, list[_Prepared]] = defaultdict(list)
        for item in prepared:
            by_owner[self._federation_id(item.asked.kind)].append(item)
        kept: list[_Prepared] = []
        for federation_id, items in by_owner.items():
            federation = self.federations.get(federation_id) if federation_id is not None else None
            asked = [item.asked for item in items]
            problems: dict[int, str] = {}
            for answer in registry().plugins.ask("membership_problems", rule_makers(federation), federation=federation, asked=asked):
                problems |= answer
            yes = accepted_at_once(federation, asked)
            for number, item in enumerate(items):
                if number in problems:
                    self.outcome.mistakes[item.place] = UserMistake(problems[number])
                else:
                    item.accepted = number in yes
                    kept.append(item)
        return sorted(kept, key=lambda item: item.place)

    # --- storing ------------------------------------------------------------------------------

    def _store(self, prepared: list[_Prepared], people: Mapping[int, Any]) -> None:
        if not prepared:
            return
        ids = list(reserve_ids(Membership, len(prepared)))
        rows = [self._row(pk, item) for pk, item in zip(ids, prepared, strict=True)]
        insert_rows(Membership, rows)
        insert_rows(MembershipEvent, [self._event(row) for row in rows])
        shown = ("contact_id", "type_id", "federation_id", "from_on", "until_on", "season", "status", "extra")
        record_many(
            [
                Record("membership.requested", "membership", row["id"], {name: (None, row[name]) for name in shown if row[name] not in (None, {})})
                for row in rows
            ],
            actor=self.actor,
        )
        wanted: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            if row["federation_id"] is not None:
                wanted[row["federation_id"]].append(people[row["contact_id"]])
        for federation_id, found in wanted.items():
            keep_members(found, self.federations[federation_id])
        self.outcome.made = {item.place: pk for pk, item in zip(ids, prepared, strict=True)}

    def _row(self, pk: int, item: _Prepared) -> dict[str, Any]:
        asked, now = item.asked, self.now
        by: str = self.actor.name[:160]
        decided_at: datetime | None = now if item.accepted else None
        return {
            "id": pk,
            "federation_id": self._federation_id(asked.kind),
            "contact_id": asked.person.id,
            "type_id": asked.kind.id,
            "from_on": asked.from_on,
            "until_on": asked.until_on,
            "season": asked.season,
            "status": "accepted" if item.accepted else "requested",
            "extra": dict(asked.extra),
            "requested_at": now,
            "requested_by": by,
            "requested_by_id": self.actor.user_id,
            "decided_at": decided_at,
            "decided_by": "",
            "decided_by_id": None,
            "reason": "",
            "ended_at": None,
            "end_reason": "",
            "import_id": self.import_id,
            "created_at": now,
            "changed_at": now,
            "version": 1,
        }

    def _event(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "federation_id": row["federation_id"],
            "membership_id": row["id"],
            "act": "requested",
            "at": self.now,
            "actor_name": row["requested_by"],
            "actor_id": row["requested_by_id"],
            "changes": {"status": [None, row["status"]]},
            "note": "",
        }


@dataclass(frozen=True)
class _Taken:
    """What an earlier wish of the same call asks."""

    type_id: int
    federation_id: int | None
    from_on: date
    until_on: date | None
    status: str = "requested"
    id: int | None = None


def rule_makers(federation: Organisation | None) -> set[str]:
    """Plugins whose rules hold: active modules, and only the plugin of this federation."""
    manifests = registry().plugins.manifests
    own = federation.federation_plugin if federation is not None else None
    return {name for name in active_plugins() if name == own or manifests[name].kind == "module"}
