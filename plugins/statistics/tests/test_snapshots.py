"""A snapshot is taken, stays as it was, forgets people, and can be compared."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DatabaseError

from core.api import Actor, Contact, StoredFile, UserMistake, acting, db, get_contact, scope, system_actor, transaction, unscoped
from core.extend.registry import registry
from core.files.services import path_of
from core.jobs.runner import work_off
from core.privacy.retention import apply
from core.testing.crashes import work_again
from core.testing.factories import inside
from plugins.statistics.models import Snapshot, SnapshotMember, SnapshotNumber
from plugins.statistics.services import checksum_of, compare, get_snapshot, start_snapshot, take_snapshot
from plugins.statistics.services.privacy import data_about
from plugins.statistics.services.snapshots import sheets_of
from plugins.statistics.tests.conftest import Person, Town


@contextmanager
def working(app: Flask, town: Town) -> Iterator[Actor]:
    """In the federation, outside a transaction, as a job runs."""
    with app.app_context(), scope(town.federation), acting(system_actor(town.federation.id, language="en")) as actor, force_locale("en"):
        yield actor
        db.session.remove()


def snapshot_of(app: Flask, town: Town, day: date, name: str = "") -> int:
    with working(app, town) as actor:
        with transaction():
            pk = start_snapshot(name=name or f"Declaration {day}", reference_on=day, actor=actor, with_job=False).id
        take_snapshot(pk, actor=actor)
    return pk


def tables(app: Flask, town: Town, pk: int) -> dict[str, dict[str, int]]:
    with working(app, town):
        return {sheet.key: {title: number for _key, title, number in sheet.rows} for sheet in sheets_of(get_snapshot(pk))}


@pytest.mark.covers("R307")
def test_a_snapshot_in_the_browser(app: Flask, people: Town, admin: Person) -> None:
    assert "No snapshot yet" in admin.page("/reports/snapshots/")
    for wrong, message in (({"name": ""}, "Give the snapshot a name"), ({"reference_on": "2999-01-01"}, "still to come"), ({"keep_years": "99"}, "1 to 10")):
        answer = admin.post("/reports/snapshots/new", **{"name": "Kept what I typed", "reference_on": "2024-12-31", "keep_years": "5", **wrong})
        assert answer.status_code == 422
        assert message in answer.text
    answer = admin.post("/reports/snapshots/new", name="Declaration 2024", reference_on="2024-12-31", keep_years="5")
    pk = int(answer.location.rsplit("/", 1)[1])
    assert "are being written down" in admin.page(f"/reports/snapshots/{pk}")
    work_off(app)
    page = admin.page(f"/reports/snapshots/{pk}")
    assert "Nothing was changed since it was taken" in page
    assert "65 to 74" in page
    assert admin.post(f"/reports/snapshots/{pk}/remove").status_code == 302
    assert admin.post("/reports/snapshots/new", name="Declaration 2024", reference_on="2024-12-31").status_code == 422
    answer = admin.post(f"/reports/snapshots/{pk}/export", members="1")
    assert answer.status_code == 302
    work_off(app)
    with app.app_context(), scope(people.federation):
        file = db.session.scalars(select(StoredFile).where(StoredFile.purpose == "export")).one()
        with zipfile.ZipFile(path_of(file)) as book:
            sheets = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
            assert book.read(f"xl/worksheets/sheet{len(sheets)}.xml").count(b"<row ") == 9
    assert sheets[:4] == ["Snapshot", "Members", "Membership type", "Gender"]
    assert sheets[-3:] == ["Clubs", "Numbers per club", "List of members"]
    other = snapshot_of(app, people, date(2022, 12, 31))
    compared = admin.page(f"/reports/snapshots/compare?before={other}&after={pk}")
    assert "Club B" in compared
    assert admin.post("/reports/snapshots/compare/export", before=other, after=pk).data.startswith(b"PK")
    for path in ("/reports/snapshots/999999", f"/reports/snapshots/compare?before={other}&after=999999"):
        assert admin.get(path).status_code == 404


def test_numbers_of_a_snapshot_and_two_compared(app: Flask, people: Town) -> None:
    before, after = snapshot_of(app, people, date(2022, 12, 31)), snapshot_of(app, people, date(2024, 12, 31))
    found = tables(app, people, after)
    assert found["total"] == {"Members": 8}
    assert found["gender"] == {"Woman": 6, "Man": 2}
    assert found["region"] == {"Region R": 6, "No region": 2}
    assert found["town"] == {"3200 Aarschot": 6, "Unknown": 2}
    with working(app, people):
        sheets = {sheet.title: {row.title: row.difference for row in sheet.rows} for sheet in compare(get_snapshot(before), get_snapshot(after))}
    assert sheets["Members"] == {"Members": 1}
    assert sheets["Members by club"] == {"Club A": -1, "Club B": 2}


def test_a_snapshot_stays_as_it_was_taken(app: Flask, people: Town) -> None:
    pk = snapshot_of(app, people, date(2024, 12, 31))
    attempts: list[Any] = [
        update(SnapshotNumber).values(number=99),
        delete(SnapshotNumber),
        delete(SnapshotMember),
        update(SnapshotMember).values(band="18"),
        update(SnapshotMember).values(first_name="Other"),
        update(Snapshot).values(members=99),
        delete(Snapshot),
    ]
    for attempt in attempts:
        with working(app, people), pytest.raises(DatabaseError), transaction():
            db.session.execute(attempt.execution_options(synchronize_session=False))
    with working(app, people) as actor:
        take_snapshot(pk, actor=actor)  # a job that runs twice
        snapshot = get_snapshot(pk)
        assert checksum_of(snapshot) == snapshot.checksum
        with pytest.raises(UserMistake), transaction():
            start_snapshot(name=snapshot.name, reference_on=snapshot.reference_on, actor=actor)


def test_an_erased_person_leaves_numbers_only(app: Flask, people: Town) -> None:
    pk = snapshot_of(app, people, date(2024, 12, 31))
    before = tables(app, people, pk)
    with app.app_context(), inside(people.world.club) as actor:
        contact = db.session.scalars(select(Contact).where(Contact.first_name == "Ann0")).one()
        assert data_about(contact)["snapshots"][0]["last_name"] == "Peeters"
        registry().plugins.tell("contact_erased", contact=get_contact(contact.id), actor=actor)
        assert data_about(contact) == {}
    assert tables(app, people, pk) == before
    with working(app, people):
        snapshot = get_snapshot(pk)
        assert checksum_of(snapshot) == snapshot.checksum
        row = db.session.scalars(select(SnapshotMember).where(SnapshotMember.contact_id.is_(None))).one()
        assert (row.first_name, row.birth_date, row.town, row.answers) == ("", None, "", {})
        assert (row.gender, row.band, row.type_title) == ("F", "65", "Singer")


def test_names_past_their_time_are_forgotten(app: Flask, people: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    old, recent = snapshot_of(app, people, date(2021, 12, 31)), snapshot_of(app, people, date(2024, 12, 31))
    monkeypatch.setattr("plugins.statistics.services.privacy.today", lambda: date(2027, 1, 1))
    with app.app_context():
        rule = registry().get("retention_rules", "snapshot_names")
        assert (apply(rule), apply(rule)) == (7, 0)
    with app.app_context(), unscoped("looking at snapshots in a test"):
        named = dict(db.session.execute(select(SnapshotMember.snapshot_id, SnapshotMember.first_name).where(SnapshotMember.first_name != "")).all())
        assert set(named) == {recent}
        assert db.session.get_one(Snapshot, old).names_forgotten_at is not None


def test_a_crash_half_way_is_made_good(app: Flask, people: Town, admin: Person, crash: Callable[[str], None]) -> None:
    pk = int(admin.post("/reports/snapshots/new", name="Broken off", reference_on="2024-12-31").location.rsplit("/", 1)[1])
    crash("statistics.after_batch")
    assert "are being written down" in admin.page(f"/reports/snapshots/{pk}")
    work_again(app)
    with working(app, people):
        assert get_snapshot(pk).members == 8
        assert db.session.scalar(select(func.count()).select_from(SnapshotMember)) == 8
