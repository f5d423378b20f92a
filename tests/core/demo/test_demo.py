"""The demo: the same everywhere, once, never over real data."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from stdnum import iban

from core.contacts.attributes import BY_NAME, clean_values
from core.contacts.models import Contact
from core.contacts.names import fold
from core.contacts.services import MISSING, missing_condition
from core.db import db, transaction
from core.demo import services
from core.demo.logins import LOGINS, PASSWORD, logins_here
from core.demo.organisations import make_iban, places
from core.demo.people import make_people
from core.demo.places import PROVINCES
from core.demo.world import World
from core.errors import StartRefused
from core.extend.hookspecs import hookimpl
from core.extend.registry import registry
from core.organisations.models import Affiliation, Organisation
from core.organisations.services import by_slug, clubs_of, create_organisation
from core.tenancy import scope, unscoped
from core.testing.databases import TestDatabase
from core.testing.plugin import csrf_of
from core.users.models import User

AARSCHOT = PROVINCES["Vlaams-Brabant"][0]
TODAY = date(2026, 3, 1)


def _picture() -> list[tuple[object, ...]]:
    """All organisations and contacts, as far as people see them."""
    with unscoped("comparing two demo databases"):
        organisations = db.session.execute(
            select(Organisation.id, Organisation.slug, Organisation.iban, Organisation.street, Organisation.accent).order_by(Organisation.id)
        )
        contacts = db.session.execute(
            select(Contact.id, Contact.organisation_id, Contact.name_key, Contact.birth_date, Contact.email_1, Contact.street, Contact.mobile_1, Contact.extra)
            .order_by(Contact.id)
        )
        return [*(tuple(row) for row in organisations), *((*row[:-1], repr(sorted(row[-1].items()))) for row in contacts)]


def test_people_are_the_same_for_the_same_seed_and_valid_as_if_typed() -> None:
    people = make_people(World().random_for("a"), AARSCHOT, 400, today=TODAY)
    assert people == make_people(World().random_for("a"), AARSCHOT, 400, today=TODAY)
    assert people != make_people(World().random_for("b"), AARSCHOT, 400, today=TODAY)
    for row in people:
        typed = {name: row[name] for name in BY_NAME if name in row}
        assert clean_values(typed, complete=True) == (typed, [])
        assert fold(f"{row['last_name']} {row['first_name']}") == row["name_key"]


def test_people_are_of_the_age_of_a_club_for_seniors() -> None:
    ages = [(TODAY - row["birth_date"]).days // 365.25 for row in make_people(World().random_for("a"), AARSCHOT, 1000, today=TODAY) if row["birth_date"]]
    assert sum(55 <= age <= 92 for age in ages) / len(ages) > 0.94
    assert min(ages) >= 28


def test_addresses_lead_nowhere() -> None:
    people = make_people(World().random_for("a"), AARSCHOT, 400, today=TODAY)
    assert {row["email_1"].rpartition(".")[2] for row in people if row["email_1"]} == {"example"}


def test_some_people_are_in_twice_and_some_details_are_missing() -> None:
    people = make_people(World().random_for("a"), AARSCHOT, 400, today=TODAY)
    keys = [(fold(row["name_key"]), row["birth_date"]) for row in people]
    assert 5 <= len(keys) - len(set(keys)) <= 20
    for name in ("email_1", "street", "birth_date"):
        assert 0.01 < sum(row[name] is None for row in people) / len(people) < 0.15


def test_account_numbers_are_well_formed() -> None:
    assert [iban.is_valid(make_iban(number)) for number in (1, 97, 100, 1099)] == [True] * 4


def test_towns_are_listed_once() -> None:
    towns = [town for towns in PROVINCES.values() for town in towns]
    assert len({town.name for town in towns}) == len(towns)
    assert [town.postcode for town in towns if not (1000 <= int(town.postcode) <= 9999)] == []


def test_seed_makes_the_federation_its_regions_and_clubs(context: Flask) -> None:
    assert services.is_empty()
    assert services.seed() is True
    assert not services.is_empty()
    federation = by_slug("okra-sport")
    clubs = clubs_of(federation)
    assert len(clubs) == 12
    assert {"trefpunt-aarschot", "trefpunt-brugge"} <= {club.slug for club in clubs}
    assert by_slug("trefpunt-brugge").postcode == "8000"
    with scope(federation):
        rows = db.session.scalars(select(Affiliation)).all()
        assert len({row.number for row in rows}) == 12
        assert len({row.region_id for row in rows} - {None}) == 3
    for club in clubs:
        with scope(club):
            number = len(db.session.scalars(select(Contact.id)).all())
            missing = len(db.session.scalars(select(Contact.id).where(missing_condition("any"))).all())
        assert 20 <= number <= 150
        assert 0 < missing < number / 2, (club.slug, list(MISSING))
    with unscoped("looking for the contact behind a login"):
        member = db.session.scalars(select(User).where(User.username == "lid.aarschot")).one()
        contacts = db.session.scalars(select(Contact).where(Contact.email_1 == "lid.aarschot@koepel.example")).all()
    assert [contact.full_name for contact in contacts] == [member.full_name]


def test_seed_is_the_same_on_every_database_and_twice_changes_nothing(app: Flask, database: TestDatabase) -> None:
    pictures = []
    for _ in range(2):
        database.reset()
        with app.app_context():
            assert services.seed() is True
            pictures.append(_picture())
            db.session.remove()
            db.engine.dispose()
    with app.app_context():
        assert services.seed() is False
        with pytest.raises(StartRefused):
            services.seed("federation")
        pictures.append(_picture())
    assert pictures[0] == pictures[1] == pictures[2]


def test_seed_is_refused_on_a_database_with_other_data(context: Flask) -> None:
    with transaction(), unscoped("a club of real people"):
        create_organisation(kind="club", name="Real people", slug="real-people")
    before = _picture()
    with pytest.raises(StartRefused):
        services.seed()
    assert _picture() == before


def test_seed_is_refused_in_production(context: Flask) -> None:
    kept = context.config["KOEPEL"]
    context.config["KOEPEL"] = kept.model_copy(update={"environment": "production"})
    try:
        with pytest.raises(StartRefused):
            services.seed()
    finally:
        context.config["KOEPEL"] = kept
    assert services.is_empty()


@pytest.mark.once
def test_everybody_can_log_in_and_starts_at_home_or_at_the_dashboard(app: Flask) -> None:
    with app.app_context():
        assert logins_here() == []
        services.seed()
        everybody, brought = logins_here(), registry().all("demo_logins")
        assert {name for (name,) in db.session.execute(select(User.username).where(User.is_demo.is_(True)))} == {login.username for login in everybody}
    assert everybody[: len(LOGINS)] == list(LOGINS)
    assert everybody[len(LOGINS) :] == brought
    for login in everybody:
        client = app.test_client()
        page = client.get("/login/")
        answer = client.post("/login/", data={"username": login.username, "password": PASSWORD, "csrf_token": csrf_of(page.text)})
        slug, role = next(iter(login.roles.items()))
        assert answer.headers["Location"] == f"/o/{slug}/{'home' if role == 'member' else 'dashboard'}/"
        assert client.get(answer.headers["Location"]).status_code == 200


@pytest.mark.once
def test_plugins_are_asked_in_start_order_with_all_clubs_made(context: Flask) -> None:
    plugins, calls = registry().plugins, []

    class Planter:
        def __init__(self, name: str) -> None:
            self.name = name

        @hookimpl
        def seed_demo(self, world: World) -> None:
            with world.inside(world.clubs[0]):
                calls.append((self.name, len(world.clubs), len(world.contacts_of(world.clubs[0])), len(world.members_of(world.clubs[0]))))

    planters = [Planter("first"), Planter("second")]
    try:
        for planter in planters:
            plugins.manager.register(planter, name=planter.name)
            plugins.modules[planter.name] = planter  # type: ignore[assignment]
            plugins.order.append(planter.name)
        services.seed()
    finally:
        for planter in planters:
            plugins.manager.unregister(planter)
            plugins.order.remove(planter.name)
            del plugins.modules[planter.name]
    assert [call[0] for call in calls] == ["first", "second"]
    assert calls[0][1:] == calls[1][1:]
    clubs, contacts, members = calls[0][1:]
    assert (clubs, contacts > members > contacts * 0.8) == (12, True)


def test_chance_is_the_same_whoever_drew_before() -> None:
    world = World()
    world.random_for("other").random()
    assert world.random_for("a").random() == World().random_for("a").random()
    assert world.random_for("a").random() != world.random_for("b").random()
    assert world.faker.name() == World().faker.name()


def test_the_large_federation_has_a_thousand_clubs_and_forty_thousand_members() -> None:
    names = [name for _province, _town, name in places(World("federation"))]
    assert (len(names), len(set(names))) == (1_000, 1_000)
    wanted = services.members_per_club(World().random_for("a"), 1_000, services.LARGE_MEMBERS)
    assert (len(wanted), sum(wanted), min(wanted), max(wanted)) == (1_000, 40_000, 20, 60)


@pytest.mark.once
def test_the_command_says_how_to_log_in(app: Flask) -> None:
    runner = app.test_cli_runner()
    first, second = (runner.invoke(app.extensions["koepel"].get("commands", "demo"), []) for _ in range(2))
    assert first.exit_code == 0, first.output
    assert first.output.splitlines()[1:] == second.output.splitlines()[1:]
    with app.app_context():
        assert [line.split()[0] for line in second.output.splitlines()[2:]] == [login.username for login in logins_here()]
