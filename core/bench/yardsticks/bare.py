"""What the database, a library or the file system can do with nothing around it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.bench.people import people

_COLUMNS = list(next(iter(people(1))))


def _empty(file: Path) -> sqlite3.Connection:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def insert_people(folder: Path, size: int) -> Callable[[], dict[str, Any]]:
    """The driver's executemany of the same contact rows, five indexes, one transaction."""

    def work() -> dict[str, Any]:
        connection = _empty(folder / "bare-import.db")
        connection.execute(f"CREATE TABLE contact (id INTEGER PRIMARY KEY, organisation_id INTEGER, name_key TEXT, search_text TEXT, extra TEXT, {', '.join(_COLUMNS)})")
        for number, columns in enumerate(("organisation_id, name_key, id", "organisation_id, name_key, birth_date", "organisation_id, id", "town", "email_1")):
            connection.execute(f"CREATE INDEX ix{number} ON contact ({columns})")
        names = ["organisation_id", "name_key", "search_text", "extra", *_COLUMNS]
        marks = ", ".join("?" * len(names))
        rows = (
            (1, f"{row['last_name']} {row['first_name']}".lower(), f"{row['last_name']} {row['email_1']} {row['town']}".lower(), "{}", *map(_plain, row.values()))
            for row in people(size)
        )
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO contact ({', '.join(names)}) VALUES ({marks})", rows)  # noqa: S608 -- names of ours
        connection.execute("COMMIT")
        connection.close()
        return {"rows": size}

    return work


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def write_workbook(folder: Path, size: int) -> Callable[[], dict[str, Any]]:
    """The bare XLSX writer, fed from memory: 20 columns."""
    from rustpy_xlsxwriter import write_worksheet  # noqa: PLC0415 -- slow import, only for this side

    rows = [{**row, "a": number, "b": number % 7, "c": "x"} for number, row in enumerate(people(size))]

    def work() -> dict[str, Any]:
        write_worksheet(iter(rows), str(folder / "bare.xlsx"))
        return {"rows": size}

    return work


def claim_loop(folder: Path, size: int) -> Callable[[], dict[str, Any]]:
    """A bare claim-and-settle loop, ten at a time, on a table with nothing but what it needs."""

    def work() -> dict[str, Any]:
        connection = _empty(folder / "bare-jobs.db")
        connection.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, state TEXT, arguments TEXT, worker TEXT)")
        connection.execute("CREATE INDEX ix ON job (state, id)")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO job (state, arguments) VALUES ('waiting', ?)", [(json.dumps({"n": n}),) for n in range(size)])
        connection.execute("COMMIT")
        done: list[int] = []
        while True:
            connection.execute("BEGIN IMMEDIATE")
            if done:
                connection.execute("UPDATE job SET state = 'done' WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(done),))
            rows = connection.execute(
                "UPDATE job SET state = 'running', worker = 'w' WHERE id IN (SELECT id FROM job WHERE state = 'waiting' ORDER BY id LIMIT 10) RETURNING id"
            ).fetchall()
            connection.execute("COMMIT")
            if not rows:
                break
            done = [row[0] for row in rows]
        connection.close()
        return {"jobs": size}

    return work


def import_fab(folder: Path, _size: int) -> Callable[[], dict[str, Any]]:
    """A process that imports Flask-AppBuilder and ends."""
    import subprocess  # noqa: PLC0415 -- only for this side
    import sys  # noqa: PLC0415 -- only for this side

    from core.bench.side import compiled  # noqa: PLC0415 -- only for this side

    def work() -> dict[str, Any]:
        code = "import flask, flask_appbuilder, sqlalchemy, flask_appbuilder.security.sqla.manager, flask_appbuilder.models.sqla.interface"
        subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, env=compiled(folder))  # noqa: S603 -- a fixed program
        return {}

    return work
