"""Memberships in words, for profile, page and history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g
from sqlalchemy import func, select

from core.access import current_actor
from core.audit.history import describe_subject
from core.contacts.models import Contact
from core.db import db
from core.i18n import _, _l, format_date
from core.lists.columns import Status
from core.organisations.models import Organisation
from core.web.context import current_organisation
from plugins.memberships import services
from plugins.memberships.lists.words import federation_status, state_status
from plugins.memberships.models import FederationMember, Membership, MembershipEvent, MembershipType
from plugins.memberships.models.memberships import State
from plugins.memberships.services.extra import describe_extra, fields_of
from plugins.memberships.services.reading import title_of, today


@dataclass(frozen=True)
class Shown:
    """A membership as a page shows it."""

    membership: Membership
    title: str
    owner: str
    state: State
    status: Status
    period: str
    extra: tuple[tuple[str, str], ...]

    @property
    def id(self) -> int:
        return self.membership.id

    @property
    def line(self) -> str:
        """ "OKRA-SPORT+ · since 15/02/2021"."""
        return f"{self.owner} · {self.period}"

    @property
    def extra_line(self) -> str:
        """The values that say something by themselves; a ticked box is said by its label."""
        return ", ".join(label if value == _("Yes") else value for label, value in self.extra)

    @property
    def is_over(self) -> bool:
        return self.state in ("ended", "withdrawn")

    @property
    def can_change(self) -> bool:
        return self.state in ("active", "later", "requested")

    @property
    def can_end(self) -> bool:
        return self.state == "active" and self.membership.until_on != today()

    @property
    def can_withdraw(self) -> bool:
        return self.state in ("requested", "later", "refused")


def present(membership: Membership) -> Shown:
    state = membership.state_on(today())
    return Shown(
        membership=membership,
        title=title_of(membership.kind),
        owner=owner_name(membership),
        state=state,
        status=state_status(state),
        period=period_text(membership, state),
        extra=tuple(describe_extra(fields_of(membership.kind, current_organisation()), membership.extra or {})),
    )


def period_text(membership: Membership, state: State) -> str:
    start, end = format_date(membership.from_on), format_date(membership.until_on)
    if end:
        return f"{start} – {end}"
    return _("since %(day)s", day=start) if state in ("active", "ended") else _("from %(day)s", day=start)


def owner_name(membership: Membership) -> str:
    """The federation's name, or the club's for its own memberships."""
    here = current_organisation()
    owner_id = membership.federation_id or membership.organisation_id
    if owner_id == here.id:
        return here.name
    names: dict[int, str] = g.setdefault("membership_owners", {})
    if owner_id not in names:
        names |= {row.id: row.name for row in db.session.execute(select(Organisation.id, Organisation.name).where(Organisation.kind == "federation"))}
    return names.get(owner_id, "")


# --- the card on the profile -----------------------------------------------------------------------


def shown_memberships(contact: Contact) -> list[Shown]:
    """All memberships of a contact; badges and card of one page read them once."""
    kept: dict[int, list[Shown]] = g.setdefault("shown_memberships", {})
    if contact.id not in kept:
        kept[contact.id] = [present(membership) for membership in services.memberships_of(contact.id)]
    return kept[contact.id]


def section(contact: Contact) -> dict[str, Any]:
    """What the card shows: what counts or waits now, and apart what is over."""
    is_club = current_organisation().kind == "club"
    found = shown_memberships(contact) if is_club else []
    order = {"active": 0, "requested": 1, "later": 2, "refused": 3}
    return {
        "is_club": is_club,
        "now": sorted((s for s in found if not s.is_over), key=lambda s: (order[s.state], s.membership.federation_id is None)),
        "over": [s for s in found if s.is_over],
        "can_change": is_club and current_actor().can("memberships.write") and contact.deleted_at is None,
    }


def badges(contact: Contact) -> list[Status]:
    """One label per federation: the best that can be said of it."""
    if current_organisation().kind != "club":
        return []
    found: dict[int, Status] = {}
    order = {"active": 0, "requested": 1, "later": 2, "refused": 3}
    for shown in sorted((s for s in shown_memberships(contact) if not s.is_over), key=lambda s: order[s.state]):
        if shown.membership.federation_id is not None:
            found.setdefault(shown.membership.federation_id, federation_status(shown.state, shown.owner))
    return list(found.values())


# --- history -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EventLine:
    at: datetime
    who: str
    what: str
    note: str = ""


def _acts() -> dict[str, str]:
    return {
        "requested": _("Asked"),
        "changed": _("Changed"),
        "accepted": _("Accepted"),
        "refused": _("Refused"),
        "withdrawn": _("Withdrawn"),
        "ended": _("Ended"),
        "undo.requested": _("Taken back"),
        "undo.accepted": _("Acceptance undone"),
        "undo.refused": _("Refusal undone"),
        "undo.withdrawn": _("Asked again"),
        "undo.ended": _("Ending undone"),
    }


def event_lines(events: Sequence[MembershipEvent]) -> list[EventLine]:
    """The history, newest first. A request that a rule accepted says so."""
    words = _acts()
    return [EventLine(e.at, e.actor_name, _what(e, words), _note(e)) for e in events]


def _what(event: MembershipEvent, words: dict[str, str]) -> str:
    if event.act == "requested" and (event.changes or {}).get("status") == [None, "accepted"]:
        return _("Asked, and accepted at once")
    return words.get(event.act, event.act)


def _note(event: MembershipEvent) -> str:
    until = (event.changes or {}).get("until_on")
    if event.act == "ended" and until and until[1]:
        year, month, day = until[1].split("-")
        last = _("Last day: %(day)s", day=f"{day}/{month}/{year}")
        return f"{last} · {event.note}" if event.note else last
    return event.note


_LABELS = {
    "from_on": _l("Start date"),
    "until_on": _l("End date"),
    "season": _l("Season"),
    "status": _l("Status"),
    "reason": _l("Reason of refusal"),
    "end_reason": _l("Why it ended"),
    "extra": _l("Extra fields"),
}
def _member_names(ids: Sequence[int]) -> dict[int, str]:
    """Whose membership it is: as the club knows the person, or as the federation does; nobody after erasing."""
    m, c, p = Membership, Contact, FederationMember
    rows = db.session.execute(
        select(m.id, func.coalesce(c.first_name, p.first_name, ""), func.coalesce(c.last_name, p.last_name, ""))
        .outerjoin(c, (c.organisation_id == m.organisation_id) & (c.id == m.contact_id) & c.erased_at.is_(None))
        .outerjoin(p, (p.organisation_id == m.organisation_id) & (p.federation_id == m.federation_id) & (p.contact_id == m.contact_id))
        .where(m.id.in_(ids))
    )
    return {pk: name for pk, first, last in rows if (name := f"{first} {last}".strip())}


def _kind_names(ids: Sequence[int]) -> dict[int, str]:
    return {kind.id: title_of(kind) for kind in db.session.scalars(select(MembershipType).where(MembershipType.id.in_(ids)))}


describe_subject(
    "membership",
    title=_l("Membership"),
    names=_member_names,
    fields=_LABELS,
    actions={
        "membership.not_requested": _l("Membership could not be asked"),
        "membership.requested": _l("Membership asked"),
        "membership.changed": _l("Membership changed"),
        "membership.accepted": _l("Membership accepted"),
        "membership.refused": _l("Membership refused"),
        "membership.withdrawn": _l("Request withdrawn"),
        "membership.ended": _l("Membership ended"),
        "membership.erased": _l("Personal data erased"),
        "membership.requested_undone": _l("Request taken back"),
        "membership.accepted_undone": _l("Acceptance undone"),
        "membership.refused_undone": _l("Refusal undone"),
        "membership.withdrawn_undone": _l("Withdrawal undone"),
        "membership.ended_undone": _l("Ending undone"),
    },
)
describe_subject(
    "membership_type",
    title=_l("Membership type"),
    names=_kind_names,
    fields={"name": _l("Name"), "duration": _l("How long does it last?"), "is_active": _l("In use")},
)
