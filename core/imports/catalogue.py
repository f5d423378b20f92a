"""Which columns the organisation at hand can import: Koepel's, its extra fields, its plugins'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.extend.registry import registry
from core.fields.imports import columns as extra_columns
from core.imports.columns import ImportColumn, ImportWriter
from core.web.context import active_plugins


def import_columns() -> list[ImportColumn]:
    """All columns, in the order of the template: the contact's, then extra fields, then plugins'."""
    active = active_plugins()
    owned = registry().active("import_columns", active)
    owned += sorted((column for answer in registry().plugins.ask("import_columns_here", active) for column in answer), key=lambda c: c.position)
    return [
        *(column for column in owned if column.writes == "contact"),
        *extra_columns("contact"),
        *(column for column in owned if column.writes != "contact"),
    ]


def import_writers() -> list[ImportWriter]:
    """What can be made of the plugins' columns here."""
    return [writer for answer in registry().plugins.ask("import_writers_here", active_plugins()) for writer in answer]


def describe(column: ImportColumn) -> str:
    """An example value: the one given, or the first choice."""
    if column.example or column.choices is None:
        return column.example
    choices: Sequence[tuple[str, Any]] = column.choices()
    return str(choices[0][1]) if choices else ""
