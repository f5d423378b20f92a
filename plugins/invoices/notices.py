"""Telling who manages a club of its invoices: a new one, and one that is late."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from core import clock
from core.access import Actor, system_actor
from core.db import db, transaction
from core.extend.contributions import NotificationKind
from core.i18n import _, _l, format_date, format_money
from core.jobs.api import JobRun
from core.notifications.api import notify
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped
from plugins.invoices.models import INVOICE, Invoice

NEW, OVERDUE = "invoices.new", "invoices.overdue"
JOB = "invoice_overdue"
#: later than so many days after its last day nobody is told any more that it is late
RECENT = timedelta(days=14)

KINDS = (
    NotificationKind(NEW, _l("A new invoice for the club"), audience="managers", permission="invoices.read", position=70),
    NotificationKind(OVERDUE, _l("An invoice of the club is late"), audience="managers", permission="invoices.read", position=71),
)


def tell_new(invoice: Invoice, *, actor: Actor) -> None:
    """An invoice or credit note was sent; besides the mail to the address for invoices."""
    issuer, number, cents, due_on = invoice.issuer["name"], invoice.number, invoice.total_cents, invoice.due_on
    is_credit = invoice.is_credit
    _tell(
        NEW,
        invoice,
        subject=_l("New credit note of %(federation)s", federation=issuer) if is_credit else _l("New invoice of %(federation)s", federation=issuer),
        text=lambda: _("Credit note %(number)s: %(amount)s.", number=number, amount=format_money(cents))
        if is_credit
        else _("Invoice %(number)s: %(amount)s, to pay by %(day)s.", number=number, amount=format_money(cents), day=format_date(due_on)),
        key=f"invoice:{invoice.id}:new",
        actor=actor,
    )


def tell_overdue(invoice: Invoice, *, actor: Actor) -> None:
    """It should have been paid; told once."""
    number, cents, due_on = invoice.number, invoice.open_cents, invoice.due_on
    _tell(
        OVERDUE,
        invoice,
        subject=_l("An invoice of %(federation)s is late", federation=invoice.issuer["name"]),
        text=lambda: _(
            "Invoice %(number)s should have been paid by %(day)s. Still to pay: %(amount)s.",
            number=number,
            day=format_date(due_on),
            amount=format_money(cents),
        ),
        key=f"invoice:{invoice.id}:overdue",
        actor=actor,
    )


def _tell(kind: str, invoice: Invoice, *, subject: object, text: object, key: str, actor: Actor) -> None:
    with unscoped("the club that is invoiced"):
        club = db.session.get_one(Organisation, invoice.debtor_id)
    notify(kind, subject=subject, text=text, url=f"/o/{club.slug}/invoices/{invoice.id}", unique_key=key, actor=actor, organisation=club)


def run_overdue(run: JobRun) -> None:
    """Every day, of all federations: what became late lately. Safe to run again."""
    day = clock.today()
    with unscoped("invoices that became late"):
        late = db.session.execute(
            select(Invoice.id, Invoice.organisation_id)
            .where(Invoice.kind == INVOICE, Invoice.issued_at.is_not(None), Invoice.due_on < day, Invoice.due_on >= day - RECENT)
            .where(Invoice.paid_cents + Invoice.credited_cents < Invoice.total_cents)
            .order_by(Invoice.id)
        ).all()
        owners = {row.id: row for row in db.session.scalars(select(Organisation).where(Organisation.id.in_({row.organisation_id for row in late})))}
    for number, (invoice_id, owner_id) in enumerate(late, start=1):
        with transaction(), scope(owners[owner_id]):
            invoice = db.session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one()
            tell_overdue(invoice, actor=system_actor(owner_id))
        run.progress(number, len(late))
