"""`koepel` with short leases and the jobs of the tests, as a program of its own.

`program.py nursery` starts once and forks a worker for each line it reads (the failpoint at
which it dies, or an empty one), so that tests can kill dozens of them; every other word is
passed on to `koepel`.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import plugins

plugins.__path__.append(str(Path(__file__).parent / "plugins"))

from core.jobs import claims  # noqa: E402 -- the leases are set before anybody reads them

claims.LEASE = timedelta(seconds=float(os.environ.get("KOEPEL_TEST_LEASE", "1.5")))
claims.RESEND_AFTER = timedelta(seconds=2)

from core.cli import main, make_app  # noqa: E402 -- after the leases are set


def nursery() -> None:
    """Fork a worker per line read; print its process id."""
    from core.db import db  # noqa: PLC0415 -- after the leases
    from core.jobs.commands import run_until_signal  # noqa: PLC0415 -- after the leases
    from core.jobs.runner import Runner  # noqa: PLC0415 -- after the leases

    app = make_app()
    with app.app_context():
        db.engine.dispose()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.environ["KOEPEL_FAILPOINT"] = line.strip()
            sys.stdin.close()
            run_until_signal(Runner(app))
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["nursery"]:
        nursery()
    else:
        sys.argv[0] = "koepel"
        main()
