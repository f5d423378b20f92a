"""A run as its page shows it: per type, the largest differences, an example. A few queries, whatever its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from sqlalchemy import func, or_, select
from sqlalchemy.orm import contains_eager

from core.db import db
from core.i18n import _, _l
from core.organisations.models import Organisation
from core.web.context import current_organisation
from plugins.invoices.communication import communication_of, qr_payload, qr_svg, show_communication
from plugins.invoices.models import INVOICE, Invoice, InvoiceLine, InvoiceMember, InvoiceRun, RunClub
from plugins.invoices.services.numbering import next_number
from plugins.invoices.services.rules import FeeRules
from plugins.invoices.services.settings import settings_of
from plugins.memberships.api import FederationMember, Membership, type_titles

#: why memberships are not counted; those after the line are normal and need no attention
REASONS: dict[str, Any] = {
    "requested": _l("Asked for, but not accepted yet"),
    "no_fee": _l("The membership type has no fee on this date"),
    "rule": _l("The rules of the federation ask nothing"),
    "double": _l("Counted once already: the same person is a member twice"),
    "not_affiliated": _l("The club is not affiliated on the reference date"),
    "later": _l("Begins after the reference date"),
    "ended": _l("Ended before the reference date"),
}
NORMAL = ("later", "ended")
LARGEST = 6
MOST_NAMES = 200


@dataclass(frozen=True)
class TypeRow:
    """What one membership type (or rule) brings in. `unit_cents` is None when amounts differ."""

    title: str
    members: int
    unit_cents: int | None
    cents: int
    difference_cents: int | None


@dataclass(frozen=True)
class Example:
    """One invoice of the draft, as the club will get it."""

    row: RunClub
    invoice: Invoice
    lines: Sequence[InvoiceLine]
    communication: str
    qr: Markup | str


@dataclass(frozen=True)
class RunShown:
    run: InvoiceRun
    before: InvoiceRun | None
    types: Sequence[TypeRow]
    largest: Sequence[RunClub]
    example: Example | None
    #: memberships one would expect to be counted
    left_out: int

    @property
    def members_difference(self) -> int | None:
        return self.run.members - self.before.members if self.before else None

    @property
    def cents_difference(self) -> int | None:
        return self.run.total_cents - self.before.total_cents if self.before else None


def present(run: InvoiceRun) -> RunShown:
    before = db.session.scalars(select(InvoiceRun).where(InvoiceRun.id == run.before_id)).one_or_none() if run.before_id else None
    return RunShown(
        run=run,
        before=before,
        types=type_rows(run, before),
        largest=largest_differences(run) if before else [],
        example=example_of(run),
        left_out=sum(number for reason, number in run.not_counted.items() if reason not in NORMAL),
    )


def type_rows(run: InvoiceRun, before: InvoiceRun | None) -> list[TypeRow]:
    """Members and amount per membership type, and what that was the last time."""
    now, then = _per_type(run), _per_type(before) if before else {}
    titles = type_titles()
    rows = []
    for key in [*now, *(key for key in then if key not in now)]:
        members, cents, low, high = now.get(key, (0, 0, 0, 0))
        title = titles.get(key, _("Former type")) if isinstance(key, int) else (key or _("Other"))
        difference = cents - then.get(key, (0, 0, 0, 0))[1] if before else None
        rows.append(TypeRow(title, members, low if low == high else None, cents, difference))
    return rows


def _per_type(run: InvoiceRun) -> dict[Any, tuple[int, int, int, int]]:
    """Type, or text of a line without type -> (number, cents, lowest and highest price)."""
    line = InvoiceLine
    query = (
        select(
            line.type_id,
            line.rule,
            func.min(line.rule_text),
            func.sum(line.quantity),
            func.sum(line.total_cents),
            func.min(line.unit_cents),
            func.max(line.unit_cents),
        )
        .join(Invoice, Invoice.id == line.invoice_id)
        .where(Invoice.run_id == run.id, Invoice.generation == run.generation)
        .group_by(line.type_id, line.rule)
        .order_by(func.sum(line.total_cents).desc())
    )
    found: dict[Any, tuple[int, int, int, int]] = {}
    for type_id, _rule, text, number, cents, low, high in db.session.execute(query):
        key = type_id if type_id is not None else text
        old = found.get(key, (0, 0, low, high))
        found[key] = (old[0] + int(number), old[1] + int(cents), min(old[2], low), max(old[3], high))
    return found


def _clubs(run: InvoiceRun) -> Any:
    query = select(RunClub).join(RunClub.club).options(contains_eager(RunClub.club))
    return query.where(RunClub.run_id == run.id, RunClub.generation == run.generation)


def largest_differences(run: InvoiceRun) -> Sequence[RunClub]:
    """The clubs whose amount changed most."""
    difference = func.abs(RunClub.total_cents - RunClub.total_before_cents)
    return db.session.scalars(_clubs(run).where(difference > 0).order_by(difference.desc(), Organisation.name).limit(LARGEST)).all()


def example_of(run: InvoiceRun) -> Example | None:
    """The invoice that comes nearest to the average."""
    if not run.clubs:
        return None
    average = run.total_cents // run.clubs
    row = db.session.scalars(
        _clubs(run).where(RunClub.invoice_id.is_not(None)).order_by(func.abs(RunClub.total_cents - average), RunClub.id).limit(1)
    ).one_or_none()
    if row is None:
        return None
    invoice = db.session.scalars(select(Invoice).where(Invoice.id == row.invoice_id)).one()
    lines = db.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)).all()
    federation = current_organisation()
    communication = invoice.communication
    if communication is None:
        year = settings_of(federation).fiscal_year_of(run.invoice_on)
        communication = communication_of(year, next_number(INVOICE, year))
    qr: Markup | str = ""
    if federation.iban and invoice.total_cents:
        svg = qr_svg(
            qr_payload(name=federation.official_name, iban=federation.iban, bic=federation.bic, cents=invoice.total_cents, communication=communication),
            scales=True,
        )
        qr = Markup(svg)  # noqa: S704 -- a drawing of ours
    return Example(row, invoice, lines, show_communication(communication), qr)


# --- one club ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClubShown:
    """One club of a run: its lines, everybody counted, who is new and who stopped."""

    row: RunClub
    lines: Sequence[InvoiceLine]
    members: Sequence[InvoiceMember]
    new_contacts: frozenset[int]
    stopped: Sequence[InvoiceMember]


def present_club(run: InvoiceRun, row: RunClub, *, limit: int = 2_000) -> ClubShown:
    m = InvoiceMember
    lines = db.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == (row.invoice_id or 0)).order_by(InvoiceLine.position)).all()
    members = db.session.scalars(select(m).where(m.invoice_id == (row.invoice_id or 0)).order_by(m.name_key, m.id).limit(limit)).all()
    before = db.session.scalars(select(InvoiceRun).where(InvoiceRun.id == run.before_id)).one_or_none() if run.before_id else None
    earlier: Sequence[InvoiceMember] = []
    if before is not None:
        query = select(m).where(m.run_id == before.id, m.generation == before.generation, m.debtor_id == row.club_id).order_by(m.name_key).limit(limit)
        earlier = db.session.scalars(query).all()
    counted, known = {member.contact_id for member in members}, {member.contact_id for member in earlier}
    return ClubShown(row, lines, members, frozenset(counted - known) if before else frozenset(), [e for e in earlier if e.contact_id not in counted])


# --- who does not count ------------------------------------------------------------------------


@dataclass(frozen=True)
class LeftOut:
    name: str
    club: str
    type_title: str
    from_on: Any
    until_on: Any


def left_out(run: InvoiceRun, reason: str) -> list[LeftOut]:
    """Names of memberships a run does not count for one reason, as things are now; at most MOST_NAMES."""
    m, person, day = Membership, FederationMember, run.reference_on
    federation = current_organisation()
    query = (
        select(m.type_id, m.organisation_id, m.contact_id, m.from_on, m.until_on, person.first_name, person.last_name)
        .outerjoin(person, (person.organisation_id == m.organisation_id) & (person.federation_id == m.federation_id) & (person.contact_id == m.contact_id))
        .where(m.federation_id == federation.id)
        .order_by(m.organisation_id, person.name_key)
        .limit(MOST_NAMES)
    )
    active = (m.status == "accepted") & (m.from_on <= day) & or_(m.until_on.is_(None), m.until_on >= day)
    counted = select(InvoiceMember.membership_id).where(InvoiceMember.run_id == run.id, InvoiceMember.generation == run.generation)
    in_run = select(RunClub.club_id).where(RunClub.run_id == run.id, RunClub.generation == run.generation)
    in_other = select(InvoiceMember.id).where(
        InvoiceMember.run_id == run.id, InvoiceMember.generation == run.generation,
        InvoiceMember.debtor_id == m.organisation_id, InvoiceMember.contact_id == m.contact_id,
    )  # fmt: skip
    with_fee = list(FeeRules(federation, day).fees)
    conditions: dict[str, list[Any]] = {
        "requested": [m.status == "requested", m.from_on <= day],
        "later": [m.status.in_(("accepted", "requested")), m.from_on > day],
        "ended": [m.status == "accepted", m.until_on < day],
        "not_affiliated": [active, m.organisation_id.not_in(in_run)],
        "double": [active, m.id.not_in(counted), in_other.exists()],
        "no_fee": [active, m.id.not_in(counted), ~in_other.exists(), m.organisation_id.in_(in_run), m.type_id.not_in(with_fee)],
        "rule": [active, m.id.not_in(counted), ~in_other.exists(), m.organisation_id.in_(in_run), m.type_id.in_(with_fee)],
    }
    if reason == "ended":
        query = query.order_by(None).order_by(m.until_on.desc(), m.id)
    rows = db.session.execute(query.where(*conditions[reason])).all()
    clubs = {
        row.id: row.name for row in db.session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_({r.organisation_id for r in rows})))
    }
    titles = type_titles()
    return [
        LeftOut(
            f"{row.last_name or ''} {row.first_name or ''}".strip() or _("Name no longer known"),
            clubs.get(row.organisation_id, ""), titles.get(row.type_id, ""), row.from_on, row.until_on,
        )
        for row in rows
    ]  # fmt: skip


def reasons_of(run: InvoiceRun) -> list[tuple[str, str, int]]:
    """(key, sentence, number) of every reason that occurs."""
    return [(key, str(title), run.not_counted[key]) for key, title in REASONS.items() if run.not_counted.get(key)]
