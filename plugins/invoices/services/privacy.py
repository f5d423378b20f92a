"""People on invoices: what is told to them, what is kept by law, and what is forgotten when."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import delete, func, select, update

from core import clock
from core.access import Actor
from core.audit.services import Record, record_many
from core.contacts.models import Contact
from core.db import db
from core.extend.contributions import PrivacyHold, RetentionRule
from core.files.models import StoredFile
from core.files.services import remove
from core.i18n import _, _l, _n
from core.organisations.models import Organisation
from core.tenancy import unscoped
from plugins.invoices.models import Invoice, InvoiceMember

#: whole years after the year of the invoice; the law of Belgium since 2023
KEPT_YEARS = 10


def data_about(contact: Contact) -> dict[str, Any]:
    """Invoices of a federation that count this person."""
    with unscoped("invoices that count a person, for the person"):
        rows = db.session.execute(
            select(
                Invoice.number,
                Invoice.issued_on,
                InvoiceMember.name,
                InvoiceMember.rule_text,
                InvoiceMember.amount_cents,
                Organisation.name.label("federation"),
            )
            .join(Invoice, Invoice.id == InvoiceMember.invoice_id)
            .join(Organisation, Organisation.id == Invoice.organisation_id)
            .where(InvoiceMember.debtor_id == contact.organisation_id, InvoiceMember.contact_id == contact.id, Invoice.issued_at.is_not(None))
            .order_by(Invoice.issued_on)
        ).all()
    if not rows:
        return {}
    return {
        "invoices": [
            {"federation": r.federation, "invoice": r.number, "date": r.issued_on, "name": r.name, "rule": r.rule_text, "amount_cents": r.amount_cents}
            for r in rows
        ]
    }


def forget(contact: Contact, *, actor: Actor) -> None:
    """Remove the person from drafts; on issued invoices only whoever keeps the books still sees the name."""
    m = InvoiceMember
    mine = (m.debtor_id == contact.organisation_id) & (m.contact_id == contact.id)
    with unscoped("a person is erased: invoices of the federation that name her"):
        issued = select(Invoice.id).where(Invoice.debtor_id == contact.organisation_id, Invoice.issued_at.is_not(None))
        touched = db.session.execute(select(m.id, m.organisation_id).where(mine, m.invoice_id.in_(issued), m.restricted_at.is_(None))).all()
        db.session.execute(delete(m).where(mine, m.invoice_id.not_in(issued)).execution_options(synchronize_session=False))
        db.session.execute(
            update(m)
            .where(mine, m.invoice_id.in_(issued), m.restricted_at.is_(None))
            .values(restricted_at=clock.now())
            .execution_options(synchronize_session=False)
        )
        for owner in sorted({row.organisation_id for row in touched}):
            records = [Record("invoice_member.restricted", "invoice_member", row.id) for row in touched if row.organisation_id == owner]
            record_many(records, actor=actor, organisation_id=owner)


def past_term(today: date | None = None) -> Any:
    """Ids of invoices past the term of the law that still have names or a PDF."""
    year = (today or clock.today()).year - KEPT_YEARS
    named = select(InvoiceMember.invoice_id).where(InvoiceMember.invoice_id == Invoice.id, InvoiceMember.name != "").exists()
    return select(Invoice.id).where(Invoice.issued_on < date(year, 1, 1), named | Invoice.pdf_file_id.is_not(None))


def forget_names(ids: list[int]) -> None:
    """Names and PDFs of these invoices go, numbers and amounts stay. Inside transaction(), unscoped."""
    nameless = update(InvoiceMember).where(InvoiceMember.invoice_id.in_(ids)).values(name="", name_key="", contact_id=0)
    db.session.execute(nameless.execution_options(synchronize_session=False))
    papers = select(Invoice.pdf_file_id).where(Invoice.id.in_(ids), Invoice.pdf_file_id.is_not(None))
    for file in db.session.scalars(select(StoredFile).where(StoredFile.id.in_(list(db.session.scalars(papers))))):
        remove(file)
    db.session.execute(update(Invoice).where(Invoice.id.in_(ids)).values(pdf_file_id=None).execution_options(synchronize_session=False))


def numbers_of(ids: list[int]) -> dict[int, str]:
    """What these invoices are called, for the page that shows what would go."""
    rows = db.session.execute(select(Invoice.id, Invoice.number).where(Invoice.id.in_(ids)))
    return {row.id: row.number for row in rows}


RULES = [
    RetentionRule(
        "invoice_names", _l("Names on old invoices, and their PDF"), _l("10 years after the year of the invoice"), past_term, Invoice,
        forget=forget_names, label=numbers_of, position=80,
    ),
]  # fmt: skip


def holds_on(contact: Contact) -> list[PrivacyHold]:
    """Issued invoices that count this person: the law keeps them, so the name on them stays, for the books only."""
    with unscoped("invoices that count a person, to say what is kept"):
        rows = db.session.execute(
            select(Organisation.name, func.count(func.distinct(Invoice.id)), func.max(Invoice.issued_on))
            .join(Invoice, Invoice.organisation_id == Organisation.id)
            .join(InvoiceMember, InvoiceMember.invoice_id == Invoice.id)
            .where(InvoiceMember.debtor_id == contact.organisation_id, InvoiceMember.contact_id == contact.id, Invoice.issued_at.is_not(None))
            .group_by(Organisation.id, Organisation.name)
            .order_by(Organisation.name)
        ).all()
    return [
        PrivacyHold(
            _n("Your name on %(num)s invoice of %(federation)s", "Your name on %(num)s invoices of %(federation)s", row[1], federation=row[0]),
            _("The law asks to keep invoices for %(years)s years. Only who keeps the books still sees your name.", years=KEPT_YEARS),
            date(row[2].year + KEPT_YEARS, 12, 31),
        )
        for row in rows
    ]
