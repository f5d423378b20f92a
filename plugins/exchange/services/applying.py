"""Doing what was decided: proposals to clubs, the federation's own decisions, numbers; and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update

from core.api import (
    Actor,
    Organisation,
    UserMistake,
    _,
    current_organisation,
    db,
    failpoint,
    insert_rows,
    now,
    record,
    require,
    savepoint,
    scope,
    transaction,
    unscoped,
)  # fmt: skip
from plugins.exchange.catalogue import DECISION, UNTIL
from plugins.exchange.models import (
    APPLYING,
    CHANGED,
    CONFLICT,
    DONE,
    NEW,
    UNCHANGED,
    UNDOING,
    UNDONE,
    WAITING,
    WITHDRAWN,
    ExchangeLink,
    ExchangeRow,
    ExchangeRun,
    Proposal,
)  # fmt: skip
from plugins.exchange.services.exchanges import RUN, get_run
from plugins.exchange.services.people import digest
from plugins.memberships.api import accept_membership, undo_decision

BATCH = 250
Report = Callable[[int, int, str], None]


def apply_run(pk: int, *, actor: Actor, report: Report) -> None:
    """Apply every row that is certain or decided on, once. Outside a transaction: it opens small ones."""
    require(actor, RUN)
    with transaction():
        run = get_run(pk, locked=True)
        if run.state != APPLYING:
            return
        total = db.session.scalar(select(func.count()).select_from(ExchangeRow).where(*_waiting(pk))) or 0
    done, last = 0, 0
    while True:
        with transaction():
            run = get_run(pk)
            rows = db.session.scalars(select(ExchangeRow).where(*_waiting(pk), ExchangeRow.id > last).order_by(ExchangeRow.id).limit(BATCH)).all()
            _apply(run, [row for row in rows if not row.open_fields], actor)
            last = rows[-1].id if rows else last
        if not rows:
            break
        done += len(rows)
        report(done, total, _("%(done)s of %(total)s rows applied", done=done, total=total))
        failpoint("exchange.applied_batch")
    with transaction():
        run = get_run(pk, locked=True)
        proposed = db.session.scalar(select(func.count()).select_from(Proposal).where(Proposal.run_id == pk)) or 0
        run.state, run.finished_at = DONE, now()
        record("exchange_run.applied", run, actor=actor, changes={"proposals": (None, proposed)})


def _waiting(pk: int) -> tuple[Any, ...]:
    return (ExchangeRow.run_id == pk, ExchangeRow.is_applied.is_(False), ExchangeRow.outcome.in_((NEW, CHANGED, UNCHANGED, CONFLICT)))


def _apply(run: ExchangeRun, rows: Sequence[ExchangeRow], actor: Actor) -> None:
    proposals: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        if row.club_id is None:
            continue
        if row.outcome == NEW:
            proposals.setdefault(row.club_id, []).append(_proposal(run, row, "new", {name: pair[:2] for name, pair in (row.fields or {}).items()}))
        else:
            _of_known(run, row, proposals, actor)
        row.is_applied = True
    db.session.flush()
    _propose(proposals)


def _of_known(run: ExchangeRun, row: ExchangeRow, proposals: dict[int, list[dict[str, Any]]], actor: Actor) -> None:
    assert row.club_id is not None and row.contact_id is not None  # noqa: S101 -- the check gave it both
    taken = {name: pair[:2] for name, pair in row.fields.items() if (row.choice or {}).get(name, pair[2]) == "theirs"}
    kept = {name: pair[1] for name, pair in row.fields.items() if (row.choice or {}).get(name) == "ours"}
    _link(run, row, kept)
    if DECISION in taken:
        _accept(row, actor)
    changes = {name: pair for name, pair in taken.items() if name not in (DECISION, UNTIL)}
    if changes:
        proposals.setdefault(row.club_id, []).append(_proposal(run, row, "change", changes))
    if UNTIL in taken:
        proposals.setdefault(row.club_id, []).append(_proposal(run, row, "end", {UNTIL: taken[UNTIL]}))


def _link(run: ExchangeRun, row: ExchangeRow, kept: dict[str, str]) -> None:
    """Their number stays with the person; what both have is noted as agreed, and what we keep against theirs too."""
    link = db.session.scalars(
        select(ExchangeLink).where(ExchangeLink.exchange_id == run.exchange_id, ExchangeLink.club_id == row.club_id, ExchangeLink.contact_id == row.contact_id)
    ).one_or_none()
    if link is None:
        link = ExchangeLink(exchange_id=run.exchange_id, club_id=row.club_id, contact_id=row.contact_id, base={}, made_by=run.id)
        db.session.add(link)
    link.number = link.number or row.number
    answered = {name: digest(row.club_id or 0, row.contact_id or 0, name, theirs) for name, theirs in kept.items()}
    link.base = {**(link.base or {}), **(row.agreed or {}), **answered}
    link.touched_by = run.id


def _accept(row: ExchangeRow, actor: Actor) -> None:
    """Accepting is the federation's own decision; when somebody was first, that is said."""
    try:
        with savepoint():
            accept_membership(row.membership_id or 0, actor=actor)
    except UserMistake as mistake:
        row.problem = str(mistake)[:300]


def _proposal(run: ExchangeRun, row: ExchangeRow, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "federation_id": run.organisation_id, "exchange_id": run.exchange_id, "run_id": run.id, "kind": kind, "partner": run.partner,
        "contact_id": row.contact_id, "membership_id": row.membership_id, "number": row.number, "label": row.label.partition(" · ")[0][:200],
        "fields": fields, "state": WAITING, "before": {}, "made_at": now(), "decided_at": None, "decided_by": "",
        "decided_by_id": None,
    }  # fmt: skip


def _propose(proposals: dict[int, list[dict[str, Any]]]) -> None:
    """A proposal belongs to the club: it is written there."""
    with unscoped("the clubs to which something is proposed"):
        clubs = {club.id: club for club in db.session.scalars(select(Organisation).where(Organisation.id.in_(list(proposals))))}
    for club_id, rows in proposals.items():
        with scope(clubs[club_id]):
            insert_rows(Proposal, rows)


def undo_run(pk: int, *, actor: Actor) -> None:
    """Take back what clubs did not decide on, our own decisions, and the numbers of this run."""
    require(actor, RUN)
    with transaction():
        run = get_run(pk, locked=True)
        if run.state != UNDOING:
            return
        moment = now()
        db.session.execute(
            update(Proposal)
            .where(Proposal.run_id == pk, Proposal.state == WAITING, Proposal.federation_id == current_organisation().id)
            .values(state=WITHDRAWN, decided_at=moment, decided_by=actor.name[:160], decided_by_id=actor.user_id)
            .execution_options(synchronize_session=False)
        )
        applied = select(ExchangeRow).where(ExchangeRow.run_id == pk, ExchangeRow.is_applied.is_(True), ExchangeRow.membership_id.is_not(None))
        for row in db.session.scalars(applied):
            if DECISION in (row.fields or {}) and not row.problem:
                _take_back(row, actor)
        mine = ExchangeLink.exchange_id == run.exchange_id
        made = (mine, ExchangeLink.made_by == pk, ExchangeLink.sent_digest.is_(None))
        db.session.execute(delete(ExchangeLink).where(*made).execution_options(synchronize_session=False))
        db.session.execute(update(ExchangeLink).where(mine, ExchangeLink.touched_by == pk).values(base={}).execution_options(synchronize_session=False))
        run.state = UNDONE
        db.session.flush()
        record("exchange_run.undone", run, actor=actor)


def _take_back(row: ExchangeRow, actor: Actor) -> None:
    try:
        with savepoint():
            undo_decision(row.membership_id or 0, actor=actor)
    except UserMistake as mistake:
        row.problem = str(mistake)[:300]
