"""What one lane of a worker holds, shared with the keeper that guards the leases."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

from core.jobs.execution import Outcome
from core.jobs.run import JobRun


class Hand:
    """The row being worked on, those taken for next, and the outcomes not yet stored."""

    def __init__(self, model: Any, worker: str) -> None:
        self.model, self.worker = model, worker
        self.run: JobRun | None = None
        self._lock = threading.Lock()
        self._next: deque[Any] = deque()
        self._current: Any = None
        self._since = 0.0
        self._outcomes: list[Outcome] = []
        self._oldest_outcome = 0.0
        self._lost: set[int] = set()

    def take(self, rows: list[Any]) -> None:
        with self._lock:
            self._next.extend(rows)
            self._lost.clear()

    def start_next(self) -> Any:
        """The next row to work on, or None."""
        with self._lock:
            self._current = self._next.popleft() if self._next else None
            self._since = time.monotonic()
            return self._current

    def end(self, outcome: Outcome | None) -> None:
        """Note how the current row ended."""
        with self._lock:
            if outcome is not None and outcome.row_id not in self._lost:
                if not self._outcomes:
                    self._oldest_outcome = time.monotonic()
                self._outcomes.append(outcome)
            self._current = self.run = None

    def outcomes(self, *, older_than: float = 0.0) -> list[Outcome]:
        """The outcomes to store, if the oldest waits longer than so many seconds; takes them out."""
        with self._lock:
            if not self._outcomes or time.monotonic() - self._oldest_outcome < older_than:
                return []
            found, self._outcomes = self._outcomes, []
            return found

    def put_back(self, outcomes: list[Outcome]) -> None:
        """Storing failed: keep them for the next time."""
        with self._lock:
            self._outcomes = outcomes + self._outcomes

    def unstarted(self, *, busy_for: float) -> list[int]:
        """Ids taken but not started, when the current row takes longer than `busy_for` seconds; takes them out."""
        with self._lock:
            if busy_for and (self._current is None or time.monotonic() - self._since < busy_for):
                return []
            found = [row.id for row in self._next]
            self._next.clear()
            return found

    def held(self) -> list[int]:
        """Ids whose lease must not run out."""
        with self._lock:
            return ([self._current.id] if self._current is not None else []) + [row.id for row in self._next] + [o.row_id for o in self._outcomes]

    def lose(self, ids: set[int]) -> None:
        """Somebody else has these now."""
        with self._lock:
            self._lost |= ids
            self._next = deque(row for row in self._next if row.id not in ids)
            self._outcomes = [o for o in self._outcomes if o.row_id not in ids]

    def is_lost(self) -> bool:
        """Was the current row taken over by another worker?"""
        with self._lock:
            return self._current is not None and self._current.id in self._lost
