"""Where a worker gets its work: jobs of some queues, or the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from core.db import transaction
from core.jobs import claims
from core.jobs.execution import COLUMNS, Outcome, perform
from core.jobs.hands import Hand
from core.jobs.models import Job
from core.outbox.delivery import COLUMNS as MAIL_COLUMNS
from core.outbox.delivery import Postman
from core.outbox.models import OutboxMessage


class Source(Protocol):
    """A kind of row a lane works on."""

    what: str
    model: Any
    #: rows taken at once, at most
    most: int

    def conditions(self) -> list[Any]: ...
    def columns(self) -> Sequence[Any]: ...
    def perform(self, claimed: Any, hand: Hand) -> Outcome | None: ...
    def pauses(self) -> bool:
        """Should it be left alone for a moment?"""

    def rest(self) -> None:
        """There is nothing to do for the moment."""


class JobSource:
    what = "job"
    model = Job

    def __init__(self, queues: Sequence[str], *, most: int = 10) -> None:
        self.queues, self.most = tuple(queues), most

    def conditions(self) -> list[Any]:
        return [Job.queue.in_(self.queues)]

    def columns(self) -> Sequence[Any]:
        return COLUMNS

    def perform(self, claimed: Any, hand: Hand) -> Outcome | None:
        def started(run: Any) -> None:
            hand.run = run

        return perform(claimed, worker=hand.worker, is_lost=hand.is_lost, started=started)

    def pauses(self) -> bool:
        return False

    def rest(self) -> None:
        """Nothing is kept open."""


class MailSource:
    what = "mail"
    model = OutboxMessage
    most = 1

    def __init__(self) -> None:
        self.postman = Postman()

    def conditions(self) -> list[Any]:
        return []

    def columns(self) -> Sequence[Any]:
        return MAIL_COLUMNS

    def perform(self, claimed: Any, hand: Hand) -> Outcome | None:
        return self.postman.deliver(claimed, worker=hand.worker)

    def pauses(self) -> bool:
        return self.postman.pauses

    def rest(self) -> None:
        self.postman.hang_up()


def take(source: Source, hand: Hand, *, size: int, lease: Any, retried_first: bool = False, only: int | None = None) -> int:
    """Store what the hand has finished and take new rows, in one transaction; returns how many."""
    outcomes = hand.outcomes()
    conditions = source.conditions() if only is None else [source.model.id == only]
    try:
        with transaction():
            settle(hand, outcomes)
            rows: list[Any] = []
            if retried_first:
                rows = claims.claim_retried(source.model, source.columns(), worker=hand.worker, lease=lease, conditions=conditions)
            rows = rows or claims.claim(source.model, source.columns(), worker=hand.worker, limit=size, lease=lease, conditions=conditions)
    except BaseException:
        hand.put_back(outcomes)
        raise
    hand.take(rows)
    return len(rows)


def write_down(hand: Hand, *, older_than: float = 0.0) -> None:
    """Store what the hand has finished, in a transaction of its own."""
    outcomes = hand.outcomes(older_than=older_than)
    if not outcomes:
        return
    try:
        with transaction():
            settle(hand, outcomes)
    except BaseException:
        hand.put_back(outcomes)
        raise


def settle(hand: Hand, outcomes: list[Outcome]) -> None:
    """Write outcomes, those that are alike in one statement; inside transaction()."""
    alike: dict[str, tuple[dict[str, Any], list[int]]] = {}
    for outcome in outcomes:
        shown = repr(sorted((name, value) for name, value in outcome.values.items() if name != "finished_at"))
        alike.setdefault(shown, (outcome.values, []))[1].append(outcome.row_id)
    for values, ids in alike.values():
        claims.settle(hand.model, ids, worker=hand.worker, values=values)
