"""The mails that go with invoices, in the language of the club. Call them inside force_locale()."""

from __future__ import annotations

from datetime import date

from flask import current_app

from core.access import Actor
from core.contacts.parsing import parse_email
from core.db import db
from core.errors import UserMistake
from core.i18n import _, format_date, format_money
from core.organisations.models import Organisation
from core.outbox.api import queue_mail
from core.tenancy import unscoped
from plugins.invoices.communication import show_communication
from plugins.invoices.models import Invoice
from plugins.invoices.services.settings import show_iban
from plugins.invoices.services.snapshots import email_of


def address_of(invoice: Invoice) -> str:
    """Where mails about this invoice go: the club's address of today, not of the day it was issued."""
    with unscoped("the invoice e-mail of a club that is invoiced"):
        address = email_of(db.session.get_one(Organisation, invoice.debtor_id))
    try:
        parse_email(address)
    except UserMistake:
        address = ""
    if not address:
        raise UserMistake(_("The club has no e-mail address for invoices. Send it on paper, or ask the club to fill it in."))
    return address


def invoice_mail(invoice: Invoice, *, actor: Actor) -> None:
    """The mail that brings an invoice or credit note, with the PDF."""
    federation = invoice.issuer["name"]
    if invoice.is_credit:
        subject = _("Credit note %(number)s of %(federation)s", number=invoice.number, federation=federation)
        what = _("You get back %(amount)s: %(reason)s", amount=format_money(invoice.total_cents), reason=invoice.note)
    else:
        subject = _("Invoice %(number)s of %(federation)s", number=invoice.number, federation=federation)
        what = f"{invoice.title}\n\n{payment_lines(invoice)}"
    text = "\n\n".join((_("Hello,"), _("Here is a document for %(club)s.", club=invoice.debtor["name"]), what, _link(invoice), _closing(federation)))
    _queue(invoice, subject, text, f"invoice:{invoice.id}", actor)


def reminder_mail(invoice: Invoice, today: date, *, actor: Actor) -> None:
    """The friendly question to pay."""
    federation = invoice.issuer["name"]
    subject = _("Reminder: invoice %(number)s of %(federation)s", number=invoice.number, federation=federation)
    opening = _(
        "Invoice %(number)s should have been paid by %(day)s. Have you paid it in the last days? Then you can forget this mail.",
        number=invoice.number,
        day=format_date(invoice.due_on),
    )
    text = "\n\n".join((_("Hello,"), opening, payment_lines(invoice), _link(invoice), _closing(federation)))
    _queue(invoice, subject, text, f"invoice:{invoice.id}:reminder:{today.isoformat()}", actor)


def payment_lines(invoice: Invoice) -> str:
    """How to pay, one thing per line."""
    return "\n".join(
        (
            _("To pay: %(amount)s", amount=format_money(invoice.open_cents)),
            _("By: %(day)s", day=format_date(invoice.due_on)),
            _("On account: %(iban)s", iban=show_iban(invoice.issuer["iban"])),
            _("Communication: %(communication)s", communication=show_communication(invoice.communication or "")),
        )
    )


def _link(invoice: Invoice) -> str:
    with unscoped("the address of a club"):
        slug = db.session.get_one(Organisation, invoice.debtor_id).slug
    return _("See it in Koepel: %(url)s", url=f"{current_app.config['KOEPEL'].public_url.rstrip('/')}/o/{slug}/invoices/{invoice.id}")


def _closing(federation: str) -> str:
    return _("Kind regards,\n%(federation)s", federation=federation)


def _queue(invoice: Invoice, subject: str, text: str, key: str, actor: Actor) -> None:
    queue_mail(
        to=address_of(invoice), subject=subject, text=text, unique_key=key, actor=actor, reply_to=invoice.issuer["email"] or None,
        file_ids=[invoice.pdf_file_id] if invoice.pdf_file_id else [],
    )  # fmt: skip
