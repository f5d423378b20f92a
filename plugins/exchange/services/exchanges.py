"""Exchanges and their runs: agreeing on one, finding it, sending, receiving, deciding."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from core.api import (
    Actor,
    NotFound,
    StaleVersion,
    StoredFile,
    UserMistake,
    _,
    current_organisation,
    db,
    enqueue,
    read_table,
    record,
    remove_file,
    require,
    store_file,
    write_csv,
)  # fmt: skip
from plugins.exchange.catalogue import our_fields
from plugins.exchange.mapping import Link, clean_mapping, links_of
from plugins.exchange.models import (
    APPLYING,
    BASES,
    CHECKING,
    CONFLICT,
    DONE,
    IN,
    OUT,
    READY,
    SENDING,
    UNDOING,
    Exchange,
    ExchangeRow,
    ExchangeRun,
)  # fmt: skip

WRITE, RUN = "exchange.write", "exchange.run"
PURPOSE = "exchange"
CHECK_JOB, APPLY_JOB, SEND_JOB, UNDO_JOB = "exchange_check", "exchange_apply", "exchange_send", "exchange_undo"


def exchanges_here() -> Sequence[Exchange]:
    return db.session.scalars(select(Exchange).order_by(Exchange.name)).all()


def get_exchange(pk: int) -> Exchange:
    """An exchange of this federation; NotFound for all others."""
    found = db.session.scalars(select(Exchange).where(Exchange.id == pk)).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"exchange {pk}")
    return found


def get_run(pk: int, *, locked: bool = False) -> ExchangeRun:
    """A run of an exchange of this federation; NotFound for all others."""
    query = select(ExchangeRun).where(ExchangeRun.id == pk)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"exchange run {pk}")
    return found


def get_row(run: ExchangeRun, pk: int) -> ExchangeRow:
    found = db.session.scalars(select(ExchangeRow).where(ExchangeRow.id == pk, ExchangeRow.run_id == run.id)).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"exchange row {pk}")
    return found


def save_exchange(exchange: Exchange | None, values: Mapping[str, Any], links: Sequence[Link], *, actor: Actor, version: int | None = None) -> Exchange:
    """Agree on an exchange, or change it. values: name, partner, purpose, legal_basis, sends, receives, is_active."""
    require(actor, WRITE)
    federation = current_organisation()
    if federation.kind != "federation":
        raise NotFound("exchange")
    if exchange is not None and version is not None and exchange.version != version:
        raise StaleVersion(f"exchange {exchange.id}")
    wanted = _checked(exchange, values)
    wanted["mapping"] = clean_mapping(links, our_fields(federation), sends=wanted["sends"], receives=wanted["receives"])
    target = exchange or Exchange()
    changes = {name: (getattr(target, name, None), value) for name, value in wanted.items() if getattr(target, name, None) != value}
    for name, value in wanted.items():
        setattr(target, name, value)
    db.session.add(target)
    db.session.flush()
    if changes:
        record("exchange.changed" if exchange is not None else "exchange.created", target, actor=actor, changes=changes)
    return target


def _checked(exchange: Exchange | None, values: Mapping[str, Any]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for name, most, message in (
        ("name", 80, _("Give the exchange a name.")),
        ("partner", 120, _("With which organisation, and which system of it?")),
        ("purpose", 300, _("Say why this data is exchanged. Members may ask.")),
    ):
        text = " ".join(str(values.get(name) or "").split())
        if not text:
            raise UserMistake(message, field=name)
        if len(text) > most:
            raise UserMistake(_("Use at most %(number)s characters.", number=most), field=name)
        wanted[name] = text
    if values.get("legal_basis") not in BASES:
        raise UserMistake(_("Choose on what this rests."), field="legal_basis")
    wanted["legal_basis"] = values["legal_basis"]
    wanted |= {name: bool(values.get(name)) for name in ("sends", "receives", "is_active")}
    if not wanted["sends"] and not wanted["receives"]:
        raise UserMistake(_("Choose at least one direction."), field="sends")
    other = db.session.scalar(select(Exchange.id).where(Exchange.name == wanted["name"], Exchange.id != (exchange.id if exchange is not None else 0)))
    if other is not None:
        raise UserMistake(_("There is an exchange of this name already."), field="name")
    return wanted


def runs_of(exchange: Exchange, *, limit: int = 50) -> Sequence[ExchangeRun]:
    """The log, the newest first."""
    return db.session.scalars(select(ExchangeRun).where(ExchangeRun.exchange_id == exchange.id).order_by(ExchangeRun.id.desc()).limit(limit)).all()


# --- starting ------------------------------------------------------------------------------------------


def start_receiving(exchange: Exchange, data: bytes, filename: str, *, actor: Actor, with_job: bool = True) -> ExchangeRun:
    """Keep a file that came in and have it checked by a job: nothing is changed yet. Inside transaction().

    with_job: False for a caller that checks it itself.
    """
    require(actor, RUN)
    if not exchange.is_active or not exchange.receives:
        raise UserMistake(_("Nothing is received in this exchange. Change it first."))
    table = read_table(data, filename)
    links = [link for link in links_of(exchange.mapping) if link.receive]
    titles = {title.casefold() for title in table.headers}
    missing = [link.column for link in links if link.column.casefold() not in titles and link.field in ("number", "club_number")]
    if missing:
        raise UserMistake(_("This file has no column “%(column)s”. Look at the columns of this exchange.", column=missing[0]), field="file")
    file = store_file(data, filename=filename, purpose=PURPOSE, actor=actor)
    run = _run(exchange, IN, CHECKING, actor)
    run.filename, run.file_id, run.reading = filename[:200], file.id, table.as_json()
    used = {link.column.casefold() for link in links}
    run.columns = [title for title in table.headers if title.casefold() in used]
    db.session.flush()
    return _enqueue(run, CHECK_JOB, _("Check what %(partner)s sent", partner=exchange.partner), actor) if with_job else run


def start_receiving_rows(exchange: Exchange, rows: Sequence[Any], *, actor: Actor, filename: str = "rest.csv", with_job: bool = True) -> ExchangeRun:
    """The same for rows of JSON objects, by the titles of their columns."""
    if not rows or len(rows) > 5_000 or not all(isinstance(row, Mapping) for row in rows):
        raise UserMistake(_("Send 1 to %(number)s rows, each an object with the titles of the columns.", number=5_000), field="rows")
    titles = list(dict.fromkeys(str(title)[:80] for row in rows for title in row))[:200]
    with tempfile.TemporaryDirectory(prefix="koepel-exchange-") as folder:
        path = Path(folder) / "rows.csv"
        write_csv(path, titles, [["" if row.get(title) is None else str(row[title])[:500] for title in titles] for row in rows])
        return start_receiving(exchange, path.read_bytes(), filename, actor=actor, with_job=with_job)


def start_sending(exchange: Exchange, *, only_changed: bool, actor: Actor) -> ExchangeRun:
    """Have everybody, or what changed since the last time, written to a file by a job."""
    require(actor, RUN)
    if not exchange.is_active or not exchange.sends:
        raise UserMistake(_("Nothing is sent in this exchange. Change it first."))
    run = _run(exchange, OUT, SENDING, actor)
    run.only_changed = only_changed
    run.columns = [link.column for link in links_of(exchange.mapping) if link.send]
    return _enqueue(run, SEND_JOB, _("Write the file for %(partner)s", partner=exchange.partner), actor)


def _run(exchange: Exchange, direction: str, state: str, actor: Actor) -> ExchangeRun:
    is_busy = ExchangeRun.state.in_((CHECKING, APPLYING, SENDING, UNDOING))
    if db.session.scalar(select(func.count()).select_from(ExchangeRun).where(ExchangeRun.exchange_id == exchange.id, is_busy)):
        raise UserMistake(_("This exchange is busy. Wait until that is done."))
    run = ExchangeRun(
        exchange_id=exchange.id, direction=direction, state=state, purpose=exchange.purpose, legal_basis=exchange.legal_basis, partner=exchange.partner,
        created_by=actor.name[:160], created_by_id=actor.user_id,
    )  # fmt: skip
    db.session.add(run)
    db.session.flush()
    record(f"exchange_run.{'received' if direction == IN else 'sent'}", run, actor=actor, note=exchange.name)
    return run


def _enqueue(run: ExchangeRun, kind: str, title: str, actor: Actor) -> ExchangeRun:
    run.job_id = enqueue(kind, {"run": run.id}, actor=actor, title=title).id
    db.session.flush()
    return run


# --- deciding ------------------------------------------------------------------------------------------


def decide(run: ExchangeRun, row: ExchangeRow, choices: Mapping[str, str], *, actor: Actor) -> ExchangeRow:
    """Say per field which side is right, as long as it was not applied."""
    require(actor, RUN)
    _require_ready(run)
    if row.is_applied:
        raise UserMistake(_("This row was applied already."))
    kept = {name: side for name, side in choices.items() if name in (row.fields or {}) and side in ("ours", "theirs")}
    row.choice = {**(row.choice or {}), **kept}
    db.session.flush()
    return row


def decide_alike(run: ExchangeRun, field: str, side: str, *, actor: Actor) -> int:
    """The same answer for this field in all rows that are still open; "" for all fields. Returns how many rows."""
    require(actor, RUN)
    _require_ready(run)
    if side not in ("ours", "theirs"):
        raise UserMistake(_("Choose one of the two sides."))
    number, last = 0, 0
    query = select(ExchangeRow).where(ExchangeRow.run_id == run.id, ExchangeRow.outcome == CONFLICT, ExchangeRow.is_applied.is_(False))
    while rows := db.session.scalars(query.where(ExchangeRow.id > last).order_by(ExchangeRow.id).limit(500)).all():
        for row in rows:
            last = row.id
            found = [name for name in row.open_fields if field in ("", name)]
            if found:
                row.choice = {**(row.choice or {}), **dict.fromkeys(found, side)}
                number += 1
        db.session.flush()
    return number


def start_applying(run: ExchangeRun, *, actor: Actor) -> ExchangeRun:
    """Have a job do what is certain and decided: proposals to clubs, own decisions, numbers."""
    require(actor, RUN)
    now_run = get_run(run.id, locked=True)
    _require_ready(now_run)
    now_run.state = APPLYING
    return _enqueue(now_run, APPLY_JOB, _("Apply what %(partner)s sent", partner=now_run.partner), actor)


def start_undoing(run: ExchangeRun, *, actor: Actor) -> ExchangeRun:
    """Have a job take back what clubs did not decide on yet, our own decisions and the numbers."""
    require(actor, RUN)
    now_run = get_run(run.id, locked=True)
    if now_run.direction != IN or now_run.state != DONE:
        raise UserMistake(_("There is nothing to undo."))
    now_run.state = UNDOING
    return _enqueue(now_run, UNDO_JOB, _("Undo what %(partner)s sent", partner=now_run.partner), actor)


def _require_ready(run: ExchangeRun) -> None:
    if run.direction != IN or run.state not in (READY, DONE):
        raise UserMistake(_("This is not ready to decide on."))


def forget_file(run: ExchangeRun) -> None:
    """What was received is not needed once it was checked."""
    if run.file_id is None or run.direction != IN:
        return
    file = db.session.scalars(select(StoredFile).where(StoredFile.id == run.file_id)).one_or_none()
    run.file_id = None
    db.session.flush()
    if file is not None:
        remove_file(file)


# --- looking -------------------------------------------------------------------------------------------


def rows_of(run: ExchangeRun, outcome: str, *, after: int = 0, limit: int = 50) -> Sequence[ExchangeRow]:
    """Rows of one outcome, by their place in the file."""
    query = select(ExchangeRow).where(ExchangeRow.run_id == run.id, ExchangeRow.outcome == outcome, ExchangeRow.row_no > after)
    return db.session.scalars(query.order_by(ExchangeRow.row_no).limit(limit)).all()


def undecided(run: ExchangeRun) -> dict[str, int]:
    """How many rows wait for an answer, per field."""
    found: dict[str, int] = {}
    rows = db.session.execute(
        select(ExchangeRow.fields, ExchangeRow.choice).where(
            ExchangeRow.run_id == run.id, ExchangeRow.outcome == CONFLICT, ExchangeRow.is_applied.is_(False)
        )
    )
    for fields, choice in rows:
        for name, (_ours, _theirs, verdict) in (fields or {}).items():
            if verdict == "conflict" and name not in (choice or {}):
                found[name] = found.get(name, 0) + 1
    return found
