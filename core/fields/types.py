"""The kinds of extra fields: how a value is checked, stored, shown, listed and searched."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from stdnum import iban
from stdnum.be import nn

from core.contacts import parsing
from core.errors import UserMistake
from core.fields.extra_field import ExtraField
from core.i18n import _, _l, current_language, format_date

LONGEST_TEXT = 200
LONGEST_PARAGRAPHS = 4_000
LARGEST_NUMBER = Decimal("999999999999")
_YES = frozenset({"1", "true", "on", "yes", "y", "ja", "j", "oui", "o", "x", "waar", "vrai", "wahr"})
_NO = frozenset({"0", "false", "off", "no", "n", "nee", "neen", "non", "nein", "onwaar", "faux", "falsch"})


@dataclass(frozen=True)
class Kind:
    """One kind of field.

    clean: (what was typed, field) -> what is stored as JSON; None for nothing.
    show: (stored value, field) -> text.
    column, filter: what it is in lists; "" when it cannot be searched.
    """

    name: str
    title: Any
    hint: Any
    icon: str
    clean: Callable[[Any, ExtraField], Any]
    show: Callable[[Any, ExtraField], str]
    column: str = "text"
    filter: str = "text"
    importable: bool = True


def _same(value: Any, _field: ExtraField) -> str:
    return str(value)


def _text(value: Any, _field: ExtraField) -> str | None:
    return parsing.parse_line(str(value), longest=LONGEST_TEXT)


def _long_text(value: Any, _field: ExtraField) -> str | None:
    return parsing.parse_paragraphs(str(value), longest=LONGEST_PARAGRAPHS)


def _number(value: Any, _field: ExtraField) -> int | float | None:
    if isinstance(value, bool):
        raise UserMistake(_("This is not a number. Write it like 12 or 12,5."))
    typed = re.sub(r"[\s\u00a0\u202f']", "", str(value))
    if re.fullmatch(r"-?\d{1,3}(\.\d{3})+(,\d+)?", typed, re.ASCII):
        typed = typed.replace(".", "")
    try:
        if not re.fullmatch(r"-?\d+([.,]\d+)?", typed, re.ASCII):
            raise InvalidOperation
        number = Decimal(typed.replace(",", "."))
    except InvalidOperation:
        raise UserMistake(_("This is not a number. Write it like 12 or 12,5.")) from None
    if abs(number) > LARGEST_NUMBER:
        raise UserMistake(_("This number is too large."))
    return int(number) if number == number.to_integral_value() else float(round(number, 6))


def _show_number(value: Any, _field: ExtraField) -> str:
    text = str(value)
    return text if current_language() == "en" else text.replace(".", ",")


def _date(value: Any, _field: ExtraField) -> str | None:
    day = parsing.parse_date(value if isinstance(value, date) else str(value))
    if day is not None and not 1800 <= day.year <= 2200:
        raise UserMistake(_("Check the year of this date."))
    return day.isoformat() if day else None


def _show_date(value: Any, _field: ExtraField) -> str:
    try:
        return format_date(date.fromisoformat(str(value)))
    except ValueError:
        return str(value)


def _yes_no(value: Any, _field: ExtraField) -> bool | None:
    if isinstance(value, bool):
        return value
    typed = str(value).strip().lower()
    if typed in _YES:
        return True
    if typed in _NO:
        return False
    raise UserMistake(_("Choose yes or no."))


def _show_yes_no(value: Any, _field: ExtraField) -> str:
    return _("Yes") if value in (True, 1, "true") else _("No")


def _one_choice(value: Any, field: ExtraField) -> str:
    """By value, or by label in any language: imports bring labels."""
    typed = str(value).strip()
    for known, label in field.choices:
        if typed == known or typed.casefold() in {text.strip().casefold() for text in label.values()}:
            return known
    raise UserMistake(_("Choose one from the list."))


def _choices(value: Any, field: ExtraField) -> list[str] | None:
    if isinstance(value, str):
        whole = [value] if any(value.strip().casefold() == t.casefold() for _v, label in field.choices for t in label.values()) else None
        value = whole or [part for part in re.split(r"[;,|]", value) if part.strip()]
    chosen = {_one_choice(item, field) for item in value}
    return [known for known, _label in field.choices if known in chosen] or None


def _show_choice(value: Any, field: ExtraField) -> str:
    return field.choice_title(str(value))


def _show_choices(value: Any, field: ExtraField) -> str:
    return ", ".join(field.choice_title(str(item)) for item in value) if isinstance(value, (list, tuple)) else str(value)


def _email(value: Any, _field: ExtraField) -> str | None:
    return parsing.parse_email(str(value))


def _phone(value: Any, _field: ExtraField) -> str | None:
    return parsing.parse_phone(str(value))


def _url(value: Any, _field: ExtraField) -> str | None:
    typed = parsing.parse_line(str(value), longest=500)
    if not typed:
        return None
    if "://" not in typed and not re.match(r"[a-z][a-z0-9+.\-]*:", typed, re.IGNORECASE):
        typed = f"https://{typed}"
    try:
        parts = urlsplit(typed)
        host = parts.hostname or ""
        _port = parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or "." not in host or re.search(r"[\s\"'<>\\^`{|}]", typed) or parts.username:
        raise UserMistake(_("This is not the address of a website. Write it like www.example.org."))
    return typed


def _iban(value: Any, _field: ExtraField) -> str | None:
    typed = re.sub(r"[\s.\-]", "", str(value)).upper()
    if not typed:
        return None
    # not the list of banks, which grows old: structure and check digits, also the national ones
    is_right = typed.isascii() and typed.isalnum() and iban.is_valid(typed, check_country=False)
    if not is_right or (typed.startswith("BE") and int(typed[4:14]) % 97 != int(typed[14:]) % 97):
        raise UserMistake(_("This account number is not right. Check it: it looks like BE68 5390 0754 7034."))
    return str(iban.compact(typed))


def _show_iban(value: Any, _field: ExtraField) -> str:
    return " ".join(re.findall(".{1,4}", str(value)))


def _national_number(value: Any, _field: ExtraField) -> str | None:
    typed = re.sub(r"[\s.\-/]", "", str(value))
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal() and len(typed) == 11 and nn.is_valid(typed)):
        raise UserMistake(_("This national number is not right. It has 11 digits, like 85.07.30-033.28; check each of them."))
    return typed


def _show_national_number(value: Any, _field: ExtraField) -> str:
    text = str(value)
    return f"{text[:2]}.{text[2:4]}.{text[4:6]}-{text[6:9]}.{text[9:]}" if len(text) == 11 else text


def _file(value: Any, _field: ExtraField) -> int | None:
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise UserMistake(_("Choose the file again.")) from None
    return number if 0 < number < 2**31 else None


def _show_file(_value: Any, _field: ExtraField) -> str:
    return _("File")


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("text", _l("Text"), _l("One line, for example a profession"), "typography", _text, _same),
        Kind("long_text", _l("Long text"), _l("Several lines, for example remarks"), "align-left", _long_text, _same),
        Kind("number", _l("Number"), _l("Whole or with decimals"), "hash", _number, _show_number, "number", "number"),
        Kind("date", _l("Date"), _l("For example a day of issue"), "calendar", _date, _show_date, "date", "date"),
        Kind("yes_no", _l("Yes or no"), _l("A box to tick"), "toggle-left", _yes_no, _show_yes_no, "yes_no", "yes_no"),
        Kind("choice", _l("Choice from a list"), _l("One answer from a list you make"), "list", _one_choice, _show_choice, "text", "choice"),
        Kind("multi_choice", _l("Several choices"), _l("One or more answers from a list"), "list-check", _choices, _show_choices, "text", "choice"),
        Kind("file", _l("File"), _l("For example a certificate as PDF or photo"), "paperclip", _file, _show_file, "text", "", importable=False),
        Kind("email", _l("E-mail address"), _l("Checked as an address"), "mail", _email, _same, "email"),
        Kind("phone", _l("Phone number"), _l("Written in one way"), "phone", _phone, _same, "phone"),
        Kind("url", _l("Website"), _l("A link one can click"), "world", _url, _same),
        Kind("iban", _l("Bank account (IBAN)"), _l("Check digits are verified"), "building-bank", _iban, _show_iban),
        Kind(
            "national_number",
            _l("National number"),
            _l("Protected: hidden, each look is noted"),
            "shield-lock",
            _national_number,
            _show_national_number,
            "text",
            "",
            importable=False,
        ),
    )
}


def kind_of(field: ExtraField) -> Kind:
    return KINDS[field.type]
