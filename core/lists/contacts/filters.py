"""What the core can search contacts on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.contacts.models import Contact
from core.contacts.names import fold
from core.contacts.parsing import country_choices, language_choices
from core.i18n import _l
from core.lists.conditions import (
    Condition,
    age_condition,
    choice_condition,
    date_condition,
    instant_condition,
    like_pattern,
    text_condition,
)
from core.lists.contacts.columns import GENDER_TITLES
from core.lists.filters import Filter

LIST = "contacts"
PANEL = _l("Contact details")


def name_condition(operator: str, value: Any) -> Any:
    """Names are compared folded: no capitals, accents or order of first and last name."""
    folded = fold(str(value))
    if operator == "is":
        first, _space, rest = folded.partition(" ")
        return Contact.name_key.in_([folded, f"{rest} {first}".strip()])
    return Contact.name_key.like(like_pattern(folded), escape="/")


def _text(name: str, label: Any, *expressions: Any, position: int) -> Filter:
    return Filter(name, LIST, label, PANEL, "text", text_condition(*expressions), position=position)


def _choice(name: str, label: Any, expression: Any, choices: Any, *, position: int) -> Filter:
    return Filter(name, LIST, label, PANEL, "choice", choice_condition(expression), choices=choices, position=position)


def _day(name: str, label: Any, condition: Condition, *, position: int) -> Filter:
    return Filter(name, LIST, label, PANEL, "date", condition, position=position)


def _genders() -> Sequence[tuple[str, Any]]:
    return list(GENDER_TITLES.items())


FILTERS = (
    Filter("name", LIST, _l("Name"), PANEL, "text", name_condition, operators=("contains", "is"), position=1),
    _text("first_name", _l("First name"), Contact.first_name, position=2),
    _text("last_name", _l("Last name"), Contact.last_name, position=3),
    Filter("age", LIST, _l("Age"), PANEL, "number", age_condition(Contact.birth_date), position=10),
    _day("birth_date", _l("Date of birth"), date_condition(Contact.birth_date), position=11),
    _choice("gender", _l("Gender"), Contact.gender, _genders, position=12),
    _choice("nationality", _l("Nationality"), Contact.nationality, country_choices, position=13),
    _choice("language", _l("Language"), Contact.language, language_choices, position=14),
    _text("email", _l("E-mail address"), Contact.email_1, Contact.email_2, Contact.email_3, position=20),
    _text("email_1", _l("E-mail address 1"), Contact.email_1, position=21),
    _text("phone", _l("Phone or mobile"), Contact.mobile_1, Contact.mobile_2, Contact.mobile_3, Contact.phone, position=22),
    _text("street", _l("Street"), Contact.street, position=30),
    _text("postcode", _l("Postcode"), Contact.postcode, position=31),
    _text("town", _l("Town"), Contact.town, position=32),
    _choice("country", _l("Country"), Contact.country, country_choices, position=33),
    _text("remarks", _l("Remarks"), Contact.remarks, position=40),
    _day("created_at", _l("Added on"), instant_condition(Contact.created_at), position=50),
    _day("changed_at", _l("Changed on"), instant_condition(Contact.changed_at), position=51),
)
