"""What people send, over HTTP: read in whatever form it comes, or refused with what to do."""

from __future__ import annotations

import codecs
import io
import zipfile
from typing import Any

import pytest
from sqlalchemy import select

from core.contacts.models import Contact, ContactFunction
from core.db import db, insert_rows
from core.extend.hookspecs import hookimpl
from core.extend.registry import Owned, registry
from core.imports.columns import ImportColumn, ImportWriter
from core.tenancy import scope
from tests.core.imports.conftest import BASE, numbers, said

TEXT = "Naam;Voornaam;Gemeente\r\nD'Hondt;Zoë;'s-Gravenvoeren\r\n"


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "x")
    return buffer.getvalue()


def test_all_ways_to_write_a_list_are_read_alike(wizard):
    for data in (
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("cp1252"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.replace(";", ",").encode(),
        TEXT.replace(";", "\t").encode(),
        ("sep=;\r\n" + TEXT).encode(),
        TEXT.replace("\r\n", "\r").encode(),
        TEXT.replace("Zoë", '"Zoë"').replace("D'Hondt", '"D\'Hondt"').encode(),
    ):
        pk = wizard.upload(data)
        page = wizard.get(pk, "check?show=all").text
        assert numbers(page) == [3, 0, 1, 0]
        assert 'value="Zoë"' in page and 'value="D&#39;Hondt"' in page


def test_what_is_no_list_is_refused_beside_the_field_with_the_way_out(wizard):
    for data, filename, words in (
        (b"", "list.csv", "This file is empty."),
        (b"\r\n;;\r\n", "list.csv", "This file is empty."),
        (b"Naam;Voornaam\r\n", "list.csv", "This file has column titles, but no rows under them."),
        (zipped("xl/workbook.xml"), "list.csv", "This is an Excel file, not a CSV file. Open it in Excel, choose Save as, pick CSV UTF-8 as type"),
        (zipped("list.csv"), "list.csv", "This is a zip file. Unpack it first and choose the CSV file that is in it."),
        (b"%PDF-1.7 ...", "list.csv", "This is not a CSV file."),
        (TEXT.encode(), "list.xlsx", "This is an Excel file, not a CSV file."),
        (TEXT.encode(), "../../etc/passwd", "This is not a CSV file."),
        (b'Naam;Voornaam\r\n"Peeters;Jan\r\nWouters;An\r\n', "list.csv", 'Row 2: a double quote (") is opened and never closed.'),
        (b"Naam;Voornaam\r\nPe\x00eters;Jan\r\n", "list.csv", "This file is damaged"),
        ((";".join(f"k{n}" for n in range(201)) + "\r\n" + ";" * 200 + "x\r\n").encode(), "list.csv", "This file has 201 columns; at most 200 can be read."),
    ):
        answer = wizard.send(data, filename)
        assert (answer.status_code, words in wizard.mistake(answer)) == (422, True), (words, wizard.mistake(answer))
    assert wizard.client.get(f"{BASE}/history").text.count(".csv") == 0


def test_what_is_too_large_is_refused(wizard):
    too_many = b"Naam;Voornaam\n" + b"Peeters;Jan\n" * 50_001
    too_large = b"Naam;Voornaam\n" + b"x" * (10 * 1024 * 1024)
    absurd = b"x" * (26 * 1024 * 1024)

    assert "This file has 50,001 rows; at most 50,000 can be imported at once." in wizard.mistake(wizard.send(too_many))
    assert "This file is larger than 10 MB." in wizard.mistake(wizard.send(too_large))
    assert wizard.send(absurd).status_code == 413


def test_choosing_nothing_says_so(wizard):
    answer = wizard.client.post(f"{BASE}/", data={"csrf_token": wizard.token})

    assert (answer.status_code, wizard.mistake(answer)) == (422, "Choose a CSV file first.")


def test_titles_that_are_missing_or_double_and_columns_too_many(wizard):
    pk = wizard.upload("Naam;Voornaam;Naam;;\r\nPeeters;Jan;Zonen;x\r\nWouters;An;;y;;surplus\r\n")

    page = wizard.get(pk, "check?show=all").text
    assert "The title “Naam” stands above more than one column." in page
    assert "Column D has no title." in page
    assert "This row has more cells than there are column titles" in page
    assert numbers(page) == [2, 2, 1, 1]


def test_line_breaks_in_a_cell_stay_in_their_cell(wizard, app):
    wizard.import_all('Naam;Voornaam;Opmerkingen\r\nPeeters;Jan;"regel 1\r\nregel 2; met puntkomma"\r\n')

    with app.app_context(), scope(wizard.club):
        assert db.session.scalars(select(Contact.remarks)).all() == ["regel 1\nregel 2; met puntkomma"]


def test_dates_that_cannot_be_are_told_with_row_and_column(wizard):
    pk = wizard.upload("Naam;Voornaam;Geboortedatum\nA;Jan;31/02/1951\nB;Jan;29/02/2023\nC;Jan;14/13/1954\nD;Jan;14/05/54\nE;Jan;morgen\nF;Jan;01/01/2999\n")

    page = wizard.get(pk, "check").text
    assert said(page) == [
        "31 February does not exist",
        "29 February 2023 does not exist",
        "There is no month 13. Write the date like 14/05/1954.",
        "Write the year with four digits",
        "This is not a date. Write it like 14/05/1954.",
        "This birth date is in the future.",
    ]
    assert "Change to “14/05/1954”" in page
    left_out = wizard.get(pk, "left-out.csv").data.decode("utf-8-sig").splitlines()
    assert left_out[1] == "A;Jan;31/02/1951;Geboortedatum: 31 February does not exist."


# --- what plugins make of it ------------------------------------------------------------------


def _check(values: Any, _contact: Any) -> list[tuple[str, str]]:
    return [("choir.voice", "Nobody sings that.")] if values["choir.voice"] == "x" else []


def _write(rows: Any, _import_id: int, *, actor: Any) -> int:
    known = {f.contact_id for f in db.session.scalars(select(ContactFunction).where(ContactFunction.contact_id.in_([pk for pk, _values in rows])))}
    return insert_rows(ContactFunction, [{"contact_id": pk, "function": values["choir.voice"]} for pk, values in rows if pk not in known])


def _undo(_import_id: int, *, actor: Any) -> dict[int, str]:
    held = db.session.scalars(select(ContactFunction)).all()
    for function in held:
        if function.function != "kept":
            db.session.delete(function)
    db.session.flush()
    return {function.contact_id: "Sings already, so left as it is." for function in held if function.function == "kept"}


@pytest.fixture
def choir(app):
    """A plugin with a column of its own and what becomes of it."""
    column = ImportColumn("choir.voice", "Voice", "voice", str.strip, writes="choir", group="Choir")
    writer = ImportWriter("choir", "Give them a voice", _check, _write, _undo)
    with app.app_context():
        columns, plugins = registry()._items["import_columns"], registry().plugins
    columns["choir.voice"] = Owned("core", column)
    plugins.manager.register(Choir(writer), name="choir")
    yield
    plugins.manager.unregister(name="choir")
    del columns["choir.voice"]


class Choir:
    """A plugin that says what becomes of its columns."""

    def __init__(self, writer: ImportWriter) -> None:
        self.writer = writer

    @hookimpl
    def import_writers_here(self) -> list[ImportWriter]:
        return [self.writer]


@pytest.mark.covers("R107", "R111", "R112")
def test_what_plugins_make_of_their_columns_is_ticked_done_once_and_undone(wizard, app, choir):
    data = "Naam;Voornaam;Voice\nPeeters;Jan;bass\nWouters;An;\nClaes;Els;kept\nSmets;Jos;x\n"
    pk = wizard.upload(data)
    assert said(wizard.get(pk, "check").text) == ["Nobody sings that."]
    acts = wizard.get(pk, "acts").text
    assert "Give them a voice" in acts and "for 2 rows in which it is filled in" in acts

    wizard.start(pk, create="1", writers="choir")
    wizard.work()
    again = wizard.upload(data)
    wizard.start(again, writers="choir")
    wizard.work()

    def voices():
        with app.app_context(), scope(wizard.club):
            return db.session.scalars(select(ContactFunction.function).order_by(ContactFunction.id)).all()

    assert voices() == ["bass", "kept"]
    assert (wizard.run(pk)["counts"]["writer.choir"], wizard.run(again)["counts"].get("writer.choir", 0)) == (2, 0)
    assert "Give them a voice: 2" in wizard.get(pk).text

    wizard.post(pk, "undo")
    wizard.work()
    assert voices() == ["kept"]
    assert wizard.contacts() == [("Claes", "Els")]
    assert "Sings already, so left as it is." in wizard.get(pk).text
