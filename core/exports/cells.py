"""Makes values safe and typed for spreadsheet programs."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from core.i18n import _

#: characters XML 1.0 cannot hold, other control characters, and lone surrogates
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile(r"[\t\r\n\u2028\u2029]+")
#: blanks, marks and quotes a program may look through on its way to the first real character
_INVISIBLE = " \u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff'\""
_FORMULA_STARTS = "=+-@|%"
#: international and plain numbers: "+32 470 00 00 12" and "-5" are data, not formulas
_NUMERIC = re.compile(r"[+-]?[\d\s.,/()-]*\d[\d\s.,/()-]*")
#: what one XLSX cell holds
LONGEST_TEXT = 32_767
#: larger integers lose digits in a spreadsheet
LARGEST_INTEGER = 2**53
FIRST_XLSX_DAY = date(1900, 3, 1)  # Excel's calendar has a 29 February 1900


def clean_text(text: str) -> str:
    """Text without characters that break files or hide what follows them."""
    return _UNPRINTABLE.sub("", text)


def csv_text(text: str) -> str:
    """Text that stays text when a spreadsheet program opens the CSV file.

    Line breaks and tabs become spaces; what a program would take for a formula gets a
    leading apostrophe. The test looks through full-width characters and leading blanks.
    """
    text = _BREAKS.sub(" ", clean_text(text))
    plain = unicodedata.normalize("NFKC", text).lstrip(_INVISIBLE)
    if len(plain) > 1 and plain[0] in _FORMULA_STARTS and not _NUMERIC.fullmatch(plain):
        return f"'{text}"
    return text


def to_cell(value: Any) -> Any:
    """A value of a column as XLSX takes it: text, number, date or nothing. Text stays text."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return clean_text(value)[:LONGEST_TEXT]
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return value if abs(value) < LARGEST_INTEGER else str(value)
    if isinstance(value, float):
        return value if value - value == 0 else None  # neither infinite nor "not a number"
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(clock.DEFAULT_ZONE)) if value.tzinfo else value
        return local.replace(tzinfo=None, microsecond=0) if local.date() >= FIRST_XLSX_DAY else local.strftime("%d/%m/%Y %H:%M")
    if isinstance(value, date):
        return value if value >= FIRST_XLSX_DAY else value.strftime("%d/%m/%Y")
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(str(to_cell(each)) for each in value if each is not None)[:LONGEST_TEXT] or None
    return clean_text(str(value))[:LONGEST_TEXT]


def to_csv_cell(value: Any) -> str:
    """A value of a column as CSV takes it, written as people here write it."""
    if isinstance(value, str):
        return csv_text(value)
    cell = to_cell(value)
    if cell is None:
        return ""
    if isinstance(cell, str):
        return csv_text(cell)
    if isinstance(cell, datetime):
        return cell.strftime("%d/%m/%Y %H:%M") if cell.time() != time() else cell.strftime("%d/%m/%Y")
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    if isinstance(cell, float):
        return f"{cell:.10g}".replace(".", ",")
    return str(cell)
