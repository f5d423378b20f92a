"""Memberships that come with an imported list."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.access import acting, system_actor
from core.contacts.models import Contact
from core.db import db
from core.imports.catalogue import import_columns, import_writers
from core.imports.columns import CellMistake
from core.jobs.runner import work_off
from core.tenancy import scope
from core.testing.factories import World, inside
from plugins.memberships.models import Membership
from plugins.memberships.services import accept_membership
from plugins.memberships.tests.conftest import Types, add, days

WRITER = "membership.federation-f"
HEAD = (
    "Last name;First name;Birth date;Federation F membership type;Federation F membership start date;"
    "Federation F membership end date;Federation F membership season;Federation F Sport branch"
)


class Import:
    """A person who brings in a list at club A."""

    def __init__(self, app: Flask, browser: Any) -> None:
        self.app, self.browser = app, browser

    def upload(self, *rows: str, head: str = HEAD) -> int:
        answer = self.browser.post("/crm/import/", file=(io.BytesIO("\n".join([head, *rows]).encode()), "list.csv"))
        assert answer.status_code == 302, answer.text[:300]
        found = re.search(r"/import/(\d+)", answer.location)
        assert found is not None
        return int(found[1])

    def start(self, pk: int, writer: bool = True) -> None:
        acts = {"create": "1", "update": "1", **({"writers": WRITER} if writer else {})}
        answer = self.browser.post(f"/crm/import/{pk}/acts", **acts)
        assert answer.status_code == 302, answer.text[:300]
        self.work()

    def undo(self, pk: int) -> None:
        assert self.browser.post(f"/crm/import/{pk}/undo").status_code == 302
        self.work()

    def work(self) -> None:
        with self.app.app_context():
            db.session.remove()
        work_off(self.app)

    def memberships(self) -> list[Any]:
        with self.app.app_context(), scope(self.club):
            m = Membership
            query = select(Contact.last_name, m.status, m.from_on, m.until_on, m.extra, m.id).join(Contact, Contact.id == m.contact_id)
            return [tuple(row) for row in db.session.execute(query.order_by(Contact.last_name, m.id))]

    def contacts(self) -> int:
        with self.app.app_context(), scope(self.club):
            return int(db.session.scalar(select(func.count(Contact.id)).where(Contact.deleted_at.is_(None))) or 0)


@pytest.fixture
def imports(app: Flask, world: World, types: Types, sports: None, browser: Callable[..., Any]) -> Import:
    made = Import(app, browser("admin.a"))
    made.club = world.club  # type: ignore[attr-defined]
    return made


@pytest.mark.covers("R105", "R106", "R107", "R112")
def test_memberships_are_asked_for_rows_that_name_one(imports: Import) -> None:
    pk = imports.upload(
        "Aerts;An;01/02/1950;Sporting member;15/02/2024;;;Badminton, Padel",
        "Baert;Bob;01/02/1951;sporting MEMBER;15/02/2024;31/12/2024;;padel",
        "Claes;Cis;01/02/1952;;;;;",
    )
    imports.start(pk)
    aerts, baert = imports.memberships()
    assert aerts[:5] == ("Aerts", "requested", aerts[2], None, {"sports": ["badminton", "padel"]})
    assert (aerts[2].isoformat(), baert[3].isoformat(), baert[4]) == ("2024-02-15", "2024-12-31", {"sports": ["padel"]})
    assert imports.contacts() == 3


@pytest.mark.covers("R107", "R112")
def test_the_same_list_twice_asks_nothing_twice_and_untouched_asks_nothing(imports: Import) -> None:
    row = "Aerts;An;01/02/1950;Sporting member;15/02/2024;;;"
    imports.start(imports.upload(row), writer=False)
    assert imports.memberships() == []
    imports.start(imports.upload(row))
    imports.start(imports.upload(row))
    assert len(imports.memberships()) == 1
    assert imports.contacts() == 1


@pytest.mark.covers("R107")
def test_an_import_is_undone_but_for_what_was_accepted_since(app: Flask, world: World, imports: Import) -> None:
    pk = imports.upload("Aerts;An;01/02/1950;Sporting member;15/02/2024;;;", "Baert;Bob;01/02/1951;Sporting member;15/02/2024;;;")
    imports.start(pk)
    accepted = imports.memberships()[0][5]
    with app.app_context(), inside(world.federation) as actor:
        accept_membership(accepted, actor=actor)
    imports.undo(pk)
    assert [(row[0], row[1]) for row in imports.memberships()] == [("Aerts", "accepted"), ("Baert", "withdrawn")]
    assert imports.contacts() == 1


def test_columns_check_what_they_read_and_each_federation_has_its_own(context: Flask, world: World, types: Types, sports: None) -> None:
    add(world.federation, "Season member", duration="season_bound", period_start="01/10", period_end="30/09")
    with scope(world.club), acting(system_actor(world.club.id, language="en")):
        columns = {column.name: column for column in import_columns() if column.writes == WRITER}
        (writer,) = [writer for writer in import_writers() if writer.name == WRITER]
    labels = [str(column.label) for column in columns.values()]
    assert labels[:4] == [
        "Federation F membership type",
        "Federation F membership start date",
        "Federation F membership end date",
        "Federation F membership season",
    ]
    assert labels[4:] == ["Federation F Sport branch", "Federation F Competition", "Federation F Secondary club"]
    parse = columns[f"{WRITER}.type"].parse
    assert (parse("SPORTING member"), parse("Sporting  Member")) == (types.sporting, types.sporting)
    with pytest.raises(CellMistake) as wrong:
        parse("sport")
    assert wrong.value.suggestion == "Sporting member"

    def check(**values: Any) -> list[str]:
        with scope(world.club):
            return [name.rpartition(".")[2] for name, _message in writer.check({f"{WRITER}.{k}": v for k, v in values.items()}, {})]

    season = parse("season member")
    assert check(type=types.sporting, from_on=days(0)) == []
    assert check(from_on=days(0)) == ["type"]
    assert check(type=types.sporting) == ["from_on"]
    assert check(type=types.sporting, from_on=days(0), until_on=days(-1)) == ["until_on"]
    assert check(type=season, season="2026-2027") == []
    assert check(type=season, season="2026-2028") == ["season"]
    with scope(world.foreign_club), acting(system_actor(world.foreign_club.id, language="en")):
        assert [writer.name for writer in import_writers() if writer.name.startswith("membership.")] == ["membership.federation-g"]
