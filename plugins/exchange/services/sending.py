"""Writing the file that goes out: everybody, or what changed since the last time. Some clubs at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update

from core.api import (
    Actor,
    Organisation,
    _,
    chunks,
    current_organisation,
    db,
    failpoint,
    insert_rows,
    now,
    record,
    require,
    store_file,
    today,
    transaction,
    write_csv,
)  # fmt: skip
from plugins.exchange.catalogue import DETAILS, KEY, UNTIL
from plugins.exchange.mapping import Link, links_of
from plugins.exchange.models import DONE, SENDING, SENT, Exchange, ExchangeLink, ExchangeRow, ExchangeRun
from plugins.exchange.services.exchanges import RUN, get_exchange, get_run
from plugins.exchange.services.people import Member, clubs_of_federation, digest, digest_of_all, links_by_person, members_of

#: clubs read in one transaction
BATCH = 50
KEPT = timedelta(hours=24)
Report = Callable[[int, int, str], None]


@dataclass
class _Sending:
    run_id: int
    exchange_id: int
    only_changed: bool
    links: Sequence[Link]
    federation: Organisation
    written: int = 0


def send_run(pk: int, *, actor: Actor, report: Report) -> int | None:
    """Write the file and keep it for a day; returns its id. Outside a transaction; twice is the same as once."""
    require(actor, RUN)
    with transaction():
        run = get_run(pk, locked=True)
        if run.state != SENDING:
            return run.file_id
        db.session.execute(delete(ExchangeRow).where(ExchangeRow.run_id == pk).execution_options(synchronize_session=False))
        exchange = get_exchange(run.exchange_id)
        sending = _Sending(pk, exchange.id, run.only_changed, [link for link in links_of(exchange.mapping) if link.send], current_organisation())
        name = f"{exchange.name} {today():%Y-%m-%d}.csv"
    with tempfile.TemporaryDirectory(prefix="koepel-exchange-") as folder:
        path = Path(folder) / "exchange.csv"
        write_csv(path, [link.column for link in sending.links], _rows(sending, report))
        failpoint("exchange.written")
        with path.open("rb") as file, transaction():
            kept = store_file(file, filename=name, purpose="export", actor=actor, expires_at=now() + KEPT)
            run = get_run(pk, locked=True)
            _keep_sent(run)
            run.state, run.finished_at, run.file_id, run.counts = DONE, now(), kept.id, {SENT: sending.written}
            db.session.flush()
            record("exchange_run.written", run, actor=actor, changes={"rows": (None, sending.written)}, note=", ".join(run.columns)[:400])
            return kept.id


def _rows(sending: _Sending, report: Report) -> Iterator[list[Any]]:
    day = today(sending.federation.time_zone)
    clubs = clubs_of_federation(sending.federation, day)
    done = 0
    for part in chunks(clubs, BATCH):
        with transaction():
            exchange = get_exchange(sending.exchange_id)
            found = _of_clubs(sending, exchange, members_of(part, sending.federation, day), links_by_person(exchange, [club.id for club in part]))
        yield from found
        done += len(part)
        report(done, len(clubs), _("%(done)s of %(total)s clubs written down", done=done, total=len(clubs)))


def _of_clubs(sending: _Sending, exchange: Exchange, members: dict[tuple[int, int], Member], links: dict[tuple[int, int], ExchangeLink]) -> list[list[str]]:
    """The rows of some clubs that go out; what was sent is noted, and counts once the file is there."""
    found, made, rows = [], [], []
    for key, member in members.items():
        link = links.get(key)
        texts = texts_of(member, link, sending.links)
        mark = digest_of_all(texts)
        was_sent = link is not None and link.sent_digest is not None
        if (not member.counts and not was_sent) or (sending.only_changed and link is not None and link.sent_digest == mark):
            continue
        found.append(texts)
        if link is None:
            made.append(_link_row(sending, exchange, member, mark))
        else:
            link.pending_run, link.pending_digest = sending.run_id, mark
            link.base = {**(link.base or {}), **_agreed(member)}
        sending.written += 1
        rows.append(_row(sending, member, link))
    db.session.flush()
    insert_rows(ExchangeLink, made)
    insert_rows(ExchangeRow, rows)
    return found


def texts_of(member: Member, link: ExchangeLink | None, links: Sequence[Link]) -> list[str]:
    """A person in their columns."""
    values = {**member.values, KEY: (link.number if link is not None else None) or ""}
    return [one.theirs(values.get(one.field, "")) for one in links]


def _agreed(member: Member) -> dict[str, str]:
    return {name: digest(member.club.id, member.contact_id, name, member.values[name]) for name in (*DETAILS, UNTIL) if member.values.get(name)}


def _link_row(sending: _Sending, exchange: Exchange, member: Member, mark: str) -> dict[str, Any]:
    return {
        "exchange_id": exchange.id, "club_id": member.club.id, "contact_id": member.contact_id, "number": None, "base": _agreed(member), "sent_digest": None,
        "pending_run": sending.run_id, "pending_digest": mark, "made_by": None, "touched_by": None,
    }  # fmt: skip


def _row(sending: _Sending, member: Member, link: ExchangeLink | None) -> dict[str, Any]:
    """Who was sent; the values themselves are not written down again."""
    return {
        "run_id": sending.run_id, "row_no": sending.written, "outcome": SENT, "number": (link.number if link is not None else None) or "",
        "label": member.label, "club_id": member.club.id, "contact_id": member.contact_id, "membership_id": member.membership_id, "fields": {}, "choice": {},
        "agreed": {}, "problem": "", "is_applied": True,
    }  # fmt: skip


def _keep_sent(run: ExchangeRun) -> None:
    db.session.execute(
        update(ExchangeLink)
        .where(ExchangeLink.exchange_id == run.exchange_id, ExchangeLink.pending_run == run.id)
        .values(sent_digest=ExchangeLink.pending_digest, pending_run=None, pending_digest=None)
        .execution_options(synchronize_session=False)
    )


def number_linked(exchange: Exchange) -> int:
    """How many members have a number in the other system."""
    linked = (ExchangeLink.exchange_id == exchange.id, ExchangeLink.number.is_not(None))
    return db.session.scalar(select(func.count()).select_from(ExchangeLink).where(*linked)) or 0
