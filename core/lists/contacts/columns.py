"""What the core can show of a contact in a list."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from core.contacts.models import Contact
from core.contacts.parsing import country_name, language_name
from core.i18n import _, _l, format_instant
from core.lists.columns import Column, Person

LIST = "contacts"
GROUP = _l("Contact")
GENDER_TITLES = {"F": _l("Woman"), "M": _l("Man"), "X": _l("X")}


def gender_name(code: str) -> str:
    return str(GENDER_TITLES.get(code, code))


def show_person(value: tuple[str, str, str | None]) -> Person:
    last_name, first_name, email = value
    return Person(
        name=f"{last_name} {first_name}",
        initials=(first_name[:1] + last_name[:1]).upper(),
        below=email or _("No e-mail address 1"),
        warns=not email,
    )


def show_age(birth_date: date) -> int:
    return clock.age_on(birth_date, clock.today())


def local_day(instant: datetime) -> date:
    return instant.astimezone(ZoneInfo(clock.DEFAULT_ZONE)).date()


def _column(name: str, label: Any, expression: Any, **options: Any) -> Column:
    options.setdefault("order_by", (expression,))
    return Column(name, LIST, label, GROUP, expression=expression, **options)


def _join_parts(value: tuple[str | None, ...]) -> str:
    return " ".join(part for part in value if part)


COLUMNS = (
    _column(
        "name",
        _l("Name"),
        (Contact.last_name, Contact.first_name, Contact.email_1),
        kind="person",
        show=show_person,
        export=lambda value: f"{value[0]} {value[1]}",
        order_by=(Contact.name_key,),
        default=True,
        position=1,
    ),
    _column("last_name", _l("Last name"), Contact.last_name, order_by=(Contact.name_key,), position=10),
    _column("first_name", _l("First name"), Contact.first_name, position=11),
    _column("age", _l("Age"), Contact.birth_date, kind="number", order_by=(Contact.birth_date.desc(),), show=show_age, export=show_age, default=True, position=12),
    _column("birth_date", _l("Date of birth"), Contact.birth_date, kind="date", position=13),
    _column("gender", _l("Gender"), Contact.gender, show=gender_name, export=gender_name, position=14),
    _column("nationality", _l("Nationality"), Contact.nationality, show=country_name, export=country_name, position=15),
    _column("language", _l("Language"), Contact.language, show=language_name, export=language_name, position=16),
    _column("email_1", _l("E-mail address 1"), Contact.email_1, kind="email", position=20),
    _column("email_2", _l("E-mail address 2"), Contact.email_2, kind="email", position=21),
    _column("email_3", _l("E-mail address 3"), Contact.email_3, kind="email", position=22),
    _column("mobile_1", _l("Mobile 1"), Contact.mobile_1, kind="phone", position=23),
    _column("mobile_2", _l("Mobile 2"), Contact.mobile_2, kind="phone", position=24),
    _column("mobile_3", _l("Mobile 3"), Contact.mobile_3, kind="phone", position=25),
    _column("phone", _l("Phone"), Contact.phone, kind="phone", position=26),
    _column("address", _l("Street and number"), (Contact.street, Contact.house_number, Contact.box), show=_join_parts, export=_join_parts, order_by=(Contact.street, Contact.house_number), position=30),
    _column("street", _l("Street"), Contact.street, position=31),
    _column("house_number", _l("House number"), Contact.house_number, position=32),
    _column("box", _l("Box"), Contact.box, position=33),
    _column("postcode", _l("Postcode"), Contact.postcode, position=34),
    _column("town", _l("Town"), Contact.town, default=True, position=35),
    _column("country", _l("Country"), Contact.country, show=country_name, export=country_name, position=36),
    _column("remarks", _l("Remarks"), Contact.remarks, order_by=None, position=40),
    _column("created_at", _l("Added on"), Contact.created_at, kind="date", show=local_day, export=local_day, position=50),
    _column("changed_at", _l("Changed on"), Contact.changed_at, kind="date", show=format_instant, export=local_day, position=51),
)
