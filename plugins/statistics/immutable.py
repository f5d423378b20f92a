"""Triggers that keep a snapshot as it was taken, on both databases. They stop mistakes and SQL from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from core.api import keep_ddl, kept_as_is, refusing_triggers

#: of a snapshot that was taken, this may still change
AFTER = frozenset({"names_forgotten_at", "job_id"})
_TAKEN = "EXISTS (SELECT 1 FROM statistics_snapshot s WHERE s.id = {row}.snapshot_id AND s.taken_at IS NOT NULL)"


def keep_frozen(snapshot: Any, numbers: Sequence[Any], member: Any, forgotten: Mapping[str, Any]) -> None:
    """Have the triggers made with the tables, and made again after every migration."""
    keep_ddl(snapshot, partial(_of_snapshot, snapshot))
    for table in numbers:
        keep_ddl(table, partial(_of_rows, table.name))
    keep_ddl(member, partial(_of_members, member, forgotten))


def _of_snapshot(table: Any, dialect: str) -> list[str]:
    kept = kept_as_is(table, AFTER, dialect)
    return _triggers(
        "statistics_snapshot", {"update": f"OLD.taken_at IS NOT NULL AND NOT ({kept})", "delete": "OLD.taken_at IS NOT NULL"}, dialect
    )


def _of_rows(table: str, dialect: str) -> list[str]:
    taken = {"insert": _TAKEN.format(row="NEW"), "update": _TAKEN.format(row="OLD"), "delete": _TAKEN.format(row="OLD")}
    return _triggers(table, taken, dialect)


def _of_members(table: Any, forgotten: Mapping[str, Any], dialect: str) -> list[str]:
    """Nobody is added or taken away; somebody is forgotten altogether or not at all."""
    empty = {None: "NEW.{name} IS NULL", "": "NEW.{name} = ''"}
    emptied = " AND ".join(
        (empty[value] if not isinstance(value, dict) else "CAST(NEW.{name} AS TEXT) = '{{}}'").format(name=name) for name, value in forgotten.items()
    )
    kept = kept_as_is(table, forgotten, dialect)
    taken = {
        "insert": _TAKEN.format(row="NEW"),
        "update": f"{_TAKEN.format(row='OLD')} AND NOT ({emptied} AND {kept})",
        "delete": _TAKEN.format(row="OLD"),
    }
    return _triggers("statistics_member", taken, dialect)


def _triggers(table: str, conditions: Mapping[str, str], dialect: str) -> list[str]:
    return refusing_triggers(table, "frozen", "a snapshot stays as it was taken", conditions, dialect)
