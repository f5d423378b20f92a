"""What a federation and its regions see: requests of all clubs, and the members of all clubs.

People come from FederationMember, never from the contacts of a club.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from sqlalchemy import and_, func, or_, select

from core.access import Actor, current_actor
from core.contacts.attributes import GENDER_TITLES, show_gender
from core.contacts.names import fold
from core.db import db
from core.i18n import _, _l, _n
from core.lists.actions import BulkAction
from core.lists.columns import Column, Person
from core.lists.conditions import age_condition, choice_condition, date_condition, like_pattern, text_condition
from core.lists.contacts.columns import show_age
from core.lists.definition import ListDefinition
from core.lists.engine import COUNT_LIMIT
from core.lists.filters import Filter
from core.lists.views import ListPage, RowLink
from core.organisations.models import Affiliation, Organisation
from core.web.context import current_organisation
from plugins.memberships import services
from plugins.memberships.forms import RefuseForm
from plugins.memberships.lists.parts import join_type, membership_columns, membership_filters, name_is_like
from plugins.memberships.models import FederationMember, Membership
from plugins.memberships.services.reading import not_over, today

READ, DECIDE, EXPORT = "memberships.read", "memberships.decide", "memberships.export"
person, m = FederationMember, Membership
_PERSON, _CLUB = _l("Person"), _l("Club")


def show_member(value: tuple[str, str, str]) -> Person:
    last_name, first_name, club = value
    return Person(f"{last_name} {first_name}", (first_name[:1] + last_name[:1]).upper(), club)


def _columns(list_name: str, **options: Any) -> tuple[Column, ...]:
    def of_person(name: str, label: Any, place: int, **more: Any) -> Column:
        expression = getattr(person, name)
        return Column(name, list_name, label, _PERSON, expression=expression, order_by=(expression,), position=place, **more)

    return (
        Column(
            "name",
            list_name,
            _l("Name"),
            _PERSON,
            expression=(person.last_name, person.first_name, Organisation.name),
            kind="person",
            show=show_member,
            export=lambda value: f"{value[0]} {value[1]}",
            order_by=(person.name_key,),
            default=True,
            position=1,
        ),
        of_person("last_name", _l("Last name"), 2),
        of_person("first_name", _l("First name"), 3),
        Column("club", list_name, _l("Club"), _CLUB, expression=Organisation.name, order_by=(Organisation.name,), position=4),
        Column(
            "age",
            list_name,
            _l("Age"),
            _PERSON,
            expression=person.birth_date,
            kind="number",
            order_by=(person.birth_date.desc(),),
            show=show_age,
            export=show_age,
            default=True,
            position=5,
        ),
        of_person("birth_date", _l("Birth date"), 6, kind="date"),
        of_person("gender", _l("Gender"), 7, show=show_gender, export=show_gender),
        of_person("street", _l("Street"), 8),
        of_person("house_number", _l("Number"), 9),
        of_person("box", _l("Box"), 10),
        of_person("postcode", _l("Postcode"), 11),
        of_person("town", _l("Town"), 12),
        of_person("email_1", _l("E-mail address 1"), 13, kind="email"),
        *membership_columns(list_name, **options),
    )


def _name(operator: str, value: Any) -> Any:
    folded = fold(str(value))
    if operator == "is":
        first, _space, rest = folded.partition(" ")
        return person.name_key.in_([folded, f"{rest} {first}".strip()])
    return person.name_key.like(like_pattern(folded), escape="/")


def _of_region(_operator: str, value: Any) -> Any:
    clubs = select(Affiliation.organisation_id).where(Affiliation.region_id == value)
    return m.organisation_id.in_(clubs)


def _regions() -> list[tuple[int, str]]:
    here = current_organisation()
    query = select(Organisation.id, Organisation.name).where(Organisation.kind == "region").order_by(Organisation.name)
    query = query.where(Organisation.id == here.id if here.kind == "region" else Organisation.parent_id == here.id)
    return [(row.id, row.name) for row in db.session.execute(query)]


def _genders() -> list[tuple[str, Any]]:
    return list(GENDER_TITLES.items())


def _filters(list_name: str) -> tuple[Filter, ...]:
    def make(name: str, label: Any, panel: Any, kind: Any, condition: Any, place: int, **more: Any) -> Filter:
        return Filter(name, list_name, label, panel, kind, condition, position=place, **more)

    return (
        make("club", _l("Club"), _CLUB, "text", text_condition(Organisation.name), 1, operators=("contains", "is"), icon="building-community"),
        make("region", _l("Region"), _CLUB, "choice", _of_region, 2, choices=_regions, operators=("is",), icon="building-community"),
        make("name", _l("Name"), _PERSON, "text", _name, 10, operators=("contains", "is")),
        make("age", _l("Age"), _PERSON, "number", age_condition(person.birth_date), 11),
        make("birth_date", _l("Birth date"), _PERSON, "date", date_condition(person.birth_date), 12),
        make("gender", _l("Gender"), _PERSON, "choice", choice_condition(person.gender), 13, choices=_genders),
        make("town", _l("Town"), _PERSON, "text", text_condition(person.town), 14),
        make("postcode", _l("Postcode"), _PERSON, "text", text_condition(person.postcode), 15),
        make("email_1", _l("E-mail address 1"), _PERSON, "text", text_condition(person.email_1), 16),
        *membership_filters(list_name),
    )


def _joins(statement: Any) -> Any:
    same = and_(person.organisation_id == m.organisation_id, person.federation_id == m.federation_id, person.contact_id == m.contact_id)
    return join_type(statement).join(person, same).join(Organisation, Organisation.id == m.organisation_id)


def search_condition() -> Any:
    """Any part of a person's name, or of the club's."""
    by_name = name_is_like(person.name_key)
    by_club = text_condition(Organisation.name)
    return lambda text: or_(by_name(text), by_club("contains", text))


def _is_waiting() -> Any:
    return m.status == "requested"


def _is_member() -> Any:
    return and_(m.status == "accepted", not_over(today()))


def _is_refused() -> Any:
    return m.status == "refused"


def _definition(name: str, title: Any, **options: Any) -> ListDefinition:
    columns = options.pop("columns", {})
    return ListDefinition(
        name=name,
        model=Membership,
        title=title,
        permission=READ,
        export_permission=EXPORT,
        columns=_columns(name, **columns),
        filters=_filters(name),
        search=search_condition(),
        search_hint=_l("Search by name or club"),
        joins=_joins,
        profile_endpoint="FederationMembership.show",
        extra_fields=(("membership", m.extra),),
        tabs=("federation_members",),
        **options,
    )


WAITING = _definition(
    "federation_requests",
    _l("Requests"),
    noun=_l("requests"),
    columns={"defaults": ("type", "from_on", "requested_at")},
    default_sort="requested_at",
    base_condition=_is_waiting,
    base_reason=_l("Is not waiting"),
    empty_title=_l("No requests are waiting"),
    empty_text=_l("What clubs ask comes here, until you accept or refuse it. A rule of a membership type can accept at once what is complete."),
)
MEMBERS = _definition(
    "federation_members",
    _l("Members"),
    noun=_l("members"),
    columns={"defaults": ("type", "from_on", "status")},
    base_condition=_is_member,
    base_reason=_l("Is no member now"),
    empty_title=_l("No members yet"),
    empty_text=_l("Here you see the members of all clubs, once their clubs ask for a membership."),
)
REFUSED = _definition(
    "federation_refusals",
    _l("Refused"),
    noun=_l("requests"),
    columns={"defaults": ("type", "from_on", "decided_at", "reason")},
    default_sort="-decided_at",
    base_condition=_is_refused,
    base_reason=_l("Was not refused"),
    empty_title=_l("Nothing was refused"),
    empty_text=_l("Requests you refuse are kept here, so that you can undo it."),
)


class FederationRequestList(ListPage):
    """What waits for a decision."""

    route_base = "/o/<org>/federation/requests"
    definition = WAITING

    def row_links(self, pk: int) -> Sequence[RowLink]:
        return [RowLink(_("Open"), "clipboard-check", url_for("FederationMembership.show", pk=pk))]


class FederationMemberList(ListPage):
    """Members of all clubs."""

    route_base = "/o/<org>/federation/members"
    definition = MEMBERS


class FederationRefusalList(ListPage):
    """What was refused."""

    route_base = "/o/<org>/federation/refusals"
    definition = REFUSED


# --- numbers -----------------------------------------------------------------------------------------


def number_waiting() -> Any:
    """A SELECT that counts no further than a list does."""
    some = select(m.id).where(_is_waiting()).limit(COUNT_LIMIT).subquery()
    return select(func.count()).select_from(some)


# --- actions -----------------------------------------------------------------------------------------


def _accept(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    services.accept_membership(item_id, actor=actor)


def _refuse(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    services.refuse_membership(item_id, reason=values.get("reason") or "", actor=actor)


def _undo(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    services.undo_decision(item_id, actor=actor)


def _explain_accept(number: int, _values: Mapping[str, Any]) -> str:
    return _n(
        "%(num)s request is accepted. The club sees it at once, and the membership counts for its invoice.",
        "%(num)s requests are accepted. The clubs see it at once, and the memberships count for their invoices.",
        number,
    )


def _explain_refuse(number: int, _values: Mapping[str, Any]) -> str:
    return _n(
        "%(num)s request is refused. The club reads your reason on its dashboard.",
        "%(num)s requests are refused. The clubs read your reason on their dashboard.",
        number,
    )


def _explain_undo(number: int, _values: Mapping[str, Any]) -> str:
    return _n("%(num)s request waits for a decision again.", "%(num)s requests wait for a decision again.", number)


ACTIONS = (
    BulkAction("accept", "federation_requests", _l("Accept requests"), DECIDE, run=_accept, undo=_undo, explain=_explain_accept, icon="check", position=10),
    BulkAction(
        "refuse",
        "federation_requests",
        _l("Refuse requests"),
        DECIDE,
        run=_refuse,
        undo=_undo,
        form=RefuseForm,
        explain=_explain_refuse,
        icon="x",
        is_danger=True,
        position=20,
    ),
    BulkAction("undo", "federation_refusals", _l("Wait again"), DECIDE, run=_undo, explain=_explain_undo, icon="arrow-back-up", position=10),
)


def may_decide() -> bool:
    return current_organisation().kind == "federation" and current_actor().can(DECIDE)
