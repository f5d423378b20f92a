"""The federation of the demo, its regions and its clubs, with their details."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from core.access import Actor
from core.audit.services import record
from core.contacts.names import fold
from core.demo.places import PARISHES, PROVINCES, STREETS, Town
from core.demo.world import World
from core.organisations.models import Organisation
from core.organisations.services import affiliate, create_organisation

FEDERATION, FEDERATION_PLUGIN = "okra-sport", "okra_sport"
SMALL_PROVINCES, CLUBS_PER_PROVINCE = ("Vlaams-Brabant", "West-Vlaanderen", "Antwerpen"), 4
LARGE_CLUBS = 1_000
ACCENTS = ("#14734a", "#8a3b12", "#1d5fa8", "#7a2e62", "#0f6c74", "#5b4a9c", "#9a2f2f", "#4d6b12")


def make_organisations(world: World, *, actor: Actor) -> dict[str, Town]:
    """Make them all, inside unscoped(); returns the town of each club by slug."""
    world.add(create_organisation(kind="platform", name="Koepel", slug="platform"))
    federation = world.add(
        create_organisation(
            kind="federation",
            name="OKRA-SPORT+",
            slug=FEDERATION,
            official_name="OKRA-SPORT+ vzw",
            federation_plugin=FEDERATION_PLUGIN,
            email="info@okra-sport.example",
            invoice_email="boekhouding@okra-sport.example",
            phone="+32 2 000 00 00",
            website="https://okra-sport.example",
            street="Haachtsesteenweg",
            house_number="579",
            postcode="1030",
            town="Brussel",
            iban=make_iban(1),
            accent="#14734a",
        )
    )
    record("organisation.created", federation, actor=actor)
    chosen = list(places(world))
    regions = {province: world.add(_region(province, federation)) for province in dict.fromkeys(province for province, _t, _n in chosen)}
    towns = {}
    for number, (province, town, name) in enumerate(chosen):
        random = world.random_for(f"club {name}")
        club = world.add(_club(random, number, town, name, federation))
        affiliate(club, federation, number=str(10_401 + number * 7), region=regions[province], from_on=_since(random, world.today))
        record("organisation.created", club, actor=actor)
        towns[club.slug] = town
    return towns


def places(world: World) -> Iterator[tuple[str, Town, str]]:
    """(province, town, club name) of every club to make."""
    if not world.is_large:
        for province in SMALL_PROVINCES:
            for town in PROVINCES[province][:CLUBS_PER_PROVINCE]:
                yield province, town, f"Trefpunt {town.name}"
        return
    every = [(province, town, parish) for parish in ("", *PARISHES) for province, towns in PROVINCES.items() for town in towns]
    for province, town, parish in every[:LARGE_CLUBS]:
        yield province, town, f"Trefpunt {town.name} {parish}".strip()


def _region(province: str, federation: Organisation) -> Organisation:
    return create_organisation(
        kind="region", name=f"Regio {province}", slug=f"regio-{_address(province)}", parent=federation, email=f"{_address(province)}@okra-sport.example"
    )


def _club(random: Random, number: int, town: Town, name: str, federation: Organisation) -> Organisation:
    """A club; the first ones are complete, later ones miss something now and then."""
    slug = _address(name)
    details: dict[str, Any] = {
        "official_name": f"{federation.name} {name}",
        "email": f"info@{slug}.example",
        "invoice_email": f"penningmeester@{slug}.example",
        "phone": f"+32 16 00 {random.randrange(100):02} {random.randrange(100):02}",
        "website": f"https://{slug}.example" if random.random() < 0.6 else None,
        "street": random.choice(STREETS),
        "house_number": str(random.randrange(1, 90)),
        "postcode": town.postcode,
        "town": town.name,
        "iban": make_iban(100 + number),
    }
    if number % 6 == 3:
        details["iban"] = None
    if number % 6 == 5:
        details["invoice_email"] = None
    return create_organisation(kind="club", name=name, slug=slug, accent=ACCENTS[number % len(ACCENTS)], **details)


def _since(random: Random, today: date) -> date:
    return date(today.year - random.randrange(4, 30), 1, 1) + timedelta(days=365 * random.randrange(2))


def _address(name: str) -> str:
    return fold(name).replace(" ", "-")


def make_iban(number: int) -> str:
    """A Belgian account number that is well formed and of no bank."""
    account = f"999{number:07}"
    bban = f"{account}{int(account) % 97 or 97:02}"
    return f"BE{98 - int(bban + '111400') % 97:02}{bban}"
