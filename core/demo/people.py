"""Invented people, mostly between 55 and 90 years old: names, addresses, numbers, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from core.contacts.names import fold
from core.demo.places import STREETS, Town

WOMEN = (
    "Maria", "Godelieve", "Lieve", "Paula", "Jeannine", "Simonne", "Rita", "Christiane", "Monique", "Denise", "Lutgart", "Georgette", "Yvonne", "Irène",
    "Andrée", "Agnès", "Hilde", "Greta", "Marie-Louise", "Marie-Jeanne", "Rosette", "Francine", "Nicole", "Annie", "Arlette", "Lucienne", "Martine", "Mia",
    "Josée", "Hélène", "Magda", "Rosa", "Clara", "Annemie", "Viviane", "Betty", "Ingrid", "Ludwina", "Thérèse", "Zoë",
)  # fmt: skip
MEN = (
    "Jozef", "Jos", "Louis", "François", "Frans", "Roger", "Willy", "Etienne", "André", "René", "Marcel", "Gilbert", "Luc", "Marc", "Herman", "Walter", "Guido",
    "Eddy", "Karel", "Jan", "Piet", "Paul", "Georges", "Hugo", "Freddy", "Gérard", "Jean-Pierre", "Jacques", "Leo", "Lucien", "Maurice", "Noël", "Raymond",
    "Robert", "Romain", "Staf", "Theo", "Urbain", "Wilfried", "Dirk",
)  # fmt: skip
FAMILIES = (
    "Peeters", "Janssens", "Maes", "Jacobs", "Mertens", "Willems", "Claes", "Goossens", "Wouters", "De Smet", "D’Hondt", "D’Hulster", "Van den Bossche",
    "Vandenbroucke", "Verbeeck", "Aerts", "Pauwels", "Hermans", "De Cock", "Van Damme", "Lambrechts", "Michiels", "Segers", "Thijs", "Smets", "Coppens",
    "Declercq", "Desmet", "Vermeulen", "Verhoeven", "Lemmens", "Moons", "Baert", "Callewaert", "Dewulf", "Geerts", "Hendrickx", "Martens", "Nijs",
    "Op de Beeck", "Ponsaerts", "Roelants", "Stevens", "Timmermans", "Van Hoof", "Van de Velde", "Verlinden", "Wauters", "Ysebaert", "Dupré", "Çelik",
    "Müller", "Léonard", "Bogaerts", "Cuypers", "De Backer", "De Meyer", "Torfs", "Van Roy", "Vets",
)  # fmt: skip
MAIL_DOMAINS = ("post.example", "mail.example", "brievenbus.example")
RELATIVES = ("dochter", "zoon", "partner", "buurvrouw")
REMARKS = (
    "Rijdt graag mee met de wagen.",
    "Liever bellen dan mailen.",
    "Helpt bij de koffietafel.",
    "Komt met de rolstoel, vraagt een plaats bij de deur.",
    "Is in juli en augustus aan zee.",
)


def make_people(random: Random, town: Town, number: int, *, today: date, ages: tuple[int, int] | None = None) -> list[dict[str, Any]]:
    """Rows of `number` contacts of one club; the same for the same random source and day.

    ages: from and to; without, those of a club for seniors.
    """
    rows = [_person(random, town, today, ages) for _ in range(number)]
    for _ in range(number // 40):  # a few people were added twice, written a little differently
        rows[random.randrange(len(rows))] = _again(random, random.choice(rows))
    for row in rows:
        _finish(row)
    return rows


def _person(random: Random, town: Town, today: date, ages: tuple[int, int] | None) -> dict[str, Any]:
    gender = random.choices(("F", "M"), (62, 38))[0]
    first, last = random.choice(WOMEN if gender == "F" else MEN), random.choice(FAMILIES)
    since = datetime.combine(today - timedelta(days=random.randrange(20, 2600)), time(9), UTC) + timedelta(minutes=random.randrange(600))
    row: dict[str, Any] = {
        "first_name": first,
        "last_name": last,
        "birth_date": _birth_date(random, today, ages),
        "gender": gender,
        "nationality": "BE",
        "language": random.choices(("nl", "fr"), (97, 3))[0],
        "email_1": f"{_mailbox(first)}.{_mailbox(last)}@{random.choice(MAIL_DOMAINS)}",
        "mobile_1": _mobile(random) if random.random() < 0.8 else None,
        "phone": f"+32 16 00 {random.randrange(100):02} {random.randrange(100):02}" if random.random() < 0.45 else None,
        "street": random.choice(STREETS),
        "house_number": str(random.randrange(1, 160)) + ("A" if random.random() < 0.05 else ""),
        "box": str(random.randrange(1, 12)) if random.random() < 0.12 else None,
        "postcode": town.postcode,
        "town": town.name,
        "country": "BE",
        "remarks": random.choice(REMARKS) if random.random() < 0.05 else None,
        "whose": {},
        "created_at": since,
        "changed_at": since,
        "deleted_at": None,
    }
    _leave_out(random, row)
    return row


def _birth_date(random: Random, today: date, ages: tuple[int, int] | None) -> date:
    if ages is not None:
        return today - timedelta(days=int(random.uniform(*ages) * 365.25))
    years = random.triangular(28, 60, 55) if random.random() < 0.04 else random.triangular(55, 92, 71)
    return today - timedelta(days=int(years * 365.25))


def _mobile(random: Random) -> str:
    return f"+32 47{random.randrange(10)} 00 {random.randrange(100):02} {random.randrange(100):02}"


def _leave_out(random: Random, row: dict[str, Any]) -> None:
    """What clubs do not know: no address for mails, half an address, no birth date."""
    chance = random.random()
    if chance < 0.07:
        row["email_1"] = None
    elif chance < 0.10:
        row["street"] = row["house_number"] = row["box"] = None
    elif chance < 0.125:
        row["birth_date"] = None
    elif chance < 0.20:
        row["whose"] = {"email_1": random.choice(RELATIVES)}


def _again(random: Random, row: Mapping[str, Any]) -> dict[str, Any]:
    """The same person, added a second time by somebody else."""
    copy = {**row, "mobile_1": None, "remarks": None, "box": None, "whose": {}}
    if random.random() < 0.5:
        copy["first_name"] = fold(row["first_name"]).title().replace(" ", "-")  # typed without accents
    return copy


def _mailbox(name: str) -> str:
    return fold(name).replace(" ", "").replace("-", "")


def _finish(row: dict[str, Any]) -> None:
    """The search columns, as Contact.refold() keeps them."""
    row["name_key"] = fold(f"{row['last_name']} {row['first_name']}")
    parts = (row["last_name"], row["first_name"], row["last_name"], row["email_1"], row["town"])
    row["search_text"] = fold(" ".join(part for part in parts if part))[:900]
