"""Invoices over the REST API: a federation reads what it sent, a club what it has to pay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from core import clock
from core.access import Actor
from core.db import db, is_one_of
from core.errors import NotFound
from core.i18n import _l
from core.lists.columns import Column
from core.lists.conditions import choice_condition, date_condition, number_condition, text_condition
from core.lists.definition import ListDefinition
from core.lists.filters import Filter
from core.rest.api import ApiField, CoreRestApi
from plugins.invoices.lists import statuses
from plugins.invoices.models import CREDIT, INVOICE, Invoice, InvoiceLine
from plugins.invoices.services.invoices import get_invoice, lines_of

LIST = "api_invoices"
GROUP = _l("Invoice")

INVOICES = ListDefinition(
    name=LIST,
    model=Invoice,
    title=_l("Invoices"),
    noun=_l("invoices"),
    permission="invoices.read",
    columns=(
        Column("id", LIST, _l("Number"), GROUP, expression=Invoice.id, order_by=(Invoice.id,), default=True),
        Column("issued_on", LIST, _l("Date"), GROUP, expression=Invoice.issued_on, order_by=(Invoice.issued_on,)),
        Column("due_on", LIST, _l("Pay by"), GROUP, expression=Invoice.due_on, order_by=(Invoice.due_on,)),
    ),
    filters=(
        Filter("status", LIST, _l("Status"), GROUP, "choice", statuses.condition, choices=statuses.choices, operators=("is",)),
        Filter(
            "kind", LIST, _l("Kind"), GROUP, "choice", choice_condition(Invoice.kind), choices=lambda: [(INVOICE, INVOICE), (CREDIT, CREDIT)], operators=("is",)
        ),
        Filter("club", LIST, _l("Number of the club"), GROUP, "number", number_condition(Invoice.debtor_id), operators=("is",)),
        Filter("number", LIST, _l("Number"), GROUP, "text", text_condition(Invoice.number)),
        Filter("issued_on", LIST, _l("Date"), GROUP, "date", date_condition(Invoice.issued_on), operators=("from", "until")),
        Filter("due_on", LIST, _l("Pay by"), GROUP, "date", date_condition(Invoice.due_on), operators=("from", "until")),
    ),
    default_sort="-id",
    base_condition=lambda: Invoice.issued_at.is_not(None),
)


def _line(line: InvoiceLine) -> dict[str, Any]:
    return {"text": line.text, "quantity": line.quantity, "unit_cents": line.unit_cents, "total_cents": line.total_cents}


class InvoiceApi(CoreRestApi):
    """Drafts are not given out: they still change."""

    resource = "invoices"
    title = _l("Invoices")
    description = _l("Invoices and credit notes that were issued. Amounts are in cents.")
    permission = "invoices.read"
    definition = INVOICES
    kinds = ("federation", "club")
    fields = (
        ApiField("id", "integer"),
        ApiField("number"),
        ApiField("kind", choices=(INVOICE, CREDIT)),
        ApiField("status", get=lambda row: row.status_on(clock.today())),
        ApiField("title"),
        ApiField("club_id", "integer", help=_l("Number of the club that pays"), get=lambda row: row.debtor_id),
        ApiField("club", get=lambda row: row.club.name),
        ApiField("issued_on", "date"),
        ApiField("due_on", "date"),
        ApiField("total_cents", "integer"),
        ApiField("paid_cents", "integer"),
        ApiField("credited_cents", "integer"),
        ApiField("open_cents", "integer"),
        ApiField("communication", help=_l("Twelve digits")),
        ApiField("credits_id", "integer", help=_l("Of a credit note: the invoice it undoes")),
        ApiField("members", "integer", help=_l("Number of members it counts")),
        ApiField("lines", "list", help=_l("Only when one invoice is asked"), get=lambda row: [_line(line) for line in lines_of(row)], in_list=False),
    )

    def load(self, ids: Sequence[int]) -> Sequence[Any]:
        return db.session.scalars(select(Invoice).options(joinedload(Invoice.club)).where(is_one_of(Invoice.id, ids))).all()

    def find(self, pk: int, *, actor: Actor) -> Invoice:
        found = get_invoice(pk)
        if found.is_draft:
            raise NotFound(f"invoice {pk}")
        return found


RESOURCES = (InvoiceApi,)
