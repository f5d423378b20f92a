"""What can be done with chosen invoices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.access import Actor
from core.i18n import _, _l, _n, format_date
from core.lists.actions import BulkAction
from plugins.invoices.forms import PaidForm
from plugins.invoices.services.invoices import get_invoice
from plugins.invoices.services.payments import last_payment, record_payment, undo_payment
from plugins.invoices.services.reminders import remind

#: how a payment noted for many invoices at once is recognised, to undo it
TOGETHER = "*"


def _pay(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    record_payment(get_invoice(item_id), amount_cents=None, paid_on=values["paid_on"], note=TOGETHER, actor=actor)


def _undo_pay(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    payment = last_payment(get_invoice(item_id), paid_on=values["paid_on"], note=TOGETHER)
    if payment is not None:
        undo_payment(payment, actor=actor)


def _explain_pay(count: int, values: Mapping[str, Any]) -> str:
    day = format_date(values.get("paid_on")) or "…"
    return _n("%(num)s invoice is marked as paid in full on %(day)s.", "%(num)s invoices are marked as paid in full on %(day)s.", count, day=day)


def _remind(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    remind(get_invoice(item_id), actor=actor)


def _explain_remind(count: int, _values: Mapping[str, Any]) -> str:
    return " ".join(
        (
            _n("%(num)s invoice is chosen.", "%(num)s invoices are chosen.", count),
            _("Clubs get one mail for each of them that is overdue; the others are left alone."),
        )
    )


BULK_ACTIONS = (
    BulkAction(
        "mark_paid", "invoices", _l("Mark as paid"), "invoices.pay", run=_pay, undo=_undo_pay, form=PaidForm, explain=_explain_pay, icon="cash", position=10
    ),
    BulkAction("remind", "invoices", _l("Send a reminder"), "invoices.remind", run=_remind, explain=_explain_remind, icon="mail-forward", position=20),
)
