"""The same invented people for every side: 17 facts each, from a number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

FIRST = ("Maria", "Jozef", "Lieve", "Guido", "Annie", "Willy", "Rita", "Marcel", "Godelieve", "André", "Hilde", "Luc", "Fatima", "Jean-Pierre", "Els", "Roger")
LAST = ("Peeters", "Janssens", "Maes", "Jacobs", "Mertens", "Willems", "Claes", "Goossens", "Wouters", "De Smet", "Dubois", "Lambert", "Hermans", "Aerts", "Van den Broeck", "El Amrani")
TOWNS = (("3200", "Aarschot"), ("8000", "Brugge"), ("3020", "Herent"), ("2800", "Mechelen"), ("9000", "Gent"), ("3500", "Hasselt"), ("2000", "Antwerpen"), ("1000", "Brussel"))
STREETS = ("Kerkstraat", "Stationsstraat", "Dorpsstraat", "Molenstraat", "Schoolstraat")
SPORTS = ("padel", "badminton", "fitness", "petanque", "wandelen", "fietsen")


def person(number: int) -> dict[str, Any]:
    """Person `number`, always the same one."""
    mixed = (number * 2_654_435_761) & 0xFFFFFFFF
    first, last = FIRST[mixed % 16], LAST[(mixed >> 4) % 16]
    postcode, town = TOWNS[(mixed >> 8) % 8]
    return {
        "first_name": first,
        "last_name": f"{last}{number % 997}" if number % 3 else last,
        "birth_date": date(1935, 1, 1) + timedelta(days=(mixed >> 6) % 20_000),
        "gender": "FMX"[(mixed >> 11) % 2],
        "nationality": "BE",
        "language": "nl",
        "email_1": f"persoon{number}@mail.example",
        "email_2": None,
        "mobile_1": f"+32 470 {number % 90 + 10:02} {number // 90 % 90 + 10:02} {number // 8100 % 90 + 10:02}",
        "phone": None,
        "street": STREETS[(mixed >> 13) % 5],
        "house_number": str(mixed % 200 + 1),
        "box": None,
        "postcode": postcode,
        "town": town,
        "country": "BE",
        "remarks": None,
    }


def extra(number: int) -> dict[str, Any]:
    """Values of three extra fields."""
    return {"bench_sport": SPORTS[number % 6], "bench_points": number % 500, "bench_since": f"{2005 + number % 20}-04-01"}


def people(count: int) -> Iterator[dict[str, Any]]:
    return (person(number) for number in range(1, count + 1))
