"""The words of the history of invoices, runs and fees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from core.audit.history import describe_subject
from core.db import db
from core.i18n import _, _l, format_date, format_money
from plugins.invoices.models import Invoice, InvoiceRun

_MONEY = ("total_cents", "paid_cents", "credited_cents", "amount_cents")


def _money(value: Any) -> str:
    return format_money(value) if isinstance(value, int) else ""


def _numbers(ids: Sequence[int]) -> dict[int, str]:
    rows = db.session.execute(select(Invoice.id, Invoice.number).where(Invoice.id.in_(ids), Invoice.number.is_not(None)))
    return {row.id: _("Invoice %(number)s", number=row.number) for row in rows}


def _days(ids: Sequence[int]) -> dict[int, str]:
    rows = db.session.execute(select(InvoiceRun.id, InvoiceRun.reference_on).where(InvoiceRun.id.in_(ids)))
    return {row.id: _("Invoice run of %(day)s", day=format_date(row.reference_on)) for row in rows}


def describe() -> None:
    """Teach the history our words; once, at start."""
    show = dict.fromkeys(_MONEY, _money)
    describe_subject(
        "invoice",
        title=_l("Invoice"),
        names=_numbers,
        fields={
            "number": _l("Number"), "total_cents": _l("Amount"), "paid_cents": _l("Paid"), "credited_cents": _l("Credited"), "title": _l("About"),
            "reminders": _l("Reminders"),
        },
        actions={
            "invoice.created": _l("Draft made"),
            "invoice.issued": _l("Sent"),
            "invoice.paid": _l("Payment noted"),
            "invoice.payment_undone": _l("Payment taken back"),
            "invoice.credited": _l("Credited"),
            "invoice.reminded": _l("Reminder sent"),
        },
        show=show,
    )  # fmt: skip
    describe_subject(
        "invoice_run",
        title=_l("Invoice run"),
        names=_days,
        fields={
            "reference_on": _l("Reference date"), "invoice_on": _l("Invoice date"), "due_on": _l("Pay by"), "clubs": _l("Invoices"), "members": _l("Members"),
            "total_cents": _l("Amount"),
        },
        actions={"invoice_run.drafted": _l("Calculated"), "invoice_run.redrafted": _l("Calculated again"), "invoice_run.approved": _l("Approved")},
        show=show,
    )  # fmt: skip
    describe_subject("invoice_member", title=_l("Counted member"), actions={"invoice_member.restricted": _l("Name hidden, the person was erased")})
    describe_subject("organisation", actions={"invoice_settings.changed": _l("Settings of invoicing changed")})
    describe_subject(
        "invoice_fee",
        title=_l("Fee"),
        fields={"amount_cents": _l("Fee per member"), "from_on": _l("From"), "until_on": _l("Until"), "type_id": _l("Membership type")},
        show=show,
    )
