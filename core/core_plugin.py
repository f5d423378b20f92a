"""What the core itself registers: the lists of its rooms, joined. The same shape as a plugin."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from core.extend.registry import KEYS

#: rooms with a `contributions.py`
ROOMS = ("web", "organisations", "users", "contacts", "audit", "fields", "files", "lists", "selections", "exports", "imports", "jobs", "outbox", "health", "rest")


def _contributions(kind: str) -> list[Any]:
    found: list[Any] = []
    for room in ROOMS:
        if importlib.util.find_spec(f"core.{room}") and importlib.util.find_spec(f"core.{room}.contributions"):
            found += getattr(importlib.import_module(f"core.{room}.contributions"), kind.upper(), ())
    return found


def _make(kind: str) -> Callable[[], list[Any]]:
    def register() -> list[Any]:
        return _contributions(kind)

    register.__name__ = f"register_{kind}"
    return register


for _kind in KEYS:
    globals()[f"register_{_kind}"] = _make(_kind)
