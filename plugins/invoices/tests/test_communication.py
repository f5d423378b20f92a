"""The structured communication and the QR code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.be import ogm_vcs

from plugins.invoices.communication import check_digits, communication_of, qr_payload, qr_svg, read_communication, show_communication

TABLE = (
    (97, 97),  # a remainder of 0 is written as 97
    (194, 97),
    (1, 1),
    (96, 96),
    (98, 1),
    (108068171, 83),  # 010/8068/17183
    (909337554, 93),  # 090/9337/55493
    (9_999_999_999, 9_999_999_999 % 97 or 97),
    (2_704_100_001, 58),
)


@pytest.mark.parametrize(("number", "check"), TABLE)
def test_check_digits(number: int, check: int) -> None:
    assert check_digits(number) == check


@given(st.integers(2000, 2199), st.integers(1, 10**8 - 1))
def test_every_communication_is_one_a_bank_accepts(year: int, sequence: int) -> None:
    digits = communication_of(year, sequence)

    assert len(digits) == 12
    assert ogm_vcs.is_valid(digits)
    assert read_communication(show_communication(digits)) == digits


def test_sequences_that_do_not_fit_are_refused() -> None:
    for sequence in (0, -1, 10**8):
        with pytest.raises(ValueError, match="99,999,999"):
            communication_of(2027, sequence)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+++010/8068/17183+++", "010806817183"),
        ("***010/8068/17183***", "010806817183"),
        (" 010 8068 17183 ", "010806817183"),
        ("+++010/8068/17184+++", None),
        ("thank you", None),
        ("010806817", None),
    ],
)
def test_what_people_type_is_read(text: str, digits: str | None) -> None:
    assert read_communication(text) == digits


def test_qr_payload_follows_the_european_form() -> None:
    payload = qr_payload(name="OKRA-SPORT+ vzw", iban="BE68 5390 0754 7034", bic=None, cents=256250, communication="270410000158")

    assert payload.split("\n") == ["BCD", "002", "1", "SCT", "", "OKRA-SPORT+ vzw", "BE68539007547034", "EUR2562.50", "", "", "+++270/4100/00158+++", ""]


def test_qr_payload_holds_no_extra_lines_and_no_impossible_amount() -> None:
    payload = qr_payload(name="Evil\nBE00\n" + "x" * 200, iban="BE68539007547034", bic="GKCCBEBB", cents=5, communication="010806817183")

    assert payload.split("\n")[5] == ("Evil BE00 " + "x" * 200)[:70]
    assert payload.split("\n")[7] == "EUR0.05"
    for cents in (0, -1, 10**11):
        with pytest.raises(ValueError, match="cents"):
            qr_payload(name="x", iban="BE68539007547034", bic=None, cents=cents, communication="010806817183")


def test_qr_is_a_drawing_without_a_picture() -> None:
    svg = qr_svg("BCD\n002", scales=True)

    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox=')
    assert ("<image" in svg, "<path" in svg, "<script" in svg) == (False, True, False)
