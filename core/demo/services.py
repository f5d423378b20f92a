"""Filling an empty database with the demo, once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from core.access import system_actor
from core.audit.services import Record, record_many
from core.contacts.models import Contact, ContactFunction
from core.contacts.services import functions_here
from core.db import db, insert_rows, reserve_ids, transaction
from core.demo.logins import invite_some, make_logins
from core.demo.messages import leave_messages
from core.demo.mode import MARK, Scale, seeded_scale
from core.demo.organisations import make_organisations
from core.demo.people import make_people
from core.demo.places import Town
from core.demo.world import World
from core.demo.young import fill_young_clubs, make_young_clubs
from core.errors import StartRefused
from core.extend.registry import registry
from core.fields import services as fields
from core.fields.declarations import FieldType
from core.organisations.models import Organisation
from core.organisations.services import set_setting
from core.privacy import demo as privacy
from core.tenancy import unscoped
from core.users.models import User

logger = logging.getLogger(__name__)

SMALL_CONTACTS = (20, 150)
LARGE_MEMBERS = 40_000
#: how many of ten contacts are members of the federation
MEMBERS_OF_TEN = 9


def is_empty() -> bool:
    """Does this database hold nothing yet: no organisation, no user?"""
    with unscoped("is the database empty"):
        return not any(db.session.scalar(select(func.count()).select_from(model)) for model in (Organisation, User))


def seed(scale: Scale = "small") -> bool:
    """Fill the database with the demo, all of it or nothing; False when it is there already.

    The tables, roles and rights must exist. Refused in production, and on a database with
    anything else in it.
    """
    if current_app.config["KOEPEL"].is_production:
        raise StartRefused("demo data is not for production: set environment to demo")
    if seeded_scale() == scale:
        return False
    if not is_empty():
        raise StartRefused("this database holds other data already: the demo only goes into an empty one")
    world = World(scale)
    with transaction():
        actor = system_actor(None)
        with unscoped("making the organisations of the demo"):
            towns = make_organisations(world, actor=actor)
        make_young_clubs(world)
        wanted: Sequence[int | None] = [None] * len(world.clubs)
        if world.is_large:
            wanted = members_per_club(world.random_for("members per club"), len(world.clubs), LARGE_MEMBERS)
        for club, members in zip(world.clubs, wanted, strict=True):
            _fill_club(world, club, towns[club.slug], members)
        fill_young_clubs(world)
        make_logins(world)
        invite_some(world)
        privacy.seed(world)
        for name in registry().plugins.order:
            logger.debug("demo data of %s", name)
            registry().plugins.ask("seed_demo", [name], world=world)
        leave_messages(world)
        with unscoped("noting that the demo is in"):
            set_setting(world.organisation("platform"), MARK, scale)
    return True


def members_per_club(random: Random, clubs: int, members: int) -> list[int]:
    """How many members each club of the large demo has: between 20 and 60, `members` together."""
    wanted = [random.randint(20, 60) for _ in range(clubs)]
    at = 0
    while (off := members - sum(wanted)) != 0:
        step = 1 if off > 0 else -1
        if 20 <= wanted[at % clubs] + step <= 60:
            wanted[at % clubs] += step
        at += 1
    return wanted


def _fill_club(world: World, club: Organisation, town: Town, members: int | None) -> None:
    random = world.random_for(f"contacts {club.slug}")
    number = members + 6 if members else random.randint(*SMALL_CONTACTS)
    rows = make_people(random, town, number, today=world.today)
    rows[-1]["deleted_at"] = rows[-1]["changed_at"]  # somebody is in the bin
    with world.inside(club) as actor:
        ids = list(reserve_ids(Contact, len(rows)))
        options = _extra_options()
        for contact_id, row in zip(ids, rows, strict=True):
            row["id"] = contact_id
            row["extra"] = {key: random.choice(values) for key, values in options.items() if random.random() < 0.7}
        insert_rows(Contact, rows)
        record_many([Record("contact.created", "contact", contact_id) for contact_id in ids], actor=actor)
        insert_rows(ContactFunction, _functions(world, club, ids))
    world.member_ids[club.id] = ids[:members] if members else ids[: len(ids) * MEMBERS_OF_TEN // 10]


def _extra_options() -> dict[str, list[Any]]:
    """Extra fields of contacts that can be filled in by choosing, with what to choose from."""
    kinds: dict[FieldType, Any] = {"yes_no": lambda _d: [True, False], "choice": lambda d: [value for value, _label in d.choices]}
    return {d.key: kinds[d.type](d) for d in fields.definitions("contact") if d.type in kinds and not fields.is_sensitive(d)}


def _functions(world: World, club: Organisation, ids: list[int]) -> list[dict[str, Any]]:
    """Who holds which function; one club in four lacks somebody."""
    random = world.random_for(f"functions {club.slug}")
    lacking = random.randrange(4) if world.clubs.index(club) % 4 == 3 else None
    rows = []
    for number, function in enumerate(functions_here()):
        if number == lacking:
            continue
        since = world.today - timedelta(days=random.randrange(100, 3000))
        rows.append({"contact_id": ids[number], "function": function.key, "from_on": since, "until_on": None})
    return rows
