"""Some tests here drop the triggers that protect the log, as an attacker could: they are put back."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from core.audit.append_only import append_only_sql
from core.audit.models import AuditEntry, AuditSeal
from core.db import db, is_postgres


@pytest.fixture(autouse=True)
def _triggers_are_back(app: Flask) -> Iterator[None]:
    """PostgreSQL keeps its schema from test to test; SQLite starts from a fresh file."""
    yield
    with app.app_context():
        if not is_postgres():
            return
        db.session.remove()
        with db.engine.connect() as connection:
            there = set(connection.execute(text("SELECT tgname FROM pg_trigger")).scalars())
            for model, keeps_redaction in ((AuditEntry, True), (AuditSeal, False)):
                columns = [column.name for column in model.__table__.columns]
                for statement in append_only_sql(model.__tablename__, columns, "postgresql", keeps_redaction=keeps_redaction):
                    if statement.startswith("CREATE TRIGGER") and statement.split()[2] not in there:
                        connection.execute(text(statement))
            connection.commit()
