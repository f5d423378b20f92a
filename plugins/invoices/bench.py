"""How fast the yearly run is: our side, and the bare SQL beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.access import acting, system_actor
from core.bench.installation import LARGE, large_federation
from core.bench.rows import Row
from core.db import db, transaction
from core.organisations.services import by_slug
from core.tenancy import scope, unscoped
from plugins.invoices.models import InvoiceRun
from plugins.invoices.services.drafting import draft_run
from plugins.invoices.services.runs import start_run

HERE = "plugins.invoices.bench:"
_MEMBERS = """
    SELECT m.id, m.organisation_id, m.contact_id, m.type_id, m.from_on, m.until_on, p.last_name, p.first_name, p.name_key
    FROM membership m JOIN membership_member p
        ON p.organisation_id = m.organisation_id AND p.federation_id = m.federation_id AND p.contact_id = m.contact_id
    WHERE m.federation_id = :federation AND m.status = 'accepted' AND m.from_on <= :day AND (m.until_on IS NULL OR m.until_on >= :day)
    ORDER BY m.organisation_id, p.name_key
"""
_LINES = """
    SELECT organisation_id, type_id, count(*), count(*) * 1850 FROM membership
    WHERE federation_id = :federation AND status = 'accepted' AND from_on <= :day AND (until_on IS NULL OR until_on >= :day)
    GROUP BY organisation_id, type_id
"""


def rows(_n: int) -> list[Row]:
    """One line: a federation of 1,000 clubs and 40,000 memberships."""
    work, yardstick = "federation invoice draft, 1,000 clubs, 40,000 memberships", "the members and the aggregate in SQL, their rows inserted by the driver"
    return [Row("invoice-draft", work, yardstick, (f"{HERE}draft", 0), (f"{HERE}bare_sql", 0), 3.0, growth_mb=60)]


def _day() -> date:
    return date.today().replace(month=1, day=2)  # noqa: DTZ011 -- a day in the middle of the demo, not a moment


def draft(folder: Path, _size: int) -> Callable[[], dict[str, Any]]:
    """Calculate the draft of a run again and again, as its job does."""
    app = large_federation(folder)
    with app.app_context():
        with unscoped("the federation of a benchmark"):
            federation = by_slug(LARGE)
        actor = system_actor(federation.id)
        with transaction(), scope(federation), acting(actor):
            run = db.session.scalars(select(InvoiceRun).where(InvoiceRun.reference_on == _day())).first()
            run = run or start_run(reference_on=_day(), invoice_on=None, due_on=None, actor=actor, with_job=False)
            run_id = run.id

    def work() -> dict[str, Any]:
        with app.app_context():
            with unscoped("the federation of a benchmark"):
                found = by_slug(LARGE)
            with scope(found), acting(system_actor(found.id)):
                draft_run(run_id, actor=system_actor(found.id))
            db.session.remove()
        return {}

    return work


def bare_sql(folder: Path, _size: int) -> Callable[[], dict[str, Any]]:
    """The same members and sums, read and inserted with the bare driver, in one transaction."""
    large_federation(folder)

    def work() -> dict[str, Any]:
        connection = sqlite3.connect(folder / LARGE / "koepel.db", isolation_level=None, timeout=60)
        connection.execute("PRAGMA synchronous=FULL")
        federation = connection.execute("SELECT id FROM organisation WHERE slug = ?", (LARGE,)).fetchone()[0]
        wanted = {"federation": federation, "day": _day().isoformat()}
        connection.execute("BEGIN IMMEDIATE")
        names = "membership_id, club_id, contact_id, type_id, from_on, until_on, last_name, first_name, name_key"
        connection.execute(f"CREATE TABLE bare_member (id INTEGER PRIMARY KEY, {names})")
        connection.execute("CREATE INDEX bare_member_club ON bare_member (club_id, name_key, id)")
        connection.execute("CREATE TABLE bare_line (id INTEGER PRIMARY KEY, club_id, type_id, members, cents)")
        members, lines = connection.execute(_MEMBERS, wanted).fetchall(), connection.execute(_LINES, wanted).fetchall()
        connection.executemany(f"INSERT INTO bare_member VALUES (NULL{', ?' * 9})", members)  # noqa: S608 -- question marks
        connection.executemany("INSERT INTO bare_line VALUES (NULL, ?, ?, ?, ?)", lines)
        connection.execute("COMMIT")
        for table in ("bare_member", "bare_line"):
            connection.execute(f"DROP TABLE {table}")
        connection.close()
        return {"members": len(members)}

    return work
