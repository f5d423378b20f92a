from datetime import date

import phonenumbers
import pytest
import time_machine
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from core.contacts import parsing
from core.contacts.attributes import clean_values, clean_whose
from core.errors import UserMistake


@pytest.fixture(autouse=True)
def _texts(request: pytest.FixtureRequest) -> None:
    """Mistakes are translated, which needs an application."""
    if "given" not in request.keywords:
        request.getfixturevalue("context")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Jan   Peeters ", "Jan Peeters"),
        ("Rene\u0301", "René"),
        ("Jan\u202eveP", "JanveP"),
        ("a\x00b\x1fc", "abc"),
        ("Anne\u2011Marie", "Anne\u2011Marie"),
        ("   ", None),
        (None, None),
    ],
)
def test_line_is_trimmed_and_cleaned(typed: str | None, stored: str | None) -> None:
    assert parsing.parse_line(typed, longest=80) == stored


def test_line_too_long_is_refused() -> None:
    assert parsing.parse_line("x" * 80, longest=80) == "x" * 80
    with pytest.raises(UserMistake):
        parsing.parse_line("x" * 81, longest=80)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("0470/12.34.56", "+32 470 12 34 56"),
        ("0470 12 34 56", "+32 470 12 34 56"),
        ("+32(0)470 123456", "+32 470 12 34 56"),
        ("0032470123456", "+32 470 12 34 56"),
        ("016 12 34 56", "+32 16 12 34 56"),
        ("+31 6 12345678", "+31 6 12345678"),
        ("", None),
    ],
)
@pytest.mark.covers("R079")
def test_phone_is_stored_in_international_form(typed: str, stored: str | None) -> None:
    assert parsing.parse_phone(typed) == stored


def test_phone_without_prefix_is_from_the_given_country() -> None:
    assert parsing.parse_phone("06 12345678", "NL") == "+31 6 12345678"


@pytest.mark.parametrize("typed", ["12", "abc", "0470 12 34", "0470 12 34 5", "+32 470 12 34 56 78 90 12", "0" * 60, "٠٤٧٠١٢٣٤٥٦x"])
def test_impossible_phone_is_refused(typed: str) -> None:
    with pytest.raises(UserMistake):
        parsing.parse_phone(typed)


@given(st.from_regex(r"(\+32|0032|0)4[5-9][0-9]{7}", fullmatch=True), st.sampled_from(["", " ", "/", ".", "-"]))
def test_quick_way_for_belgian_mobiles_equals_the_library(number: str, mark: str) -> None:
    head = number[: number.index("4") + 3]
    typed = head + mark + number[len(head) :]
    known = phonenumbers.format_number(phonenumbers.parse(typed, "BE"), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    assert parsing.parse_phone(typed) == known


@given(st.from_regex(r"[a-zA-Z0-9_.+-]{1,12}@[a-zA-Z0-9.-]{1,12}\.[a-z]{2,4}", fullmatch=True).filter(str.isascii))
def test_quick_way_for_addresses_equals_the_library(typed: str) -> None:
    try:
        known = validate_email(typed, check_deliverability=False).normalized
    except EmailNotValidError:
        return  # the quick way may only be stricter or equal; the refusals are listed below
    assert parsing.parse_email(typed) == known


@pytest.mark.parametrize(
    "typed",
    [
        *("kas@delinde", "jan", "@x.be", "a@@b.be", "a b@c.be", ".a@b.be", "a..b@c.be", "a@-b.be", "a@b.be\nBcc: c@d.be", "é@b.be", "a@b.test"),
        *("x" * 65 + "@b.be", "a@" + "b" * 260 + ".be"),
    ],
)
def test_wrong_address_is_refused(typed: str) -> None:
    with pytest.raises(UserMistake):
        parsing.parse_email(typed)


def test_address_keeps_its_name_and_gets_a_small_domain() -> None:
    assert parsing.parse_email(" Jan.Peeters@Mail.Example ") == "Jan.Peeters@mail.example"


@pytest.mark.parametrize(
    ("typed", "country", "stored"),
    [("3200", "BE", "3200"), ("B-3200", "BE", "3200"), ("1012ab", "NL", "1012 AB"), ("59000", "FR", "59000"), ("SW1A 1AA", "GB", "SW1A 1AA"), ("", "BE", None)],
)
def test_postcode_is_stored_as_its_country_writes_it(typed: str, country: str, stored: str | None) -> None:
    assert parsing.parse_postcode(typed, country) == stored


@pytest.mark.parametrize(("typed", "country"), [("0200", "BE"), ("32000", "BE"), ("1012", "NL"), ("٣٢٠٠", "BE"), ("x" * 13, "GB")])
def test_wrong_postcode_is_refused(typed: str, country: str) -> None:
    with pytest.raises(UserMistake):
        parsing.parse_postcode(typed, country)


@time_machine.travel("2027-03-11 12:00:00Z")
def test_birth_date_lies_between_1900_and_today() -> None:
    assert parsing.parse_birth_date("14/05/1954") == date(1954, 5, 14)
    assert parsing.parse_birth_date("1954-05-14") == date(1954, 5, 14)
    assert parsing.parse_birth_date("11/03/2027") == date(2027, 3, 11)
    assert parsing.parse_birth_date("01/01/1900") == date(1900, 1, 1)
    for wrong in ("12/03/2027", "31/12/1899", "31/02/1990", "14/05/54", "gisteren", "0000-00-00"):
        with pytest.raises(UserMistake):
            parsing.parse_birth_date(wrong)


def test_codes_come_from_a_list() -> None:
    assert parsing.parse_code("be", parsing.COUNTRIES, capitals=True) == "BE"
    assert parsing.parse_code("NL", parsing.LANGUAGES, capitals=False) == "nl"
    for wrong in ("EU", "ZZ", "België", "<b>"):
        with pytest.raises(UserMistake):
            parsing.parse_code(wrong, parsing.COUNTRIES, capitals=True)


def test_every_mistake_is_found_at_once() -> None:
    cleaned, mistakes = clean_values({"first_name": "An", "email_1": "kas@delinde", "postcode": "1", "phone": "x"}, complete=True)

    assert cleaned == {"first_name": "An"}
    assert [mistake.field for mistake in mistakes] == ["last_name", "email_1", "phone", "postcode"]


def test_numbers_and_postcode_follow_the_country_that_is_typed_with_them() -> None:
    cleaned, mistakes = clean_values({"country": "nl", "postcode": "1012ab", "mobile_1": "06 12345678"})

    assert mistakes == []
    assert cleaned == {"country": "NL", "postcode": "1012 AB", "mobile_1": "+31 6 12345678"}


@pytest.mark.parametrize("name", ["organisation_id", "id", "version", "name_key", "deleted_at", "is_admin"])
def test_columns_that_are_not_filled_in_are_refused_loudly(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be filled in"):
        clean_values({name: "1"})


def test_whose_is_short_and_only_for_addresses_and_numbers() -> None:
    assert clean_whose({"email_2": " daughter ", "email_3": ""}) == {"email_2": "daughter", "email_3": None}
    with pytest.raises(UserMistake):
        clean_whose({"email_2": "x" * 41})
    with pytest.raises(ValueError, match="cannot belong"):
        clean_whose({"street": "daughter"})
