"""Indexes on extra fields of tables that have grown long, made by the clock and not by a person waiting.

Only on SQLite: behind row-level security PostgreSQL uses an index only for operators that are
leakproof, and reading JSON is not. There the index on organisation_id has to do, and does.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from core.db import db, is_postgres, run_ddl
from core.extend.registry import registry
from core.fields.expressions import KEY
from core.fields.extra_field import ALWAYS_SENSITIVE
from core.fields.lists import TEXTS
from core.fields.models import FieldDefinition
from core.i18n import _
from core.jobs.api import JobRun
from core.tenancy import unscoped

#: shorter tables are read as quickly without
LONG_TABLE = 20_000
MOST_PER_TABLE = 20
SEARCHED = ("text", "number", "date", "choice", "email", "phone", "iban")


def index_name(table: str, key: str) -> str:
    return f"ix_{table}_extra_{key}"[:63]


def index_sql(table: str, key: str, kind: str) -> str:
    """CREATE INDEX on exactly the expression that lists search and sort on (fields.expressions)."""
    if not KEY.fullmatch(key) or not table.isidentifier():
        raise ValueError(f"not a key of an extra field: {key!r}")
    expression = f"json_extract(extra, '$.{key}')"
    if kind in TEXTS:
        expression = f"lower({expression})"
    return f"CREATE INDEX IF NOT EXISTS {index_name(table, key)} ON {table} (organisation_id, {expression})"


def make_indexes(run: JobRun, *, long_table: int = LONG_TABLE) -> None:
    """One per field in use that is searched, on tables of more than `long_table` rows. Safe to run twice."""
    made = 0
    if is_postgres():
        return
    for target in registry().all("field_targets"):
        column = target.column()
        model = column.class_
        if not hasattr(model, "organisation_id"):
            continue
        with unscoped("how long is a table with extra fields?"):
            length = int(db.session.scalar(select(func.count(model.id))) or 0)
        db.session.rollback()
        if length > long_table:
            made += _index(model.__tablename__, _searched(target.name))
    run.progress(made, made, _("%(number)s fields looked after.", number=made))


def _searched(target: str) -> list[tuple[str, str]]:
    with unscoped("which extra fields are searched"):
        rows: Any = db.session.execute(
            select(FieldDefinition.key, FieldDefinition.type)
            .where(FieldDefinition.target == target, FieldDefinition.is_active, FieldDefinition.in_list, FieldDefinition.declared_by.is_(None))
            .distinct()
        ).all()
    db.session.rollback()
    declared = [(d.key, d.type) for d in registry().all("extra_fields") if d.target == target and d.in_list and not d.sensitive]
    found = [*declared, *((row.key, row.type) for row in rows)]
    return [(key, kind) for key, kind in dict(found).items() if kind in SEARCHED and kind not in ALWAYS_SENSITIVE][:MOST_PER_TABLE]


def _index(table: str, fields: list[tuple[str, str]]) -> int:
    statements = [index_sql(table, key, kind) for key, kind in fields]
    with db.engine.begin() as connection:
        run_ddl(connection, statements)
    return len(statements)
