"""Whose turn it is to write on SQLite.

SQLite has one writer at a time and does not say who waited longest: it tries again now and then.
A job that writes one small transaction after the other is nearly always back before those who
wait try again, and a person who clicks meanwhile waits for the whole job. So the threads of a
process stand in line. Between processes SQLite's own waiting decides.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

#: seconds to stand in line before SQLite is left to decide
PATIENCE = 30.0


class Turns:
    """A lock that is handed to whoever has waited longest."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._is_taken = False

    def take(self, patience: float = PATIENCE) -> bool:
        """Wait for a turn; False when it did not come in time."""
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(patience):
            return True
        with self._guard:
            if mine.is_set():  # it came at the last moment
                return True
            self._waiting.remove(mine)
            return False

    def give(self) -> None:
        """Let the next one write."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False


_lines: WeakKeyDictionary[Engine, Turns] = WeakKeyDictionary()
_making = threading.Lock()


@contextmanager
def turn(engine: Engine) -> Iterator[None]:
    """Around one transaction that writes; on PostgreSQL, which has many writers, it does nothing."""
    if engine.dialect.name != "sqlite":
        yield
        return
    with _making:
        line = _lines.setdefault(engine, Turns())
    is_mine = line.take()
    try:
        yield
    finally:
        if is_mine:
            line.give()
