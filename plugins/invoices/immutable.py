"""Triggers that keep an issued invoice and its lines as they are, on both databases.

They stop mistakes and SQL from outside; drafts stay free.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from core.db import keep_ddl, kept_as_is, refusing_triggers


def invoice_triggers(invoice: Any, allowed: Collection[str], dialect: str) -> list[str]:
    """Statements for the table `invoice`: of what was issued only the columns in `allowed` change."""
    changed = f"OLD.issued_at IS NOT NULL AND NOT ({kept_as_is(invoice, allowed, dialect)})"
    return _triggers("invoice", {"update": changed, "delete": "OLD.issued_at IS NOT NULL"}, dialect)


def line_triggers(dialect: str) -> list[str]:
    """Statements for the table `invoice_line`: nothing is added to, changed on or taken from an issued invoice."""
    issued = "EXISTS (SELECT 1 FROM invoice i WHERE i.id = {row}.invoice_id AND i.issued_at IS NOT NULL)"
    return _triggers("invoice_line", {"insert": issued.format(row="NEW"), "update": issued.format(row="OLD"), "delete": issued.format(row="OLD")}, dialect)


def _triggers(table: str, conditions: dict[str, str], dialect: str) -> list[str]:
    return refusing_triggers(table, "issued", "what was issued stays as it is", conditions, dialect)


def keep_issued(invoice: Any, line: Any, *, allowed: Collection[str]) -> None:
    """Have the triggers made with the tables, and made again after every migration."""
    keep_ddl(invoice, lambda dialect: invoice_triggers(invoice, allowed, dialect))
    keep_ddl(line, line_triggers)
