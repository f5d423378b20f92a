"""Postcodes and towns: found as people write them, and how far they are apart."""

from __future__ import annotations

import pytest
from flask import Flask

from core.errors import UserMistake
from plugins.groups.finder.places import all_places, digits_of, distance, distances_from, find, places_of


def test_the_list_has_every_postcode_inside_the_country_and_names_for_it() -> None:
    places = all_places()
    assert len(places) == 1_145
    assert [place.postcode for place in places.values() if not (49.4 < place.latitude < 51.6 and 2.5 < place.longitude < 6.5)] == []
    assert [place.postcode for place in places.values() if not all(place.names)] == []
    assert places["3700"].names[0] == "Tongeren"  # the municipality before its villages


@pytest.mark.parametrize(
    "one, other, km",
    [("1000", "9000", 50), ("2000", "8000", 83), ("3000", "3500", 44), ("6700", "8400", 262), ("2220", "2223", 3), ("6830", "6831", 2)],
)
def test_distances_are_those_of_the_map(one: str, other: str, km: int) -> None:
    places = all_places()
    assert distance(places[one], places[other]) == pytest.approx(km, abs=6)
    assert distance(places[one], places[other]) == distance(places[other], places[one])
    assert distance(places[one], places[one]) == 0


@pytest.mark.parametrize(
    "text, title",
    [
        ("9000", "9000 Gent"),
        (" b-9000 ", "9000 Gent"),
        ("9000 Gent", "9000 Gent"),
        ("gent", "Gent"),
        ("GAND", "Gand"),
        ("Luik", "Luik"),
        ("sint niklaas", "Sint-Niklaas"),
        ("’s gravenvoeren", "'s Gravenvoeren"),
        ("heist-op", "Heist-op-den-Berg"),
    ],
)
def test_a_place_is_found_as_people_write_it(context: Flask, text: str, title: str) -> None:
    found = find(text)
    assert found is not None
    assert found.title == title


@pytest.mark.parametrize("text", ["", "xx", "0000", "99999999", "Nowhere", "٩٠٠٠", "9000.5"])
def test_what_is_no_place_is_none(context: Flask, text: str) -> None:
    assert find(text) is None


def test_a_part_of_a_name_that_fits_several_places_asks_which(context: Flask) -> None:
    with pytest.raises(UserMistake, match="Several places begin like this") as mistake:
        find("sint-")
    assert mistake.value.field == "where"


def test_a_city_has_several_middles_and_the_nearest_counts() -> None:
    antwerp, found = places_of("", "Antwerpen"), places_of("9000", "Antwerpen")
    assert len(antwerp) > 3
    assert [place.postcode for place in found] == ["9000"]  # a postcode says more than a name
    away = distances_from(antwerp)
    assert away["2000"] == away["2018"] == 0
    assert away["2600"] == min(distance(place, all_places()["2600"]) for place in antwerp)
    assert places_of("", "Nowhere") == ()
    assert digits_of("Gent 9000") == ""
