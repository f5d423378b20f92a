"""Our sides: the list of contacts, its pages, filters and search."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.bench.installation import SLUG, inside, installation, logged_in, statements
from core.contacts.models import Contact
from core.db import db
from core.lists.contacts.definitions import CONTACTS
from core.lists.cursors import seal
from core.lists.engine import Cursor

Work = Callable[[], dict[str, Any]]
PAGE = f"/o/{SLUG}/crm/contacts/"
#: requests per measurement, so that one is long enough to measure
TIMES = 10


def _getting(folder: Path, size: int, query: str = "") -> Work:
    app = installation(folder, size)
    client, seen = logged_in(app), statements(app)

    def work() -> dict[str, Any]:
        for _number in range(TIMES):
            seen.clear()
            answer = client.get(PAGE + query)
            if answer.status_code != 200:
                raise RuntimeError(f"{query}: {answer.status_code}")
        return {"sql": len([s for s in seen if not s.startswith(("BEGIN", "COMMIT"))]), "kb": len(answer.data) / 1024}

    return work


def first_page(folder: Path, size: int) -> Work:
    """Ten times the first page: 25 rows, 12 columns of which 3 extra fields, 40 menu lines."""
    return _getting(folder, size)


def deep_page(folder: Path, size: int) -> Work:
    """Ten times the page that begins behind 99 of 100 contacts."""
    app = installation(folder, size)
    with inside(app) as (club, _actor):
        row = db.session.execute(select(Contact.name_key, Contact.id).order_by(Contact.name_key, Contact.id).offset(size * 99 // 100).limit(1)).one()
        place = seal(Cursor((row.name_key, row.id), number=size * 99 // 100), f"{club.id}/{CONTACTS.name}/{CONTACTS.default_sort}")
    return _getting(folder, size, f"?at={place}")


def filtered(folder: Path, size: int) -> Work:
    """Ten times a filter on three fields, one of them an extra field."""
    return _getting(folder, size, "?f.gender.is=F&f.town.is=Herent&f.extra.bench_sport.is=padel")


def search_without_hit(folder: Path, size: int) -> Work:
    """Ten times a search that finds nobody."""
    return _getting(folder, size, "?q=xyzzyq")
