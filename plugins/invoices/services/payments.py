"""Payments by hand or from a bank file, and taking back a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.db import db
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.web.context import current_organisation
from plugins.invoices.models import Invoice, Payment
from plugins.invoices.money import check_cents
from plugins.invoices.services.invoices import get_invoice

PAY = "invoices.pay"


def payments_of(invoice: Invoice) -> Sequence[Payment]:
    """All payments of an invoice, those that were taken back too, the newest first."""
    return db.session.scalars(select(Payment).where(Payment.invoice_id == invoice.id).order_by(Payment.id.desc())).all()


def record_payment(invoice: Invoice, *, amount_cents: int | None, paid_on: date | None, actor: Actor, note: str = "", reference: str | None = None) -> Payment:
    """Note money that came in. Inside transaction().

    amount_cents: None for all that is open. reference: of a line of a bank file; the same one
    twice gives the payment that is there already.
    """
    require(actor, PAY)
    now = get_invoice(invoice.id, locked=True)
    if reference is not None:
        known = db.session.scalars(select(Payment).where(Payment.reference == reference)).one_or_none()
        if known is not None:
            return known
    today = clock.today(current_organisation().time_zone)
    if now.is_draft or now.is_credit:
        raise UserMistake(_("Only an invoice that was sent can be paid."))
    if now.open_cents <= 0:
        raise UserMistake(_("This invoice is settled already."))
    cents = now.open_cents if amount_cents is None else check_cents(amount_cents, field="amount_cents", least=1)
    if cents > now.open_cents:
        raise UserMistake(_("This is more than what is still open. Note only what belongs to this invoice."), field="amount_cents")
    if paid_on is None:
        raise UserMistake(_("Fill in the day of the payment."), field="paid_on")
    if paid_on > today:
        raise UserMistake(_("This day lies in the future."), field="paid_on")
    payment = Payment(
        invoice_id=now.id,
        debtor_id=now.debtor_id,
        amount_cents=cents,
        paid_on=paid_on,
        note=" ".join(note.split())[:200],
        reference=reference,
        recorded_by=actor.name[:160],
        recorded_by_id=actor.user_id,
    )
    db.session.add(payment)
    before = now.paid_cents
    now.paid_cents = before + cents
    db.session.flush()
    record("invoice.paid", now, actor=actor, changes={"paid_cents": (before, now.paid_cents)}, note=payment.note)
    return payment


def get_payment(pk: int) -> Payment:
    found = db.session.scalars(select(Payment).where(Payment.id == pk)).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"payment {pk}")
    return found


def undo_payment(payment: Payment, *, actor: Actor) -> Payment:
    """Take a payment back: it stays in the history, and does not count. Twice is the same as once."""
    require(actor, PAY)
    invoice = get_invoice(payment.invoice_id, locked=True)
    db.session.refresh(payment)
    if payment.undone_at is not None:
        return payment
    payment.undone_at, payment.undone_by, payment.undone_by_id = clock.now(), actor.name[:160], actor.user_id
    before = invoice.paid_cents
    invoice.paid_cents = before - payment.amount_cents
    db.session.flush()
    record("invoice.payment_undone", invoice, actor=actor, changes={"paid_cents": (before, invoice.paid_cents)})
    return payment


def last_payment(invoice: Invoice, *, paid_on: date, note: str) -> Payment | None:
    """The newest payment of that day and with that note that still counts."""
    query = select(Payment).where(Payment.invoice_id == invoice.id, Payment.paid_on == paid_on, Payment.note == note, Payment.undone_at.is_(None))
    return db.session.scalars(query.order_by(Payment.id.desc()).limit(1)).one_or_none()
