"""Triggers that refuse to change or remove what was recorded, on both databases.

They stop mistakes and injected SQL; somebody who may drop triggers is found by the chain.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import DDL, Table, event

_EMPTIED = ("changes", "note", "salt", "redacted_at")


def append_only_sql(table: str, columns: list[str], dialect: str, *, keeps_redaction: bool = False) -> list[str]:
    """Statements that protect `table`; migrations run them too.

    `keeps_redaction` lets one change through: emptying an entry, once, with nothing else touched.
    """
    same = "IS" if dialect == "sqlite" else "IS NOT DISTINCT FROM"
    kept = " AND ".join(f"NEW.{c} {same} OLD.{c}" for c in columns if c not in _EMPTIED)
    emptied = f"OLD.redacted_at IS NULL AND NEW.redacted_at IS NOT NULL AND NEW.changes IS NULL AND NEW.note = '' AND NEW.salt = '' AND {kept}"
    when = f"WHEN (NOT ({emptied}))" if keeps_redaction else ""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb, condition in (("delete", ""), ("update", when))
        ]
    return [
        f"CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_append_only()",
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW {when} EXECUTE FUNCTION {table}_append_only()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()",
    ]


def protect(table: Any, *, keeps_redaction: bool = False) -> None:
    """Have the triggers made whenever the table itself is made from the models."""

    @event.listens_for(table, "after_create")
    def add_triggers(target: Table, connection: Any, **_options: Any) -> None:
        columns = [column.name for column in target.columns]
        for statement in append_only_sql(target.name, columns, connection.dialect.name, keeps_redaction=keeps_redaction):
            connection.execute(DDL(statement.replace("%", "%%")))
