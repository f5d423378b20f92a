"""The dry run of what came in: per row new, changed, unchanged, conflict, unknown club or a problem. Nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select

from core.api import (
    Actor,
    NotFound,
    Organisation,
    StoredFile,
    Table,
    UserMistake,
    _,
    current_organisation,
    db,
    failpoint,
    file_path,
    fold,
    insert_rows,
    is_one_of,
    record,
    require,
    today,
    transaction,
)  # fmt: skip
from plugins.exchange.catalogue import ACCEPT, CLUB, DECISION, DETAILS, KEY, TYPE, UNTIL, as_text, cleaned
from plugins.exchange.mapping import Link, links_of
from plugins.exchange.models import (
    CHANGED,
    CHECKING,
    CONFLICT,
    NEW,
    PROBLEM,
    READY,
    REFUSED,
    UNCHANGED,
    UNKNOWN_CLUB,
    WAITING,
    Exchange,
    ExchangeLink,
    ExchangeRow,
    Proposal,
)
from plugins.exchange.services.exchanges import RUN, forget_file, get_exchange, get_run
from plugins.exchange.services.people import Club, Member, clubs_of_federation, digest, links_by_number, links_by_person, members_of
from plugins.memberships.api import FederationMember, types_of

BATCH = 500
Report = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Incoming:
    """A row of the file: values by our field, written our way."""

    row_no: int
    values: dict[str, str]
    problem: str = ""

    @property
    def number(self) -> str:
        return self.values.get(KEY, "")[:60]

    @property
    def label(self) -> str:
        return f"{self.values.get('first_name', '')} {self.values.get('last_name', '')}".strip()[:200]


@dataclass
class _Checking:
    run_id: int
    exchange: Exchange
    federation: Organisation
    clubs: Mapping[str, Club]
    types: frozenset[str]
    counts: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)


def check_run(pk: int, *, actor: Actor, report: Report) -> None:
    """Look at every row, some hundreds at a time. Outside a transaction; twice is the same as once."""
    require(actor, RUN)
    federation = current_organisation()
    with transaction():
        run = get_run(pk, locked=True)
        if run.state != CHECKING:
            return
        db.session.execute(delete(ExchangeRow).where(ExchangeRow.run_id == pk).execution_options(synchronize_session=False))
        file = db.session.scalars(select(StoredFile).where(StoredFile.id == run.file_id)).one_or_none()
        if file is None:
            raise NotFound("the file of this run")
        table, exchange_id = Table.from_json(file_path(file), run.reading), run.exchange_id
    day = today(federation.time_zone)
    exchange = get_exchange(exchange_id)
    clubs = {fold(club.number): club for club in clubs_of_federation(federation, day) if club.number}
    checking = _Checking(pk, exchange, federation, clubs, frozenset(kind.key for kind in types_of(federation)))
    links, done = [link for link in links_of(exchange.mapping) if link.receive], 0
    for part in _batches(table, links):
        with transaction():
            checking.exchange = get_exchange(exchange_id)
            insert_rows(ExchangeRow, _check(checking, part))
        done += len(part)
        report(done, table.row_count, _("%(done)s of %(total)s rows checked", done=done, total=table.row_count))
        failpoint("exchange.after_batch")
    with transaction():
        run = get_run(pk, locked=True)
        run.counts, run.state = dict(checking.counts), READY
        forget_file(run)
        record("exchange_run.checked", run, actor=actor, changes={name: (None, number) for name, number in checking.counts.items()})


def _batches(table: Table, links: Sequence[Link]) -> Iterator[list[Incoming]]:
    places = {title.casefold(): place for place, title in enumerate(table.headers)}
    wanted = [(link, places[link.column.casefold()]) for link in links if link.column.casefold() in places]
    part: list[Incoming] = []
    for row_no, cells, _surplus in table.rows():
        part.append(_incoming(row_no, cells, wanted))
        if len(part) == BATCH:
            yield part
            part = []
    if part:
        yield part


def _incoming(row_no: int, cells: Sequence[str], wanted: Sequence[tuple[Link, int]]) -> Incoming:
    values: dict[str, str] = {}
    texts = {link.field: link.ours(" ".join(cells[place].split())) for link, place in wanted}
    for link, _place in wanted:
        try:
            values[link.field] = cleaned(link.field, texts[link.field], country=texts.get("country") or None)
        except UserMistake as mistake:
            return Incoming(row_no, {**values, KEY: texts.get(KEY, "")}, f"{link.column}: {mistake.message}"[:300])
    return Incoming(row_no, values)


def _check(checking: _Checking, part: Sequence[Incoming]) -> list[dict[str, Any]]:
    exchange = checking.exchange
    by_number = links_by_number(exchange, [row.number for row in part if row.number])
    clubs = {row.row_no: checking.clubs.get(fold(row.values.get(CLUB, ""))) for row in part}
    by_name = _by_name(part, clubs)
    wanted = {(link.club_id, link.contact_id) for link in by_number.values()} | {key for keys in by_name.values() for key in keys}
    ids = {club.id: club for club in checking.clubs.values()}
    members = members_of(
        [ids[pk] for pk in {club_id for club_id, _contact in wanted} if pk in ids],
        checking.federation,
        today(checking.federation.time_zone),
        contact_ids=sorted({contact_id for _club, contact_id in wanted}),
    )
    links = links_by_person(exchange, sorted({club_id for club_id, _contact in wanted}))
    said = _said_before(exchange, [key[1] for key in wanted])
    found = []
    for row in part:
        made = _one(checking, row, clubs[row.row_no], by_number, by_name, members, links, said)
        checking.counts[made["outcome"]] += 1
        found.append(_complete(made, row, checking.run_id))
    return found


def _complete(made: dict[str, Any], row: Incoming, run_id: int) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "club_id": None, "contact_id": None, "membership_id": None, "fields": {}, "choice": {}, "agreed": {}, "problem": "", "is_applied": False,
        "label": row.label, "number": row.number, "run_id": run_id, "row_no": row.row_no,
    }  # fmt: skip
    return usual | made


def _one(
    checking: _Checking,
    row: Incoming,
    club: Club | None,
    by_number: Mapping[str, ExchangeLink],
    by_name: Mapping[int, list[tuple[int, int]]],
    members: Mapping[tuple[int, int], Member],
    links: Mapping[tuple[int, int], ExchangeLink],
    said: Mapping[int, list[dict[str, str]]],
) -> dict[str, Any]:
    """What the dry run makes of one row."""
    if row.problem:
        return {"outcome": PROBLEM, "problem": row.problem}
    if not row.number:
        return {"outcome": PROBLEM, "problem": _("This row has no member number.")}
    if row.number in checking.seen:
        return {"outcome": PROBLEM, "problem": _("This member number stands in the file more than once.")}
    checking.seen.add(row.number)
    if club is None:
        return {"outcome": UNKNOWN_CLUB, "problem": _("No club has the number “%(number)s”.", number=row.values.get(CLUB, "")[:40])}
    link = by_number.get(row.number)
    if link is not None and link.club_id != club.id:
        return {"outcome": PROBLEM, "problem": _("This member number belongs to somebody in another club.")}
    keys = [(link.club_id, link.contact_id)] if link is not None else by_name.get(row.row_no, [])
    if len(keys) > 1:
        return {"outcome": PROBLEM, "problem": _("More than one member of this club has this name and birth date.")}
    member = members.get(keys[0]) if keys else None
    if member is None:
        return _new(checking, row, club)
    known = link or links.get(keys[0])
    if known is not None and known.number and known.number != row.number:
        return {"outcome": PROBLEM, "problem": _("This person has another member number: %(number)s.", number=known.number)}
    return _known(row, member, known, said.get(member.contact_id, []))


def _new(checking: _Checking, row: Incoming, club: Club) -> dict[str, Any]:
    if not row.values.get("first_name") or not row.values.get("last_name"):
        return {"outcome": PROBLEM, "problem": _("Nobody has this member number, and the row has no full name.")}
    if row.values.get(TYPE) and row.values[TYPE] not in checking.types:
        return {"outcome": PROBLEM, "problem": _("There is no membership type “%(type)s”.", type=row.values[TYPE][:40])}
    fields = {name: ["", text, "theirs"] for name, text in row.values.items() if text and name in (*DETAILS, TYPE)}
    return {"outcome": NEW, "club_id": club.id, "fields": fields}


def _known(row: Incoming, member: Member, link: ExchangeLink | None, said: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Compare with what we have, and with what both sides last agreed on."""
    base = (link.base if link is not None else None) or {}
    fields: dict[str, list[str]] = {}
    agreed: dict[str, str] = {}
    for name in (*DETAILS, UNTIL):
        theirs, ours = row.values.get(name, ""), member.values.get(name, "")
        if not theirs:
            continue
        mark = digest(member.club.id, member.contact_id, name, theirs)
        if theirs == ours:
            agreed[name] = mark
        elif base.get(name) == mark:
            continue  # ours is newer: it goes out the next time
        elif any(earlier.get(name) == theirs for earlier in said):
            continue  # the club was asked this already
        elif name == UNTIL or not ours or base.get(name) == digest(member.club.id, member.contact_id, name, ours):
            fields[name] = [ours, theirs, "theirs"]
        else:
            fields[name] = [ours, theirs, "conflict"]
    if row.values.get(DECISION, "").casefold() == ACCEPT and member.status == "requested":
        fields[DECISION] = ["requested", ACCEPT, "theirs"]
    is_linked = link is not None and link.number == row.number
    outcome = CONFLICT if any(side == "conflict" for _o, _t, side in fields.values()) else CHANGED if fields or not is_linked else UNCHANGED
    return {
        "outcome": outcome, "club_id": member.club.id, "contact_id": member.contact_id, "membership_id": member.membership_id, "fields": fields,
        "agreed": agreed, "label": member.label,
    }  # fmt: skip


def _by_name(part: Sequence[Incoming], clubs: Mapping[int, Club | None]) -> dict[int, list[tuple[int, int]]]:
    """Row -> people of its club with the same name and birth date. One statement."""
    p = FederationMember
    keys = {row.row_no: fold(f"{row.values.get('last_name', '')} {row.values.get('first_name', '')}") for row in part}
    club_ids = sorted({club.id for club in clubs.values() if club is not None})
    rows = db.session.execute(
        select(p.organisation_id, p.contact_id, p.name_key, p.birth_date).where(
            is_one_of(p.organisation_id, club_ids), is_one_of(p.name_key, sorted(set(keys.values())))
        )
    ).all()
    found: dict[int, list[tuple[int, int]]] = {}
    for row in part:
        club, born = clubs[row.row_no], row.values.get("birth_date", "")
        found[row.row_no] = [
            (r.organisation_id, r.contact_id)
            for r in rows
            if club is not None and r.organisation_id == club.id and r.name_key == keys[row.row_no] and born and as_text(r.birth_date) == born
        ]
    return found


def _said_before(exchange: Exchange, contact_ids: Sequence[int]) -> dict[int, list[dict[str, str]]]:
    """What clubs were asked already and did not take over, per contact."""
    found: dict[int, list[dict[str, str]]] = {}
    query = select(Proposal.contact_id, Proposal.fields).where(
        Proposal.exchange_id == exchange.id, Proposal.state.in_((WAITING, REFUSED)), is_one_of(Proposal.contact_id, sorted(set(contact_ids)))
    )
    for contact_id, fields in db.session.execute(query):
        found.setdefault(contact_id, []).append({name: pair[1] for name, pair in (fields or {}).items()})
    return found
