"""Fees, invoice runs, invoices with their lines, the members they count, and payments.

An invoice belongs to the federation that makes it. The club that has to pay reads it once it is
issued, and from then on nothing that stands on it changes: the services refuse it, the guard of
the session refuses it, and the database refuses it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, Date, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql import ColumnElement

from core import clock
from core.db import Base, Instant, JSONColumn, signature
from core.organisations.models import Organisation
from core.tenancy import Scope, Shared, TenantOwned
from plugins.invoices.immutable import keep_issued

INVOICE, CREDIT = "invoice", "credit"
MEMBERS, ORDER = "members", "order"
Status = Literal["draft", "open", "overdue", "partly_paid", "paid", "credited"]

#: what may still change on an invoice that was issued
AFTER_ISSUE = frozenset({"paid_cents", "credited_cents", "pdf_file_id", "pdf_sha256", "mailed_at", "reminded_at", "reminders", "version"})


class Fee(TenantOwned, Base):
    """What a federation asks for one member of a type, in a period."""

    __tablename__ = "invoice_fee"
    __table_args__ = (
        CheckConstraint("until_on is null or until_on >= from_on", name="period"),
        CheckConstraint("amount_cents >= 0", name="amount"),
        Index("ix_invoice_fee_type", "organisation_id", "type_id", "from_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    type_id: Mapped[int] = mapped_column(ForeignKey("membership_type.id"))
    amount_cents: Mapped[int]
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    def counts_on(self, day: date) -> bool:
        return self.from_on <= day and (self.until_on is None or self.until_on >= day)


class InvoiceNumber(TenantOwned, Base):
    """The last number that was given out, per series and fiscal year. Taking one locks this row."""

    __tablename__ = "invoice_number"
    __table_args__ = (UniqueConstraint("organisation_id", "series", "fiscal_year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    series: Mapped[str] = mapped_column(String(10))
    fiscal_year: Mapped[int]
    last: Mapped[int] = mapped_column(default=0)


class InvoiceRun(TenantOwned, Base):
    """The invoices of one reference date, for all affiliated clubs.

    `generation` is the draft that is shown: a new draft is written beside it and then takes its
    place at once.
    """

    __tablename__ = "invoice_run"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "reference_on"),
        CheckConstraint("state in ('empty','draft','sent')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference_on: Mapped[date] = mapped_column(Date)
    #: date printed on the invoices
    invoice_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10), default="empty")
    generation: Mapped[int] = mapped_column(default=0)
    #: the run it is compared with
    before_id: Mapped[int | None]
    clubs: Mapped[int] = mapped_column(default=0)
    members: Mapped[int] = mapped_column(default=0)
    total_cents: Mapped[int] = mapped_column(default=0)
    #: reason -> number of memberships that do not count
    not_counted: Mapped[dict[str, int]] = mapped_column(JSONColumn, default=dict)
    #: clubs for which the readiness was asked, and how many are not ready
    not_ready: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    drafted_at: Mapped[datetime | None] = mapped_column(Instant)
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    approved_by: Mapped[str] = signature("approved_by_id")
    approved_by_id: Mapped[int | None]
    #: the job that drafts, then the one that makes PDFs and mails
    job_id: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def year(self) -> int:
        return self.reference_on.year

    @property
    def is_sent(self) -> bool:
        return self.state == "sent"


class RunClub(TenantOwned, Base):
    """What a run says of one club: counted, new, stopped, amounts, and what it still has to do."""

    __tablename__ = "invoice_run_club"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "run_id"], ["invoice_run.organisation_id", "invoice_run.id"], ondelete="CASCADE"),
        UniqueConstraint("organisation_id", "run_id", "generation", "club_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int]
    generation: Mapped[int]
    club_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    #: its number with the federation, on the reference date
    club_number: Mapped[str | None] = mapped_column(String(30))
    #: empty: nothing to pay, so no invoice
    invoice_id: Mapped[int | None]
    members: Mapped[int] = mapped_column(default=0)
    members_before: Mapped[int] = mapped_column(default=0)
    members_new: Mapped[int] = mapped_column(default=0)
    members_stopped: Mapped[int] = mapped_column(default=0)
    total_cents: Mapped[int] = mapped_column(default=0)
    total_before_cents: Mapped[int] = mapped_column(default=0)
    #: titles of readiness checks that are not in order; None: not asked yet
    open_points: Mapped[list[str] | None] = mapped_column(JSONColumn)
    is_ready: Mapped[bool] = mapped_column(default=True)

    club: Mapped[Organisation] = relationship(foreign_keys=[club_id], lazy="raise")

    @property
    def difference_cents(self) -> int:
        return self.total_cents - self.total_before_cents


class Invoice(Shared, Base):
    """An invoice or credit note to a club."""

    wall_for_readers = "debtor_id = {low} AND {low} = {high} AND issued_at IS NOT NULL"

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "run_id", "generation", "debtor_id"),
        UniqueConstraint("organisation_id", "kind", "fiscal_year", "sequence"),
        UniqueConstraint("organisation_id", "communication"),
        ForeignKeyConstraint(["organisation_id", "run_id"], ["invoice_run.organisation_id", "invoice_run.id"]),
        ForeignKeyConstraint(["organisation_id", "credits_id"], ["invoice.organisation_id", "invoice.id"]),
        CheckConstraint("kind in ('invoice','credit')", name="kind"),
        CheckConstraint("source in ('members','order')", name="source"),
        CheckConstraint("(issued_at is null) = (sequence is null)", name="numbered"),
        CheckConstraint("total_cents >= 0 and paid_cents >= 0 and credited_cents >= 0", name="amounts"),
        CheckConstraint("paid_cents + credited_cents <= total_cents", name="settled"),
        Index("ix_invoice_list", "organisation_id", "issued_on", "id"),
        Index("ix_invoice_debtor", "debtor_id", "issued_on"),
        Index("ix_invoice_due", "organisation_id", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    debtor_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(String(10), default=INVOICE)
    #: "members" (a run) or "order" (merchandise, and all that is made by hand)
    source: Mapped[str] = mapped_column(String(10), default=MEMBERS)
    run_id: Mapped[int | None]
    generation: Mapped[int] = mapped_column(default=0)
    #: of a credit note: the invoice it undoes
    credits_id: Mapped[int | None]
    fiscal_year: Mapped[int | None]
    sequence: Mapped[int | None]
    #: as people write it: 2027-0158; empty for a draft
    number: Mapped[str] = mapped_column(String(20), default="")
    #: twelve digits of the structured communication
    communication: Mapped[str | None] = mapped_column(String(12))
    #: what it is for, in the language of the debtor
    title: Mapped[str] = mapped_column(String(160), default="")
    note: Mapped[str] = mapped_column(String(1000), default="")
    language: Mapped[str] = mapped_column(String(2), default="nl")
    issued_on: Mapped[date | None] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)
    issued_at: Mapped[datetime | None] = mapped_column(Instant)
    issued_by: Mapped[str] = signature("issued_by_id")
    issued_by_id: Mapped[int | None]
    #: names, addresses, account and numbers as they were that day
    issuer: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    debtor: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    vat_note: Mapped[str] = mapped_column(String(500), default="")
    members: Mapped[int] = mapped_column(default=0)
    total_cents: Mapped[int] = mapped_column(default=0)
    paid_cents: Mapped[int] = mapped_column(default=0)
    credited_cents: Mapped[int] = mapped_column(default=0)
    pdf_file_id: Mapped[int | None]
    pdf_sha256: Mapped[str | None] = mapped_column(String(64))
    mailed_at: Mapped[datetime | None] = mapped_column(Instant)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    reminders: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    club: Mapped[Organisation] = relationship(foreign_keys=[debtor_id], lazy="raise")
    federation: Mapped[Organisation] = relationship(foreign_keys="Invoice.organisation_id", lazy="raise")

    @classmethod
    def visible_in(cls, scope: Scope) -> ColumnElement[bool]:
        owner: Any = cls.organisation_id
        if scope.kind == "club":
            return or_(owner == scope.organisation_id, and_(cls.debtor_id == scope.organisation_id, cls.issued_at.is_not(None)))
        return owner == scope.organisation_id  # type: ignore[no-any-return]

    def may_be_written_in(self, scope: Scope, changed: set[str]) -> bool:
        """The federation only; once issued only what follows from payments and mails."""
        if self.organisation_id != scope.organisation_id:
            return False
        was_issued = self.issued_at is not None and "issued_at" not in changed and "*" not in changed
        deleted_issued = changed == {"*"} and self.issued_at is not None and self.id is not None
        return not deleted_issued and (not was_issued or changed <= AFTER_ISSUE)

    @property
    def is_draft(self) -> bool:
        return self.issued_at is None

    @property
    def is_credit(self) -> bool:
        return self.kind == CREDIT

    @property
    def open_cents(self) -> int:
        return self.total_cents - self.paid_cents - self.credited_cents

    def status_on(self, day: date) -> Status:
        return status_of(self.kind, self.issued_on, self.due_on, self.total_cents, self.paid_cents, self.credited_cents, day)

    def __str__(self) -> str:
        return self.number or self.title


def status_of(kind: str, issued_on: date | None, due_on: date | None, total: int, paid: int, credited: int, day: date) -> Status:
    """How an invoice stands on a day. What is late is called late, also when a part was paid."""
    if issued_on is None:
        return "draft"
    if kind == CREDIT or (credited and credited >= total):
        return "credited"
    if paid + credited >= total:
        return "paid"
    if due_on is not None and due_on < day:
        return "overdue"
    return "partly_paid" if paid or credited else "open"


class _OfInvoice(Shared):
    """A part of an invoice: seen by whom the invoice is seen."""

    wall_for_readers = (
        "debtor_id = {low} AND {low} = {high} AND invoice_id IN (SELECT i.id FROM invoice i WHERE i.debtor_id = {low} AND i.issued_at IS NOT NULL)"
    )

    @classmethod
    def visible_in(cls, scope: Scope) -> ColumnElement[bool]:
        owner: Any = cls.organisation_id
        mine = owner == scope.organisation_id
        if scope.kind != "club":
            return mine  # type: ignore[no-any-return]
        part: Any = cls
        issued = select(Invoice.id).where(Invoice.debtor_id == scope.organisation_id, Invoice.issued_at.is_not(None))
        return or_(mine, and_(part.debtor_id == scope.organisation_id, part.invoice_id.in_(issued)))


class InvoiceLine(_OfInvoice, Base):
    """What is asked, how many times, at what price, and by which rule."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "invoice_id"], ["invoice.organisation_id", "invoice.id"], ondelete="CASCADE"),
        Index("ix_invoice_line_invoice", "organisation_id", "invoice_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int]
    debtor_id: Mapped[int]
    position: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(String(300))
    quantity: Mapped[int]
    unit_cents: Mapped[int]
    total_cents: Mapped[int]
    type_id: Mapped[int | None]
    #: key of the rule, and the rule in words
    rule: Mapped[str] = mapped_column(String(60), default="")
    rule_text: Mapped[str] = mapped_column(String(300), default="")


class InvoiceMember(_OfInvoice, Base):
    """One membership an invoice counts, once, at the first line that asks for it; `amount_cents` is what all lines ask.

    The name is copied: people are erased, invoices are kept.
    """

    __tablename__ = "invoice_member"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "line_id"], ["invoice_line.organisation_id", "invoice_line.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["organisation_id", "invoice_id"], ["invoice.organisation_id", "invoice.id"], ondelete="CASCADE"),
        Index("ix_invoice_member_line", "organisation_id", "line_id"),
        Index("ix_invoice_member_invoice", "organisation_id", "invoice_id", "name_key"),
        Index("ix_invoice_member_run", "organisation_id", "run_id", "generation", "debtor_id"),
        Index("ix_invoice_member_contact", "debtor_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int]
    line_id: Mapped[int]
    run_id: Mapped[int]
    generation: Mapped[int]
    debtor_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    contact_id: Mapped[int]
    membership_id: Mapped[int]
    type_id: Mapped[int]
    #: family name first
    name: Mapped[str] = mapped_column(String(170))
    #: folded, for the order of lists
    name_key: Mapped[str] = mapped_column(String(170).with_variant(String(170, collation="C"), "postgresql"), default="")
    from_on: Mapped[date] = mapped_column(Date)
    amount_cents: Mapped[int]
    rule_text: Mapped[str] = mapped_column(String(300), default="")
    #: the person was erased: only whoever keeps the books still sees the name
    restricted_at: Mapped[datetime | None] = mapped_column(Instant)

    club: Mapped[Organisation] = relationship(foreign_keys=[debtor_id], lazy="raise")


class Payment(_OfInvoice, Base):
    """Money that came in for an invoice. A mistake is undone, never removed."""

    __tablename__ = "invoice_payment"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "invoice_id"], ["invoice.organisation_id", "invoice.id"]),
        CheckConstraint("amount_cents > 0", name="amount"),
        UniqueConstraint("organisation_id", "reference"),
        Index("ix_invoice_payment_invoice", "organisation_id", "invoice_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int]
    debtor_id: Mapped[int]
    amount_cents: Mapped[int]
    paid_on: Mapped[date] = mapped_column(Date)
    note: Mapped[str] = mapped_column(String(200), default="")
    #: of a line of a bank file: so that it counts once
    reference: Mapped[str | None] = mapped_column(String(120))
    recorded_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    recorded_by: Mapped[str] = signature("recorded_by_id")
    recorded_by_id: Mapped[int | None]
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_by: Mapped[str] = signature("undone_by_id")
    undone_by_id: Mapped[int | None]


keep_issued(Invoice.__table__, InvoiceLine.__table__, allowed=AFTER_ISSUE | {"id"})
