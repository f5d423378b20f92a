"""What can be filled in of a contact: labels, groups, and how each value is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.contacts import parsing
from core.contacts.models import GENDERS, Contact
from core.errors import UserMistake
from core.i18n import _, _l, format_date

GENDER_TITLES = {"F": _l("Woman"), "M": _l("Man"), "X": _l("Other")}
#: fields that may belong to somebody else, see Contact.whose
CAN_BE_OF_OTHERS = ("email_1", "email_2", "email_3", "mobile_1", "mobile_2", "mobile_3", "phone")
LONGEST_WHOSE = 40


@dataclass(frozen=True)
class Attribute:
    """One fact about a contact.

    kind: how it is asked: "text", "date", "choice", "email", "tel", "paragraphs" or "yes".
    clean: (typed value, country) -> value to store; raises UserMistake.
    show: stored value -> text; default the value itself.
    """

    name: str
    label: Any
    group: str
    kind: str
    clean: Callable[[Any, str], Any]
    show: Callable[[Any], str] = lambda value: str(value) if value else ""
    required: bool = False


def longest(name: str) -> int:
    """How many characters the column of an attribute holds."""
    return int(Contact.__table__.c[name].type.length)  # type: ignore[attr-defined]


def _line(name: str, label: Any, group: str, *, required: bool = False) -> Attribute:
    return Attribute(name, label, group, "text", lambda text, _country: parsing.parse_line(text, longest=longest(name)), required=required)


def _email(name: str, label: Any) -> Attribute:
    return Attribute(name, label, "reach", "email", lambda text, _country: parsing.parse_email(text))


def _phone(name: str, label: Any) -> Attribute:
    return Attribute(name, label, "reach", "tel", parsing.parse_phone)


def _code(name: str, label: Any, group: str, allowed: frozenset[str], show: Callable[[Any], str], *, capitals: bool = True) -> Attribute:
    return Attribute(name, label, group, "choice", lambda text, _country: parsing.parse_code(text, allowed, capitals=capitals), show)


def _yes(value: Any, _country: str) -> bool | None:
    """Yes, or nothing: "no" is what everybody has who said nothing."""
    if value not in (None, "", False, True):
        raise UserMistake(_("Choose yes or no."))
    return True if value else None


def show_country(code: str | None) -> str:
    return f"{code} - {parsing.country_name(code)}" if code else ""


def show_gender(code: str | None) -> str:
    """What people call it, in the reader's language; "" when it is not known."""
    return str(GENDER_TITLES.get(code or "", ""))


ATTRIBUTES: tuple[Attribute, ...] = (
    _line("first_name", _l("First name"), "person", required=True),
    _line("last_name", _l("Family name"), "person", required=True),
    Attribute("birth_date", _l("Birth date"), "person", "date", lambda text, _country: parsing.parse_birth_date(text), format_date),
    _code("gender", _l("Gender"), "person", frozenset(GENDERS), show_gender),
    _code("nationality", _l("Nationality"), "person", parsing.COUNTRIES, show_country),
    _code("language", _l("Language"), "person", parsing.LANGUAGES, parsing.language_name, capitals=False),
    _email("email_1", _l("E-mail address 1")),
    _email("email_2", _l("E-mail address 2")),
    _email("email_3", _l("E-mail address 3")),
    _phone("mobile_1", _l("Mobile 1")),
    _phone("mobile_2", _l("Mobile 2")),
    _phone("mobile_3", _l("Mobile 3")),
    _phone("phone", _l("Telephone")),
    _line("street", _l("Street"), "address"),
    _line("house_number", _l("Number"), "address"),
    _line("box", _l("Box"), "address"),
    Attribute("postcode", _l("Postcode"), "address", "text", parsing.parse_postcode),
    _line("town", _l("Town"), "address"),
    _code("country", _l("Country"), "address", parsing.COUNTRIES, show_country),
    Attribute("remarks", _l("Remarks"), "remarks", "paragraphs", lambda text, _country: parsing.parse_paragraphs(text, longest=longest("remarks"))),
    Attribute("not_findable", _l("Not findable"), "reach", "yes", _yes, lambda value: _("Yes") if value else ""),
)
BY_NAME: Mapping[str, Attribute] = {attribute.name: attribute for attribute in ATTRIBUTES}


def clean_values(values: Mapping[str, Any], *, country: str | None = None, complete: bool = False) -> tuple[dict[str, Any], list[UserMistake]]:
    """Check typed values by attribute; returns what can be stored and every mistake found.

    `country` is where phone numbers and postcodes are from when `values` name none.
    `complete`: a new contact, so what is required must be there. "whose" and "extra" are not
    looked at here. An attribute that cannot be filled in is a bug of the caller.
    """
    unknown = values.keys() - BY_NAME.keys() - {"whose", "extra"}
    if unknown:
        raise ValueError(f"cannot be filled in: {sorted(unknown)}")
    cleaned: dict[str, Any] = {}
    mistakes: list[UserMistake] = []
    home = str(values.get("country") or country or "BE").strip().upper()
    for attribute in ATTRIBUTES:
        if attribute.name not in values and not (complete and attribute.required):
            continue
        try:
            value = attribute.clean(values.get(attribute.name), home)
            if value is None and attribute.required:
                raise UserMistake(_("Fill in %(label)s.", label=str(attribute.label).lower()))
            cleaned[attribute.name] = value
        except UserMistake as mistake:
            mistakes.append(UserMistake(mistake.message, field=attribute.name))
    return cleaned, mistakes


def clean_whose(whose: Mapping[str, str | None]) -> dict[str, str | None]:
    """Whose addresses and numbers these are; None for the contact's own."""
    unknown = whose.keys() - set(CAN_BE_OF_OTHERS)
    if unknown:
        raise ValueError(f"cannot belong to others: {sorted(unknown)}")
    found: dict[str, str | None] = {}
    for name, text in whose.items():
        try:
            found[name] = parsing.parse_line(text, longest=LONGEST_WHOSE)
        except UserMistake as mistake:
            raise UserMistake(mistake.message, field=f"whose_{name}") from None
    return found
