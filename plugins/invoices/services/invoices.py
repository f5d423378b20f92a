"""Invoices made by hand, credit notes, and finding invoices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import force_locale
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import contains_eager

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.db import db, insert_rows
from core.errors import NotFound, StaleVersion, UserMistake
from core.i18n import _
from core.jobs.api import enqueue
from core.organisations.models import Affiliation, Organisation
from core.tenancy import current_scope, unscoped
from core.web.context import current_organisation
from plugins.invoices.errors import AlreadyIssued
from plugins.invoices.models import CREDIT, INVOICE, ORDER, Invoice, InvoiceLine, InvoiceMember
from plugins.invoices.money import check_cents
from plugins.invoices.services.approving import PAPERS_JOB, issuing
from plugins.invoices.services.numbering import take_numbers
from plugins.invoices.services.settings import settings_of
from plugins.invoices.services.snapshots import debtor_of

WRITE = "invoices.write"
MOST_LINES = 50
LARGEST_QUANTITY = 100_000


@dataclass(frozen=True)
class OrderLine:
    """A line somebody typed."""

    text: str
    quantity: int | None
    unit_cents: int | None


def get_invoice(pk: int, *, locked: bool = False) -> Invoice:
    """An invoice this organisation may see, with its club; NotFound for all others."""
    query = select(Invoice).join(Invoice.club).options(contains_eager(Invoice.club)).where(Invoice.id == pk)
    if locked:
        query = query.with_for_update(of=Invoice).execution_options(populate_existing=True)
    found = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"invoice {pk}")
    return found


def find_by_communication(communication: str) -> Invoice | None:
    """The invoice a transfer is for, by the twelve digits of its communication; for bank files."""
    return db.session.scalars(select(Invoice).where(Invoice.communication == communication)).one_or_none()


def lines_of(invoice: Invoice) -> Sequence[InvoiceLine]:
    return db.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position, InvoiceLine.id)).all()


def members_of(invoice: Invoice, *, limit: int = 5_000) -> Sequence[InvoiceMember]:
    """Who is counted, by line and name."""
    query = (
        select(InvoiceMember)
        .join(InvoiceLine, InvoiceLine.id == InvoiceMember.line_id)
        .where(InvoiceMember.invoice_id == invoice.id)
        .order_by(InvoiceLine.position, InvoiceMember.name_key, InvoiceMember.id)
    )
    return db.session.scalars(query.limit(limit)).all()


def invoices_of_club(*, limit: int = 200) -> Sequence[Invoice]:
    """What the club at hand got, the newest first."""
    query = select(Invoice).join(Invoice.federation).options(contains_eager(Invoice.federation))
    query = query.where(Invoice.debtor_id == current_scope().organisation_id).order_by(Invoice.issued_on.desc(), Invoice.id.desc())
    return db.session.scalars(query.limit(limit)).all()


def credit_notes_of(invoice: Invoice) -> Sequence[Invoice]:
    return db.session.scalars(select(Invoice).where(Invoice.credits_id == invoice.id).order_by(Invoice.id)).all()


# --- orders ------------------------------------------------------------------------------------


def save_order(
    invoice: Invoice | None,
    *,
    debtor_id: int | None,
    title: str,
    note: str,
    due_on: date | None,
    lines: Sequence[OrderLine],
    actor: Actor,
    version: int | None = None,
) -> Invoice:
    """Make or change a draft of an invoice with free lines, for one club. Inside transaction()."""
    require(actor, WRITE)
    if invoice is not None:
        invoice = require_unissued(get_invoice(invoice.id, locked=True))
        if version is not None and invoice.version != version:
            raise StaleVersion(f"invoice {invoice.id}")
    club = our_club(debtor_id)
    title = " ".join(title.split())
    if not title:
        raise UserMistake(_("Say in a few words what this invoice is for."), field="title")
    checked = _checked(lines)
    total = sum(line.quantity * line.unit_cents for line in checked)  # type: ignore[operator, misc]
    if total <= 0:
        raise UserMistake(_("The total must be more than zero. Use a credit note to give money back."), field="lines")
    check_cents(total, field="lines")
    if invoice is None:
        invoice = Invoice(source=ORDER, kind=INVOICE, debtor_id=club.id, issuer={}, debtor={})
        db.session.add(invoice)
        act, before = "invoice.created", 0
    else:
        act, before = "invoice.changed", invoice.total_cents
        db.session.execute(delete(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).execution_options(synchronize_session=False))
    invoice.debtor_id, invoice.language = club.id, club.language
    invoice.title, invoice.note, invoice.due_on, invoice.total_cents = title[:160], note.strip()[:1000], due_on, total
    db.session.flush()
    insert_rows(
        InvoiceLine,
        [
            {
                "invoice_id": invoice.id, "debtor_id": club.id, "position": place, "text": line.text, "quantity": line.quantity, "unit_cents": line.unit_cents,
                "total_cents": line.quantity * line.unit_cents,  # type: ignore[operator]
                "type_id": None, "rule": "by_hand", "rule_text": "",
            }
            for place, line in enumerate(checked)
        ],
    )  # fmt: skip
    record(act, invoice, actor=actor, changes={"total_cents": (before, total), "title": (None, invoice.title)})
    return invoice


def our_club(pk: int | None) -> Organisation:
    """A club that is affiliated now with the federation at hand; a mistake for any other."""
    today = clock.today()
    query = (
        select(Organisation)
        .join(Affiliation, Affiliation.organisation_id == Organisation.id)
        .where(Organisation.id == (pk or 0), Affiliation.from_on <= today, or_(Affiliation.until_on.is_(None), Affiliation.until_on >= today))
    )
    found = db.session.scalars(query).first()
    if found is None:
        raise UserMistake(_("Choose a club from the list."), field="debtor_id")
    return found


def find_clubs(text: str = "", *, limit: int = 50) -> Sequence[Organisation]:
    """Affiliated clubs whose name or number has `text`, by name."""
    today = clock.today()
    query = (
        select(Organisation)
        .join(Affiliation, Affiliation.organisation_id == Organisation.id)
        .where(Affiliation.from_on <= today, or_(Affiliation.until_on.is_(None), Affiliation.until_on >= today))
        .order_by(Organisation.name)
        .limit(limit)
    )
    if text.strip():
        query = query.where(or_(Organisation.name.icontains(text.strip(), autoescape=True), Affiliation.number == text.strip()))
    return db.session.scalars(query).unique().all()


def _checked(lines: Sequence[OrderLine]) -> list[OrderLine]:
    found = []
    for place, line in enumerate(lines):
        text = " ".join(line.text.split())
        if not text and line.quantity is None and line.unit_cents is None:
            continue
        if not text:
            raise UserMistake(_("Say what line %(number)s is.", number=place + 1), field="lines")
        if len(text) > 300:
            raise UserMistake(_("Use at most %(number)s characters in a line.", number=300), field="lines")
        if line.quantity is None or not 0 < line.quantity <= LARGEST_QUANTITY:
            raise UserMistake(_("Fill in how many of “%(text)s”, as a whole number.", text=text), field="lines")
        if line.unit_cents is None or abs(line.unit_cents) > 10**8:
            raise UserMistake(_("Fill in the price of “%(text)s”, for example 18,50.", text=text), field="lines")
        found.append(OrderLine(text, line.quantity, line.unit_cents))
    if not found:
        raise UserMistake(_("Fill in at least one line."), field="lines")
    if len(found) > MOST_LINES:
        raise UserMistake(_("Use at most %(number)s lines.", number=MOST_LINES), field="lines")
    return found


def issue_order(invoice: Invoice, *, actor: Actor, version: int | None = None) -> Invoice:
    """Give it a number and send it; from here on it does not change. Inside transaction()."""
    require(actor, WRITE)
    now = require_unissued(get_invoice(invoice.id, locked=True))
    if now.source != ORDER:
        raise UserMistake(_("This invoice belongs to a run. Approve the whole run."))
    if version is not None and version != now.version:
        raise StaleVersion(f"invoice {now.id}")
    federation = current_organisation()
    if not federation.iban:
        raise UserMistake(_("The federation has no account number. Fill it in under Settings."))
    settings, today = settings_of(federation), clock.today(federation.time_zone)
    if now.due_on is not None and now.due_on < today:
        raise UserMistake(_("The last day to pay has passed. Change it first."))
    _issue(now, INVOICE, today, now.due_on or today + timedelta(days=settings.payment_days), actor=actor)
    return now


def _issue(invoice: Invoice, series: str, today: date, due_on: date | None, *, actor: Actor) -> None:
    federation = current_organisation()
    settings = settings_of(federation)
    fiscal_year = settings.fiscal_year_of(today)
    sequence = take_numbers(series, fiscal_year)
    with unscoped("the club as it stands on its invoice"):
        club = db.session.get_one(Organisation, invoice.debtor_id)
    number = db.session.scalar(select(Affiliation.number).where(Affiliation.organisation_id == club.id).order_by(Affiliation.from_on.desc()).limit(1))
    for name, value in issuing(settings, federation, club.language, series, fiscal_year, sequence, actor).items():
        setattr(invoice, name, value)
    invoice.issued_on, invoice.due_on, invoice.debtor = today, due_on, debtor_of(club, number)
    db.session.flush()
    record("invoice.issued", invoice, actor=actor, changes={"number": ("", invoice.number), "total_cents": (None, invoice.total_cents)})
    enqueue(PAPERS_JOB, {"invoices": [invoice.id]}, actor=actor, unique_key=f"invoice:{invoice.id}", title=_("Send invoice %(number)s", number=invoice.number))


def remove_draft(invoice: Invoice, *, actor: Actor) -> None:
    """Throw away a draft of an order. What was issued is never removed."""
    require(actor, WRITE)
    now = require_unissued(get_invoice(invoice.id, locked=True))
    if now.source != ORDER:
        raise UserMistake(_("This invoice belongs to a run. Remove the whole run."))
    record("invoice.deleted", now, actor=actor, changes={"title": (now.title, None), "total_cents": (now.total_cents, None)})
    db.session.delete(now)
    db.session.flush()


def require_unissued(invoice: Invoice) -> Invoice:
    if not invoice.is_draft:
        raise AlreadyIssued(_("Invoice %(number)s was sent, so it does not change any more. Make a credit note instead.", number=invoice.number))
    return invoice


# --- credit notes ------------------------------------------------------------------------------


def credit_invoice(invoice: Invoice, *, amount_cents: int | None = None, reason: str, actor: Actor) -> Invoice:
    """Undo what is still open of an invoice, or a part of it, with a credit note. Inside transaction()."""
    require(actor, WRITE)
    now = get_invoice(invoice.id, locked=True)
    if now.is_draft or now.is_credit:
        raise UserMistake(_("Only an invoice that was sent can be credited."))
    why = " ".join(reason.split())
    if not why:
        raise UserMistake(_("Say why: the club reads this on the credit note."), field="reason")
    cents = now.open_cents if amount_cents is None else check_cents(amount_cents, field="amount_cents", least=1)
    if now.open_cents <= 0:
        raise UserMistake(_("Nothing is open any more. Undo the payment first if the money was given back."))
    if cents > now.open_cents:
        raise UserMistake(_("This is more than what is still open."), field="amount_cents")
    note = Invoice(
        kind=CREDIT,
        source=now.source,
        debtor_id=now.debtor_id,
        credits_id=now.id,
        title="",
        note=why[:1000],
        total_cents=cents,
        language=now.language,
        issuer={},
        debtor={},
    )
    with force_locale(now.language):
        note.title = _("Credit note for invoice %(number)s", number=now.number)
    db.session.add(note)
    db.session.flush()
    row = {"invoice_id": note.id, "debtor_id": now.debtor_id, "position": 0, "text": why[:300], "quantity": 1, "unit_cents": cents, "total_cents": cents}
    insert_rows(InvoiceLine, [{**row, "type_id": None, "rule": "credit", "rule_text": ""}])
    before = now.credited_cents
    now.credited_cents = before + cents
    _issue(note, CREDIT, clock.today(current_organisation().time_zone), None, actor=actor)
    record("invoice.credited", now, actor=actor, changes={"credited_cents": (before, now.credited_cents)}, note=note.number)
    return note
