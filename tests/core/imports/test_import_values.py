"""What people type in the cells of a list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from flask_babel import Babel, force_locale
from hypothesis import given, settings
from hypothesis import strategies as st

from core.contacts import parsing
from core.errors import UserMistake
from core.imports import values
from core.imports.columns import CellMistake
from core.imports.contact_columns import IMPORT_COLUMNS


@pytest.fixture(autouse=True, scope="module")
def english() -> Iterator[None]:
    app = Flask("values")
    Babel(app)
    with app.app_context(), force_locale("en"):
        yield


def refused(parse, text: str) -> tuple[str, str | None]:
    with pytest.raises(CellMistake) as caught:
        parse(text)
    return str(caught.value), caught.value.suggestion


@pytest.mark.covers("R106")
@pytest.mark.parametrize(
    "text",
    ["14/05/1954", "14-05-1954", "14.5.1954", "14/5/1954", " 14 / 05 / 1954 ", "1954-05-14", "1954/5/14", "14 mei 1954", "14 mai 1954", "14. Mai 1954"]
    + ["14 May 1954", "vrijdag 14 mei 1954", "1954-05-14 00:00:00", "14/05/1954 0:00"],
)
def test_dates_are_read_in_the_forms_lists_have(text):
    assert values.parse_date(text) == date(1954, 5, 14)


@pytest.mark.parametrize(
    ("text", "message", "suggestion"),
    [
        ("31/02/1951", "31 February does not exist", None),
        ("31 februari 1951", "31 February does not exist", None),
        ("31/04/1951", "31 April does not exist", None),
        ("29/02/1951", "29 February 1951 does not exist", None),
        ("00/05/1954", "0 May does not exist", None),
        ("14/13/1954", "There is no month 13. Write the date like 14/05/1954.", None),
        ("05/14/1954", "There is no month 14. Day and month are probably swapped.", "14/05/1954"),
        ("14/05/0000", "The year 0 does not exist. Write the date like 14/05/1954.", None),
        ("14/05/54", "Write the year with four digits", "14/05/1954"),
        ("14-5-'54", "Write the year with four digits", "14/05/1954"),
        ("14/05/08", "Write the year with four digits", "14/05/2008"),
        ("31/02/51", "31 February does not exist", None),
        ("1954", "This is not a date. Write it like 14/05/1954.", None),
        ("19857", "This is not a date. Write it like 14/05/1954.", "13/05/1954"),
        ("19540514", "This is not a date. Write it like 14/05/1954.", "14/05/1954"),
        ("14051954", "This is not a date. Write it like 14/05/1954.", "14/05/1954"),
        ("mei 1954", "This is not a date. Write it like 14/05/1954.", None),
        ("x" * 100, "This is not a date. Write it like 14/05/1954.", None),
    ],
)
def test_impossible_dates_say_why_and_propose_what_was_meant(text, message, suggestion):
    assert refused(values.parse_date, text) == (message, suggestion)


def test_birth_dates_are_neither_in_the_future_nor_before_1900():
    assert refused(values.parse_birth_date, "14/05/2954") == ("This birth date is in the future.", None)
    assert refused(values.parse_birth_date, "14/05/1854") == ("This birth date is before 1900. Check the year.", None)
    assert values.parse_birth_date("29/02/1948") == date(1948, 2, 29)


@settings(max_examples=200)
@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)))
def test_every_day_is_read_back_and_its_short_form_never_guessed(day):
    assert values.parse_date(f"{day:%d/%m/%Y}") == day
    assert values.parse_date(day.isoformat()) == day
    assert refused(values.parse_date, f"{day:%d/%m/%y}")[0] == "Write the year with four digits"


@pytest.mark.parametrize("text", ["D'Hondt", "D’Hondt", "Van den Broeck-Peeters", "Zoë", "Łukasz", "José María", "Ng", "李", "O'Brien jr."])
def test_names_keep_their_accents_and_apostrophes(text):
    assert values.parse_name(f" {text} ") == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("=1+1", "A name does not start with =. Type the name itself."),
        ('=HYPERLINK("http://x.example","Jan")', "A name does not start with =. Type the name itself."),
        ("+Jan", "A name does not start with +. Type the name itself."),
        ("-Jan", "A name does not start with -. Type the name itself."),
        ("@SUM(A1)", "A name does not start with @. Type the name itself."),
        ("\t=1+1", "A name does not start with =. Type the name itself."),
        ("12", "There is no name in this cell. Type the name."),
        ("?", "There is no name in this cell. Type the name."),
    ],
)
def test_names_that_are_formulas_or_no_names_are_refused(text, message):
    assert refused(values.parse_name, text) == (message, None)


@pytest.mark.parametrize("text", ["=1+1", " =cmd|'/c calc'!A1", "@SUM(1)", "+cmd|x", "-A1(2)", "＝1+1"])
def test_formulas_are_refused_in_every_text(text):
    assert refused(lambda typed: values.parse_text(typed, 120), text)[0] == "This is a formula of a spreadsheet. Type the text itself."
    assert refused(values.parse_remarks, text)[0] == "This is a formula of a spreadsheet. Type the text itself."


def test_texts_that_only_resemble_formulas_are_kept():
    assert values.parse_text("-", 12) == "-"
    assert values.parse_text("+ 2de verdieping", 120) == "+ 2de verdieping"
    assert values.parse_remarks("- rijdt mee\n- helpt") == "- rijdt mee\n- helpt"


@pytest.mark.covers("R104")
@pytest.mark.parametrize(
    ("text", "code"),
    [("F", "F"), ("v", "F"), ("Vrouw", "F"), ("W", "F"), ("Mevr.", "F"), ("féminin", "F"), ("M", "M"), ("man", "M"), ("H", "M"), ("Männlich", "M"), ("x", "X")],
)
def test_gender_is_read_in_four_languages(text, code):
    assert values.parse_gender(text) == code


@pytest.mark.covers("R104")
@pytest.mark.parametrize(
    ("text", "code"),
    [("België", "BE"), ("belgie", "BE"), ("BE", "BE"), ("be", "BE"), ("Belgique", "BE"), ("Belgien", "BE"), ("Belg", "BE"), ("Nederland", "NL")]
    + [("Pays-Bas", "NL")]
    + [("Frankrijk", "FR"), ("Deutschland", "DE"), ("Luxemburg", "LU"), ("Franse", "FR"), ("U.K.", "GB"), ("Oekraïne", "UA"), ("Marokkaanse", "MA")],
)
def test_countries_are_read_by_name_code_and_nationality(text, code):
    assert values.parse_country(text) == code


@pytest.mark.parametrize(
    ("text", "code"), [("nl", "nl"), ("NL", "nl"), ("Nederlands", "nl"), ("Frans", "fr"), ("français", "fr"), ("Deutsch", "de"), ("nl_BE", "nl")]
)
def test_languages_are_read_by_code_and_name(text, code):
    assert values.parse_language(text) == code


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (values.parse_gender, "q", "Use F for a woman, M for a man or X."),
        (values.parse_country, "Atlantis", "This country is not known. Use its name or its code of two letters, like België or BE."),
        (values.parse_language, "klingon?", "This language is not known. Use its code, like nl, fr, de or en."),
        (values.parse_email, "karel.stevens@mail", "This address is incomplete. Check what comes after the @."),
        (values.parse_email, "karel.stevens", "This address is incomplete. There is no @ in it."),
        (values.parse_email, "a b@mail.example", "This address is not right. Check what comes before and after the @."),
        (values.parse_email, "a@mail.example; b@mail.example", "Only one address fits here. Put the second one in its own column."),
        (values.parse_email, "a@mail.example\nBcc: b@mail.example", "Only one address fits here. Put the second one in its own column."),
        (values.parse_phone, "123", "This number is not complete. Write it like 0470 12 34 56 or +31 6 12345678."),
        (values.parse_phone, "geen", "This number is not complete. Write it like 0470 12 34 56 or +31 6 12345678."),
        (values.parse_postcode, "302", "Use 4 digits"),
    ],
)
def test_cells_that_cannot_be_read_say_what_to_do(parse, text, message):
    assert refused(parse, text) == (message, None)


@pytest.mark.parametrize(
    ("text", "number"),
    [("0470/12.34.56", "+32 470 12 34 56"), ("+32470123456", "+32 470 12 34 56"), ("470123456", "+32 470 12 34 56"), ("'016123456", "+32 16 12 34 56")]
    + [("16123456", "+32 16 12 34 56"), ("+31 6 12345678", "+31 6 12345678")],
)
def test_phone_numbers_get_their_zero_back(text, number):
    assert values.parse_phone(text) == number


def test_postcodes_follow_their_country():
    assert values.parse_postcode("B-3020") == "3020"
    assert values.parse_postcode("3020.0") == "3020"
    assert values.parse_postcode("1012ab", "NL") == "1012 AB"
    assert refused(lambda text: values.parse_postcode(text, "DE"), "3020")[0] == "Use 5 digits"


def test_addresses_copied_from_a_mail_program_are_cleaned():
    assert values.parse_email("mailto:An.Maes@Mail.Example") == "An.Maes@mail.example"
    assert values.parse_email("<an@mail.example>;") == "an@mail.example"


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(IMPORT_COLUMNS), st.text(min_size=1, max_size=60).filter(str.strip))
def test_any_text_in_any_column_gives_a_value_or_a_sentence(column, text):
    try:
        column.parse(text)
    except UserMistake as mistake:
        assert len(str(mistake)) > 8  # noqa: PT017 -- either outcome is fine, a short excuse is not


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([c for c in IMPORT_COLUMNS if c.name not in ("postcode",)]), st.text(min_size=1, max_size=60).filter(str.strip))
def test_what_a_column_stores_reads_back_as_itself(column, text):
    try:
        stored = column.parse(text)
    except UserMistake:
        return
    if isinstance(stored, str):
        assert column.parse(stored) == stored


@pytest.mark.parametrize("hidden", ["\x1b@", "\x00=1+1", "\u200b=HYPERLINK(1)", "\ufeff@SUM(A1)", " \x07 +cmd|' /C calc'!A0"])
@pytest.mark.parametrize("name", ["remarks", "street", "town"])
def test_a_formula_behind_a_sign_nobody_sees_is_refused(name, hidden):
    column = next(column for column in IMPORT_COLUMNS if column.name == name)
    try:
        assert not (column.parse(hidden) or "").startswith(("=", "@", "+"))
    except UserMistake as mistake:
        assert "formula" in str(mistake)  # noqa: PT017 -- refused, or stored as it is read: never as a formula


def test_every_example_in_the_template_is_valid():
    for column in IMPORT_COLUMNS:
        if column.example:
            assert column.parse(column.example) is not None, column.name


def test_month_names_come_in_the_language_of_the_reader():
    with force_locale("nl"):
        assert refused(values.parse_date, "31/02/1951")[0].split()[:2] == ["31", "februari"]


def test_first_birth_date_is_that_of_the_forms():
    assert values.parse_birth_date("01/01/1900") == parsing.FIRST_BIRTH_DATE
