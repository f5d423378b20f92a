"""What a club of OKRA-SPORT+ has, and a club of another federation has not."""

from datetime import date
from typing import Any

import pytest
from flask import Flask, g
from flask_babel import force_locale
from sqlalchemy import select

from core.contacts.models import ContactFunction
from core.contacts.services import functions_here, missing_functions
from core.contacts.services import problems_of as problems_of_contacts
from core.db import db
from core.errors import UserMistake
from core.fields.services import clean, definitions
from core.fields.services.editing import adapt_field
from core.i18n import LANGUAGES
from core.organisations.models import Organisation
from core.organisations.services.readiness import readiness_of, reference_day
from core.tenancy import scope
from core.testing.conformance import problems_of
from core.testing.factories import World, inside, make_contact, make_world
from core.users.policy import policy_of_organisation
from core.web.context import active_plugins
from federations.okra_sport.choices import SPORTS
from federations.okra_sport.plugin import manifest
from federations.okra_sport.rules import who_pays
from plugins.invoices.api import CountedMember
from plugins.memberships.api import MembershipType, request_membership, sync_types, types_of


@pytest.fixture
def okra(context: Flask) -> World:
    return make_world("okra_sport")


def keys(target: str) -> list[str]:
    return [field.key for field in definitions(target)]


def test_plugin_keeps_the_rules_of_the_house() -> None:
    assert problems_of("okra_sport") == []


@pytest.mark.covers("R134", "R135")
def test_types_of_membership(okra: World) -> None:
    with inside(okra.federation):
        sync_types(okra.federation)
        assert [(kind.key, kind.name["nl"], kind.duration) for kind in types_of(okra.federation)] == [
            ("sporting", "Sportend lid", "continuous"),
            ("non_sporting", "Niet-sportend lid", "continuous"),
        ]


@pytest.mark.covers("R085", "R086", "R087", "R134", "R136", "R182")
def test_extra_fields(okra: World) -> None:
    with inside(okra.club):
        assert keys("membership") == ["sports", "competition", "secondary_club"]
        assert keys("contact") == ["diploma_type", "work_situation", "votas", "medical_certificate"]
        assert keys("organisation") == ["sports"]
        sports = definitions("membership")[0]
        assert [value for value, _label in sports.choices] == [value for value, _label in SPORTS]
        assert [field.key for field in definitions("contact") if field.federation_reads] == ["diploma_type", "work_situation", "votas"]
    with inside(okra.foreign_club):
        assert [keys(target) for target in ("membership", "contact", "organisation")] == [[], [], []]


def test_values_are_checked_against_the_lists(okra: World) -> None:
    with inside(okra.club) as actor:
        assert clean("membership", {"sports": ["padel", "walking"], "competition": "1"}, actor=actor) == {"sports": ["padel", "walking"], "competition": True}


@pytest.mark.covers("R185")
def test_functions_and_which_are_required(okra: World) -> None:
    with inside(okra.club):
        assert [function.key for function in functions_here()] == ["chair", "secretary", "contact_person", "trainer"]
        make_contact()
        assert [function.key for function in missing_functions()] == ["chair", "secretary", "contact_person"]
    with inside(okra.foreign_club):
        assert functions_here() == []


@pytest.mark.covers("R070")
def test_families_and_companies_are_off_for_its_clubs_whether_installed_or_not(okra: World) -> None:
    with scope(okra.club):
        assert "okra_sport" in active_plugins(okra.club)
        assert not {"families", "companies"} & active_plugins(okra.club)
    assert set(manifest.switches_off) == {"families", "companies"}


@pytest.mark.covers("R189")
def test_points_to_be_in_order_on_1_april(okra: World, context: Flask) -> None:
    day: Any = reference_day(okra.federation)
    assert (day.month, day.day) == (4, 1)
    with context.test_request_context(), force_locale("en"), inside(okra.club):
        g.org_slug = okra.club.slug
        club = db.session.get_one(Organisation, okra.club.id)
        (found,) = readiness_of(club)
        assert [check.name for check in found.checks] == ["details", "sports", "functions", "members", "invoice_email"]
        assert {check.name: check.state for check in found.checks}["sports"] == "open"
        club.extra = {"sports": ["padel", "walking"]}
        (found,) = readiness_of(club)
        sports = next(check for check in found.checks if check.name == "sports")
        assert (sports.state, sports.detail) == ("ok", "2 sports")


def test_password_rule_of_its_people(okra: World) -> None:
    assert policy_of_organisation(okra.club).name == "seed"
    assert policy_of_organisation(okra.foreign_club).name == "modern"


def test_every_text_is_there_in_all_languages() -> None:
    assert [value for value, label in SPORTS if set(label) != set(LANGUAGES)] == []


@pytest.mark.covers("R136")
def test_the_federation_changes_the_list_of_sports_for_all_its_clubs(okra: World) -> None:
    with inside(okra.federation) as actor:
        sports = next(field for field in definitions("membership") if field.key == "sports")
        answers = [{"value": value, "label": dict(label)} for value, label in sports.choices if value != "krachtbal"]
        adapt_field(sports, {"choices": [*answers, {"value": "", "label": {"nl": "Curling"}}]}, actor=actor)
    with inside(okra.club):
        sports = definitions("membership")[0]
        offered = [value for value, _label in sports.choices]
    assert len(offered) == len(SPORTS)
    assert "krachtbal" not in offered and "curling" in offered


def test_non_sporting_member_has_no_sport(okra: World) -> None:
    with inside(okra.federation):
        sync_types(okra.federation)
    with inside(okra.club) as actor, pytest.raises(UserMistake, match="Choose sporting member"):
        kind = db.session.scalars(select(MembershipType).where(MembershipType.key == "non_sporting")).one()
        request_membership(make_contact(), kind, extra={"sports": ["padel"]}, actor=actor)


def test_secondary_club_is_looked_at_and_does_not_pay(okra: World) -> None:
    with inside(okra.federation):
        sync_types(okra.federation)
        for kind in types_of(okra.federation):
            kind.acceptance = "always"
        db.session.flush()
    with inside(okra.club) as actor:
        kind = db.session.scalars(select(MembershipType).where(MembershipType.key == "sporting")).one()
        first = request_membership(make_contact(), kind, extra={"sports": ["padel"]}, actor=actor)
        second = request_membership(make_contact(), kind, extra={"sports": ["padel"], "secondary_club": True}, actor=actor)
        assert (first.status, second.status) == ("accepted", "requested")
    members = [CountedMember(n, n, 1, str(n), None, date(2026, 1, 1), None, {"secondary_club": n == 2}) for n in (1, 2, 3)]
    assert who_pays(members, list) == [members[0], members[2]]


def test_trainer_without_diploma_is_a_problem(okra: World) -> None:
    with inside(okra.club):
        known, unknown, other = make_contact(extra={"diploma_type": ["initiator"]}), make_contact(), make_contact()
        for trainer in (known, unknown):
            db.session.add(ContactFunction(contact_id=trainer.id, function="trainer"))
        db.session.flush()
        ids = [known.id, unknown.id, other.id]
        found = problems_of_contacts(ids)
    assert ["Trainer without a type of diploma" in found.get(pk, []) for pk in ids] == [False, True, False]
