"""`koepel worker`: does jobs and sends mails until it is told to stop."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from core.jobs.runner import Runner

QUEUES = ("interactive", "mail", "bulk")


@click.command("worker")
@click.option("--queue", "queues", type=click.Choice(QUEUES), multiple=True, help="Serve only this queue; may be given several times.")
@click.option("--lanes", type=click.IntRange(1, 64), default=1, show_default=True, help="Jobs of any queue done at the same time.")
@with_appcontext
def worker(queues: tuple[str, ...], lanes: int) -> None:
    """Do jobs and send mails; stops cleanly on SIGTERM."""
    app: Any = current_app
    app = app._get_current_object()
    if app.config["KOEPEL"].broker_url:
        from core.jobs.broker import run_worker  # noqa: PLC0415 -- optional dependency: Celery

        run_worker(app, queues or QUEUES, lanes)
        return
    if not run_until_signal(Runner(app, queues=queues or QUEUES, lanes=lanes)):
        sys.exit("A job did not end in time; it will be done again.")


def run_until_signal(runner: Runner) -> bool:
    """Work until SIGTERM or Ctrl-C; False when a job had to be left alone."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    runner.start()
    while not told.wait(1.0):
        pass
    return runner.stop()
