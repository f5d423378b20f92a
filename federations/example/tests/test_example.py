"""Does the federation do what it declares, in a club of its own and nowhere else?"""

from typing import Any

import pytest
from flask import Flask

from core.contacts.services import functions_here
from core.fields.services import definitions
from core.organisations.services.readiness import reference_day
from core.testing.conformance import problems_of
from core.testing.factories import World, inside, make_world
from plugins.groups.api import change_term, get_term, prescriptions, terms_of
from plugins.memberships.api import sync_types, types_of

NAME = "example"


@pytest.fixture
def federation(context: Flask) -> World:
    """Federation F gets the rules of this plugin; federation G has none."""
    return make_world(NAME)


def test_plugin_keeps_the_rules_of_the_house() -> None:
    assert problems_of(NAME) == []


def test_clubs_of_this_federation_have_what_it_declares(federation: World) -> None:
    with inside(federation.club):
        assert [function.key for function in functions_here()] == ["chair"]
        assert [field.key for field in definitions("contact")] == ["shirt_size"]


def test_clubs_of_others_have_nothing_of_it(federation: World) -> None:
    with inside(federation.foreign_club):
        assert functions_here() == []
        assert definitions("contact") == []


def test_membership_types_and_reference_day(federation: World) -> None:
    with inside(federation.federation):
        sync_types(federation.federation)
        assert [kind.key for kind in types_of(federation.federation)] == ["member"]
    day: Any = reference_day(federation.federation)
    assert (day.month, day.day) == (1, 15)


def test_groups_have_its_functions_seasons_and_options(federation: World) -> None:
    with inside(federation.club):
        assert [(term.key, term.is_required, term.owner_name) for term in terms_of("function")] == [
            ("trainer", True, "Federation F"),
            ("participant", False, "Federation F"),
        ]
        assert [(term.key, term.amount_cents) for term in terms_of("option")] == [("hall", 15_000)]
        assert [(rule.month, rule.day) for rule in prescriptions()] == [(9, 1)]
    with inside(federation.federation) as actor:
        change_term(get_term("function", "trainer"), {"name": {"en": "Coach"}, "is_required": True}, actor=actor)
        assert [(term.title, dict(term.name)["nl"]) for term in terms_of("function")][0] == ("Coach", "Trainer")
    with inside(federation.foreign_club):
        assert [term.key for term in terms_of("function")] == ["leader", "member"]
        assert terms_of("option") == []
