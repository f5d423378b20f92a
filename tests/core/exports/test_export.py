"""Taking a list out: choose, prove who one is, wait for the job, download, and it is gone after a day."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
import python_calamine
import time_machine
from sqlalchemy import select

from core import clock
from core.audit.models import AuditEntry
from core.contacts.models import Contact
from core.db import db, insert_rows
from core.exports import services
from core.files.models import StoredFile
from core.jobs.runner import work_off
from core.lists.contacts.definitions import CONTACTS
from core.lists.contacts.pages import ContactList
from core.tenancy import scope
from core.testing.crashes import work_again
from core.testing.factories import PASSWORD, inside, make_contact
from core.testing.plugin import csrf_of

LIST = "/o/club-a/crm/contacts/"
HOSTILE = (
    "=HYPERLINK(\"http://evil\";\"x\")", "+cmd|' /C calc'!A1", "-2+3+cmd|' /C calc'!A1", "@SUM(1+1)*cmd|' /C calc'!A1", "\t=1+1", "\r=1+1", " =1+1", "\n=1+1",
    "＝1+1", "=1+1", "==1", "=DDE(\"cmd\";\"/C calc\";\"x\")", "+1+1", "|calc", "=\u00a01",
)


@pytest.fixture
def club(world, app):
    with app.app_context(), inside(world.club):
        for n, name in enumerate(HOSTILE):
            make_contact(f"First{n:02}", name, town=f"Town{n:02}")
    with app.app_context(), inside(world.other_club):
        make_contact("Bob", "Theirs")
    return world


def crowd(number):
    """So many more contacts, quickly."""
    common = {"first_name": "A", "search_text": "", "extra": {}, "whose": {}}
    insert_rows(Contact, [{**common, "last_name": f"B{n}", "name_key": f"b{n} a"} for n in range(number)])


class Exporter:
    def __init__(self, app, client):
        self.app, self.client = app, client
        self.token = csrf_of(client.get(LIST).text)

    def freeze(self, query="", **form):
        """Number of the selection of all results (or of the ids ticked)."""
        data = {"csrf_token": self.token, "action": "export_xlsx", **(form or {"all": "1", "query": query})}
        answer = self.client.post(f"{LIST}select", data=data, follow_redirects=True)
        return int(re.search(r"/exports/(\d+)", answer.request.path)[1])

    def ask(self, pk, columns=("last_name", "town"), file_format="csv", **form):
        return self.client.post(f"/o/club-a/exports/{pk}", data={"csrf_token": self.token, "columns": list(columns), "format": file_format, **form})

    def work(self):
        work_off(self.app)

    def download_url(self, answer):
        page = self.client.get(answer.location).text
        return unescape(re.search(r'href="(/o/club-a/files/\d+)"', page)[1])

    def fetch(self, answer):
        """(headers, content) of the file that was asked for."""
        self.work()
        with self.client.get(self.download_url(answer)) as file:
            return file.headers, file.data

    def rows(self, answer):
        _headers, data = self.fetch(answer)
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))


@pytest.fixture
def exporter(app, club, login):
    return Exporter(app, login("admin.a"))


@pytest.mark.covers("R130")
def test_ticked_rows_and_chosen_columns_become_a_csv_file(exporter):
    page = exporter.client.get(f"{LIST}?sort=town").text
    ids = re.findall(r'name="ids" value="(\d+)"', page)[:2]

    answer = exporter.ask(exporter.freeze(ids=ids))

    assert exporter.rows(answer) == [["Family name", "Town"], ["'=HYPERLINK(\"http://evil\";\"x\")", "Town00"], ["'+cmd|' /C calc'!A1", "Town01"]]


@pytest.mark.covers("R130")
def test_an_excel_file_holds_no_formula_whatever_people_are_called(exporter):
    headers, data = exporter.fetch(exporter.ask(exporter.freeze(), file_format="xlsx"))

    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert [name for name in book.namelist() if name.startswith("xl/worksheets/") and re.search(rb"<f[ >/]", book.read(name))] == []
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert (len(rows), rows[0]) == (16, ["Family name", "Town"])
    assert ["=HYPERLINK(\"http://evil\";\"x\")", "Town00"] in rows
    assert re.fullmatch(r"attachment; filename=contacts-\d{4}-\d\d-\d\d.xlsx", headers["Content-Disposition"])


def test_a_filtered_list_is_exported_as_it_was_asked(exporter):
    assert exporter.rows(exporter.ask(exporter.freeze("f.town.is=Town03")))[1:] == [["'@SUM(1+1)*cmd|' /C calc'!A1", "Town03"]]


def test_the_file_is_gone_after_a_day_and_only_for_who_made_it(exporter, app, club, login):
    answer = exporter.ask(exporter.freeze())
    exporter.work()
    url = exporter.download_url(answer)

    def status(client, address=url):
        with client.get(address) as answer:
            return answer.status_code

    assert status(exporter.client) == 200
    assert login("member.a").get(url).status_code == 404
    assert login("admin.b").get(url.replace("club-a", "club-b")).status_code == 404
    with app.app_context(), scope(club.club):
        kept = db.session.scalars(select(StoredFile)).one()
        assert timedelta(hours=23) < kept.expires_at - clock.now() <= timedelta(hours=24)
        kept_until = kept.expires_at
    with time_machine.travel(kept_until - timedelta(seconds=30), tick=False):
        assert status(login("admin.a")) == 200
    with time_machine.travel(kept_until + timedelta(seconds=1), tick=False):
        assert status(login("admin.a")) == 404


def test_it_is_written_down_who_took_what(exporter, app, club):
    exporter.rows(exporter.ask(exporter.freeze()))

    with app.app_context(), scope(club.club):
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "contacts.exported")).one()
        assert (entry.actor_name, entry.note) == ("Admin Tester", "15 rows, csv: last_name, town")


def test_more_than_500_persons_ask_the_password(exporter, app, club):
    with app.app_context(), inside(club.club):
        crowd(500)
    pk = exporter.freeze()
    page = exporter.client.get(f"/o/club-a/exports/{pk}").text
    assert 'type="password"' in page

    without, wrong = exporter.ask(pk), exporter.ask(pk, password="not-this-one")
    assert (without.status_code, wrong.status_code) == (422, 422)
    assert "This is not your password. Type it again." in wrong.text
    assert 'value="town" checked' in wrong.text
    answer = exporter.ask(pk, password=PASSWORD)
    assert len(exporter.rows(answer)) == 516


def test_guessing_the_password_there_is_slowed_down(exporter, app, club):
    with app.app_context(), inside(club.club):
        crowd(500)
    pk = exporter.freeze()

    said = [exporter.ask(pk, password=f"guess-{n}").text for n in range(12)]

    assert "There were too many attempts." in said[-1]


def test_sensitive_columns_ask_the_password_too(exporter, app, club, monkeypatch):
    columns = tuple(replace(column, sensitive=column.name == "town") for column in CONTACTS.columns)
    monkeypatch.setattr(ContactList, "definition", replace(CONTACTS, columns=columns))
    pk = exporter.freeze()

    assert exporter.ask(pk).status_code == 422
    assert exporter.ask(pk, columns=("last_name",)).status_code == 302
    assert exporter.ask(pk, password=PASSWORD).status_code == 302


def test_what_cannot_be_exported_is_said(exporter):
    pk = exporter.freeze()

    for columns, file_format, message in (
        ((), "csv", "Tick at least one thing to export."),
        (("last_name", "whose"), "csv", "“whose” is not something this list can export."),
        (("last_name",), "exe", "Choose Excel or CSV."),
    ):
        answer = exporter.ask(pk, columns, file_format)
        assert (answer.status_code, message in unescape(answer.text)) == (422, True)


def test_selections_and_exports_of_others_do_not_exist(exporter, login):
    pk = exporter.freeze()

    assert login("admin.b").get(f"/o/club-b/exports/{pk}").status_code == 404
    assert login("member.a").get(f"/o/club-a/exports/{pk}").status_code == 404
    assert exporter.client.get("/o/club-a/exports/999999999999").status_code == 404


def test_a_killed_export_is_made_once(exporter, app, club, crash):
    answer = exporter.ask(exporter.freeze())

    crash("export.written")
    work_again(app)

    assert len(exporter.rows(answer)) == 16
    with app.app_context(), scope(club.club):
        assert len(db.session.scalars(select(StoredFile)).all()) == 1
        assert len(db.session.scalars(select(AuditEntry).where(AuditEntry.action == "contacts.exported")).all()) == 1


def test_an_export_reads_in_batches(exporter, app, club, queries):
    """Twice the rows cost twice the batches, not a query per row."""
    with app.app_context(), inside(club.club):
        crowd(2_500)
    exporter.ask(exporter.freeze(), password=PASSWORD)

    counted = queries()
    exporter.work()

    reading = [statement for statement in counted if statement.startswith("SELECT contact.id AS v0")]
    assert (services.BATCH, len(reading)) == (1_000, 3)
