"""Triggers that refuse to change or remove what was recorded, on both databases.

They stop mistakes and injected SQL; somebody who may drop triggers is found by the chain.
"""

from __future__ import annotations

from typing import Any

from core.db import keep_ddl

_EMPTIED = ("changes", "note", "salt")
_TOUCHED = (*_EMPTIED, "actor_name", "redacted_at")


def append_only_sql(table: str, columns: list[str], dialect: str, *, keeps_redaction: bool = False) -> list[str]:
    """Statements that protect `table`; they may be run again.

    `keeps_redaction` lets one change through: emptying an entry, or the name of who did it, with
    nothing else touched and the moment of it kept.
    """
    same = "IS" if dialect == "sqlite" else "IS NOT DISTINCT FROM"
    kept = " AND ".join(f"NEW.{c} {same} OLD.{c}" for c in columns if c not in _TOUCHED)
    untouched = " AND ".join(f"NEW.{c} {same} OLD.{c}" for c in _EMPTIED)
    emptied = (
        f"NEW.redacted_at IS NOT NULL AND (OLD.redacted_at IS NULL OR NEW.redacted_at {same} OLD.redacted_at) AND {kept}"
        f" AND (NEW.actor_name = '' OR NEW.actor_name {same} OLD.actor_name)"
        f" AND ((NEW.changes IS NULL AND NEW.note = '' AND NEW.salt = '') OR ({untouched}))"
    )
    when = f"WHEN (NOT ({emptied}))" if keeps_redaction else ""
    verbs = {"delete": "", "update": when}
    if dialect == "sqlite":
        return [
            *(f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for verb in verbs),
            *(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} {condition} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                for verb, condition in verbs.items()
            ),
        ]
    function = f"{table}_append_only()"
    return [
        f"CREATE OR REPLACE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$",
        *(f"DROP TRIGGER IF EXISTS {table}_no_{verb} ON {table}" for verb in (*verbs, "truncate")),
        *(
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} FOR EACH ROW {condition} EXECUTE FUNCTION {function}"
            for verb, condition in verbs.items()
        ),
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {function}",
    ]


def protect(table: Any, *, keeps_redaction: bool = False) -> None:
    """Have the triggers made with the table."""
    columns = [column.name for column in table.columns]
    keep_ddl(table, lambda dialect: append_only_sql(table.name, columns, dialect, keeps_redaction=keeps_redaction))
