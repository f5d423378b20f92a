"""A second federation of the demo, with two clubs of children: families, and parents who act for a child."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.audit.services import record
from core.contacts.models import Contact
from core.db import db
from core.demo.world import World

FEDERATION, FEDERATION_PLUGIN = "jeugdkoepel", "example"
CLUBS = (("speelclub-de-vlieger", "Speelclub De Vlieger", "Leuven", "#1d5fa8"), ("jeugdorkest-allegro", "Jeugdorkest Allegro", "Herent", "#7a2e62"))
#: the mother of the demo's family; she logs in as ouder.demo
MOTHER = ("Sofie", "Maes")
#: club -> (first name, last name, gender, age, what it is in the family of the demo)
PEOPLE: dict[str, tuple[tuple[str, str, str, int, str], ...]] = {
    "speelclub-de-vlieger": (
        (*MOTHER, "F", 41, "mother"),
        ("Tom", "Peeters", "M", 43, "father"),
        ("Lotte", "Peeters", "F", 9, "child"),
        ("Noor", "Wouters", "F", 10, ""),
        ("Elias", "Claes", "M", 8, ""),
        ("Hanne", "Smets", "F", 34, ""),
    ),
    "jeugdorkest-allegro": (
        (*MOTHER, "F", 41, "mother"),
        ("Bart", "Willems", "M", 45, "stepfather"),
        ("Seppe", "Peeters", "M", 14, "child"),
        ("Yusuf", "Çelik", "M", 15, ""),
        ("Marie", "Dupré", "F", 13, ""),
        ("Wim", "Aerts", "M", 52, ""),
    ),
}


def make_young_clubs(world: World) -> None:
    """The organisations; they are not among `world.clubs`, whose members are of the first federation."""
    federation = world.found(kind="federation", name="Jeugdkoepel", slug=FEDERATION, federation_plugin=FEDERATION_PLUGIN, accent="#1d5fa8")
    for number, (slug, name, town, accent) in enumerate(CLUBS):
        club = world.found(kind="club", name=name, slug=slug, town=town, accent=accent, email=f"info@{slug}.example")
        world.affiliate(club, federation, number=str(501 + number), since=date(world.today.year - 4, 1, 1))


def fill_young_clubs(world: World) -> None:
    """Their people; who belongs to the family of the demo is noted in `world.relatives`."""
    for slug, people in PEOPLE.items():
        with world.inside(world.organisation(slug)) as actor:
            world.relatives[slug] = []
            for number, (first, last, gender, age, function) in enumerate(people):
                contact = _contact(world, first, last, gender, age, number)
                db.session.add(contact)
                db.session.flush()
                record("contact.created", contact, actor=actor)
                if function:
                    world.relatives[slug].append((contact.id, function))


def _contact(world: World, first: str, last: str, gender: str, age: int, number: int) -> Contact:
    is_family = last in ("Peeters", "Maes")
    values: dict[str, Any] = {"street": "Kerkstraat" if is_family else "Dorpsstraat", "house_number": "12" if is_family else str(20 + number)}
    contact = Contact(
        first_name=first,
        last_name=last,
        gender=gender,
        birth_date=date(world.today.year - age, 1 + number, 10),
        language="nl",
        email_1=f"{first}.{last}@post.example".lower().replace("ç", "c").replace("é", "e") if age > 12 else "sofie.maes@post.example",
        postcode="3000",
        town="Leuven",
        extra={},
        **values,
    )
    contact.refold()
    return contact
