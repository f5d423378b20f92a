from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

import plugins
from core.config import Config
from core.contacts.models import Contact
from core.db import db
from core.extend.registry import Owned
from core.jobs.models import Job
from core.jobs.services import enqueue
from core.tenancy import unscoped
from core.testing.databases import chosen_plugins
from core.testing.factories import World, inside

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture
def kinds(app: Flask) -> Iterator[None]:
    """The jobs of the sample plugin, known to this process too."""
    plugins.__path__.append(str(HERE / "plugins"))
    from plugins.job_sample.plugin import KINDS  # noqa: PLC0415 -- the path is set above

    known = app.extensions["koepel"]._items["jobs"]
    for kind in KINDS:
        known[kind.name] = Owned("core", kind)
    yield
    for kind in KINDS:
        del known[kind.name]
    plugins.__path__.remove(str(HERE / "plugins"))


def launch(config: Config, *words: str, **environment: str) -> subprocess.Popen[str]:
    """The program, in a process group of its own."""
    chosen = {name: f"{names},job_sample" for name, names in chosen_plugins().items()}
    known = {
        **chosen,
        "KOEPEL_ENVIRONMENT": "test",
        "KOEPEL_DATABASE_URL": config.database,
        "KOEPEL_INSTANCE_DIR": str(config.instance_dir),
        "KOEPEL_LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(ROOT),
        "PATH": os.environ["PATH"],
    }
    return subprocess.Popen(
        [sys.executable, str(HERE / "program.py"), *words],
        env={**known, **environment}, cwd=ROOT, text=True, start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )


@pytest.fixture
def start(app: Flask) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """start("worker", KOEPEL_X="...") -> the program; killed at the end."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: str, **environment: str) -> subprocess.Popen[str]:
        running.append(launch(app.config["KOEPEL"], *words, **environment))
        return running[-1]

    yield begin
    for process in running:
        kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    """Pull the plug of a program and all it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()


class Nursery:
    """Workers one can make and kill by the dozen."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.pids: list[int] = []
        assert self._read() == "ready"

    def worker(self, failpoint: str = "") -> int:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{failpoint}\n")
        self.process.stdin.flush()
        self.pids.append(int(self._read()))
        return self.pids[-1]

    def empty(self) -> None:
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not any(alive(pid) for pid in self.pids))
        self.pids.clear()

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture(scope="session")
def _nursery(_app: Flask) -> Iterator[Nursery]:
    process = launch(_app.config["KOEPEL"], "nursery")
    yield Nursery(process)
    kill(process)


@pytest.fixture
def nursery(app: Flask, _nursery: Nursery) -> Iterator[Nursery]:
    """Makes workers that are gone when the test is."""
    yield _nursery
    _nursery.empty()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ask(app: Flask, world: World, kind: str, number: int = 1, **arguments: Any) -> list[int]:
    """Queue jobs of a kind in club A; returns their ids."""
    with app.app_context(), inside(world.club) as actor:
        return [enqueue(kind, {"name": f"job{n:03d}", **arguments}, actor=actor).id for n in range(number)]


def states(app: Flask) -> Counter[str]:
    """How many of the jobs of the tests are in each state."""
    with app.app_context(), unscoped("looking at jobs in a test"):
        found = Counter(db.session.scalars(select(Job.state).where(Job.kind.like("sample_%"))))
        db.session.rollback()
        return found


def effects(app: Flask) -> Counter[str]:
    """How often each item happened."""
    with app.app_context(), unscoped("looking at contacts in a test"):
        found = Counter(db.session.scalars(select(Contact.first_name).where(Contact.last_name == "Effect")))
        db.session.rollback()
        return found


def the_job(app: Flask, pk: int) -> Job:
    with app.app_context(), unscoped("looking at a job in a test"):
        job = db.session.get(Job, pk)
        db.session.expunge(job)
        db.session.rollback()
        return job


def wait_for(condition: Callable[[], bool], *, seconds: float = 30, every: float = 0.1) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"still not so after {seconds} s"
        time.sleep(every)


