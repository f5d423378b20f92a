"""What the core can search contacts on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.contacts.attributes import BY_NAME, GENDER_TITLES
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
    yes_no_condition,
)
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


def _text(name: str, *expressions: Any, label: Any = None, position: int) -> Filter:
    condition = text_condition(*expressions or (getattr(Contact, name),))
    return Filter(name, LIST, label or BY_NAME[name].label, PANEL, "text", condition, position=position)


def _choice(name: str, choices: Any, *, position: int) -> Filter:
    return Filter(name, LIST, BY_NAME[name].label, PANEL, "choice", choice_condition(getattr(Contact, name)), choices=choices, position=position)


def _day(name: str, label: Any, condition: Condition, *, position: int) -> Filter:
    return Filter(name, LIST, label, PANEL, "date", condition, position=position)


def _genders() -> Sequence[tuple[str, Any]]:
    return list(GENDER_TITLES.items())


FILTERS = (
    Filter("name", LIST, _l("Name"), PANEL, "text", name_condition, operators=("contains", "is"), position=1),
    _text("first_name", position=2),
    _text("last_name", position=3),
    Filter("age", LIST, _l("Age"), PANEL, "number", age_condition(Contact.birth_date), position=10),
    _day("birth_date", BY_NAME["birth_date"].label, date_condition(Contact.birth_date), position=11),
    _choice("gender", _genders, position=12),
    _choice("nationality", country_choices, position=13),
    _choice("language", language_choices, position=14),
    _text("email", Contact.email_1, Contact.email_2, Contact.email_3, label=_l("E-mail address"), position=20),
    _text("email_1", position=21),
    _text("any_phone", Contact.mobile_1, Contact.mobile_2, Contact.mobile_3, Contact.phone, label=_l("Telephone or mobile"), position=22),
    _text("street", position=30),
    _text("postcode", position=31),
    _text("town", position=32),
    _choice("country", country_choices, position=33),
    _text("remarks", position=40),
    Filter("not_findable", LIST, BY_NAME["not_findable"].label, PANEL, "yes_no", yes_no_condition(Contact.not_findable), position=45),
    _day("created_at", _l("Added on"), instant_condition(Contact.created_at), position=50),
    _day("changed_at", _l("Changed on"), instant_condition(Contact.changed_at), position=51),
)
