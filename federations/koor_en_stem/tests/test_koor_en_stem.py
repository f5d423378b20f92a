"""What a choir of Koor&Stem has, what it pays, and that clubs of others have nothing of it."""

from datetime import date
from typing import Any

import pytest
from flask import Flask, g

from core import clock
from core.contacts.services import functions_here
from core.db import db
from core.fields.services import definitions
from core.organisations.models import Organisation
from core.organisations.services.readiness import readiness_of, reference_day
from core.testing.conformance import problems_of
from core.testing.factories import World, inside, make_contact, make_world
from core.users.policy import policy_of_organisation
from plugins.groups.api import add_group, add_price, add_season, change_term, charges_of, get_term, join, link_group, prescriptions, terms_of
from plugins.groups.views import GroupNumbers
from plugins.invoices.api import CountedMember, save_fee
from plugins.invoices.services.rules import FeeRules
from plugins.memberships.api import MonthDay, sync_types, types_of

DAY = clock.today()
FIRST_YEAR = DAY.year - ((DAY.month, DAY.day) < (10, 1))


@pytest.fixture
def choirs(context: Flask) -> World:
    return make_world("koor_en_stem")


def test_plugin_keeps_the_rules_of_the_house() -> None:
    assert problems_of("koor_en_stem") == []


@pytest.mark.covers("R140", "R212")
def test_insurance_is_the_type_and_the_season_begins_in_october(choirs: World) -> None:
    with inside(choirs.federation):
        sync_types(choirs.federation)
        types = types_of(choirs.federation)
        assert [kind.name["nl"] for kind in types] == ["Niet-verzekerd", "BA-verzekerd", "LO-verzekerd", "BA+LO-verzekerd"]
        assert {(kind.duration, kind.period_start.month, kind.period_end.month) for kind in types} == {("season_bound", 10, 9)}
        name, start, end = prescriptions()[0].season_from(2026)
        assert (name, start, end) == ("2026-2027", date(2026, 10, 1), date(2027, 9, 30))
    day: Any = reference_day(choirs.federation)
    assert (day.month, day.day) == (11, 15)
    assert policy_of_organisation(choirs.club).name == "seed"


@pytest.mark.covers("R218", "R219", "R228", "R229")
def test_words_functions_and_fields_are_there_for_its_clubs_only(choirs: World) -> None:
    with inside(choirs.club):
        assert [(f.key, f.required) for f in functions_here()] == [
            ("contact_person", True), ("chair", True), ("member_administrator", True), ("conductor", True),
        ]  # fmt: skip
        assert [term.key for term in terms_of("composition")] == ["mixed", "high", "low"]
        assert [(term.key, term.is_required) for term in terms_of("function")][0] == ("conductor", True)
        assert [field.key for field in definitions("group")][:2] == ["published", "rehearsal_day"]
    with inside(choirs.foreign_club):
        assert functions_here() == []
        assert terms_of("composition") == []
        assert definitions("group") == []


@pytest.mark.covers("R309")
def test_choirs_and_singers_are_counted_per_season_from_october_by_type_composition_and_region(context: Flask, choirs: World) -> None:
    page = GroupNumbers()
    with context.test_request_context(), inside(choirs.federation):
        assert [way.key for way in page.dimensions(choirs.federation)] == ["all", "type", "composition", "region", "group.published", "group.rehearsal_day"]
        assert [each.key for each in page.measures(choirs.federation)][:4] == ["groups", "people", "function-conductor", "function-singer"]
        assert str(page.first_day(choirs.federation)) == str(MonthDay(10, 1))


def test_what_the_federation_changed_survives_a_new_version_of_the_plugin(choirs: World) -> None:
    with inside(choirs.federation) as actor:
        change_term(get_term("composition", "mixed"), {"name": {"nl": "SATB"}}, actor=actor)
        add_price("library", amount_cents=6_000, from_on=date(2020, 10, 1), actor=actor)
    with inside(choirs.club):  # the declarations are read again, as after an upgrade
        assert [dict(term.name)["nl"] for term in terms_of("composition")][0] == "SATB"


@pytest.mark.covers("R220", "R224", "R225", "R227")
def test_a_choir_family_pays_per_choir_and_what_it_ordered(context: Flask, choirs: World) -> None:
    federation = choirs.federation
    with context.test_request_context(), inside(choirs.club) as actor:
        g.org_slug = choirs.club.slug
        values = {"name": f"{FIRST_YEAR}-{FIRST_YEAR + 1}", "start_on": date(FIRST_YEAR, 10, 1), "end_on": date(FIRST_YEAR + 1, 9, 30)}
        season = add_season({**values, "is_current": True, "is_active": True}, actor=actor)
        groups = [add_group({"name": name}, season, actor=actor) for name in ("Adults", "Children")]
        join(groups[0], make_contact("Ann", "Conductor"), "conductor", actor=actor)
        for group in groups:
            link_group(group, federation, extra={}, actor=actor)
        link_group(groups[0], federation, extra={}, options=["maxi", "library", "premises"], actor=actor)
        (found,) = readiness_of(db.session.get_one(Organisation, choirs.club.id))
        point = next(check for check in found.checks if check.name == "linked_groups")
        assert point.state == "ok"
    with inside(federation):
        assert [(c.option, c.unit_cents, c.quantity) for c in charges_of(federation, choirs.club.id, DAY)] == [
            ("choir", 7_500, 2), ("maxi", 10_000, 1), ("library", 5_000, 1), ("premises", 2_500, 1),
        ]  # fmt: skip
        lines = FeeRules(federation, DAY).lines_for(choirs.club, [])
        assert sum(line.unit_cents * line.times for line in lines) == 2 * 7_500 + 10_000 + 5_000 + 2_500
        assert (lines[0].text["nl"], lines[0].rule_text["nl"]) == (
            "Koorlidmaatschap (Adults, Children)", "Koorlidmaatschap: voor elk koor dat gelinkt is",
        )  # fmt: skip
        assert FeeRules(federation, DAY).lines_for(choirs.other_club, []) == []


HEAD = 600
FEES = {"uninsured": HEAD, "liability": 750, "accidents": 850, "both": 1_000}


def _lines(choirs: World, members: dict[str, int], fees: dict[str, int] = FEES) -> list[tuple[str, str, int, int, int]]:
    """(text, rule, price, how many, members) of the invoice of a club with so many members of each type."""
    with inside(choirs.federation) as actor:
        sync_types(choirs.federation)
        types = {kind.key: kind.id for kind in types_of(choirs.federation)}
        for key, cents in fees.items():
            save_fee(None, type_id=types[key], amount_cents=cents, from_on=date(2020, 1, 1), until_on=None, actor=actor)
        people = [CountedMember(n, n, types[key], f"Singer {n}", None, DAY, None) for key, many in members.items() for n in range(many)]
        return [
            (line.text["nl"], line.rule_text["nl"], line.unit_cents, line.times, len(line.members))
            for line in FeeRules(choirs.federation, DAY).lines_for(choirs.club, people)
        ]


@pytest.mark.covers("R140", "R149")
def test_the_premium_of_each_insurance_is_a_line_of_its_own_and_every_line_says_why(choirs: World) -> None:
    why = "bovenop de bijdrage, voor elk lid met dit type lidmaatschap"
    assert _lines(choirs, {"uninsured": 2, "liability": 3, "both": 4}) == [
        ("Bijdrage per lid", "Bijdrage per lid: voor iedereen die op de referentiedatum lid is, verzekerd of niet", 600, 9, 9),
        ("Verzekeringspremie: BA-verzekerd", f"BA-verzekerd: {why}", 150, 3, 3),
        ("Verzekeringspremie: BA+LO-verzekerd", f"BA+LO-verzekerd: {why}", 400, 4, 4),
    ]


def test_without_a_fee_for_who_is_not_insured_each_type_keeps_its_fee(choirs: World) -> None:
    assert [line[2:] for line in _lines(choirs, {"liability": 3, "both": 1}, {"liability": 750, "both": 1_000})] == [(750, 3, 3), (1_000, 1, 1)]


def test_an_insurance_cheaper_than_none_has_no_premium(choirs: World) -> None:
    found = _lines(choirs, {"uninsured": 1, "liability": 2, "accidents": 1}, {**FEES, "liability": 500})
    assert [(line[0], *line[2:]) for line in found] == [
        ("Bijdrage per lid", 600, 2, 2), ("Verzekeringspremie: LO-verzekerd", 250, 1, 1), ("BA-verzekerd", 500, 2, 2),
    ]  # fmt: skip


def test_an_insurance_at_the_price_of_none_is_a_head_and_no_line_of_nothing(choirs: World) -> None:
    assert [(line[0], *line[2:]) for line in _lines(choirs, {"liability": 2}, {**FEES, "liability": HEAD})] == [("Bijdrage per lid", 600, 2, 2)]
