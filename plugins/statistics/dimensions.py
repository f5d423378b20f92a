"""By what members can be counted: type, gender, age, region, town, club, and the choice fields of the federation."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import extract, func, literal, select

from core.api import Affiliation, Organisation, _, db, definitions, show_gender, text_of
from plugins.memberships.api import FederationMember, Membership, readable_keys, type_titles

#: first age of each band; the last has no end
BANDS = (0, 18, 35, 55, 65, 75, 85)
UNKNOWN = ""
NOBODY_OLDER = 130


@dataclass(frozen=True)
class Dimension:
    """A way to count.

    expression: SQL whose values are counted apart. person: it stands on what the federation knows of the person.
    title_of: value -> what people call it. is_many: a value is a JSON list, and somebody counts in each of its parts.
    order: values in the order of people; those that are not in it come after, by number.
    """

    key: str
    title: str
    expression: Any
    title_of: Callable[[str], str]
    person: bool = False
    is_many: bool = False
    order: tuple[str, ...] = ()

    def parts(self, value: Any) -> Sequence[str]:
        """The groups a value stands for."""
        if value is None or value == "":
            return (UNKNOWN,)
        if not self.is_many:
            return (str(value),)
        return tuple(dict.fromkeys(str(part) for part in read_list(value))) or (UNKNOWN,)


def read_list(value: Any) -> list[Any]:
    """A list as the database gives it: JSON text, or a list already."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return [value]
    return value if isinstance(value, list) else [value]


def band_of(age: int | None) -> str:
    """The key of the age band: "55" for 55 to 64; UNKNOWN for no age, and for one nobody has."""
    if age is None or not 0 <= age <= NOBODY_OLDER:
        return UNKNOWN
    return str(max(first for first in BANDS if first <= age))


def band_title(key: str) -> str:
    if key == UNKNOWN:
        return _("Unknown")
    first = int(key)
    later = next((band for band in BANDS if band > first), None)
    if later is None:
        return _("%(age)s and older", age=first)
    return _("%(first)s to %(last)s", first=first, last=later - 1) if first else _("Under %(age)s", age=later)


def age_in_year(birth_date: date | None, day: date) -> int | None:
    """The age somebody reaches in the year of `day`."""
    return None if birth_date is None else day.year - birth_date.year


def _or_unknown(titles: dict[str, str]) -> Callable[[str], str]:
    return lambda value: titles.get(value) or (value if value != UNKNOWN else _("Unknown"))


def everybody() -> Dimension:
    return Dimension("all", _("Everybody"), literal("all"), lambda _value: _("Members"))


def by_club() -> Dimension:
    return Dimension("club", _("Club"), Affiliation.organisation_id, lambda value: value)


def by_region(federation: Organisation) -> Dimension:
    return Dimension("region", _("Region"), Affiliation.region_id, _region_title(federation))


def dimensions(federation: Organisation) -> list[Dimension]:
    """All of them, in the order of the list to choose from."""
    types = {str(key): title for key, title in type_titles().items()}
    m, p = Membership, FederationMember
    return [
        everybody(),
        Dimension("type", _("Membership type"), m.type_id, _or_unknown(types), order=tuple(types)),
        Dimension("gender", _("Gender"), p.gender, _gender_title, person=True, order=("F", "M", "X", UNKNOWN)),
        Dimension(
            "age", _("Age"), extract("year", p.birth_date), band_title, person=True, order=(*(str(band) for band in BANDS), UNKNOWN)
        ),
        by_region(federation),
        Dimension("town", _("Town"), func.trim(func.coalesce(p.postcode, "") + " " + func.coalesce(p.town, "")), _or_unknown({}), person=True),
        *_choice_fields(federation),
    ]


def _gender_title(value: str) -> str:
    return show_gender(value) or _("Unknown")


def _region_title(federation: Organisation) -> Callable[[str], str]:
    rows = db.session.execute(select(Organisation.id, Organisation.name).where(Organisation.kind == "region", Organisation.parent_id == federation.id))
    names = {str(row.id): row.name for row in rows}
    return lambda value: names.get(value) or _("No region")


def _choice_fields(federation: Organisation) -> list[Dimension]:
    """Fields with a list of answers: of memberships, and those of contacts that the federation reads."""
    of_person = fields_as_dimensions("contact", FederationMember.extra, federation, person=True)
    return [*fields_as_dimensions("membership", Membership.extra, federation), *of_person]


def fields_as_dimensions(target: str, column: Any, federation: Organisation, *, person: bool = False) -> list[Dimension]:
    """Fields of a target with a list of answers that the federation reads; `column` holds their values by key."""
    read = readable_keys(federation) if target == "contact" else None
    found = []
    for field in definitions(target, federation):
        is_read = field.federation_reads if read is None else field.key in read
        if field.type not in ("choice", "multi_choice", "yes_no") or field.is_sensitive or not is_read:
            continue
        titles = dict(field.choice_titles())
        if field.type == "yes_no":
            titles = {"true": _("Yes"), "1": _("Yes"), "false": _("No"), "0": _("No")}
        found.append(
            Dimension(
                f"{target}.{field.key}",
                field.title,
                text_of(column, field.key),
                _answer_title(titles),
                person=person,
                is_many=field.type == "multi_choice",
                order=(*titles, UNKNOWN),
            )
        )
    return found


def _answer_title(titles: dict[str, str]) -> Callable[[str], str]:
    return lambda value: titles.get(value) or (value if value != UNKNOWN else _("Not filled in"))
