"""The words of the history of invoices, runs and fees."""

from __future__ import annotations

from typing import Any

from core.audit.history import describe_subject
from core.i18n import _l, format_money

_MONEY = ("total_cents", "paid_cents", "credited_cents", "amount_cents")


def _money(value: Any) -> str:
    return format_money(value) if isinstance(value, int) else ""


def describe() -> None:
    """Teach the history our words; once, at start."""
    show = dict.fromkeys(_MONEY, _money)
    describe_subject(
        "invoice",
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
        fields={
            "reference_on": _l("Reference date"), "invoice_on": _l("Invoice date"), "due_on": _l("Pay by"), "clubs": _l("Invoices"), "members": _l("Members"),
            "total_cents": _l("Amount"),
        },
        actions={"invoice_run.drafted": _l("Calculated"), "invoice_run.redrafted": _l("Calculated again"), "invoice_run.approved": _l("Approved")},
        show=show,
    )  # fmt: skip
    describe_subject(
        "invoice_fee",
        fields={"amount_cents": _l("Fee per member"), "from_on": _l("From"), "until_on": _l("Until"), "type_id": _l("Membership type")},
        show=show,
    )
