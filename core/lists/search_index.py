"""The index behind "any part of name, e-mail or town".

SQLite gets an FTS5 trigram table that triggers keep in step with `contact.search_text`.
PostgreSQL gets none: under row-level security its planner may not use a pg_trgm index (LIKE is
not leakproof), so a trigram index would only slow writing down; there a search reads the rows
of the one organisation, which the index on (organisation_id, name_key) finds.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

from sqlalchemy import Engine, column, inspect, select, table

from core.contacts.models import Contact
from core.db import db, keep_ddl

TABLE = "contact_search"
#: tables FTS5 makes for itself, which migrations must not take for drift
OWN_TABLES = frozenset({TABLE, *(f"{TABLE}_{part}" for part in ("data", "idx", "docsize", "config", "content"))})

_found_in: WeakSet[Engine] = WeakSet()

_TRIGGERS = {
    f"{TABLE}_added": f"AFTER INSERT ON contact BEGIN INSERT INTO {TABLE}(rowid, search_text) VALUES (new.id, new.search_text); END",
    f"{TABLE}_removed": (
        f"AFTER DELETE ON contact BEGIN INSERT INTO {TABLE}({TABLE}, rowid, search_text) VALUES ('delete', old.id, old.search_text); END"
    ),
    f"{TABLE}_changed": (
        "AFTER UPDATE OF search_text ON contact WHEN old.search_text IS NOT new.search_text BEGIN"
        f" INSERT INTO {TABLE}({TABLE}, rowid, search_text) VALUES ('delete', old.id, old.search_text);"
        f" INSERT INTO {TABLE}(rowid, search_text) VALUES (new.id, new.search_text); END"
    ),
}


def create_statements() -> list[str]:
    """DDL for SQLite, safe to run again; fills the index from the contacts that are there."""
    return [
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} USING fts5(search_text, content='contact', content_rowid='id', tokenize='trigram')",
        *(f"DROP TRIGGER IF EXISTS {name}" for name in _TRIGGERS),
        *(f"CREATE TRIGGER {name} {body}" for name, body in _TRIGGERS.items()),
        f"INSERT INTO {TABLE}({TABLE}) VALUES ('rebuild')",
    ]


def drop_statements() -> list[str]:
    return [*(f"DROP TRIGGER IF EXISTS {name}" for name in _TRIGGERS), f"DROP TABLE IF EXISTS {TABLE}"]


def _statements(dialect: str) -> list[str]:
    return create_statements() if dialect == "sqlite" else []


keep_ddl(Contact.__table__, _statements)


def exists() -> bool:
    """Does this database have the index?"""
    if db.engine.dialect.name != "sqlite":
        return False
    if db.engine not in _found_in and inspect(db.session.connection()).has_table(TABLE):
        _found_in.add(db.engine)
    return db.engine in _found_in


def matching(words: list[str]) -> Any:
    """Subquery with the ids of all contacts, of whatever organisation, that hold every word."""
    quoted = " AND ".join('"' + word.replace('"', '""') + '"' for word in words)
    index = table(TABLE, column("rowid"), column(TABLE))
    return select(index.c.rowid).where(index.c[TABLE].op("MATCH")(quoted))
