"""How fast a federation sees its numbers: our page, and a statement per month beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from core.bench.installation import LARGE, large_federation, logged_in, statements
from core.bench.rows import Row
from core.demo.logins import PASSWORD
from plugins.statistics.periods import months

HERE = "plugins.statistics.bench:"
MONTHS = 24
_MEMBERS_BY_YEAR_OF_BIRTH = """
    SELECT strftime('%Y', p.birth_date), count(*) FROM membership m
    JOIN affiliation a ON a.organisation_id = m.organisation_id AND a.federation_id = m.federation_id
        AND a.from_on <= :day AND (a.until_on IS NULL OR a.until_on >= :day)
    LEFT JOIN membership_member p ON p.organisation_id = m.organisation_id AND p.federation_id = m.federation_id AND p.contact_id = m.contact_id
    WHERE m.federation_id = :federation AND m.status = 'accepted' AND m.from_on <= :day AND (m.until_on IS NULL OR m.until_on >= :day)
    GROUP BY 1
"""


def rows(_n: int) -> list[Row]:
    """One line: the page of members by age over two years."""
    work = f"page with the members of a federation of 40,000 by age, on the last day of {MONTHS} months"
    return [Row("reports", work, "a statement per month in the bare driver", (f"{HERE}page", 0), (f"{HERE}bare_sql", 0), 1.0, sql=12)]


def page(folder: Path, _size: int) -> Callable[[], dict[str, Any]]:
    """What the federation opens, chart and table included."""
    app = large_federation(folder)
    client, seen = logged_in(app, "admin.okra", PASSWORD), statements(app)

    def work() -> dict[str, Any]:
        seen.clear()
        answer = client.get(f"/o/{LARGE}/reports/members/?by=age&period={MONTHS}m")
        if answer.status_code != 200:
            raise RuntimeError(str(answer.status_code))
        return {"sql": len([s for s in seen if not s.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))])}

    return work


def bare_sql(folder: Path, _size: int) -> Callable[[], dict[str, Any]]:
    """The same numbers, read a month at a time."""
    large_federation(folder)

    def work() -> dict[str, Any]:
        connection = sqlite3.connect(folder / LARGE / "koepel.db", timeout=60)
        federation = connection.execute("SELECT id FROM organisation WHERE slug = ?", (LARGE,)).fetchone()[0]
        days = [sample.day.isoformat() for sample in months(date.today(), MONTHS)]  # noqa: DTZ011 -- a day, not a moment
        found = [connection.execute(_MEMBERS_BY_YEAR_OF_BIRTH, {"federation": federation, "day": day}).fetchall() for day in days]
        connection.close()
        return {"rows": sum(map(len, found))}

    return work
