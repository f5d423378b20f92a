"""The worker: lanes that take rows and do them, and one keeper that guards what they hold.

It lives in `koepel serve` (a thread per lane), in any number of `koepel worker` processes, and
one-legged in each process of Celery. The rows are the truth: whatever happens here, a job that
was not noted as done is done again.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from flask import Flask

from core.db import is_postgres, transaction
from core.jobs import claims, housekeeping, wake
from core.jobs.hands import Hand
from core.jobs.sources import JobSource, MailSource, Source, take, write_down

logger = logging.getLogger(__name__)

#: seconds an idle lane waits before it looks again
POLL = 1.0
#: seconds a batch may take before smaller ones are taken
SHORT = 0.2
#: seconds a job may take before those waiting behind it are given to others
LONG = 1.0
#: seconds an outcome may wait to be stored together with others
HOLD = 0.2


def worker_name() -> str:
    """A name no other worker has, also after a restart with the same process id."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"


class Lane:
    """Works through one source, one row at a time."""

    def __init__(self, app: Flask, source: Source, name: str, *, lease: timedelta = claims.LEASE) -> None:
        self.app, self.source, self.lease = app, source, lease
        self.hand = Hand(source.model, name)
        self.wake = threading.Event()
        self.stopping = threading.Event()
        #: held by whoever calls work() from several threads
        self.alone = threading.Lock()
        self._size = 1
        self._turn = 0

    def work(self, *, only: int | None = None) -> int:
        """Take what is due, do it, and note how it ended; returns how many rows were done."""
        self._turn += 1
        with self.app.app_context():
            taken = take(self.source, self.hand, size=self._size, lease=self.lease, retried_first=self._turn % 2 == 0, only=only)
        begun = time.monotonic()
        done = 0
        while not self.stopping.is_set() and (row := self.hand.start_next()) is not None:
            with self.app.app_context():
                outcome = self.source.perform(row, self.hand)
            self.hand.end(outcome)
            done += 1
            with self.app.app_context():
                write_down(self.hand, older_than=HOLD)
        is_quick = time.monotonic() - begun < SHORT
        self._size = min(self._size * 2, self.source.most) if is_quick and taken else 1
        return done

    def finish(self) -> None:
        """Note what was done and give back what was not started."""
        with self.app.app_context():
            write_down(self.hand)
            unstarted = self.hand.unstarted(busy_for=0)
            if unstarted:
                with transaction():
                    claims.give_back(self.hand.model, unstarted, worker=self.hand.worker)

    def run(self) -> None:
        """Work until told to stop; a database that is away for a while does not end it."""
        trouble = 0
        while not self.stopping.is_set():
            try:
                if self.source.pauses():
                    self.source.rest()
                    self.stopping.wait(POLL)
                    continue
                if not self._is_due() or not self.work():
                    with self.app.app_context():
                        write_down(self.hand)
                    self.source.rest()
                    self.wake.wait(POLL)
                    self.wake.clear()
                trouble = 0
            except Exception:  # a worker outlives a restart of its database
                trouble += 1
                logger.exception("worker has trouble", extra={"worker": self.hand.worker, "times": trouble})
                self.stopping.wait(min(30, trouble))
        try:
            self.finish()
        finally:
            self.source.rest()

    def _is_due(self) -> bool:
        with self.app.app_context():
            return claims.is_due(self.source.model, self.source.conditions())


class Keeper:
    """Guards the leases of what lanes hold, and keeps house."""

    def __init__(self, app: Flask, name: str, kind: str, hands: Sequence[Hand], *, lease: timedelta = claims.LEASE, keeps_house: bool = True) -> None:
        self.app, self.name, self.kind, self.hands, self.lease = app, name, kind, list(hands), lease
        self.keeps_house = keeps_house
        self.stopping = threading.Event()
        self._last: dict[str, float] = {}

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                with self.app.app_context():
                    self.tick()
            except Exception:  # a worker outlives a restart of its database
                logger.exception("keeper has trouble", extra={"worker": self.name})
            self.stopping.wait(0.25)
        if self.keeps_house:
            with self.app.app_context():
                housekeeping.sign_off(self.name)

    def tick(self) -> None:
        """All that is due by now; inside an application context."""
        for hand in self.hands:
            unstarted = hand.unstarted(busy_for=LONG)
            if unstarted:
                with transaction():
                    claims.give_back(hand.model, unstarted, worker=hand.worker)
            write_down(hand, older_than=HOLD)
        if self._is_time("renew", self.lease.total_seconds() / 4):
            self._renew()
        if self._is_time("progress", 2):
            self._store_progress()
        if not self.keeps_house:
            return
        if self._is_time("sign", 20):
            housekeeping.sign(self.name, self.kind)
        if self._is_time("free", min(5.0, self.lease.total_seconds() / 4)):
            housekeeping.free_lost()
        if self._is_time("schedules", 20):
            housekeeping.start_schedules()
        if wake.has_broker() and self._is_time("broker", 5):
            housekeeping.send_unsent()

    def _renew(self) -> None:
        for hand in self.hands:
            ids = hand.held()
            if not ids:
                continue
            with transaction():
                ours = claims.renew(hand.model, ids, worker=hand.worker, lease=self.lease)
            # what was settled or given back meanwhile is not held any more, and so not lost
            hand.lose(set(hand.held()) & set(ids) - ours)

    def _store_progress(self) -> None:
        """Progress made inside a long transaction; SQLite has one writer, so there it has to wait."""
        if not is_postgres():
            return
        for hand in self.hands:
            run = hand.run
            if run is not None and run.has_unstored_progress:
                with transaction():
                    claims.note_progress(run.job_id, worker=hand.worker, done=run.done, total=run.total, note=run.note)

    def _is_time(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now - self._last.get(what, -every) < every:
            return False
        self._last[what] = now
        return True


class Runner:
    """A worker of several lanes.

    lanes: how many work on jobs of any queue; one more does only what somebody is waiting for,
    so that a long import holds up nobody, and one the mails.
    """

    def __init__(
        self,
        app: Flask,
        *,
        kind: str = "worker",
        queues: Sequence[str] = ("interactive", "mail", "bulk"),
        lanes: int = 1,
        lease: timedelta = claims.LEASE,
    ) -> None:
        self.app, self.kind = app, kind
        name = worker_name()
        sources: list[Source] = [JobSource(queues) for _ in range(lanes)]
        if "interactive" in queues and len(queues) > 1:
            sources.append(JobSource(("interactive",)))
        if "mail" in queues and app.config["KOEPEL"].mail_server:
            sources.append(MailSource())
        self.lanes = [Lane(app, source, f"{name}:{number}", lease=lease) for number, source in enumerate(sources)]
        self.keeper = Keeper(app, name, kind, [lane.hand for lane in self.lanes], lease=lease)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start working in the background."""
        wake.listen(self._told)
        for number, lane in enumerate(self.lanes):
            self._threads.append(threading.Thread(target=lane.run, name=f"jobs-{number}", daemon=True))
        self._threads.append(threading.Thread(target=self.keeper.run, name="jobs-keeper", daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 25.0) -> bool:
        """Finish what is being worked on, give back the rest; False when something took too long.

        What is still running then goes on until the process ends, and is done again elsewhere.
        """
        wake.forget(self._told)
        deadline = time.monotonic() + timeout
        for lane in self.lanes:
            lane.stopping.set()
            lane.wake.set()
        for thread in self._threads[:-1]:
            thread.join(max(0.0, deadline - time.monotonic()))
        self.keeper.stopping.set()
        self._threads[-1].join(5)
        return not any(thread.is_alive() for thread in self._threads)

    def _told(self, what: str, _row_id: int, queue: str) -> None:
        for lane in self.lanes:
            if lane.source.what == what and (what == "mail" or queue in getattr(lane.source, "queues", ())):
                lane.wake.set()


def work_off(app: Flask, *, mails: bool = False, most: int = 1_000) -> int:
    """Do all that is due, in this thread, and return how many rows were done (tests, commands)."""
    name = worker_name()
    sources: list[Source] = [JobSource(("interactive", "mail", "bulk"))]
    if mails:
        sources.append(MailSource())
    total = 0
    for number, source in enumerate(sources):
        lane = Lane(app, source, f"{name}:{number}")
        while total < most and (done := lane.work()):
            total += done
        lane.finish()
        source.rest()
    return total


def start_embedded(app: Flask) -> Runner | None:
    """The worker inside `koepel serve`; None when this installation has its workers elsewhere.

    With a broker only the house is kept: ids are sent again, schedules started, leases freed.
    """
    config = app.config["KOEPEL"]
    if not config.embedded_worker:
        return None
    runner = Runner(app, kind="serve")
    if config.broker_url:
        runner.lanes, runner.keeper.hands = [], []
    runner.start()
    return runner
