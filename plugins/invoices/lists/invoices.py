"""The federation's list of all its invoices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select

from core.db import db
from core.i18n import _, _l
from core.lists.columns import Column, Person
from core.lists.conditions import contains, date_condition, text_condition
from core.lists.definition import AddEntry, ListDefinition
from core.lists.filters import Filter
from core.lists.views import ListPage
from core.organisations.models import Organisation
from core.web.look import initials_of
from plugins.invoices.lists import statuses
from plugins.invoices.models import CREDIT, INVOICE, MEMBERS, ORDER, Invoice, InvoiceRun

LIST = "invoices"
GROUP = _l("Invoice")
OPEN = Invoice.total_cents - Invoice.paid_cents - Invoice.credited_cents

KINDS: dict[str, Any] = {MEMBERS: _l("Member invoicing"), ORDER: _l("Order"), CREDIT: _l("Credit note")}


def _show_kind(value: tuple[str, str]) -> str:
    return str(KINDS[CREDIT if value[0] == CREDIT else value[1]])


def _kind(_operator: str, value: Any) -> Any:
    return Invoice.kind == CREDIT if value == CREDIT else (Invoice.kind == INVOICE) & (Invoice.source == value)


def _column(name: str, expression: Any, label: Any, position: int, **options: Any) -> Column:
    options.setdefault("order_by", (expression,) if not isinstance(expression, tuple) else None)
    return Column(name, LIST, label, GROUP, expression=expression, position=position, **options)


def _show_club(value: tuple[str, str, str]) -> Person:
    club, number, title = value
    return Person(club, initials_of(club), " · ".join(part for part in (number or _("Draft"), title) if part))


def _or_draft(value: str) -> str:
    return value or _("Draft")


def _euros(cents: int) -> float:
    return cents / 100


COLUMNS = (
    _column(
        "club",
        (Organisation.name, Invoice.number, Invoice.title),
        _l("Club"),
        1,
        kind="person",
        show=_show_club,
        export=lambda value: value[0],
        order_by=(Organisation.name,),
        default=True,
    ),
    _column("number", Invoice.number, _l("Number"), 2, order_by=(Invoice.fiscal_year, Invoice.sequence, Invoice.id), default=True, show=_or_draft),
    _column("title", Invoice.title, _l("About"), 3),
    _column("status", statuses.EXPRESSIONS, _l("Status"), 4, kind="status", show=statuses.show_status, export=statuses.export_status, default=True),
    _column("total", Invoice.total_cents, _l("Amount"), 5, kind="money", default=True, export=_euros),
    _column("open", OPEN, _l("Still open"), 6, kind="money", default=True, export=_euros),
    _column("due_on", Invoice.due_on, _l("Pay by"), 7, kind="date", default=True),
    _column("issued_on", Invoice.issued_on, _l("Date"), 8, kind="date"),
    _column("kind", (Invoice.kind, Invoice.source), _l("Kind"), 9, show=_show_kind, export=_show_kind),
    _column("paid", Invoice.paid_cents, _l("Paid"), 10, kind="money", export=_euros),
    _column("communication", Invoice.communication, _l("Communication"), 11),
    _column("members", Invoice.members, _l("Members"), 12, kind="number"),
    _column("reminders", Invoice.reminders, _l("Reminders"), 13, kind="number"),
)


def run_choices() -> Sequence[tuple[str, Any]]:
    runs = db.session.execute(select(InvoiceRun.id, InvoiceRun.reference_on).order_by(InvoiceRun.reference_on.desc())).all()
    return [(str(run.id), run.reference_on.strftime("%d/%m/%Y")) for run in runs]


def of_run(model: Any) -> Any:
    return lambda _operator, value: model.run_id == int(value)


FILTERS = (
    Filter("status", LIST, _l("Status"), GROUP, "choice", statuses.condition, choices=statuses.choices, operators=("is",), position=1, icon="receipt-euro"),
    Filter("kind", LIST, _l("Kind"), GROUP, "choice", _kind, choices=lambda: list(KINDS.items()), operators=("is",), position=2),
    Filter("run", LIST, _l("Run"), GROUP, "choice", of_run(Invoice), choices=run_choices, operators=("is",), position=3),
    Filter("number", LIST, _l("Number"), GROUP, "text", text_condition(Invoice.number), position=4),
    Filter("club", LIST, _l("Club"), GROUP, "text", text_condition(Organisation.name), operators=("contains", "is"), position=5),
    Filter("issued_on", LIST, _l("Date"), GROUP, "date", date_condition(Invoice.issued_on), operators=("from", "until"), position=6),
    Filter("due_on", LIST, _l("Pay by"), GROUP, "date", date_condition(Invoice.due_on), operators=("from", "until"), position=7),
)


def _search(text: str) -> Any:
    digits = "".join(c for c in text if c.isdigit())
    found = [contains(Invoice.number, text), contains(Organisation.name, text), contains(Invoice.title, text)]
    if len(digits) >= 6:
        found.append(Invoice.communication.like(f"%{digits}%"))
    return or_(*found)


def _in_list() -> Any:
    """Drafts of a run are on the page of that run."""
    return or_(Invoice.issued_at.is_not(None), Invoice.source == ORDER)


def _with_club(statement: Any) -> Any:
    return statement.join(Organisation, Organisation.id == Invoice.debtor_id)


INVOICES = ListDefinition(
    name=LIST,
    model=Invoice,
    title=_l("Invoices"),
    noun=_l("invoices"),
    permission="invoices.manage",
    export_permission="invoices.manage",
    columns=COLUMNS,
    filters=FILTERS,
    search=_search,
    search_hint=_l("Search by number, club or communication"),
    default_sort="-number",
    base_condition=_in_list,
    base_reason=_l("A draft of a run: see the run"),
    joins=_with_club,
    profile_endpoint="InvoiceView.show",
    add=(
        AddEntry(_l("Invoice for one club"), "receipt-euro", "OrderView.add", "invoices.write"),
        AddEntry(_l("Run for all clubs"), "users-group", "RunView.new", "invoice_runs.write"),
    ),
    empty_title=_l("No invoices yet"),
    empty_text=_l("Start a run to invoice all clubs for their members, or make an invoice for one club."),
    tabs=("invoicing",),
)


class InvoiceList(ListPage):
    """Every invoice of the federation."""

    route_base = "/o/<org>/invoicing/invoices"
    definition = INVOICES
