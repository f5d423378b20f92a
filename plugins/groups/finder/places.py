"""Where postcodes and towns are, and how far that is. See data/README.md for where it comes from."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.contacts.names import fold
from core.errors import UserMistake
from core.i18n import _

DATA = Path(__file__).resolve().parent / "data" / "postcodes.csv"
EARTH_KM = 6371.0
#: letters from which on a part of a name is enough
SHORTEST = 3
#: so many names are told when a part of a name fits several
MOST_NAMES = 5


@dataclass(frozen=True)
class Place:
    """The middle of a postcode."""

    postcode: str
    latitude: float
    longitude: float
    names: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What somebody meant with a postcode or town: a name to show, and one or more middles."""

    title: str
    places: tuple[Place, ...]


@lru_cache(maxsize=1)
def all_places() -> dict[str, Place]:
    """Every postcode we know, read once."""
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {row["postcode"]: Place(row["postcode"], float(row["latitude"]), float(row["longitude"]), tuple(row["names"].split("|"))) for row in rows}


@lru_cache(maxsize=1)
def _by_name() -> dict[str, list[tuple[str, Place]]]:
    """Folded name -> (the name as it is written, its place); several villages may share a name."""
    found: dict[str, list[tuple[str, Place]]] = {}
    for place in all_places().values():
        for name in place.names:
            found.setdefault(_key(name), []).append((name, place))
    return found


def _key(text: str) -> str:
    return fold(text).replace("-", " ")


def digits_of(text: str) -> str:
    """The postcode somebody wrote, also before a name ("9000 Gent") or after the letter of the country."""
    first = text.strip().upper().removeprefix("B-").split(" ")[0]
    return first if first.isascii() and first.isdigit() else ""


def find(text: str) -> Found | None:
    """The place somebody means; None when we do not know it; a mistake when it may be several."""
    digits = digits_of(text)
    if digits:
        place = all_places().get(digits)
        return Found(f"{place.postcode} {place.names[0]}", (place,)) if place is not None else None
    wanted = _key(text)
    exact = _by_name().get(wanted)
    if exact:
        return Found(exact[0][0], tuple(place for _name, place in exact))
    if len(wanted) < SHORTEST:
        return None
    starting = {key: hits for key, hits in _by_name().items() if key.startswith(wanted)}
    if not starting:
        return None
    names = sorted({hits[0][0] for hits in starting.values()})
    if len(names) > 1:
        shown = ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")
        raise UserMistake(_("Several places begin like this (%(names)s). Write the whole name or the postcode.", names=shown), field="where")
    hits = next(iter(starting.values()))
    return Found(hits[0][0], tuple(place for _name, place in hits))


def places_of(postcode: str, town: str) -> tuple[Place, ...]:
    """Where a group is that wrote its own postcode and town; nothing when neither is known."""
    place = all_places().get(digits_of(postcode))
    return (place,) if place is not None else tuple(place for _name, place in _by_name().get(_key(town), ()))


def distance(one: Place, other: Place) -> float:
    """Kilometres as the crow flies between two middles."""
    here, there = math.radians(one.latitude), math.radians(other.latitude)
    between = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(math.radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(between)))


@lru_cache(maxsize=64)
def distances_from(some: tuple[Place, ...]) -> dict[str, float]:
    """Postcode -> kilometres to the nearest of these middles; kept for the places many people ask."""
    return {place.postcode: min(distance(place, other) for other in some) for place in all_places().values()}
