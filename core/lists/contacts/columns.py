"""What the core can show of a contact in a list."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from core.contacts.attributes import BY_NAME, show_gender
from core.contacts.models import Contact
from core.contacts.parsing import country_name, language_name
from core.i18n import _, _l
from core.lists.columns import Column, Person

LIST = "contacts"
GROUP = _l("Contact")


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


def _column(name: str, expression: Any = None, *, label: Any = None, **options: Any) -> Column:
    expression = expression if expression is not None else getattr(Contact, name)
    options.setdefault("order_by", (expression,))
    return Column(name, LIST, label or BY_NAME[name].label, GROUP, expression=expression, **options)


def _join_parts(value: tuple[str | None, ...]) -> str:
    return " ".join(part for part in value if part)


COLUMNS = (
    _column(
        "name",
        (Contact.last_name, Contact.first_name, Contact.email_1),
        label=_l("Name"),
        kind="person",
        show=show_person,
        export=lambda value: f"{value[0]} {value[1]}",
        order_by=(Contact.name_key,),
        default=True,
        position=1,
    ),
    _column("last_name", order_by=(Contact.name_key,), position=10),
    _column("first_name", position=11),
    _column(
        "age", Contact.birth_date, label=_l("Age"), kind="number", order_by=(Contact.birth_date.desc(),), show=show_age, export=show_age,
        default=True, position=12,
    ),
    _column("birth_date", kind="date", position=13),
    _column("gender", show=show_gender, export=show_gender, position=14),
    _column("nationality", show=country_name, export=country_name, position=15),
    _column("language", show=language_name, export=language_name, position=16),
    _column("email_1", kind="email", position=20),
    _column("email_2", kind="email", position=21),
    _column("email_3", kind="email", position=22),
    _column("mobile_1", kind="phone", position=23),
    _column("mobile_2", kind="phone", position=24),
    _column("mobile_3", kind="phone", position=25),
    _column("phone", kind="phone", position=26),
    _column(
        "address",
        (Contact.street, Contact.house_number, Contact.box),
        label=_l("Street and number"),
        show=_join_parts,
        export=_join_parts,
        order_by=(Contact.street, Contact.house_number),
        position=30,
    ),
    _column("street", position=31),
    _column("house_number", position=32),
    _column("box", position=33),
    _column("postcode", position=34),
    _column("town", default=True, position=35),
    _column("country", show=country_name, export=country_name, position=36),
    _column("remarks", order_by=None, position=40),
    _column("created_at", label=_l("Added on"), kind="date", show=local_day, export=local_day, position=50),
    _column("changed_at", label=_l("Changed on"), kind="date", show=local_day, export=local_day, position=51),
)
