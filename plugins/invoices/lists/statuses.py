"""The status of an invoice in words, colours and SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import and_, or_

from core import clock
from core.i18n import _l
from core.lists.columns import Status
from plugins.invoices.models import CREDIT, Invoice, status_of

TITLES: dict[str, Any] = {
    "draft": _l("Draft"),
    "open": _l("Unpaid"),
    "overdue": _l("Overdue"),
    "partly_paid": _l("Partly paid"),
    "paid": _l("Paid"),
    "credited": _l("Credited"),
}
TONES = {"draft": "none", "open": "info", "overdue": "bad", "partly_paid": "warn", "paid": "ok", "credited": "none"}

#: what status_of() needs, read with the row
EXPRESSIONS = (Invoice.kind, Invoice.issued_on, Invoice.due_on, Invoice.total_cents, Invoice.paid_cents, Invoice.credited_cents)


def badge(status: str) -> Status:
    return Status(str(TITLES[status]), TONES[status])  # type: ignore[arg-type]


def badge_of(invoice: Invoice, day: date | None = None) -> Status:
    if invoice.is_credit and not invoice.is_draft:
        return Status(str(_l("Credit note")), "none")
    return badge(invoice.status_on(day or clock.today()))


def show_status(value: tuple[Any, ...]) -> Status:
    if value[0] == CREDIT and value[1] is not None:
        return Status(str(_l("Credit note")), "none")
    return badge(status_of(*value, clock.today()))  # type: ignore[call-arg]  # the six columns asked for above


def export_status(value: tuple[Any, ...]) -> str:
    return str(show_status(value))


def choices() -> Sequence[tuple[str, Any]]:
    return [*TITLES.items(), ("unpaid", _l("Not settled (open, partly paid or overdue)"))]


def condition(_operator: str, value: Any) -> Any:
    """SQL for one status, the same rules as `status_of`."""
    return STATUS_SQL[value](clock.today())


def unsettled() -> Any:
    """Issued invoices of which something is still open."""
    return and_(Invoice.issued_at.is_not(None), Invoice.kind != CREDIT, Invoice.total_cents > Invoice.paid_cents + Invoice.credited_cents)


def _late(day: date) -> Any:
    return and_(unsettled(), Invoice.due_on < day)


def _in_time(day: date) -> Any:
    return and_(unsettled(), or_(Invoice.due_on.is_(None), Invoice.due_on >= day))


def _touched() -> Any:
    return or_(Invoice.paid_cents > 0, Invoice.credited_cents > 0)


def _credited() -> Any:
    return and_(Invoice.issued_at.is_not(None), or_(Invoice.kind == CREDIT, and_(Invoice.credited_cents > 0, Invoice.credited_cents >= Invoice.total_cents)))


STATUS_SQL: dict[str, Any] = {
    "draft": lambda day: Invoice.issued_at.is_(None),
    "open": lambda day: and_(_in_time(day), ~_touched()),
    "overdue": _late,
    "partly_paid": lambda day: and_(_in_time(day), _touched()),
    "paid": lambda day: and_(Invoice.issued_at.is_not(None), Invoice.total_cents <= Invoice.paid_cents + Invoice.credited_cents, ~_credited()),
    "credited": lambda day: _credited(),
    "unpaid": lambda day: unsettled(),
}
