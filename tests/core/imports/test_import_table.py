"""Every kind of file people send."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import UserMistake
from core.imports.encoding import has_lost_letters, repair
from core.imports.table import OPERATOR, WEB, Limits, read_table

NAMES = "Naam;Voornaam;Gemeente\nD’Hondt;René;Leuven\nMüller;Zoë;Tielt-Winge\n"


def mistake(data: bytes, filename: str = "list.csv", limits: Limits = WEB) -> str:
    with pytest.raises(UserMistake) as caught:
        read_table(data, filename, limits=limits)
    return str(caught.value)


def cells(data: bytes) -> list[list[str]]:
    return [row for _number, row, _surplus in read_table(data, "list.csv").rows()]


@pytest.mark.covers("R100")
@pytest.mark.parametrize(
    ("encode", "expected"),
    [
        (lambda text: text.encode("cp1252"), "cp1252"),
        (lambda text: text.encode("utf-8"), "utf-8"),
        (lambda text: text.encode("utf-8-sig"), "utf-8-sig"),
        (lambda text: text.encode("utf-16"), "utf-16"),
        (lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"), "utf-16"),
        (lambda text: text.encode("utf-16-le"), "utf-16-le"),
        (lambda text: text.encode("utf-16-be"), "utf-16-be"),
        (lambda text: text.encode("utf-32"), "utf-32"),
        (lambda text: text.replace("’", "'").encode("cp850"), "cp850"),
        (lambda text: text.encode("mac_roman"), "mac_roman"),
    ],
)
def test_read_table_finds_the_encoding(encode, expected):
    table = read_table(encode(NAMES), "list.csv")

    assert table.encoding == expected
    assert [row[1:] for _number, row, _surplus in table.rows()] == [["René", "Leuven"], ["Zoë", "Tielt-Winge"]]


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_read_table_finds_the_separator(separator):
    table = read_table(NAMES.replace(";", separator).encode(), "list.csv")

    assert table.separator == separator
    assert table.headers == ("Naam", "Voornaam", "Gemeente")


def test_separator_said_in_the_first_line_is_taken_and_not_counted_as_a_row():
    table = read_table(b"sep=,\r\nNaam,Voornaam\r\nPeeters,Jan\r\n", "list.csv")

    assert list(table.rows()) == [(2, ["Peeters", "Jan"], 0)]


def test_separator_inside_texts_does_not_mislead():
    data = "Naam;Voornaam;Opmerking\n" + "Peeters;Jan;goed, lief, en trouw\n" * 5

    assert read_table(data.encode(), "list.csv").separator == ";"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_read_table_knows_all_line_ends(end):
    assert cells(NAMES.replace("\n", end).encode())[0] == ["D’Hondt", "René", "Leuven"]


def test_quoted_newlines_and_separators_stay_in_their_cell():
    data = b'Naam;Voornaam;Opmerking\nPeeters;Jan;"eerst;\ndan ""dit"""\nMaes;An;\n'
    table = read_table(data, "list.csv")

    assert list(table.rows()) == [(2, ["Peeters", "Jan", 'eerst;\ndan "dit"'], 0), (3, ["Maes", "An", ""], 0)]


def test_quotes_in_the_middle_of_a_text_are_read_as_they_are():
    assert cells(b'Naam;Voornaam\nPeeters;Jan "de lange"\n') == [["Peeters", 'Jan "de lange"']]


def test_an_open_quote_is_named_with_its_row():
    data = b'Naam;Voornaam\nMaes;An\n"Peeters;Jan\nWouters;Els\n'

    assert mistake(data) == 'Row 3: a double quote (") is opened and never closed. Remove it or close it, and save the file again.'


def test_a_cell_without_end_is_an_open_quote():
    data = b'Naam;Voornaam\n"Peeters;' + b"x" * 200_000 + b'";Jan\n'

    assert mistake(data).startswith("Row 2: a double quote")


def test_ragged_rows_are_filled_up_and_what_is_too_much_is_counted():
    data = b"Naam;Voornaam;Gemeente\nPeeters\nMaes;An;Herent;;\nClaes;Bo;Herent;Leuven\nJanssens;Piet;Diest\nAerts;Lo;Tienen\n"
    table = read_table(data, "list.csv")

    assert [(row, surplus) for _number, row, surplus in table.rows()][:3] == [
        (["Peeters", "", ""], 0),
        (["Maes", "An", "Herent"], 0),
        (["Claes", "Bo", "Herent"], 1),
    ]


def test_missing_and_double_titles_get_a_name_and_a_warning():
    data = b"Naam;;Naam;Voornaam;;\nPeeters;x;y;Jan;;\n"
    table = read_table(data, "list.csv")

    assert table.headers == ("Naam", "Column B", "Naam (2)", "Voornaam")
    assert list(table.rows()) == [(2, ["Peeters", "x", "y", "Jan"], 0)]
    assert table.warnings == ("Column B has no title.", "The title “Naam” stands above more than one column.")


def test_a_column_without_title_and_without_values_is_left_out():
    table = read_table(b"Naam;;Voornaam\nPeeters;;Jan\n", "list.csv")

    assert table.headers == ("Naam", "Voornaam")
    assert list(table.rows()) == [(2, ["Peeters", "Jan"], 0)]


def test_a_lonely_text_above_the_titles_is_skipped():
    table = read_table(b"Ledenlijst 2027;;\n;;\nNaam;Voornaam;Gemeente\nPeeters;Jan;Herent\n", "list.csv")

    assert table.headers == ("Naam", "Voornaam", "Gemeente")
    assert [number for number, _row, _surplus in table.rows()] == [4]


def test_empty_rows_keep_the_numbers_of_the_spreadsheet():
    table = read_table(b"Naam;Voornaam\n;\nPeeters;Jan\n\n  ; \nMaes;An\n", "list.csv")

    assert [number for number, _row, _surplus in table.rows()] == [3, 6]
    assert table.row_count == 2


def test_explanations_are_left_out_and_said():
    table = read_table(b"Naam;Voornaam\n# Peeters;Maria\nMaes;An\n", "list.csv")

    assert list(table.rows()) == [(3, ["Maes", "An"], 0)]
    assert table.warnings == ("Rows that start with # were left out: they explain, they are no contacts.",)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b";;;\n;;;\n", b"   \n"])
def test_an_empty_file_is_refused(data):
    assert mistake(data) == "This file is empty. Fill in the template, save it as CSV and choose it again."


def test_titles_without_rows_are_refused():
    assert mistake(b"Naam;Voornaam\n") == "This file has column titles, but no rows under them. Fill in one row per contact and save the file again."


def test_a_file_without_titles_is_refused():
    expected = "The first row looks like a contact, not like column titles. Put a row with titles above it, or start from the template."

    assert mistake(b"Peeters;Jan;14/05/1950\nMaes;An;01/02/1960\n") == expected
    assert mistake(b"Peeters;Jan;jan@mail.example\nMaes;An;an@mail.example\n") == expected


def test_too_many_rows_are_refused_with_both_numbers():
    data = b"Naam;Voornaam\n" + b"Peeters;Jan\n" * 50_001

    assert mistake(data) == (
        "This file has 50.001 rows; at most 50.000 can be imported at once. Cut your list into smaller files and import them one after the other."
    )
    assert read_table(data, "list.csv", limits=OPERATOR).row_count == 50_001


def test_too_many_columns_are_refused():
    data = (";".join(f"k{n}" for n in range(201)) + "\n" + ";".join("x" * 201) + "\n").encode()

    assert mistake(data) == "This file has 201 columns; at most 200 can be read. Remove the columns you do not need."


def test_a_large_file_is_refused():
    assert mistake(b"Naam\n" + b"x" * (10 * 1024 * 1024)) == (
        "This file is larger than 10 MB. Cut your list into smaller files and import them one after the other."
    )


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


EXCEL = "This is an Excel file, not a CSV file. Open it in Excel, choose Save as, pick CSV UTF-8 as type, and choose that file here."
OTHER = "This is not a CSV file. Open your list in your spreadsheet, choose Save as, pick CSV UTF-8 as type, and choose that file here."
DAMAGED = "This file is damaged: it holds characters that no list can hold. Open it in your spreadsheet, save it again as CSV UTF-8 and choose that file."


@pytest.mark.parametrize(
    ("data", "filename", "expected"),
    [
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "list.csv", EXCEL),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "list.csv", EXCEL),
        (b"Naam;Voornaam\nPeeters;Jan\n", "list.xlsx", EXCEL),
        (
            zipped("mimetype", "content.xml"),
            "list.csv",
            "This is a LibreOffice file, not a CSV file. Open it, choose Save as, pick Text CSV as type, and choose that file here.",
        ),
        (zipped("list.csv"), "list.csv", "This is a zip file. Unpack it first and choose the CSV file that is in it."),
        (b"PK\x03\x04 cut off", "list.csv", "This is a zip file. Unpack it first and choose the CSV file that is in it."),
        (b"\x1f\x8b\x08\x00rest", "list.csv", "This is a packed file. Unpack it first and choose the CSV file that is in it."),
        (
            b"\r\n<html><table><tr><td>Naam",
            "list.csv",
            "This is a web page, not a CSV file. Open it in your spreadsheet, choose Save as, pick CSV UTF-8 as type, and choose that file here.",
        ),
        (b"%PDF-1.7", "list.csv", OTHER),
        (b"Naam;Voornaam\nPeeters;Jan\n", "list.txt", OTHER),
        (b"Naam;Voornaam\nPeeters;J\x00an\n", "list.csv", DAMAGED),
        (b"Naam;Voornaam\n" + b"Peeters;Jan\n" * 9_000 + b"Maes;A\x00n\n", "list.csv", DAMAGED),
        (codecs.BOM_UTF16_LE + b"N\x00a\x00a\x00m\x00\n\x00x\x00y", "list.csv", DAMAGED),
    ],
)
@pytest.mark.covers("R100")
def test_other_files_are_recognised_and_the_way_out_is_said(data, filename, expected):
    assert mistake(data, filename) == expected


def test_long_texts_without_spaces_take_no_time():
    data = b"Naam;Voornaam\n" + (b"x" * 19_000 + b"\xe9;Jan\n") * 100

    assert read_table(data, "list.csv").encoding == "cp1252"


def test_a_path_is_read_like_bytes(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_bytes(NAMES.encode("cp1252"))

    assert list(read_table(path, path.name).rows()) == list(read_table(NAMES.encode("cp1252"), "list.csv").rows())


@pytest.mark.covers("R102")
@pytest.mark.parametrize(
    ("broken", "meant"),
    [
        ("AndrÃ©", "André"),
        ("AndrÃƒÂ©", "André"),
        ("Andr├®", "André"),
        ("Andr√©", "André"),
        ("Dâ€™Hondt", "D’Hondt"),
        ("ZoÃ« MÃ¼ller", "Zoë Müller"),
        ("Ã‰lÃ¨ne", "Élène"),
        ("Ã\u0081lvaro", "Álvaro"),
        ("André", None),
        ("Dante", None),
        ("CAFÉ“", None),
        ("JOÃO", None),
        ("Łukasz", None),
    ],
)
def test_repair_gives_back_what_was_meant(broken, meant):
    assert repair(broken) == meant


@given(st.text(alphabet="àâäáãåçèéêëìíîïñòóôöõøùúûüýÿœæßÀÉÈÖÜ’“”€ abcXYZ-'", min_size=1))
def test_repair_undoes_reading_utf8_as_windows(text):
    broken = text.encode("utf-8").decode("cp1252", "ignore")
    if broken.encode("cp1252") == text.encode("utf-8") and not text.isascii() and repair(text) is None:
        assert repair(broken) == text


def test_lost_letters_are_seen():
    assert has_lost_letters("Andr\ufffd")
    assert has_lost_letters("Andr\x82")
    assert not has_lost_letters("André")


PIECES = [b";", b",", b"\t", b"|", b"\n", b"\r", b"\r\n", b'"', b'""', b"#", b" ", b"Naam", b"Voornaam", b"1", b"14/05/1954", b"a@b.example", b"\xe9"]
PIECES += [b"\xc3\xa9", b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b"\x81", b"sep=", b"PK\x03\x04", b"<html", b"=1+1", b"\xed\xa0\x80", b"\xe2\x80\xa8"]


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=600),
        st.text(max_size=300).map(lambda text: text.encode("utf-16", "surrogatepass")),
        st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join),
    )
)
def test_any_bytes_are_read_or_refused_in_words(data):
    try:
        table = read_table(data, "list.csv")
    except UserMistake as found:
        assert len(str(found)) > 20  # noqa: PT017 -- either outcome is fine, a short excuse is not
        return
    rows = list(table.rows())
    assert len(rows) == table.row_count
    assert all(len(row) == len(table.headers) for _number, row, _surplus in rows)
    assert len(set(table.headers)) == len(table.headers)


PRINTABLE = st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc", "Co", "Zl", "Zp")), max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(PRINTABLE, min_size=3, max_size=3), min_size=1, max_size=8),
    st.sampled_from(";,\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_spreadsheet_writes_is_what_is_read(rows, separator, encoding):
    kept = [row for row in rows if any(cell.strip() for cell in row) and not (row[0].startswith("#") and len(row[0]) > 1)]
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerow(["Naam", "Voornaam", "Gemeente"])
    writer.writerows(rows)
    if not kept:
        return

    table = read_table(buffer.getvalue().encode(encoding), "list.csv")

    assert [row for _number, row, _surplus in table.rows()] == kept
