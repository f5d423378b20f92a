"""Seasons, groups and who is in them: what holds, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from core import clock
from core.access import Actor
from core.contacts.services import get_contact, save_contact
from core.db import db
from core.errors import NotFound, UserMistake
from core.lists.models import SavedFilter
from core.organisations.models import Organisation
from core.privacy.services import erase_contact, personal_data
from core.testing.factories import World, inside, make_contact
from plugins.groups import services
from plugins.groups.models import GroupLink
from plugins.groups.services import people
from plugins.groups.services.rules import drop_exception, exceptions_of
from plugins.groups.tests.conftest import START, Choir, new_group, season_values


def mistake_of(act: Any) -> UserMistake:
    with pytest.raises(UserMistake) as caught:
        act()
    return caught.value


# --- seasons --------------------------------------------------------------------------------------


@pytest.mark.covers("R211", "R212")
@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"end_on": None}, "end_on", "A season has an end"),
        ({"end_on": date(START + 1, 1, 1)}, "end_on", "before the first day"),
        ({"start_on": date(START + 1, 9, 1), "end_on": date(START + 2, 8, 31)}, "start_on", f"runs from 01/10/{START + 1}"),
        ({"name": "Next year"}, "name", "calls this season"),
        ({"name": f"{START}-{START + 1}", "start_on": date(START, 10, 1), "end_on": date(START + 1, 9, 30)}, "name", "There is a season"),
    ],
)
def test_a_season_that_does_not_fit_is_refused_by_name(choir: Choir, in_club: Actor, changed: dict[str, Any], field: str, words: str) -> None:
    wrong = mistake_of(lambda: services.add_season({**season_values(START + 1), **changed}, actor=in_club))
    assert wrong.field == field
    assert words in str(wrong.message)


def test_seasons_do_not_overlap_where_no_federation_prescribes_days(app: Flask, world: World) -> None:
    with app.app_context(), inside(world.foreign_club) as actor:
        services.add_season({**season_values(2030), "name": "Free"}, actor=actor)
        wrong = mistake_of(lambda: services.add_season({**season_values(2031), "name": "Other", "start_on": date(2031, 9, 1)}, actor=actor))
        assert "overlap season Free, from 01/10/2030 to 30/09/2031" in str(wrong.message)


@pytest.mark.covers("R213", "R214")
def test_one_season_is_current_and_only_active_ones_can_be_worked_in(choir: Choir, in_club: Actor) -> None:
    new = services.add_season(season_values(START + 1, is_current=True), actor=in_club)
    assert [s.name for s in services.seasons_of() if s.is_current] == [new.name]
    services.activate(new, on=False, actor=in_club)
    assert "Activate it" in str(mistake_of(lambda: new_group(new.id, "Late", actor=in_club)).message)
    with pytest.raises(UserMistake):
        services.remove_season(services.get_season(choir.former), actor=in_club)


# --- people in groups -----------------------------------------------------------------------------


@pytest.mark.covers("R228", "R230", "R232")
def test_several_functions_are_several_lines_and_each_is_left_by_itself(choir: Choir, in_club: Actor) -> None:
    group, ann = new_group(choir.present, "Choir", actor=in_club), get_contact(choir.people[0])
    first = services.join(group, ann, "conductor", actor=in_club)
    services.join(group, ann, "singer", actor=in_club)
    assert [row.function for row, _contact in services.members_of(group)] == ["conductor", "singer"]
    assert "is in Choir" in str(mistake_of(lambda: services.join(group, ann, "singer", actor=in_club)).message)
    assert mistake_of(lambda: services.join(group, ann, "", actor=in_club)).field == "function"
    wrong = mistake_of(lambda: services.leave(first, last_day=first.from_on - timedelta(days=1), actor=in_club))
    assert wrong.field == "last_day"
    services.leave(first, actor=in_club)
    assert [row.function for row, _contact in services.members_of(group)] == ["singer"]
    services.undo_leave(first, actor=in_club)
    assert len(services.members_of(group)) == 2


def test_people_of_another_club_are_not_found(choir: Choir, app: Flask, world: World) -> None:
    with app.app_context(), inside(world.other_club) as actor:
        stranger = make_contact("Bert").id
        with pytest.raises(NotFound):
            services.get_group(choir.group)
    with app.app_context(), inside(world.club) as actor, pytest.raises(NotFound):
        services.join_many(services.get_group(choir.group), [stranger], "singer", actor=actor)


# --- copying --------------------------------------------------------------------------------------


@pytest.mark.covers("R215", "R217")
def test_a_copy_has_everything_chosen_once(choir: Choir, in_club: Actor) -> None:
    group, season = services.get_group(choir.group), services.get_season(choir.present)
    for pk in choir.people[:3]:
        services.join(group, get_contact(pk), "singer", actor=in_club)
    services.join(group, get_contact(choir.people[0]), "conductor", actor=in_club)
    services.leave_all(choir.people[2], group.id, actor=in_club)
    copy = services.copy_group(group, season, services.Choices(), actor=in_club)
    assert {(row.contact_id, row.function) for row, _contact in services.members_of(copy)} == {
        (choir.people[0], "conductor"),
        (choir.people[0], "singer"),
        (choir.people[1], "singer"),
    }
    assert copy.lineage == group.lineage
    again = mistake_of(lambda: services.copy_group(group, season, services.Choices(), actor=in_club))
    assert "copied to season" in str(again.message)
    assert len(services.groups_in(season)) == 1
    services.undo_copy(group, season, actor=in_club)
    assert services.groups_in(season) == []
    plain = services.copy_group(group, season, services.Choices(functions=False), actor=in_club)
    assert [row.function for row, _contact in services.members_of(plain)] == ["singer", "singer"]
    services.join(plain, get_contact(choir.people[4]), "singer", actor=in_club).created_at += timedelta(hours=1)
    db.session.flush()
    assert "changed since" in str(mistake_of(lambda: services.undo_copy(group, season, actor=in_club)).message)


# --- rules ----------------------------------------------------------------------------------------


def test_a_rule_fills_a_group_and_what_is_done_by_hand_holds(choir: Choir, in_club: Actor, world: World, app: Flask) -> None:
    group = new_group(choir.present, "Leuven", actor=in_club)
    saved = SavedFilter(user_id=_admin_id(), list_name="contacts", name="From Leuven", query="f.town.is=Leuven", is_shared=True)
    db.session.add(saved)
    for pk in choir.people[:2]:
        save_contact(get_contact(pk), {"town": "Leuven"}, actor=in_club)
    services.join(group, get_contact(choir.people[4]), "singer", actor=in_club)
    rule, first = services.add_rule(group, saved.id, "singer", actor=in_club)
    assert (first.joined, services.run_rule(rule, actor=in_club).joined) == (2, 0)
    inside_ids = lambda: {row.contact_id for row, _contact in services.members_of(group)}  # noqa: E731 -- read three times below
    assert inside_ids() == {*choir.people[:2], choir.people[4]}
    # a saved contact is looked at: one comes, one goes
    save_contact(get_contact(choir.people[2]), {"town": "Leuven"}, actor=in_club)
    save_contact(get_contact(choir.people[0]), {"town": "Gent"}, actor=in_club)
    assert inside_ids() == {choir.people[1], choir.people[2], choir.people[4]}
    # taken out by hand: not put back, until that is dropped
    row = next(row for row, _contact in services.members_of(group) if row.contact_id == choir.people[1])
    services.leave(row, actor=in_club)
    assert (services.run_rule(rule, actor=in_club).joined, choir.people[1] in inside_ids()) == (0, False)
    drop_exception(exceptions_of(group)[0][0].id, actor=in_club)
    assert choir.people[1] in inside_ids()
    # pinned: stays when the rule no longer finds her
    services.pin(next(row for row, _contact in services.members_of(group) if row.contact_id == choir.people[2]), actor=in_club)
    save_contact(get_contact(choir.people[2]), {"town": "Gent"}, actor=in_club)
    assert choir.people[2] in inside_ids()
    services.remove_rule(rule, keep_members=False, actor=in_club)
    assert inside_ids() == {choir.people[2], choir.people[4]}


def _admin_id() -> int:
    from sqlalchemy import select  # noqa: PLC0415 -- only here

    from core.tenancy import unscoped  # noqa: PLC0415 -- only here
    from core.users.models import User  # noqa: PLC0415 -- only here

    with unscoped("arranging a test"):
        return db.session.scalars(select(User.id).where(User.username == "admin.a")).one()


# --- links ----------------------------------------------------------------------------------------


def link(choir: Choir, federation: Organisation, actor: Actor, **changed: Any) -> GroupLink:
    wanted = {"extra": {"rehearsal_day": "Monday"}, **changed}
    return services.link_group(services.get_group(wanted.pop("group", choir.group)), federation, actor=actor, **wanted)


@pytest.mark.covers("R219", "R222", "R224", "R225", "R227")
def test_a_linked_group_is_read_by_its_federation_and_what_it_orders_is_charged(choir: Choir, federation: Organisation, app: Flask, world: World) -> None:
    with app.app_context(), inside(world.club) as actor:
        assert mistake_of(lambda: link(choir, federation, actor, extra={})).field == "extra-rehearsal_day"
        assert mistake_of(lambda: link(choir, federation, actor, options=["maxi"])).field == "options"
        assert mistake_of(lambda: link(choir, world.other_federation, actor)).field == "federation"
        present = new_group(choir.present, "Adults", actor=actor)
        children = new_group(choir.present, "Children", actor=actor)
        link(choir, federation, actor, group=children.id)
        link(choir, federation, actor, group=present.id, options=["bibliotheek", "maxi"])
        link(choir, federation, actor, group=children.id, options=["bibliotheek", "maxi"])
        assert [term.key for _f, term in services.missing_functions(present)] == ["conductor"]
        services.join(present, get_contact(choir.people[0]), "conductor", actor=actor)
        services.join(present, get_contact(choir.people[1]), "singer", actor=actor)
        assert services.missing_functions(present) == []
        assert "End the link first" in str(mistake_of(lambda: services.put_away(present, actor=actor)).message)
        pk = present.id
    with app.app_context(), inside(federation) as actor:
        read = next(one for one in services.linked_groups(federation) if one.group_id == pk)
        assert (read.name, read.shared, read.member_count, read.functions) == ("Adults", {"rehearsal_day": "Monday"}, 2, {"conductor": 1, "singer": 1})
        assert [holder["name"] for holder in read.holders] == ["Ann0 Singer0"]
        assert [event.act for event in services.history_of(read.id)] == ["changed", "linked"]
        charges = services.charges_of(federation, world.club.id, START_DAY)
        assert [(c.option, c.unit_cents, c.quantity) for c in charges] == [("bibliotheek", 5_000, 2), ("maxi", 20_000, 1)]
        with pytest.raises(NotFound):
            services.get_group(pk)
    with app.app_context(), inside(world.other_federation):
        assert services.linked_groups(federation) == []


START_DAY = max(clock.today(), date(START, 10, 1))


def test_an_erased_person_is_in_no_group_and_in_no_federation(choir: Choir, federation: Organisation, in_club: Actor) -> None:
    group = new_group(choir.present, "Adults", actor=in_club)
    read = link(choir, federation, in_club, group=group.id)
    ann = get_contact(choir.people[0])
    services.join(group, ann, "conductor", actor=in_club)
    assert personal_data(ann, actor=in_club)["groups"]["groups"][0]["function"] == "Conductor"
    assert read.holders
    save_contact(ann, {"last_name": "Renamed"}, actor=in_club)
    assert read.holders[0]["name"] == "Ann0 Renamed"
    erase_contact(ann, actor=in_club)
    assert read.holders == []
    assert people.data_of(ann) == {}
