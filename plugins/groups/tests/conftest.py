"""A club with two seasons, functions of its federation, and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask import Flask

from core import clock
from core.access import Actor
from core.db import db
from core.fields.models import FieldDefinition
from core.organisations.services import set_setting
from core.testing.factories import World, inside, make_contact
from core.web.context import current_organisation
from plugins.groups.models import ClubGroup, Season
from plugins.groups.services import add_group, add_price, add_season, add_term, get_season, terms_of

START = clock.today().year - (clock.today().month < 10)
TODAY = clock.today()


def season_values(year: int, **changed: Any) -> dict[str, Any]:
    return {
        "name": f"{year}-{year + 1}",
        "start_on": date(year, 10, 1),
        "end_on": date(year + 1, 9, 30),
        "is_current": False,
        "is_active": True,
        **changed,
    }


@dataclass
class Choir:
    """Ids in club A: the former and the present season, a group in the former one, and five people."""

    former: int
    present: int
    group: int
    people: list[int]


@pytest.fixture
def federation(app: Flask, world: World) -> Any:
    """Federation F: seasons from 1 October, a required conductor, singers, two options, and a field it asks."""
    with app.app_context(), inside(world.federation) as actor:
        set_setting(current_organisation(), "groups.season_start", "10-01")
        for kind, name, required in (("function", "Conductor", True), ("function", "Singer", False), ("type", "Mixed choir", False)):
            add_term(kind, {"name": {"en": name, "nl": name}, "is_required": required}, actor=actor)
        add_term("option", {"name": {"en": "Library", "nl": "Bibliotheek"}}, actor=actor)
        add_term("option", {"name": {"en": "Maxi", "nl": "Maxi"}, "per": "club", "families_only": True}, actor=actor)
        for option, cents in (("bibliotheek", 5_000), ("maxi", 20_000)):
            add_price(option, amount_cents=cents, from_on=date(2020, 1, 1), actor=actor)
        db.session.add(
            FieldDefinition(
                target="group",
                key="rehearsal_day",
                type="text",
                label={"en": "Rehearsal day", "nl": "Repetitiedag"},
                help={},
                choices=[],
                required=True,
                federation_reads=True,
                is_active=True,
                sees=["member", "club", "federation"],
                edits=["club"],
                purpose="People find the choir.",
            )
        )
        db.session.flush()
    return world.federation


@pytest.fixture
def choir(app: Flask, world: World, federation: Any) -> Choir:
    with app.app_context(), inside(world.club) as actor:
        assert [term.key for term in terms_of("function")] == ["conductor", "singer"]
        former = add_season(season_values(START - 1), actor=actor)
        present = add_season(season_values(START, is_current=True), actor=actor)
        group = add_group({"name": "Cantabile", "abbreviation": "CAN"}, former, actor=actor)
        people = [make_contact(f"Ann{number}", f"Singer{number}").id for number in range(5)]
        return Choir(former.id, present.id, group.id, people)


@pytest.fixture
def in_club(app: Flask, world: World) -> Iterator[Actor]:
    """Inside club A, in one transaction, for services."""
    with app.app_context(), inside(world.club) as actor:
        yield actor


def new_group(season: int | None, name: str, *, actor: Actor, **values: Any) -> ClubGroup:
    return add_group({"name": name, **values}, get_season(season) if season else None, actor=actor)


def season_of(pk: int) -> Season:
    return get_season(pk)


Maker = Callable[..., ClubGroup]
