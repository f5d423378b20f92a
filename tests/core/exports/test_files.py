"""Exported files, opened again."""

import csv
import tracemalloc
import unicodedata
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from core.exports.cells import csv_text, to_cell
from core.exports.files import unique_headers, write_csv, write_sheets, write_xlsx

HOSTILE = (
    "=1+1",
    "=HYPERLINK(\"http://evil.example\",\"click\")",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "＝1+1",
    "\u200b=1+1",
    "\x00=1+1",
    "'=1+1",
    "\"=1+1",
    "|calc",
)
FORMULA_STARTS = "=+-@|%＝＋－＠"


@pytest.fixture
def folder(context, tmp_path):
    with force_locale("en"):
        yield tmp_path


def read_xlsx(path):
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def read_csv(path):
    return list(csv.reader(path.read_text("utf-8-sig").splitlines(), delimiter=";"))


@pytest.mark.covers("R130")
def test_hostile_names_make_no_formula_in_xlsx(folder):
    path = folder / "names.xlsx"

    assert write_xlsx(path, ["Name", "=Header"], [(name, name) for name in HOSTILE]) == 15

    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<f>") + sheet.count("<f ") == 0
    assert sheet.count('t="inlineStr"') == 32
    assert [row[0] for row in read_xlsx(path)[1:4]] == list(HOSTILE[:3])


def test_a_workbook_of_several_sheets(folder):
    path = folder / "sheets.xlsx"

    write_sheets(path, [("A/B", ["Name"], [[name] for name in HOSTILE]), ("a b", ["X", "Y"], iter([])), ("", ["N"], [[3]])])

    with zipfile.ZipFile(path) as archive:
        assert "<f>" not in archive.read("xl/worksheets/sheet1.xml").decode()
    book = CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["A B", "a b 2", "Koepel"]
    assert book.get_sheet_by_index(1).to_python() == [["X", "Y"]]
    assert book.get_sheet_by_index(2).to_python() == [["N"], [3.0]]


@pytest.mark.covers("R130")
def test_hostile_names_make_no_formula_in_csv(folder):
    path = folder / "names.csv"

    assert write_csv(path, ["Name", "=Header"], [(name, "ok") for name in HOSTILE]) == 15

    cells = [cell for row in read_csv(path) for cell in row]
    assert len(cells) == 32
    assert [c for c in cells if c.lstrip(" \u200b\"")[:1] in tuple(FORMULA_STARTS)] == []
    assert cells[1] == "'=Header"
    assert cells[2] == "'=1+1"


@pytest.mark.parametrize("text", ["+32 470 00 00 12", "-5", "-12,50", "O'Hara", "x=1", "jan@example.be", "D'hondt-Maes", "-", "", "0470/12.34.56"])
def test_harmless_text_stays_as_it_is(text):
    assert csv_text(text) == text


@given(st.text(alphabet=st.one_of(st.sampled_from("=+-@|%＝ \t\n'\u200b1ab("), st.characters()), max_size=12))
def test_no_text_starts_a_formula(text):
    first_seen = unicodedata.normalize("NFKC", csv_text(text)).lstrip(" \u00a0\u200b\ufeff")

    assert first_seen[:1] not in tuple("=@|%") or len(first_seen) == 1
    if first_seen[:1] in ("+", "-"):
        assert not any(c.isalpha() or c in "=|@!" for c in first_seen)


def test_values_keep_their_type(folder):
    path = folder / "types.xlsx"
    row = (
        "007", 12, 12.5, Decimal("25.50"), date(2026, 3, 1), datetime(2026, 3, 1, 9, 30, tzinfo=UTC), True, None, ["Padel", "Fitness"], date(1899, 5, 1), 2**60,
    )

    write_xlsx(path, [f"H{n}" for n in range(len(row))], [row])

    assert read_xlsx(path)[1] == [
        "007",
        12.0,
        12.5,
        25.5,
        date(2026, 3, 1),
        datetime(2026, 3, 1, 10, 30),  # noqa: DTZ001 -- a spreadsheet knows no zones
        "yes",
        "",
        "Padel, Fitness",
        "01/05/1899",
        "1152921504606846976",
    ]


def test_values_in_csv_are_written_as_people_write_them(folder):
    path = folder / "types.csv"

    write_csv(path, ["A"] * 6, [("Anné; \"x\"\ny", 12.5, date(2026, 3, 1), datetime(2026, 3, 1, 9, 30, tzinfo=UTC), None, False)])

    assert read_csv(path) == [["A", "A (2)", "A (3)", "A (4)", "A (5)", "A (6)"], ['Anné; "x" y', "12,5", "01/03/2026", "01/03/2026 10:30", "", "no"]]


def test_an_empty_list_still_has_its_header(folder):
    write_xlsx(folder / "empty.xlsx", ["Name", "Town"], [])
    write_csv(folder / "empty.csv", ["Name", "Town"], [])

    assert read_xlsx(folder / "empty.xlsx") == [["Name", "Town"]]
    assert read_csv(folder / "empty.csv") == [["Name", "Town"]]


def test_long_text_and_broken_characters_do_not_stop_the_export(folder):
    path = folder / "odd.xlsx"

    write_xlsx(path, ["A"], [("x" * 40_000,), ("a\ud800b\x0bc\uffff",), ("two\nlines",)])

    assert [row[0] for row in read_xlsx(path)[1:]] == ["x" * 32_767, "abc", "two\nlines"]
    assert to_cell(float("nan")) is None


def test_headers_are_told_apart():
    assert unique_headers(["Name", "Name", "", "Name"]) == ["Name", "Name (2)", "3", "Name (3)"]


def test_a_large_file_needs_little_memory(folder):
    rows = ((f"name {n}", n, "x" * 40) for n in range(20_000))
    tracemalloc.start()

    write_xlsx(folder / "large.xlsx", ["A", "B", "C"], rows)

    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
