"""Is this installation well? For machines that watch it, and for the people who use it."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from core import clock, db
from core.jobs import claims, housekeeping
from core.jobs.models import Job
from core.outbox.models import OutboxMessage

logger = logging.getLogger(__name__)

#: work that could start waits at most so long
LATE_AFTER = timedelta(seconds=100)
#: so much room has to be left on the disk
LEAST_DISK = 200 * 1024 * 1024
#: seconds for which an answer to `jobs_are_late` holds
FRESH = 15.0


@dataclass(frozen=True)
class Health:
    """The answer to each question: "ok", or what is wrong in one word."""

    checks: dict[str, str]

    @property
    def is_well(self) -> bool:
        return all(answer == "ok" for answer in self.checks.values())


def examine(instance_dir: Path, *, sends_mail: bool) -> Health:
    """Ask everything; never raises, and says nothing about the inside."""
    questions: dict[str, Callable[[], str]] = {
        "database": lambda: "ok" if db.is_alive() else "down",
        "disk": lambda: "ok" if shutil.disk_usage(instance_dir).free >= LEAST_DISK else "full",
        "jobs": lambda: "late" if _is_late(Job) else "ok",
        "mails": lambda: "late" if sends_mail and _is_late(OutboxMessage) else "ok",
        "worker": lambda: "ok" if housekeeping.living_workers() else "missing",
    }
    return Health({name: _ask(name, question) for name, question in questions.items()})


def _ask(name: str, question: Callable[[], str]) -> str:
    try:
        return question()
    except Exception:  # whatever is wrong with it, the answer is that it is
        logger.exception("health", extra={"check": name})
        return "down"


def _is_late(model: type[Job | OutboxMessage]) -> bool:
    since = claims.oldest_due(model)
    return since is not None and clock.now() - since > LATE_AFTER


_lock = threading.Lock()
_known: tuple[float, bool] = (0.0, False)


def jobs_are_late() -> bool:
    """Does work wait that should have started? Asked at most every few seconds; for a banner."""
    global _known
    with _lock:
        asked_at, late = _known
        if asked_at and time.monotonic() - asked_at < FRESH:
            return late
        late = _is_late(Job)
        _known = (time.monotonic(), late)
        return late


def forget() -> None:
    """Ask again next time (tests)."""
    global _known
    _known = (0.0, False)
