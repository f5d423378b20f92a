"""A list of 50,000 rows: checked and written by jobs, in bounded memory and time."""

from __future__ import annotations

import os
import time

from sqlalchemy import func, select

from core.contacts.models import Contact
from core.db import db
from core.files import services as files
from core.imports import services
from core.imports.services import staging
from core.tenancy import scope
from tests.core.imports.conftest import numbers, said

#: what the test of size takes; the whole of it takes a minute, so it is asked for
ROWS = 50_000 if os.environ.get("KOEPEL_TEST_LARGE") else 3_100


def memory() -> int:
    """Megabytes this process holds now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024 // 1024


def large(rows: int) -> str:
    return "Naam;Voornaam;Geboortedatum;E-mail;Gemeente\n" + "".join(
        f"Familie{n};Voornaam{n % 97};{n % 28 + 1:02}/{n % 12 + 1:02}/{1930 + n % 80};p{n}@mail.example;Herent\n" for n in range(rows)
    )


def test_a_long_list_is_checked_and_imported_by_jobs(wizard):
    data, begun = large(ROWS), time.monotonic()

    pk = wizard.upload(data)
    upload = time.monotonic() - begun
    assert wizard.run(pk)["state"] == "checking"
    assert "We are reading your list" in wizard.get(pk).text
    before = memory()
    wizard.work()
    assert wizard.get(pk, "outcome").headers["HX-Redirect"].endswith(f"/import/{pk}/check")
    assert numbers(wizard.get(pk, "check").text) == [5, 0, ROWS, 0]
    wizard.start(pk)
    begun = time.monotonic()
    wizard.work()
    wrote = time.monotonic() - begun

    assert (wizard.run(pk)["state"], wizard.count()) == ("done", ROWS)
    assert upload < 6 * ROWS / 50_000 + 3
    assert wrote < 120 * ROWS / 50_000 + 5
    assert memory() - before < 150
    print(f"{ROWS} rows: upload {upload:.2f} s, import {wrote:.2f} s, grew {memory() - before} MB")


def test_a_cell_of_a_long_list_is_judged_at_once_and_the_list_by_a_job(wizard, monkeypatch):
    monkeypatch.setattr(staging, "LONG_LIST", 3)
    pk = wizard.upload("Naam;Voornaam;Geboortedatum\nPeeters;Jan;31/02/1951\nWouters;An;14/05/1954\nClaes;Els;14/13/1954\nClaes;Els;\n")
    wizard.work()
    page = wizard.get(pk, "check").text
    assert numbers(page) == [3, 0, 2, 2]

    answer = wizard.post(pk, "cell", **{"cell-2-2": "28/02/1951"})
    assert (numbers(answer.text), said(answer.text)) == ([3, 0, 3, 1], [])
    wizard.post(pk, "check", **{"cell-4-2": "14/03/1954", "again": "1"})
    assert wizard.run(pk)["state"] == "checking"
    assert wizard.post(pk, "cell", **{"cell-2-2": "x"}).status_code == 422
    wizard.work()
    assert numbers(wizard.get(pk, "check").text) == [3, 0, 4, 0]


def test_a_list_that_cannot_be_read_any_more_says_so_and_can_be_sent_again(wizard, app, world, monkeypatch):
    monkeypatch.setattr(staging, "LONG_LIST", 1)
    pk = wizard.upload("Naam;Voornaam\nPeeters;Jan\nWouters;An\n")
    with app.app_context(), scope(world.club):
        files.path_of(db.session.get_one(files.StoredFile, services.get_import(pk).file_id)).unlink()
        assert db.session.scalar(select(func.count()).select_from(Contact)) == 0
    wizard.work()

    assert "The import did not work" in wizard.get(pk).text
