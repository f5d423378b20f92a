"""Workers that die: a process that does the waiting jobs and is killed, as by a power cut, at a failpoint."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import update

from core import clock
from core.db import db, transaction
from core.jobs.housekeeping import free_lost
from core.jobs.models import RUNNING, Job
from core.jobs.runner import work_off
from core.tenancy import unscoped
from core.testing.databases import chosen_plugins

#: imports the application once, and then forks a worker for each failpoint it is told
SCRIPT = """
import os, sys
from core.app import create_app
from core.config import load
from core.jobs.runner import work_off

app = create_app(load())
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if not child:
        os.environ["KOEPEL_FAILPOINT"] = line.strip()
        work_off(app)
        os._exit(0)
    _child, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@pytest.fixture(scope="session")
def _worker_process(_app: Flask) -> Iterator[subprocess.Popen[str]]:
    config = _app.config["KOEPEL"]
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KOEPEL_")},
        **chosen_plugins(),
        "KOEPEL_ENVIRONMENT": "test",
        "KOEPEL_INSTANCE_DIR": str(config.instance_dir),
        "KOEPEL_DATABASE_URL": config.database,
        "KOEPEL_EMBEDDED_WORKER": "false",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    with subprocess.Popen([sys.executable, "-c", SCRIPT], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


@pytest.fixture
def crash(app: Flask, _worker_process: subprocess.Popen[str]) -> Callable[[str], None]:
    """crash("import.before_commit"): let a worker of another process do the waiting jobs until it is killed there."""

    def kill(failpoint: str) -> None:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        assert _worker_process.stdin is not None and _worker_process.stdout is not None
        _worker_process.stdin.write(f"{failpoint}\n")
        _worker_process.stdin.flush()
        assert int(_worker_process.stdout.readline()) == -signal.SIGKILL, f"{failpoint} was not reached"

    return kill


def work_again(app: Flask) -> None:
    """What a living worker does some time later: take over what the dead one held."""
    with app.app_context():
        with transaction(), unscoped("the lease of a killed worker ends"):
            db.session.execute(update(Job).where(Job.state == RUNNING).values(lease_until=clock.now()).execution_options(synchronize_session=False))
        free_lost()
        db.session.remove()
    work_off(app)
