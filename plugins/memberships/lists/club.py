"""The memberships of a club: who is a member, what was asked, who was a member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import shorten
from typing import Any

from flask import url_for
from sqlalchemy import and_, func, or_, select

from core.access import Actor, current_actor
from core.contacts.models import Contact
from core.contacts.parsing import parse_date
from core.db import db
from core.i18n import _, _l, _n, format_date
from core.lists.actions import BulkAction
from core.lists.columns import Column, Person
from core.lists.conditions import text_condition
from core.lists.contacts.columns import show_person
from core.lists.contacts.filters import name_condition
from core.lists.definition import ListDefinition
from core.lists.engine import COUNT_LIMIT
from core.lists.filters import Filter
from core.lists.views import ListPage, RowLink
from core.organisations.models import Organisation
from plugins.memberships import services
from plugins.memberships.forms import EndForm, StartForm, first_day, last_day
from plugins.memberships.lists.parts import PANEL, join_owner, join_type, membership_columns, membership_filters, name_is_like
from plugins.memberships.models import Membership
from plugins.memberships.services.reading import not_over, today

READ, WRITE, EXPORT = "memberships.read", "memberships.write", "memberships.export"
TABS = ("crm", "contacts")
_PERSON = _l("Contact")


def show_asker(value: tuple[str, str, str | None, str, str]) -> Person:
    """A person with below it why the federation refused."""
    last_name, first_name, email, status, reason = value
    if status == "refused" and reason:
        return replace(show_person((last_name, first_name, email)), below=shorten(reason, 60, placeholder="…"), warns=True)
    return show_person((last_name, first_name, email))


def _columns(list_name: str, **options: Any) -> tuple[Column, ...]:
    return (
        Column(
            "name",
            list_name,
            _l("Name"),
            _PERSON,
            expression=(Contact.last_name, Contact.first_name, Contact.email_1, Membership.status, Membership.reason),
            kind="person",
            show=show_asker,
            export=lambda value: f"{value[0]} {value[1]}",
            order_by=(Contact.name_key,),
            default=True,
            position=1,
        ),
        Column("last_name", list_name, _l("Last name"), _PERSON, expression=Contact.last_name, order_by=(Contact.name_key,), position=2),
        Column("first_name", list_name, _l("First name"), _PERSON, expression=Contact.first_name, order_by=(Contact.first_name,), position=3),
        Column("birth_date", list_name, _l("Birth date"), _PERSON, expression=Contact.birth_date, kind="date", order_by=(Contact.birth_date,), position=4),
        Column("town", list_name, _l("Town"), _PERSON, expression=Contact.town, order_by=(Contact.town,), position=5),
        *membership_columns(list_name, **options),
        Column(
            "organisation",
            list_name,
            _l("Organisation"),
            _l("Membership"),
            expression=Organisation.name,
            order_by=(Organisation.name,),
            default=True,
            position=28,
        ),
    )


def _filters(list_name: str) -> tuple[Filter, ...]:
    return (
        Filter("name", list_name, _l("Name"), _l("Contact details"), "text", name_condition, operators=("contains", "is"), position=1),
        Filter("town", list_name, _l("Town"), _l("Contact details"), "text", text_condition(Contact.town), position=2),
        *membership_filters(list_name),
        Filter(
            "organisation",
            list_name,
            _l("Organisation"),
            PANEL,
            "choice",
            _of_owner,
            choices=_owner_choices,
            operators=("is",),
            position=28,
            icon="id-badge-2",
        ),
    )


def _of_owner(_operator: str, value: Any) -> Any:
    return Organisation.id == value


def _owner_choices() -> list[tuple[Any, str]]:
    return [(owner.id, owner.name) for owner, _kinds in services.types_on_offer()]


def _joins(statement: Any) -> Any:
    return join_owner(join_type(statement)).join(Contact, and_(Contact.organisation_id == Membership.organisation_id, Contact.id == Membership.contact_id))


def _is_current() -> Any:
    return and_(Membership.status == "accepted", not_over(today()), Contact.deleted_at.is_(None))


def _is_asked() -> Any:
    return and_(Membership.status.in_(("requested", "refused")), Contact.deleted_at.is_(None))


def _is_former() -> Any:
    return and_(Contact.deleted_at.is_(None), or_(and_(Membership.status == "accepted", Membership.until_on < today()), Membership.status == "withdrawn"))


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
        search=name_is_like(Contact.name_key),
        search_hint=_l("Search by name"),
        joins=_joins,
        profile_endpoint="MembershipView.show",
        extra_fields=(("membership", Membership.extra),),
        tabs=TABS,
        **options,
    )


MEMBERSHIPS = _definition(
    "memberships",
    _l("Memberships"),
    noun=_l("memberships"),
    base_condition=_is_current,
    base_reason=_l("Has no current membership"),
    empty_title=_l("No memberships yet"),
    empty_text=_l("Go to the contacts, tick the members and choose “Add memberships”, or bring in a list with their memberships."),
)
REQUESTS = _definition(
    "membership_requests",
    _l("Requests in progress"),
    noun=_l("requests"),
    columns={"defaults": ("type", "requested_at", "status")},
    base_condition=_is_asked,
    base_reason=_l("Waits for nothing"),
    empty_title=_l("No requests in progress"),
    empty_text=_l("What you ask of your federation waits here until it is accepted or refused."),
)
FORMER = _definition(
    "former_memberships",
    _l("Former memberships"),
    noun=_l("memberships"),
    base_condition=_is_former,
    base_reason=_l("Did not end"),
    empty_title=_l("No former memberships"),
    empty_text=_l("When you end a membership it goes here. The contact stays."),
)


class MembershipList(ListPage):
    """Everybody with a membership now or later."""

    part_of = "ContactList"
    route_base = "/o/<org>/crm/memberships"
    definition = MEMBERSHIPS

    def row_links(self, pk: int) -> Sequence[RowLink]:
        return links_of(pk)

    def foot_links(self) -> Sequence[RowLink]:
        return [RowLink(_("Former memberships"), "history", url_for("FormerMembershipList.list"))]


class MembershipRequestList(ListPage):
    """What waits for the federation, and what it refused."""

    part_of = "ContactList"
    route_base = "/o/<org>/crm/requests"
    definition = REQUESTS

    def row_links(self, pk: int) -> Sequence[RowLink]:
        return links_of(pk)


class FormerMembershipList(ListPage):
    """Memberships that ended."""

    part_of = "ContactList"
    route_base = "/o/<org>/crm/former-memberships"
    definition = FORMER

    def foot_links(self) -> Sequence[RowLink]:
        return [RowLink(_("Back to the memberships"), "arrow-left", url_for("MembershipList.list"))]


def links_of(pk: int) -> list[RowLink]:
    membership = services.get_membership(pk)
    found = [RowLink(_("Open"), "id-badge-2", url_for("MembershipView.show", pk=pk))]
    if current_actor().can("contacts.read"):
        found.append(RowLink(_("To the contact"), "user", url_for("ContactProfile.show", pk=membership.contact_id)))
    if current_actor().can(WRITE) and membership.state_on(today()) in ("active", "later", "requested"):
        found.append(RowLink(_("Change membership"), "pencil", url_for("MembershipView.change", pk=pk)))
    return found


# --- numbers for tabs and widgets ----------------------------------------------------------------


def counting(*conditions: Any) -> Any:
    """A SELECT that counts no further than a list does."""
    some = (
        select(Membership.id).join(Contact, Contact.id == Membership.contact_id).where(Contact.deleted_at.is_(None), *conditions).limit(COUNT_LIMIT).subquery()
    )
    return select(func.count()).select_from(some)


def count(*conditions: Any) -> int:
    return int(db.session.execute(counting(*conditions)).scalar_one())


def number_of_memberships() -> Any:
    return counting(Membership.status == "accepted", not_over(today()))


def number_of_requests() -> Any:
    return counting(Membership.status.in_(("requested", "refused")))


# --- actions ---------------------------------------------------------------------------------------


def _end(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    services.end_membership(item_id, last_day=parse_date(values.get("last_day")), reason=values.get("reason") or "", actor=actor)


def _undo_end(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    services.undo_ending(item_id, actor=actor)


def explain_end(number: int, values: Mapping[str, Any]) -> str:
    day = format_date(last_day(values))
    return _n(
        "%(num)s membership ends on %(day)s. The contact stays, and can be joined again later.",
        "%(num)s memberships end on %(day)s. The contacts stay, and can be joined again later.",
        number,
        day=day,
    )


def _withdraw(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    services.withdraw_membership(item_id, actor=actor)


def _undo_withdraw(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    services.undo_withdrawal(item_id, actor=actor)


def _explain_withdraw(number: int, _values: Mapping[str, Any]) -> str:
    return _n(
        "%(num)s request leaves this list. The federation no longer sees it.", "%(num)s requests leave this list. The federation no longer sees them.", number
    )


def _rejoin(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    services.rejoin(services.get_membership(item_id), from_on=parse_date(values.get("from_on")), actor=actor)


def _undo_rejoin(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    services.undo_rejoin(services.get_membership(item_id), actor=actor)


def _explain_rejoin(number: int, values: Mapping[str, Any]) -> str:
    return _n(
        "The same membership is asked again for %(num)s person, from %(day)s.",
        "The same membership is asked again for %(num)s people, from %(day)s.",
        number,
        day=format_date(first_day(values)),
    )


ACTIONS = (
    BulkAction(
        "end_memberships",
        "memberships",
        _l("End memberships"),
        WRITE,
        run=_end,
        undo=_undo_end,
        form=EndForm,
        explain=explain_end,
        icon="user-minus",
        is_danger=True,
        position=800,
    ),
    BulkAction(
        "withdraw_requests",
        "membership_requests",
        _l("Withdraw requests"),
        WRITE,
        run=_withdraw,
        undo=_undo_withdraw,
        explain=_explain_withdraw,
        icon="arrow-back-up",
        is_danger=True,
        position=800,
    ),
    BulkAction(
        "rejoin", "former_memberships", _l("Join again"), WRITE, run=_rejoin, undo=_undo_rejoin, form=StartForm, explain=_explain_rejoin, icon="user-plus"
    ),
)
