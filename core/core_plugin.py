"""What the core itself registers: the lists of its rooms, joined. The same shape as a plugin."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from typing import Any

import core
from core.extend.registry import KEYS


def rooms() -> list[str]:
    """Every room of the core with a `contributions.py`."""
    names = [room.name for room in pkgutil.iter_modules(core.__path__) if room.ispkg]
    return [name for name in names if importlib.util.find_spec(f"core.{name}.contributions")]


def _contributions(kind: str) -> list[Any]:
    found: list[Any] = []
    for room in rooms():
        found += getattr(importlib.import_module(f"core.{room}.contributions"), kind.upper(), ())
    return found


def _make(kind: str) -> Callable[[], list[Any]]:
    def register() -> list[Any]:
        return _contributions(kind)

    register.__name__ = f"register_{kind}"
    return register


for _kind in KEYS:
    globals()[f"register_{_kind}"] = _make(_kind)
