"""The draft of a run: who counts on the reference date, and what each club would pay.

It is written club by club, beside the draft that is shown, and takes its place at once when it
is complete. Memory stays flat whatever the number of members, and no transaction is long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask_babel import force_locale
from sqlalchemy import delete, func, or_, select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.db import chunks, db, insert_rows, is_one_of, reserve_ids, transaction
from core.errors import UserMistake
from core.i18n import _, format_money
from core.jobs.api import failpoint
from core.organisations.models import Affiliation, Organisation
from core.web.context import current_organisation
from plugins.invoices.hookspecs import CountedMember, FeeLine
from plugins.invoices.models import Invoice, InvoiceLine, InvoiceMember, RunClub
from plugins.invoices.services.counting import members_by_club
from plugins.invoices.services.readiness import ask_readiness
from plugins.invoices.services.rules import FeeRules, text_in
from plugins.invoices.services.runs import WRITE, get_run, run_before
from plugins.memberships.api import Membership

#: clubs written in one transaction
BATCH = 100

Report = Callable[[int, int, str], None]


def silent(_done: int, _total: int, _note: str) -> None:
    """Nobody waits for it."""


@dataclass(frozen=True, slots=True)
class ListedClub:
    """A club of the run: affiliated on the reference date, or invoiced the last time."""

    id: int
    number: str | None
    is_affiliated: bool


@dataclass
class Tally:
    """What did not count while the clubs were read."""

    no_fee: int = 0
    double: int = 0
    rule: int = 0


@dataclass(frozen=True, slots=True)
class Before:
    """The run this one is compared with. Plain values: rows would be read again after every commit."""

    run_id: int
    generation: int
    day: date


@dataclass
class _Draft:
    run_id: int
    day: date
    generation: int
    before: Before | None
    rules: FeeRules
    tally: Tally = field(default_factory=Tally)


def draft_run(run_id: int, *, actor: Actor, report: Report = silent) -> None:
    """Calculate a run. Outside a transaction: it opens small ones. Twice is the same as once."""
    require(actor, WRITE)
    federation = current_organisation()
    with transaction():
        run = get_run(run_id, locked=True)
        if run.is_sent:
            return
        shown, day = run.generation, run.reference_on
        former = run_before(day)
        before = Before(former.id, former.generation, former.reference_on) if former is not None else None
    _remove_other_drafts(run_id, keep=shown)
    clubs = list(clubs_of_run(federation, day, before))
    draft = _Draft(run_id, day, shown + 1, before, FeeRules(federation, day))
    done = 0
    for part in chunks(clubs, BATCH):
        with transaction():
            _draft_clubs(draft, part)
        done += len(part)
        report(done, len(clubs) * 2, _("%(done)s of %(total)s clubs calculated", done=done, total=len(clubs)))
        failpoint("invoices.after_batch")
    with transaction():
        _show_draft(draft, run_id, actor)
    failpoint("invoices.drafted")
    _remove_other_drafts(run_id, keep=draft.generation)
    ask_readiness(run_id, draft.generation, report=lambda asked, note: report(len(clubs) + asked, len(clubs) * 2, note))


def clubs_of_run(federation: Organisation, day: date, before: Before | None) -> Iterator[ListedClub]:
    """The clubs affiliated on `day`, then those that got an invoice the last time and left."""
    rows = db.session.execute(
        select(Affiliation.organisation_id, func.max(Affiliation.number))
        .where(Affiliation.federation_id == federation.id, Affiliation.from_on <= day, or_(Affiliation.until_on.is_(None), Affiliation.until_on >= day))
        .group_by(Affiliation.organisation_id)
        .order_by(Affiliation.organisation_id)
    ).all()
    affiliated = {row[0] for row in rows}
    for club_id, number in rows:
        yield ListedClub(club_id, number, True)
    if before is not None:
        left = select(RunClub.club_id, RunClub.club_number).where(RunClub.run_id == before.run_id, RunClub.generation == before.generation, RunClub.members > 0)
        for club_id, number in db.session.execute(left.order_by(RunClub.club_id)).all():
            if club_id not in affiliated:
                yield ListedClub(club_id, number, False)


def _draft_clubs(draft: _Draft, part: Sequence[ListedClub]) -> None:
    """Invoices, lines, members and comparison of some clubs."""
    ids = [club.id for club in part]
    organisations = {o.id: o for o in db.session.scalars(select(Organisation).where(Organisation.id.in_(ids)))}
    members, doubles = members_by_club([club.id for club in part if club.is_affiliated], draft.rules)
    draft.tally.double += doubles
    counted_before = _contacts_before(draft.before, ids)
    results_before = _results_before(draft.before, ids)
    lines_by_club = {
        club.id: _checked(draft.rules.lines_for(organisations[club.id], members[club.id]), organisations[club.id]) for club in part if club.id in members
    }
    payers = [club_id for club_id, lines in lines_by_club.items() if sum(line.times * line.unit_cents for line in lines) > 0]
    invoice_ids = dict(zip(payers, reserve_ids(Invoice, len(payers)), strict=True))
    line_ids = iter(reserve_ids(InvoiceLine, sum(len(lines_by_club[club_id]) for club_id in payers)))
    rows: dict[type, list[dict[str, Any]]] = {Invoice: [], InvoiceLine: [], InvoiceMember: [], RunClub: []}
    for club in part:
        lines = lines_by_club.get(club.id, [])
        contacts = {member.contact_id for line in lines for member in line.members}
        total = sum(line.times * line.unit_cents for line in lines)
        _count_left_out(draft, members.get(club.id, []), contacts)
        invoice_id = invoice_ids.get(club.id)
        if invoice_id is not None:
            rows[Invoice].append(_invoice_row(draft, organisations[club.id], invoice_id, total, len(contacts)))
            made = [_line_row(line, position, invoice_id, next(line_ids), organisations[club.id]) for position, line in enumerate(lines)]
            rows[InvoiceLine] += made
            rows[InvoiceMember] += _member_rows(draft, made, [line.members for line in lines], organisations[club.id].language)
        earlier = counted_before.get(club.id, set())
        members_before, total_before = results_before.get(club.id, (0, 0))
        rows[RunClub].append(
            {
                "run_id": draft.run_id,
                "generation": draft.generation,
                "club_id": club.id,
                "club_number": club.number,
                "invoice_id": invoice_id,
                "members": len(contacts),
                "members_before": members_before,
                "members_new": len(contacts - earlier),
                "members_stopped": len(earlier - contacts),
                "total_cents": total,
                "total_before_cents": total_before,
                "open_points": None,
                "is_ready": True,
            }
        )
    for model, stored in rows.items():
        insert_rows(model, stored)


def _contacts_before(before: Before | None, club_ids: Sequence[int]) -> dict[int, set[int]]:
    """Who was counted the last time, by club."""
    found: dict[int, set[int]] = {}
    if before is None:
        return found
    m = InvoiceMember
    query = select(m.debtor_id, m.contact_id).where(m.run_id == before.run_id, m.generation == before.generation, is_one_of(m.debtor_id, club_ids))
    for club_id, contact_id in db.session.execute(query):
        found.setdefault(club_id, set()).add(contact_id)
    return found


def _results_before(before: Before | None, club_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    if before is None:
        return {}
    r = RunClub
    query = select(r.club_id, r.members, r.total_cents).where(r.run_id == before.run_id, r.generation == before.generation, is_one_of(r.club_id, club_ids))
    return {row.club_id: (row.members, row.total_cents) for row in db.session.execute(query)}


def _checked(lines: Sequence[FeeLine], club: Organisation) -> Sequence[FeeLine]:
    """Rules may give discounts, but no money back."""
    for line in lines:
        if type(line.unit_cents) is not int or type(line.times) is not int:
            raise TypeError(f"rule {line.rule!r}: amounts are whole cents")
    if sum(line.times * line.unit_cents for line in lines) < 0:
        raise UserMistake(_("The rules give %(club)s an amount below zero. Correct the fees and calculate again.", club=club.name))
    return lines


def _count_left_out(draft: _Draft, members: Sequence[CountedMember], counted: set[int]) -> None:
    for member in members:
        if member.contact_id not in counted:
            if member.type_id in draft.rules.fees:
                draft.tally.rule += 1
            else:
                draft.tally.no_fee += 1


def _invoice_row(draft: _Draft, club: Organisation, invoice_id: int, total: int, members: int) -> dict[str, Any]:
    return {
        "id": invoice_id,
        "debtor_id": club.id,
        "run_id": draft.run_id,
        "generation": draft.generation,
        "language": club.language,
        "total_cents": total,
        "members": members,
    }


def _line_row(line: FeeLine, position: int, invoice_id: int, line_id: int, club: Organisation) -> dict[str, Any]:
    return {
        "id": line_id,
        "invoice_id": invoice_id,
        "debtor_id": club.id,
        "position": position,
        "text": text_in(line.text, club.language)[:300],
        "quantity": line.times,
        "unit_cents": line.unit_cents,
        "total_cents": line.times * line.unit_cents,
        "type_id": line.type_id,
        "rule": line.rule[:60],
        "rule_text": text_in(line.rule_text, club.language)[:300],
    }


def _member_rows(draft: _Draft, lines: Sequence[dict[str, Any]], members: Sequence[Sequence[CountedMember]], language: str) -> Iterator[dict[str, Any]]:
    """Everybody once, at the first line that asks for her, with what all lines together ask."""
    people: dict[int, CountedMember] = {}
    asked: dict[int, tuple[int, ...]] = {}
    for place, counted in enumerate(members):
        for member in counted:
            people.setdefault(member.contact_id, member)
            asked[member.contact_id] = (*asked.get(member.contact_id, ()), place)
    texts: dict[tuple[int, ...], str] = {}
    for contact_id, member in people.items():
        places = asked[contact_id]
        if places not in texts:
            texts[places] = _asked_text([lines[place] for place in places], language)
        line = lines[places[0]]
        yield {
            "invoice_id": line["invoice_id"],
            "line_id": line["id"],
            "run_id": draft.run_id,
            "generation": draft.generation,
            "debtor_id": line["debtor_id"],
            "amount_cents": sum(lines[place]["unit_cents"] for place in places),
            "rule_text": texts[places],
            "contact_id": contact_id,
            "membership_id": member.membership_id,
            "type_id": member.type_id,
            "name": member.name[:170],
            "name_key": member.name_key[:170],
            "from_on": member.from_on,
        }


def _asked_text(lines: Sequence[dict[str, Any]], language: str) -> str:
    """The rule; of somebody in several lines, what each of them asks."""
    if len(lines) == 1:
        return str(lines[0]["rule_text"])
    with force_locale(language):
        return " + ".join(f"{line['text']} {format_money(line['unit_cents'])}" for line in lines)[:300]


def _show_draft(draft: _Draft, run_id: int, actor: Actor) -> None:
    """Let the new draft take the place of the old one."""
    run = get_run(run_id, locked=True)
    if run.is_sent or run.generation != draft.generation - 1:
        return  # somebody approved the draft that was shown, or made a newer one
    r = RunClub
    members, total = db.session.execute(
        select(func.coalesce(func.sum(r.members), 0), func.coalesce(func.sum(r.total_cents), 0)).where(r.run_id == run_id, r.generation == draft.generation)
    ).one()
    clubs = db.session.scalar(select(func.count()).select_from(Invoice).where(Invoice.run_id == run_id, Invoice.generation == draft.generation))
    run.generation, run.state, run.drafted_at = draft.generation, "draft", clock.now()
    run.before_id = draft.before.run_id if draft.before else None
    run.members, run.total_cents, run.clubs, run.not_ready = int(members), int(total), int(clubs or 0), 0
    run.not_counted = {reason: number for reason, number in _not_counted(draft).items() if number}
    db.session.flush()
    record(
        "invoice_run.drafted", run, actor=actor, changes={"clubs": (None, run.clubs), "members": (None, run.members), "total_cents": (None, run.total_cents)}
    )


def _not_counted(draft: _Draft) -> dict[str, int]:
    """Why memberships are not counted -> how many."""
    day, m = draft.day, Membership
    since = draft.before.day if draft.before else day - timedelta(days=365)
    affiliated = select(Affiliation.organisation_id).where(
        Affiliation.federation_id == draft.rules.federation.id, Affiliation.from_on <= day, or_(Affiliation.until_on.is_(None), Affiliation.until_on >= day)
    )

    def number(*conditions: Any) -> int:
        return int(db.session.scalar(select(func.count()).select_from(m).where(m.federation_id == draft.rules.federation.id, *conditions)) or 0)

    return {
        "requested": number(m.status == "requested", m.from_on <= day),
        "later": number(m.status.in_(("accepted", "requested")), m.from_on > day),
        "ended": number(m.status == "accepted", m.until_on < day, m.until_on >= since),
        "not_affiliated": number(m.status == "accepted", m.from_on <= day, or_(m.until_on.is_(None), m.until_on >= day), m.organisation_id.not_in(affiliated)),
        "no_fee": draft.tally.no_fee,
        "double": draft.tally.double,
        "rule": draft.tally.rule,
    }


def _remove_other_drafts(run_id: int, *, keep: int) -> None:
    """Remove drafts of this run that are not shown, some clubs at a time."""
    while True:
        with transaction():
            run = get_run(run_id, locked=True)
            if run.is_sent:
                return
            old = db.session.scalars(
                select(Invoice.id).where(Invoice.run_id == run_id, Invoice.generation != keep, Invoice.issued_at.is_(None)).limit(2 * BATCH)
            ).all()
            if old:
                db.session.execute(delete(Invoice).where(Invoice.id.in_(old)).execution_options(synchronize_session=False))
            else:
                db.session.execute(delete(RunClub).where(RunClub.run_id == run_id, RunClub.generation != keep).execution_options(synchronize_session=False))
        if not old:
            return
