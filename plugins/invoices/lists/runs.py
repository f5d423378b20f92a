"""The clubs and the members of a run, as lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from sqlalchemy import and_, select

from core.access import current_actor
from core.db import db
from core.i18n import _, _l, _n, format_money
from core.lists.columns import Column, Person, Status
from core.lists.conditions import contains, number_condition, text_condition, yes_no_condition
from core.lists.definition import ListDefinition
from core.lists.filters import Filter
from core.lists.views import ListPage, RowLink
from core.organisations.models import Organisation
from core.web.look import initials_of
from plugins.invoices.lists.invoices import of_run, run_choices
from plugins.invoices.models import InvoiceMember, InvoiceRun, RunClub
from plugins.invoices.money import signed_money
from plugins.memberships.api import type_titles

CLUBS, PEOPLE = "invoice_run_clubs", "invoice_run_members"
CLUB_GROUP, MEMBER_GROUP = _l("Club"), _l("Member")
DIFFERENCE = RunClub.total_cents - RunClub.total_before_cents


def _club_column(name: str, expression: Any, label: Any, position: int, **options: Any) -> Column:
    options.setdefault("order_by", (expression,) if not isinstance(expression, tuple) else None)
    return Column(name, CLUBS, label, CLUB_GROUP, expression=expression, position=position, **options)


def _show_club(value: tuple[str, int, int]) -> Person:
    name, members, cents = value
    number = _n("%(num)s member", "%(num)s members", members)
    return Person(name, initials_of(name), f"{number} · {format_money(cents)}")


def _show_member(value: tuple[str, Any, str]) -> Person:
    name = show_name(value[:2])
    return Person(name, initials_of(name), value[2])


def _show_ready(value: tuple[bool, list[str] | None]) -> Status:
    ready, points = value
    if points is None:
        return Status(_("Not asked yet"), "none")
    return Status(_("In order"), "ok") if ready else Status(_("Not ready"), "warn")


def _show_points(points: list[str]) -> str:
    return ", ".join(points)


def _euros(cents: int) -> float:
    return cents / 100


CLUB_COLUMNS = (
    _club_column(
        "club",
        (Organisation.name, RunClub.members, RunClub.total_cents),
        _l("Club"),
        1,
        kind="person",
        show=_show_club,
        export=lambda value: value[0],
        order_by=(Organisation.name,),
        default=True,
    ),
    _club_column("number", RunClub.club_number, _l("Club number"), 2),
    _club_column("members_before", RunClub.members_before, _l("Last time"), 3, kind="number", default=True),
    _club_column("new", RunClub.members_new, _l("New"), 4, kind="number", default=True),
    _club_column("stopped", RunClub.members_stopped, _l("Stopped"), 5, kind="number", default=True),
    _club_column("members", RunClub.members, _l("Members"), 6, kind="number", default=True),
    _club_column("total", RunClub.total_cents, _l("Amount"), 7, kind="money", default=True, export=_euros),
    _club_column("difference", DIFFERENCE, _l("Difference"), 8, default=True, show=signed_money, export=_euros),
    _club_column(
        "ready",
        (RunClub.is_ready, RunClub.open_points),
        _l("In order?"),
        9,
        kind="status",
        show=_show_ready,
        export=lambda v: str(_show_ready(v)),
        default=True,
    ),
    _club_column("open_points", RunClub.open_points, _l("Still to do"), 10, order_by=None, show=_show_points, export=_show_points),
)
CLUB_FILTERS = (
    Filter("run", CLUBS, _l("Run"), CLUB_GROUP, "choice", of_run(RunClub), choices=run_choices, operators=("is",), position=1, icon="building-community"),
    Filter("club", CLUBS, _l("Club"), CLUB_GROUP, "text", text_condition(Organisation.name), operators=("contains", "is"), position=2),
    Filter("ready", CLUBS, _l("In order"), CLUB_GROUP, "yes_no", yes_no_condition(RunClub.is_ready), position=3),
    Filter("members", CLUBS, _l("Number of members"), CLUB_GROUP, "number", number_condition(RunClub.members), operators=("is", "from", "until"), position=4),
    Filter("new", CLUBS, _l("New members"), CLUB_GROUP, "number", number_condition(RunClub.members_new), operators=("is", "from", "until"), position=5),
    Filter(
        "stopped", CLUBS, _l("Stopped members"), CLUB_GROUP, "number", number_condition(RunClub.members_stopped), operators=("is", "from", "until"), position=6
    ),
)


def _shown_clubs() -> Any:
    return and_(RunClub.generation == InvoiceRun.generation)


def _with_run_and_club(statement: Any) -> Any:
    return statement.join(Organisation, Organisation.id == RunClub.club_id).join(InvoiceRun, InvoiceRun.id == RunClub.run_id)


RUN_CLUBS = ListDefinition(
    name=CLUBS,
    model=RunClub,
    title=_l("Clubs of a run"),
    noun=_l("clubs"),
    permission="invoices.manage",
    export_permission="invoices.manage",
    columns=CLUB_COLUMNS,
    filters=CLUB_FILTERS,
    search=lambda text: contains(Organisation.name, text),
    search_hint=_l("Search by club"),
    default_sort="club",
    base_condition=_shown_clubs,
    joins=_with_run_and_club,
    profile_endpoint="RunView.club",
    empty_title=_l("No clubs"),
    empty_text=_l("Calculate a run first."),
)


class RunClubList(ListPage):
    """What each club of a run would pay, and how that differs from the last time."""

    route_base = "/o/<org>/invoicing/run-clubs"
    definition = RUN_CLUBS

    def foot_links(self) -> Sequence[RowLink]:
        return [RowLink(_("Back to the runs"), "arrow-left", url_for("RunView.list"))]


# --- members -----------------------------------------------------------------------------------


def _member_column(name: str, expression: Any, label: Any, position: int, **options: Any) -> Column:
    options.setdefault("order_by", (expression,) if not isinstance(expression, tuple) else None)
    return Column(name, PEOPLE, label, MEMBER_GROUP, expression=expression, position=position, **options)


def show_name(value: tuple[Any, ...]) -> str:
    """Of an erased person only whoever keeps the books sees the name: the law asks to keep it."""
    name, restricted_at = value
    return name if restricted_at is None or current_actor().can("invoices.restricted") else _("Erased person")


def _load_types(ids: Sequence[int]) -> dict[int, str]:
    titles = type_titles()
    rows = db.session.execute(select(InvoiceMember.id, InvoiceMember.type_id).where(InvoiceMember.id.in_(ids)))
    return {row.id: titles.get(row.type_id, "") for row in rows}


MEMBER_COLUMNS = (
    _member_column(
        "name",
        (InvoiceMember.name, InvoiceMember.restricted_at, Organisation.name),
        _l("Name"),
        1,
        kind="person",
        order_by=(InvoiceMember.name_key,),
        show=_show_member,
        export=lambda value: show_name(value[:2]),
        default=True,
    ),
    _member_column("club", Organisation.name, _l("Club"), 2),
    Column("type", PEOPLE, _l("Type"), MEMBER_GROUP, load=_load_types, default=True, position=3),
    _member_column("from_on", InvoiceMember.from_on, _l("Member since"), 4, kind="date", default=True),
    _member_column("rule", InvoiceMember.rule_text, _l("Rule"), 5, default=True),
    _member_column("amount", InvoiceMember.amount_cents, _l("Amount"), 6, kind="money", default=True, export=_euros),
)
MEMBER_FILTERS = (
    Filter("run", PEOPLE, _l("Run"), MEMBER_GROUP, "choice", of_run(InvoiceMember), choices=run_choices, operators=("is",), position=1, icon="users"),
    Filter("name", PEOPLE, _l("Name"), MEMBER_GROUP, "text", text_condition(InvoiceMember.name), operators=("contains", "is"), position=2),
    Filter("club", PEOPLE, _l("Club"), MEMBER_GROUP, "text", text_condition(Organisation.name), operators=("contains", "is"), position=3),
    Filter(
        "type",
        PEOPLE,
        _l("Type"),
        MEMBER_GROUP,
        "choice",
        lambda _o, value: InvoiceMember.type_id == int(value),
        choices=lambda: [(str(k), v) for k, v in type_titles().items()],
        operators=("is",),
        position=4,
    ),
)


def _shown_members() -> Any:
    return InvoiceMember.generation == InvoiceRun.generation


def _with_run_and_debtor(statement: Any) -> Any:
    return statement.join(Organisation, Organisation.id == InvoiceMember.debtor_id).join(InvoiceRun, InvoiceRun.id == InvoiceMember.run_id)


RUN_MEMBERS = ListDefinition(
    name=PEOPLE,
    model=InvoiceMember,
    title=_l("Members who are counted"),
    noun=_l("members"),
    permission="invoices.manage",
    export_permission="invoices.manage",
    columns=MEMBER_COLUMNS,
    filters=MEMBER_FILTERS,
    search=lambda text: contains(InvoiceMember.name, text),
    search_hint=_l("Search by name"),
    default_sort="name",
    base_condition=_shown_members,
    joins=_with_run_and_debtor,
    empty_title=_l("Nobody is counted"),
    empty_text=_l("Calculate a run first."),
)


class RunMemberList(ListPage):
    """Everybody a run counts, with the rule."""

    route_base = "/o/<org>/invoicing/run-members"
    definition = RUN_MEMBERS

    def foot_links(self) -> Sequence[RowLink]:
        return [RowLink(_("Back to the runs"), "arrow-left", url_for("RunView.list"))]
