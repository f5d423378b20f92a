"""Is everything right? What is found, how it is repaired, and how that is undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import g
from sqlalchemy import select

from core.api import NotFound, Organisation, UserMistake, active_plugins, get_contact
from core.contacts.services import give_function
from core.db import db, insert_rows, reserve_ids, savepoint
from core.extend.registry import registry
from core.outbox.models import AddressRefusal
from core.outbox.refusals import note_refusal
from core.testing.factories import make_contact
from plugins.groups.api import GroupMember, get_group, join
from plugins.joining import services
from plugins.joining.models import JoiningException
from plugins.joining.presentation import readiness
from plugins.joining.tests.conftest import TODAY, Choir
from plugins.memberships.api import Membership, request_membership, types_on_offer

InClub = Callable[[], Any]


def kind(pk: int) -> Any:
    return next(one for _owner, kinds in types_on_offer() for one in kinds if one.id == pk)


def names(rows: Any) -> list[str]:
    return [row.name for row in rows]


@pytest.fixture
def troubles(choir: Choir, in_club: InClub) -> Choir:
    """Ann0 sings without a membership, Ann1 is a member of the club only, Ann2 has no group; nobody conducts; an address does not work."""
    with in_club() as actor:
        for pk in choir.people[:2]:
            join(get_group(choir.group), get_contact(pk), "singer", actor=actor)
        request_membership(get_contact(choir.people[1]), kind(choir.own), from_on=TODAY, actor=actor)
        request_membership(get_contact(choir.people[2]), kind(choir.singer), from_on=TODAY, actor=actor)
        give_function(get_contact(choir.people[3]), "chair", from_on=date(2020, 1, 1), until_on=date(2021, 1, 1), actor=actor)
        note_refusal("ANN4@home.example", "550 5.1.1 unknown", how="returned")
    return choir


@pytest.mark.covers("R153")
def test_each_point_finds_who_it_is_about_and_nobody_else(troubles: Choir, in_club: InClub) -> None:
    with in_club() as actor:
        found = services.examine()
        assert names(found.no_membership) == ["Singer0 Ann0", "Singer1 Ann1"]  # a membership of the club is none of the federation
        assert names(found.no_group) == ["Singer2 Ann2"]
        assert [(one.key, one.suggested and one.suggested.id) for one in found.functions] == [
            ("club:chair", troubles.people[3]), (f"group:{troubles.group}:conductor", None),
        ]  # fmt: skip
        assert [(one.name, one.address) for one in found.addresses] == [("Singer4 Ann4", "ann4@home.example")]
        assert (found.total, found.is_well) == (6, False)
        join(get_group(troubles.board), get_contact(troubles.people[1]), "singer", actor=actor)
        request_membership(get_contact(troubles.people[0]), kind(troubles.asked), from_on=TODAY, actor=actor)
        assert names(services.examine().no_membership) == ["Singer1 Ann1"]  # asked for is in order


def test_the_function_most_people_have_is_proposed_for_one_more(troubles: Choir, in_club: InClub) -> None:
    with in_club() as actor:
        assert services.usual_function() == "singer"
        for pk in troubles.people[2:5]:
            join(get_group(troubles.group), get_contact(pk), "conductor", actor=actor)
        assert services.usual_function() == "conductor"


def test_in_a_group_that_is_not_linked_any_membership_will_do(choir: Choir, in_club: InClub) -> None:
    with in_club() as actor:
        for pk in choir.people[:2]:
            join(get_group(choir.board), get_contact(pk), "singer", actor=actor)
        request_membership(get_contact(choir.people[0]), kind(choir.own), from_on=TODAY, actor=actor)
        assert names(services.examine().no_membership) == ["Singer1 Ann1"]


def test_everything_is_repaired_to_green_and_put_back(troubles: Choir, in_club: InClub) -> None:
    batches = [services.new_batch() for _number in range(5)]
    with in_club() as actor:
        wish = services.JoinWish(TODAY, troubles.singer)
        assert services.join_several(troubles.people[:2], wish, batch=batches[0], actor=actor) == 2
        assert services.say_right(services.NO_GROUP, troubles.people[2:3], batch=batches[1], actor=actor) == 1
        chosen = {"club:chair": troubles.people[3], f"group:{troubles.group}:conductor": troubles.people[3]}
        assert services.fill_vacancies(chosen, batch=batches[2], actor=actor) == 2
        assert services.try_again([f"{troubles.people[4]}-email_1"], batch=batches[3], actor=actor) == 1
        left = services.examine()
        assert names(left.no_membership) == ["Singer3 Ann3"]  # who conducts needs a membership too
        services.join_contact(troubles.people[3], wish, batch=batches[4], actor=actor)
        assert services.examine().is_well
        for batch in reversed(batches):
            assert services.undo_batch(batch, actor=actor) == (2 if batch == batches[0] else 1)
        assert services.examine().total == 6


def test_another_address_is_written_down_and_the_old_one_comes_back_with_its_mark(troubles: Choir, in_club: InClub) -> None:
    key, batch = f"{troubles.people[4]}-email_1", services.new_batch()
    with in_club() as actor:
        for wrong in ("no address", "ann4@home.example"):
            with pytest.raises(UserMistake) as told, savepoint():
                services.correct_addresses({key: wrong}, batch=batch, actor=actor)
            assert told.value.field == f"address-{key}"
        assert services.correct_addresses({key: "ann@new.example"}, batch=batch, actor=actor) == 1
        assert (get_contact(troubles.people[4]).email_1, services.examine().addresses) == ("ann@new.example", [])
        services.undo_batch(batch, actor=actor)
        assert get_contact(troubles.people[4]).email_1 == "ann4@home.example"
        (row,) = db.session.scalars(select(AddressRefusal)).all()
        assert (row.said, row.how) == ("550 5.1.1 unknown", "returned")


def test_what_is_not_there_cannot_be_repaired(troubles: Choir, in_club: InClub) -> None:
    batch = services.new_batch()
    with in_club() as actor:
        for deed in (
            lambda: services.say_right(services.FUNCTIONS, troubles.people[:1], batch=batch, actor=actor),
            lambda: services.say_right(services.NO_GROUP, [troubles.stranger], batch=batch, actor=actor),
            lambda: services.fill_vacancies({f"group:{troubles.foreign_group}:conductor": troubles.people[0]}, batch=batch, actor=actor),
            lambda: services.fill_vacancies({"nothing:chair": troubles.people[0]}, batch=batch, actor=actor),
            lambda: services.fill_vacancies({"club:chair": troubles.stranger}, batch=batch, actor=actor),
            lambda: services.try_again([f"{troubles.people[0]}-email_1"], batch=batch, actor=actor),
            lambda: services.try_again([f"{troubles.people[0]}-remarks"], batch=batch, actor=actor),
            lambda: services.correct_addresses({"x": "a@b.example"}, batch=batch, actor=actor),
        ):
            with pytest.raises(NotFound), savepoint():
                deed()
        services.say_right(services.NO_GROUP, troubles.people[:1], batch=batch, actor=actor)
        with pytest.raises(UserMistake, match="done already"):
            services.say_right(services.NO_GROUP, troubles.people[:1], batch=batch, actor=actor)
        assert len(db.session.scalars(select(JoiningException)).all()) == 1


def test_a_thousand_members_take_eight_queries_at_most(troubles: Choir, in_club: InClub, queries: Any) -> None:
    with in_club():
        active_plugins()  # every page asks this
        seen = queries()
        services.examine()
        few = len(seen)
    with in_club():
        ids = [make_contact().id for _number in range(1_000)]
        days = {"from_on": TODAY, "until_on": None}
        common = {"is_void": False, "version": 1, "rule_id": None, "left_at": None, "until_before": None, "import_id": None}
        stamp = get_contact(ids[0]).created_at
        rows = [
            {"id": pk, "group_id": troubles.group, "contact_id": contact, "function": "singer", "created_at": stamp, **days, **common}
            for pk, contact in zip(reserve_ids(GroupMember, 500), ids[:500], strict=True)
        ]
        insert_rows(GroupMember, rows)
        for pk in ids[500:]:
            db.session.add(Membership(federation_id=troubles.world.federation.id, contact_id=pk, type_id=troubles.singer, status="accepted", **days))
        db.session.flush()
    with in_club():
        active_plugins()
        seen = queries()
        found = services.examine()
        assert (len(found.no_membership), len(found.no_group)) == (502, 501)
        assert len(seen) == few <= 8, "\n\n".join(seen)


def test_the_point_in_the_list_of_what_a_club_must_do(troubles: Choir, in_club: InClub) -> None:
    with in_club() as actor:
        g.org_slug = "club-a"
        club = db.session.get_one(Organisation, troubles.world.club.id)
        (answer,) = registry().plugins.ask("readiness_checks", ["joining"], organisation=club, day=TODAY)
        (check,) = answer
        assert (check.state, check.url) == ("open", "/o/club-a/health/")
        assert check.detail == "2 people are in a linked group without a membership."
        services.join_several(troubles.people[:2], services.JoinWish(TODAY, troubles.singer), batch=services.new_batch(), actor=actor)
        assert [(one.state, one.detail) for one in readiness(club, TODAY)] == [("ok", "Everybody in a linked group has a membership.")]


def test_a_club_without_members_is_not_asked_anything(choir: Choir, in_club: InClub) -> None:
    with in_club() as actor:
        give_function(get_contact(choir.people[0]), "chair", actor=actor)
        join(get_group(choir.group), get_contact(choir.people[0]), "conductor", actor=actor)
        club = db.session.get_one(Organisation, choir.world.club.id)
        g.org_slug = "club-a"
        assert [one.state for one in readiness(club, TODAY)] == ["open"]
        services.say_right(services.NO_MEMBERSHIP, choir.people[:1], batch=services.new_batch(), actor=actor)
        assert readiness(club, TODAY) == []
