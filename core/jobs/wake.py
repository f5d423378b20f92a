"""Telling workers that there is something to do: those of this process, or the broker.

Nothing depends on it: a worker that was not told finds the row by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import current_app

#: gets "job" or "mail", the id of the row and its queue
Listener = Callable[[str, int, str], None]

_lock = threading.Lock()
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have `listener` called for each job or mail of this process that can start now."""
    with _lock:
        _listeners.append(listener)


def forget(listener: Listener) -> None:
    with _lock:
        _listeners.remove(listener)


def has_broker() -> bool:
    return bool(current_app.config["KOEPEL"].broker_url)


def announce(what: str, row_id: int, queue: str, *, to_broker: bool = True) -> None:
    """Pass on that a row was stored; called after commit. Many at once reach the broker by themselves, a moment later."""
    with _lock:
        listeners = list(_listeners)
    for listener in listeners:
        listener(what, row_id, queue)
    if to_broker and has_broker():
        from core.jobs.broker import send  # noqa: PLC0415 -- optional dependency: Celery

        send(what, row_id, queue)
