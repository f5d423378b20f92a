"""Invented data to look around in, the same on every machine: `koepel demo`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.demo.world import World

__all__ = ["World"]


def __getattr__(name: str) -> Any:
    """`World`, when somebody asks for it: a web worker needs no invented names."""
    if name == "World":
        from core.demo.world import World  # noqa: PLC0415 -- slow import

        return World
    raise AttributeError(name)
