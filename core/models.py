"""Loads every model of the core, so that relations and migrations see all tables."""

import importlib
import importlib.util
import pkgutil

import core


def load_models() -> None:
    """Import `core.<room>.models` of every room that has one."""
    for room in pkgutil.iter_modules(core.__path__):
        if room.ispkg and importlib.util.find_spec(f"core.{room.name}.models"):
            importlib.import_module(f"core.{room.name}.models")
