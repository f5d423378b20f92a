"""Memberships over the REST API: a club asks, ends and withdraws, its federation decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from core.access import Actor, current_actor
from core.contacts.services import get_contact
from core.db import db, is_one_of
from core.errors import NotFound, UserMistake
from core.fields import services as fields
from core.i18n import _, _l
from core.lists.columns import Column
from core.lists.conditions import choice_condition, date_condition, number_condition, text_condition
from core.lists.definition import ListDefinition
from core.lists.filters import Filter
from core.rest.api import ApiField, CoreRestApi, check_extra, rest_action, shown_extra
from plugins.memberships.models import STATUSES, FederationMember, Membership, MembershipType
from plugins.memberships.services import accept_membership, end_membership, get_membership, get_type, refuse_membership, request_membership, withdraw_membership
from plugins.memberships.services.reading import today

LIST, MEMBERS, TYPES = "api_memberships", "api_members", "api_membership_types"
READ = "memberships.read"
GROUP = _l("Membership")


def _by_id(list_name: str, model: Any) -> Column:
    return Column("id", list_name, _l("Number"), GROUP, expression=model.id, order_by=(model.id,), default=True)


def _statuses() -> list[tuple[str, str]]:
    return [(status, status) for status in STATUSES]


MEMBERSHIPS = ListDefinition(
    name=LIST,
    model=Membership,
    title=_l("Memberships"),
    noun=_l("memberships"),
    permission=READ,
    columns=(
        _by_id(LIST, Membership),
        Column("from_on", LIST, _l("Start date"), GROUP, expression=Membership.from_on, order_by=(Membership.from_on,)),
        Column("changed_at", LIST, _l("Changed on"), GROUP, expression=Membership.changed_at, order_by=(Membership.changed_at,)),
    ),
    filters=(
        Filter("contact", LIST, _l("Number of the contact"), GROUP, "number", number_condition(Membership.contact_id), operators=("is",)),
        Filter("club", LIST, _l("Number of the club"), GROUP, "number", number_condition(Membership.organisation_id), operators=("is",)),
        Filter("status", LIST, _l("Status"), GROUP, "choice", choice_condition(Membership.status), choices=_statuses, operators=("is",)),
        Filter("from_on", LIST, _l("Start date"), GROUP, "date", date_condition(Membership.from_on)),
        Filter("until_on", LIST, _l("End date"), GROUP, "date", date_condition(Membership.until_on)),
    ),
    default_sort="id",
)


class MembershipApi(CoreRestApi):
    resource = "memberships"
    title = _l("Memberships")
    description = _l("A club asks for memberships and ends them; a federation accepts and refuses.")
    permission = READ
    definition = MEMBERSHIPS
    changes = {"create": "memberships.write"}
    fields = (
        ApiField("id", "integer"),
        ApiField("club_id", "integer", get=lambda row: row.organisation_id),
        ApiField("contact_id", "integer", writable=True, required=True),
        ApiField("type_id", "integer", writable=True, required=True),
        ApiField("type", help=_l("Key of the type"), get=lambda row: row.kind.key),
        ApiField("from_on", "date", writable=True, help=_l("Today when it is left out")),
        ApiField("until_on", "date", writable=True, help=_l("Follows from the type when it is left out")),
        ApiField("season", writable=True),
        ApiField("status", choices=STATUSES),
        ApiField("state", help=_l("How it stands today"), get=lambda row: row.state_on(today())),
        ApiField(
            "extra",
            "object",
            writable=True,
            help=_l("Values of extra fields, by key"),
            get=lambda row: shown_extra("membership", row.extra, current_actor()),
        ),
        ApiField("requested_at", "instant"),
        ApiField("requested_by"),
        ApiField("decided_at", "instant"),
        ApiField("decided_by"),
        ApiField("reason", help=_l("Why it was refused")),
        ApiField("ended_at", "instant"),
        ApiField("end_reason"),
        ApiField("changed_at", "instant"),
    )

    def load(self, ids: Sequence[int]) -> Sequence[Any]:
        return db.session.scalars(select(Membership).options(joinedload(Membership.kind)).where(is_one_of(Membership.id, ids))).all()

    def find(self, pk: int, *, actor: Actor) -> Membership:
        return get_membership(pk)

    def create(self, values: dict[str, Any], *, actor: Actor) -> Membership:
        check_extra(values)
        known = {definition.key for definition in fields.definitions("membership")}
        unknown = sorted((values.get("extra") or {}).keys() - known)
        if unknown:
            raise UserMistake(_("There is no field “%(name)s” here.", name=unknown[0][:60]), field=f"extra-{unknown[0]}"[:60])
        try:
            contact, kind = get_contact(values["contact_id"]), get_type(values["type_id"])
        except NotFound:
            raise UserMistake(_("There is no such contact or membership type here.")) from None
        wanted = {name: values[name] for name in ("from_on", "until_on", "season") if values.get(name) is not None}
        return request_membership(contact, kind, actor=actor, extra=values.get("extra") or {}, **wanted)

    @rest_action("accept", title=_l("Accept"), permission="memberships.decide")
    def accept(self, row: Membership, values: dict[str, Any], *, actor: Actor) -> Membership:
        accept_membership(row, actor=actor)
        return get_membership(row.id)

    @rest_action("refuse", title=_l("Refuse"), permission="memberships.decide", fields=(ApiField("reason", writable=True, required=True),))
    def refuse(self, row: Membership, values: dict[str, Any], *, actor: Actor) -> Membership:
        refuse_membership(row, reason=values["reason"], actor=actor)
        return get_membership(row.id)

    @rest_action(
        "end",
        title=_l("End"),
        permission="memberships.write",
        fields=(ApiField("last_day", "date", writable=True, help=_l("Today when it is left out")), ApiField("reason", writable=True)),
    )
    def end(self, row: Membership, values: dict[str, Any], *, actor: Actor) -> Membership:
        end_membership(row, last_day=values.get("last_day"), reason=values.get("reason") or "", actor=actor)
        return get_membership(row.id)

    @rest_action("withdraw", title=_l("Withdraw"), permission="memberships.write")
    def withdraw(self, row: Membership, values: dict[str, Any], *, actor: Actor) -> Membership:
        withdraw_membership(row, actor=actor)
        return get_membership(row.id)


# --- what a federation knows of the members of its clubs -------------------------------------------

MEMBER_LIST = ListDefinition(
    name=MEMBERS,
    model=FederationMember,
    title=_l("Members"),
    noun=_l("members"),
    permission=READ,
    columns=(
        _by_id(MEMBERS, FederationMember),
        Column("name", MEMBERS, _l("Name"), GROUP, expression=FederationMember.last_name, order_by=(FederationMember.name_key,)),
    ),
    filters=(
        Filter("club", MEMBERS, _l("Number of the club"), GROUP, "number", number_condition(FederationMember.organisation_id), operators=("is",)),
        Filter("last_name", MEMBERS, _l("Family name"), GROUP, "text", text_condition(FederationMember.last_name)),
        Filter("town", MEMBERS, _l("Town"), GROUP, "text", text_condition(FederationMember.town)),
    ),
    default_sort="id",
)
DETAILS = ("first_name", "last_name", "gender", "street", "house_number", "box", "postcode", "town", "country", "email_1")


class MemberApi(CoreRestApi):
    resource = "members"
    title = _l("Members")
    description = _l("The people who have, or ask for, a membership of this federation, with the details it may know.")
    permission = READ
    definition = MEMBER_LIST
    kinds = ("federation", "region")
    fields = (
        ApiField("id", "integer"),
        ApiField("club_id", "integer", get=lambda row: row.organisation_id),
        ApiField("contact_id", "integer"),
        *(ApiField(name) for name in DETAILS),
        ApiField("birth_date", "date"),
        ApiField("extra", "object", help=_l("Values of extra fields, by key"), get=lambda row: _readable(row.extra)),
        ApiField("changed_at", "instant"),
    )

    def find(self, pk: int, *, actor: Actor) -> FederationMember:
        found = db.session.scalars(select(FederationMember).where(FederationMember.id == pk)).one_or_none() if 0 < pk < 2**31 else None
        if found is None:
            raise NotFound(f"member {pk}")
        return found


def _readable(extra: dict[str, Any] | None) -> dict[str, Any]:
    """What was copied for the federation, without what is sealed."""
    return {key: value for key, value in (extra or {}).items() if not isinstance(value, dict)}


TYPE_LIST = ListDefinition(
    name=TYPES,
    model=MembershipType,
    title=_l("Membership types"),
    noun=_l("membership types"),
    permission="membership_types.read",
    columns=(_by_id(TYPES, MembershipType),),
    default_sort="id",
)


class MembershipTypeApi(CoreRestApi):
    resource = "membership-types"
    title = _l("Membership types")
    description = _l("The types one can ask for here: those of the federation and those of the club.")
    permission = "membership_types.read"
    definition = TYPE_LIST
    fields = (
        ApiField("id", "integer"),
        ApiField("key"),
        ApiField("owner_id", "integer", help=_l("Number of the federation or club it is of"), get=lambda row: row.organisation_id),
        ApiField("name", "object", help=_l("By language"), get=lambda row: dict(row.name or {})),
        ApiField("duration"),
        ApiField("is_active", "boolean"),
    )

    def find(self, pk: int, *, actor: Actor) -> MembershipType:
        return get_type(pk)


RESOURCES = (MembershipApi, MemberApi, MembershipTypeApi)
