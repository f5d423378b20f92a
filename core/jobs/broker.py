"""Celery as the carrier: it brings the id of a row to a process; the row says what to do.

A message that is lost is sent again by the keepers, one that comes twice finds the row taken.
So Celery needs no results, no late acknowledgements and no retries of its own.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

from celery import Celery
from celery.signals import worker_process_init
from flask import Flask, current_app

from core.db import db
from core.jobs.runner import Keeper, Lane, worker_name
from core.jobs.sources import JobSource, MailSource

logger = logging.getLogger(__name__)

QUEUES = ("interactive", "mail", "bulk")
TASK = "koepel.execute"


def make_celery(app: Flask) -> Celery:
    """The Celery application of an installation with a broker."""
    config = app.config["KOEPEL"]
    celery = Celery("koepel", broker=config.broker_url, set_as_current=False)
    transport: dict[str, Any] = {"socket_connect_timeout": 2}
    if config.broker_url.startswith("redis"):
        transport["global_keyprefix"] = f"{config.broker_prefix}:"
    celery.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_default_queue=queue_name(app, "interactive"),
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=True,
        broker_connection_timeout=2,
        broker_connection_retry_on_startup=True,
        broker_transport_options=transport,
    )
    carrier = Carrier(app)

    @celery.task(name=TASK)  # type: ignore[untyped-decorator]
    def execute(what: str, row_id: int) -> None:
        carrier.execute(what, row_id)

    @worker_process_init.connect(weak=False)  # type: ignore[untyped-decorator]
    def begin(**_: Any) -> None:
        carrier.begin()

    return celery


def queue_name(app: Flask, queue: str) -> str:
    """What the broker calls a queue of this installation."""
    return f"{app.config['KOEPEL'].broker_prefix}.{queue}"


#: seconds a broker that did not answer is left alone, so that it holds up one page and not all
AWAY = 10.0
_away_until = 0.0


def send(what: str, row_id: int, queue: str) -> None:
    """Send the id of a row; a broker that is away is no reason to fail: it is sent again later."""
    global _away_until
    app: Any = current_app
    if time.monotonic() < _away_until:
        return
    if "koepel_celery" not in app.extensions:
        app.extensions["koepel_celery"] = make_celery(app._get_current_object())
    try:
        app.extensions["koepel_celery"].send_task(TASK, args=[what, row_id], queue=queue_name(app, queue), retry=False)
    except Exception as error:  # noqa: BLE001 -- whatever the broker's library raises: the keepers send it again
        _away_until = time.monotonic() + AWAY
        logger.warning("broker does not answer", extra={"error": type(error).__name__, "what": what, "row": row_id})


def run_worker(app: Flask, queues: tuple[str, ...], processes: int) -> None:
    """`koepel worker` of an installation with a broker."""
    names = ",".join(queue_name(app, queue) for queue in queues)
    make_celery(app).worker_main(["worker", "--loglevel", "WARNING", "--queues", names, "--concurrency", str(processes)])


class Carrier:
    """One process of the pool: a lane for jobs, one for mails, and a keeper for both."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._process = 0
        self._lanes: dict[str, Lane] = {}
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Start anew in this process, with connections of its own."""
        with self._lock:
            if self._process == os.getpid():
                return
            self._process = os.getpid()
            with self.app.app_context():
                db.engine.dispose(close=False)  # those of the parent process are not ours to close
            name = worker_name()
            self._lanes = {"job": Lane(self.app, JobSource(QUEUES), f"{name}:0"), "mail": Lane(self.app, MailSource(), f"{name}:1")}
            keeper = Keeper(self.app, name, "celery", [lane.hand for lane in self._lanes.values()])
            threading.Thread(target=keeper.run, name="jobs-keeper", daemon=True).start()

    def execute(self, what: str, row_id: int) -> None:
        """Do the row with this id, if it is due and nobody has it."""
        self.begin()
        if what == "mail" and not self.app.config["KOEPEL"].mail_server:
            return
        lane = self._lanes[what]
        with lane.alone:
            lane.work(only=row_id)
            lane.finish()
