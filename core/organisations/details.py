"""What can be filled in of an organisation: labels, groups, and how each value is checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from stdnum import bic as bic_numbers
from stdnum import iban as iban_numbers
from stdnum.eu import vat as vat_numbers
from stdnum.exceptions import ValidationError

from core.contacts import parsing
from core.errors import UserMistake
from core.i18n import LANGUAGES, _, _l
from core.organisations.models import Organisation
from core.web.accent import contrast, readable_accent

ADDRESS = ("street", "house_number", "box", "postcode", "town", "country")
INVOICE = "invoice_"


@dataclass(frozen=True)
class Detail:
    """One fact about an organisation. `clean`: (typed, country) -> value to store, or UserMistake."""

    name: str
    label: Any
    kind: str
    clean: Callable[[str | None, str], Any]
    required: bool = False
    longest: int = 200


def longest(name: str) -> int:
    return int(Organisation.__table__.c[name].type.length)  # type: ignore[attr-defined]


def clean_vat(text: str | None, country: str) -> str | None:
    """ "be 0475.123.456" -> "BE0475123456"; a number without country is one of `country`."""
    typed = (parsing.parse_line(text, longest=40) or "").upper()
    if not typed:
        return None
    plain = re.sub(r"[\s.\-/]+", "", typed)
    try:
        return str(vat_numbers.validate(plain if plain[:2].isalpha() else f"{country}{plain}"))
    except ValidationError:
        raise UserMistake(_("This VAT number is not right. It looks like %(example)s.", example="BE 0403.170.701")) from None


def clean_iban(text: str | None, _country: str) -> str | None:
    """Compact, checked by its own digits."""
    typed = parsing.parse_line(text, longest=60)
    if typed is None:
        return None
    try:
        return str(iban_numbers.validate(typed, check_country=False))  # its list of banks is never complete
    except ValidationError:
        raise UserMistake(_("This account number is not right. Check the digits; it looks like %(example)s.", example="BE68 5390 0754 7034")) from None


def clean_bic(text: str | None, _country: str) -> str | None:
    typed = parsing.parse_line(text, longest=20)
    if typed is None:
        return None
    try:
        return str(bic_numbers.validate(typed))
    except ValidationError:
        raise UserMistake(_("This BIC is not right. It has 8 or 11 letters and digits.")) from None


def clean_website(text: str | None, _country: str) -> str | None:
    """With https:// in front when nothing was typed there; no other kinds of address."""
    typed = parsing.parse_line(text, longest=longest("website") - 8)
    if typed is None:
        return None
    found = typed if "://" in typed else f"https://{typed}"
    problem = UserMistake(_("This is not the address of a website. It looks like %(example)s.", example="www.example.be"))
    try:
        parts = urlsplit(found)
        host = parts.hostname or ""
    except ValueError:
        raise problem from None
    if parts.scheme not in ("http", "https") or "." not in host or " " in found or parts.username is not None:
        raise problem
    return found


def clean_accent(text: str | None, _country: str) -> str:
    """A colour white letters can be read on."""
    typed = (text or "").strip().lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", typed):
        raise UserMistake(_("Choose a colour, or write it like %(example)s.", example="#14734a"))
    readable = readable_accent(typed)
    if readable != typed:
        raise UserMistake(
            _(
                "White letters are hard to read on this colour (contrast %(contrast)s to 1, 4.5 is needed). %(colour)s is close to it and can be read.",
                contrast=f"{contrast(typed, '#ffffff'):.1f}",
                colour=readable,
            )
        )
    return typed


def show_iban(iban: str | None) -> str:
    """BE68 5390 0754 7034"""
    return str(iban_numbers.format(iban)) if iban else ""


def show_vat(number: str | None) -> str:
    if number and re.fullmatch(r"BE\d{10}", number):
        return f"BE {number[2:6]}.{number[6:9]}.{number[9:]}"
    return number or ""


def _line(name: str, label: Any, *, required: bool = False, column: str | None = None) -> Detail:
    size = longest(column or name)
    return Detail(name, label, "text", lambda text, _country: parsing.parse_line(text, longest=size), required, size)


def _email(name: str, label: Any) -> Detail:
    return Detail(name, label, "email", lambda text, _country: parsing.parse_email(text), longest=254)


def _country(name: str) -> Detail:
    return Detail(name, _l("Country"), "country", lambda text, _home: parsing.parse_code(text, parsing.COUNTRIES, capitals=True))


def _address(prefix: str = "") -> tuple[Detail, ...]:
    return (
        _line(f"{prefix}street", _l("Street"), column="street"),
        _line(f"{prefix}house_number", _l("Number"), column="house_number"),
        _line(f"{prefix}box", _l("Box"), column="box"),
        Detail(f"{prefix}postcode", _l("Postcode"), "text", parsing.parse_postcode, longest=12),
        _line(f"{prefix}town", _l("Town"), column="town"),
        _country(f"{prefix}country"),
    )


DETAILS: tuple[Detail, ...] = (
    _line("name", _l("Call name"), required=True),
    _line("official_name", _l("Official name"), required=True),
    Detail("language", _l("Language"), "language", lambda text, _country: parsing.parse_code(text, frozenset(LANGUAGES), capitals=False), required=True),
    _email("email", _l("General e-mail address")),
    Detail("phone", _l("General phone number"), "tel", parsing.parse_phone, longest=40),
    Detail("website", _l("Website"), "text", clean_website),
    *_address(),
    Detail("vat_number", _l("VAT number"), "text", clean_vat, longest=20),
    Detail("iban", _l("Account number"), "text", clean_iban, longest=42),
    Detail("bic", _l("BIC"), "text", clean_bic, longest=11),
    _email("invoice_email", _l("Invoice e-mail address")),
    *_address(INVOICE),
    Detail("accent", _l("Colour"), "colour", clean_accent, required=True, longest=7),
)
BY_NAME: Mapping[str, Detail] = {detail.name: detail for detail in DETAILS}
INVOICE_ADDRESS = tuple(f"{INVOICE}{part}" for part in ADDRESS)


def values_of(organisation: Organisation) -> dict[str, Any]:
    """What is stored now, by detail; the invoice address is empty when it is the same."""
    address = organisation.invoice_address or {}
    found = {detail.name: getattr(organisation, detail.name) for detail in DETAILS if detail.name not in INVOICE_ADDRESS}
    return found | {f"{INVOICE}{part}": address.get(part) for part in ADDRESS}


def clean_details(values: Mapping[str, str | None]) -> tuple[dict[str, Any], list[UserMistake]]:
    """Check what was typed, by detail; returns what can be stored and every mistake found."""
    unknown = values.keys() - BY_NAME.keys()
    if unknown:
        raise ValueError(f"cannot be filled in: {sorted(unknown)}")
    cleaned: dict[str, Any] = {}
    mistakes: list[UserMistake] = []
    for name, typed in values.items():
        detail = BY_NAME[name]
        home = values.get(f"{INVOICE}country" if name in INVOICE_ADDRESS else "country") or values.get("country") or "BE"
        try:
            value = detail.clean(typed, str(home).upper())
            if value is None and detail.required:
                raise UserMistake(_("Fill in %(label)s.", label=str(detail.label).lower()))
            cleaned[name] = value
        except UserMistake as mistake:
            mistakes.append(UserMistake(mistake.message, field=name))
    if not mistakes and any(cleaned.get(name) for name in INVOICE_ADDRESS if name != f"{INVOICE}country"):
        missing = [part for part in ("street", "postcode", "town") if not cleaned.get(f"{INVOICE}{part}")]
        mistakes += [UserMistake(_("Complete the invoice address, or leave it all empty when it is the same."), field=f"{INVOICE}{part}") for part in missing]
    return cleaned, mistakes


def show(name: str, value: Any) -> str:
    """A stored value as people read it."""
    if value is None or value == "":
        return ""
    detail = BY_NAME.get(name)
    if detail is None:
        return str(value)
    if detail.kind == "country":
        return parsing.country_name(value)
    if detail.kind == "language":
        return LANGUAGES.get(value, value)
    return {"iban": show_iban, "vat_number": show_vat}.get(name, str)(value)


def address_lines(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    """An address as it stands on an envelope; empty when there is none."""
    street = " ".join(str(values.get(f"{prefix}{part}")) for part in ("street", "house_number") if values.get(f"{prefix}{part}"))
    if values.get(f"{prefix}box"):
        street = _("%(street)s box %(box)s", street=street, box=values[f"{prefix}box"])
    town = " ".join(str(values.get(f"{prefix}{part}")) for part in ("postcode", "town") if values.get(f"{prefix}{part}"))
    country = values.get(f"{prefix}country")
    if not (street or town):
        return []
    return [line for line in (street, town, parsing.country_name(country) if country and country != "BE" else "") if line]
