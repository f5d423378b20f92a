"""The Belgian structured communication and the QR code a banking app reads."""

from __future__ import annotations

import io
import re

#: always the same: looking for the best one costs most of the time and no app needs it
MASK = 3
COLOUR = "#111"
LONGEST_NAME = 70
_DIGITS = re.compile(r"\d{12}")


def check_digits(first_ten: int) -> int:
    """The remainder of the first ten digits by 97, where 0 is written as 97."""
    return first_ten % 97 or 97


def communication_of(year: int, sequence: int) -> str:
    """Twelve digits for invoice `sequence` of a fiscal year: two of the year, eight of the number, two to check."""
    if not 0 < sequence < 10**8:
        raise ValueError(f"a fiscal year has at most 99,999,999 invoices, this is number {sequence}")
    first_ten = year % 100 * 10**8 + sequence
    return f"{first_ten:010}{check_digits(first_ten):02}"


def show_communication(digits: str) -> str:
    """As it stands on a transfer: +++090/9337/55493+++."""
    return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"


def read_communication(text: str) -> str | None:
    """The twelve digits out of what a bank or a person wrote; None when they are wrong."""
    digits = re.sub(r"[\s+*/.-]", "", text)
    if not _DIGITS.fullmatch(digits) or check_digits(int(digits[:10])) != int(digits[10:]):
        return None
    return digits


def qr_payload(*, name: str, iban: str, bic: str | None, cents: int, communication: str) -> str:
    """What an EPC QR code says: whom, which account, how much, with which communication."""
    if not 0 < cents <= 99_999_999_999:
        raise ValueError(f"a transfer of {cents} cents does not exist")
    amount = f"EUR{cents // 100}.{cents % 100:02}"
    line = " ".join(name.split())[:LONGEST_NAME]
    return "\n".join(("BCD", "002", "1", "SCT", bic or "", line, iban.replace(" ", ""), amount, "", "", show_communication(communication), ""))


def qr_svg(payload: str, *, scales: bool = False) -> str:
    """The code as a drawing of lines, without a border: of a fixed size, or (`scales`) as large as its box."""
    import segno  # noqa: PLC0415 -- slow import

    code = segno.make(payload, error="m", mask=MASK, micro=False, encoding="utf-8", boost_error=False)
    out = io.BytesIO()
    code.save(out, kind="svg", border=0, scale=1, dark=COLOUR, xmldecl=False, svgns=True, nl=False, svgclass=None, lineclass=None, omitsize=scales)
    return out.getvalue().decode()
