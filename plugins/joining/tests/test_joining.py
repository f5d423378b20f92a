"""Joining and leaving as one act: all or nothing, said before, put back in one go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.api import NotFound, UserMistake, current_organisation, get_contact, switch_module, system_actor
from core.audit.services import entries_about
from core.db import db, savepoint
from core.extend.registry import registry
from core.privacy.services import erase_contact, personal_data
from core.testing.factories import inside
from plugins.groups.api import get_group, join
from plugins.joining import services
from plugins.joining.models import JoiningAct, JoiningException
from plugins.joining.plugin import KEPT, register_retention_rules
from plugins.joining.tests.conftest import FEE, TODAY, Choir, stand
from plugins.memberships.api import accept_membership, memberships_of, request_membership, types_on_offer

InClub = Callable[[], Any]


def texts(effect: services.Effect) -> str:
    return " | ".join(line.text for line in effect.lines)


@pytest.mark.covers("R233")
def test_one_act_makes_membership_group_and_function_and_one_undo_takes_all_back(choir: Choir, in_club: InClub) -> None:
    batch = services.new_batch()
    with in_club() as actor:
        before = stand(choir.people)
        assert services.join_several(choir.people, choir.wish(), batch=batch, actor=actor) == 5
    with in_club() as actor:
        after = stand(choir.people)
        assert [(row.type_id, row.status, row.from_on) for row in after.memberships] == [(choir.singer, "accepted", TODAY)] * 5
        assert [(row.group_id, row.function, row.from_on) for row in after.lines] == [(choir.group, "singer", TODAY)] * 5
        assert [row.function for row in after.functions] == ["chair"] * 5
        assert services.undo_batch(batch, actor=actor) == 5
    with in_club() as actor:
        assert stand(choir.people) == before
        act = db.session.scalars(select(JoiningAct).limit(1)).one()
        assert [entry.action for entry in entries_about("joining_act", act.id)] == ["joining_act.undone", "joining_act.joined"]
        with pytest.raises(UserMistake, match="can no longer be undone"):
            services.undo_batch(batch, actor=actor)


@pytest.mark.covers("R234")
def test_one_act_ends_everything_and_one_undo_brings_it_back(choir: Choir, in_club: InClub) -> None:
    first, last = TODAY - timedelta(days=20), TODAY - timedelta(days=1)
    with in_club() as actor:
        wish = choir.wish(places=((choir.board, "conductor"),))
        services.join_several(choir.people[:2], services.JoinWish(first, wish.type_id, wish.places, wish.functions), batch=services.new_batch(), actor=actor)
        request_membership(get_contact(choir.people[0]), kind(choir.own), from_on=TODAY + timedelta(days=30), actor=actor)
    batch = services.new_batch()
    with in_club() as actor:
        before = stand(choir.people)
        services.leave_several(choir.people[:2], last_day=last, reason="moved", batch=batch, actor=actor)
    with in_club() as actor:
        after = stand(choir.people)
        assert {row.until_on for row in (*after.memberships, *after.lines, *after.functions)} == {last}
        assert len(after.memberships) == 2  # what had not begun is withdrawn
        assert get_contact(choir.people[0]).deleted_at is None
        services.undo_batch(batch, actor=actor)
    with in_club():
        assert stand(choir.people) == before


def test_leaving_and_coming_back_does_not_stop_the_undo_of_joining(choir: Choir, in_club: InClub) -> None:
    joined, left = services.new_batch(), services.new_batch()
    with in_club() as actor:
        before = stand(choir.people)
        services.join_several(choir.people[:2], choir.wish(), batch=joined, actor=actor)
        services.leave_several(choir.people[:2], last_day=TODAY, reason="", batch=left, actor=actor)
        with pytest.raises(UserMistake, match="can no longer be undone"), savepoint():
            services.undo_batch(joined, actor=actor)
        services.undo_batch(left, actor=actor)
        services.undo_batch(joined, actor=actor)
        assert stand(choir.people) == before


def kind(pk: int) -> Any:
    return next(one for _owner, kinds in types_on_offer() for one in kinds if one.id == pk)


def test_what_somebody_has_already_stays_and_nothing_left_to_do_is_said(choir: Choir, in_club: InClub) -> None:
    with in_club() as actor:
        request_membership(get_contact(choir.people[0]), kind(choir.singer), from_on=TODAY, actor=actor)
        done = services.join_contact(choir.people[0], choir.wish(), batch=services.new_batch(), actor=actor)
        assert set(done) == {"lines", "functions"}
        with pytest.raises(UserMistake) as told:
            services.join_contact(choir.people[0], choir.wish(), batch=services.new_batch(), actor=actor)
        assert told.value.field == "contacts"
        for part in ("Ann0 Singer0 has all of this already", "member of Federation F", "in Cantabile", "holds this function"):
            assert part in told.value.message


def test_leaving_before_joining_is_refused_and_nothing_ends(choir: Choir, in_club: InClub) -> None:
    with in_club() as actor:
        services.join_several(choir.people[:1], choir.wish(), batch=services.new_batch(), actor=actor)
        before = stand(choir.people)
        with pytest.raises(UserMistake, match="began on") as told, savepoint():
            services.leave_contact(choir.people[0], last_day=TODAY - timedelta(days=1), batch=services.new_batch(), actor=actor)
        assert told.value.field == "last_day"
        assert "began on" in texts(services.foresee_leaving(choir.people[:1], TODAY - timedelta(days=1)))
        with pytest.raises(UserMistake, match="no membership, group or function"):
            services.leave_contact(choir.people[1], batch=services.new_batch(), actor=actor)
        assert stand(choir.people) == before


def test_a_mistake_with_one_is_a_mistake_and_says_whose(choir: Choir, in_club: InClub) -> None:
    with in_club() as actor:
        services.join_several(choir.people[:1], choir.wish(), batch=services.new_batch(), actor=actor)
    with pytest.raises(UserMistake, match="Ann0 Singer0"), in_club() as actor:
        services.join_several(list(reversed(choir.people)), choir.wish(), batch=services.new_batch(), actor=actor)
    with in_club():
        assert {row.contact_id for row in stand(choir.people).memberships} == {choir.people[0]}


def test_what_is_not_of_this_club_does_not_exist(choir: Choir, in_club: InClub) -> None:
    with in_club() as actor:
        with pytest.raises(NotFound), savepoint():
            services.join_contact(choir.stranger, choir.wish(), batch=services.new_batch(), actor=actor)
        with pytest.raises(NotFound), savepoint():
            services.join_contact(choir.people[0], choir.wish(places=((choir.foreign_group, "singer"),)), batch=services.new_batch(), actor=actor)
        with pytest.raises(NotFound), savepoint():
            services.join_contact(choir.people[0], choir.wish(), batch="x", actor=actor)
        for wrong, field in (({"type_id": choir.foreign}, "type"), ({"functions": ("king",)}, "functions"), ({"places": ((choir.group, "king"),)}, "places")):
            with pytest.raises(UserMistake) as told, savepoint():
                services.join_contact(choir.people[0], choir.wish(**wrong), batch=services.new_batch(), actor=actor)
            assert told.value.field == field
        with pytest.raises(UserMistake, match="Choose a membership, a group or a function"):
            services.join_contact(choir.people[0], services.JoinWish(TODAY), batch=services.new_batch(), actor=actor)
        assert stand(choir.people).memberships == []


def test_the_same_form_sent_twice_does_it_once(choir: Choir, in_club: InClub) -> None:
    batch = services.new_batch()
    with in_club() as actor:
        services.join_contact(choir.people[0], choir.wish(), batch=batch, actor=actor)
        with pytest.raises(UserMistake, match="done already"):
            services.join_contact(choir.people[0], choir.wish(functions=("treasurer",)), batch=batch, actor=actor)
        services.undo_for(choir.people[0], batch, actor=actor)
        services.join_contact(choir.people[0], choir.wish(), batch=batch, actor=actor)  # put back, so it may be done again
        assert len(stand(choir.people).lines) == 1


def test_somebody_new_becomes_a_contact_and_the_undo_puts_it_in_the_bin(choir: Choir, in_club: InClub) -> None:
    batch = services.new_batch()
    with in_club() as actor:
        contact = services.join_new({"first_name": "Nele", "last_name": "New"}, choir.wish(), batch=batch, actor=actor)
        assert len(memberships_of(contact.id)) == 1
        services.undo_batch(batch, actor=actor)
        assert contact.deleted_at is not None


def test_what_the_federation_decided_since_cannot_be_undone_and_all_stays(choir: Choir, in_club: InClub, app: Any) -> None:
    batch = services.new_batch()
    with in_club() as actor:
        services.join_contact(choir.people[0], choir.wish(type_id=choir.asked), batch=batch, actor=actor)
        asked = memberships_of(choir.people[0])[0].id
    with app.app_context(), inside(choir.world.federation) as federation:
        accept_membership(asked, actor=federation)
    with pytest.raises(UserMistake, match="can no longer be undone"), in_club() as actor:
        services.undo_batch(batch, actor=actor)
    with in_club():
        assert len(stand(choir.people).lines) == 1


def test_the_effect_is_said_before_with_the_fee_of_the_real_rules(choir: Choir, in_club: InClub) -> None:
    with in_club() as actor:
        effect = services.foresee_joining(choir.people, choir.wish(), actor=actor)
        said = texts(effect)
        assert "5 people become members of Federation F (Singing member)" in said
        assert "5 people join Cantabile" in said and "Federation F sees that" in said
        assert "becomes €92.50 higher: €92.50 instead of €0.00" in said
        assert FEE * 5 == 9_250
        assert stand(choir.people).memberships == []  # nothing was stored
        waiting = texts(services.foresee_joining(choir.people[:1], choir.wish(type_id=choir.asked, places=(), functions=()), actor=actor))
        assert "It waits until the federation decides" in waiting and "€18.50" in waiting
        own = texts(services.foresee_joining(choir.people[:1], choir.wish(type_id=choir.own), actor=actor))
        assert "member of Club A" in own and "invoice" not in own
        services.join_several(choir.people[:2], choir.wish(), batch=services.new_batch(), actor=actor)
        again = texts(services.foresee_joining(choir.people[:3], choir.wish(), actor=actor))
        assert "Already a member, and stays so as it is: Ann0 Singer0, Ann1 Singer1" in again
        assert "Already in Cantabile" in again and "€18.50 higher: €55.50 instead of €37.00" in again
        leaving = texts(services.foresee_leaving(choir.people[:2], TODAY))
        assert "2 memberships of Federation F end" in leaving and "€37.00 lower: €0.00 instead of €37.00" in leaving
        new = services.foresee_joining([], choir.wish(), new={"first_name": "Nele", "last_name": "New"}, actor=actor)
        assert "A new contact is made" in texts(new) and "€18.50" in texts(new)


def test_a_function_the_federation_asks_is_named_when_its_holder_leaves(choir: Choir, in_club: InClub) -> None:
    with in_club() as actor:
        join(get_group(choir.group), get_contact(choir.people[0]), "conductor", actor=actor)
        assert "Then nobody is conductor of Cantabile" in texts(services.foresee_leaving(choir.people[:1], TODAY))
        join(get_group(choir.group), get_contact(choir.people[1]), "conductor", actor=actor)
        assert "Then nobody" not in texts(services.foresee_leaving(choir.people[:1], TODAY))


def test_it_works_without_groups_and_without_invoices(choir: Choir, in_club: InClub) -> None:
    with in_club():
        club = current_organisation()
        for name in ("groups", "invoices"):
            switch_module(club, name, on=False, actor=system_actor(club.id))
    with in_club() as actor:
        wish = choir.wish(places=())
        said = texts(services.foresee_joining(choir.people[:1], wish, actor=actor))
        assert "becomes a member" in said and "invoice" not in said
        services.join_contact(choir.people[0], wish, batch=services.new_batch(), actor=actor)
        assert services.leave_contact(choir.people[0], batch=services.new_batch(), actor=actor).keys() == {"ended", "functions_ended"}
        with pytest.raises(NotFound):
            services.join_contact(choir.people[1], choir.wish(), batch=services.new_batch(), actor=actor)
        assert services.examine().no_group == []


def test_a_number_of_queries_that_does_not_depend_on_the_people_who_leave(choir: Choir, in_club: InClub, queries: Any) -> None:
    with in_club() as actor:
        services.join_several(choir.people, choir.wish(), batch=services.new_batch(), actor=actor)
    numbers = []
    for chosen in (choir.people[:1], choir.people):
        with in_club():
            services.foresee_leaving(chosen, TODAY)  # what is kept per request
            seen = queries()
            services.foresee_leaving(chosen, TODAY)
            numbers.append(len(seen))
    assert numbers[0] == numbers[1]


def test_what_is_kept_of_a_person_is_told_erased_and_forgotten_in_time(choir: Choir, in_club: InClub) -> None:
    with in_club() as actor:
        batch = services.new_batch()
        services.join_contact(choir.people[0], choir.wish(), batch=batch, actor=actor)
        services.say_right(services.NO_GROUP, [choir.people[0]], batch=batch, actor=actor)
        told = str(personal_data(get_contact(choir.people[0]), actor=actor))
        assert "joining_act" in told or "When you joined or left" in told
        (rule,) = register_retention_rules()
        assert list(db.session.scalars(rule.due())) == []
        act = db.session.scalars(select(JoiningAct)).one()
        act.created_at -= KEPT + timedelta(days=1)
        db.session.flush()
        assert list(db.session.scalars(rule.due())) == [act.id]
        erase_contact(get_contact(choir.people[0]), actor=actor)
        assert [list(db.session.scalars(select(model.id))) for model in (JoiningAct, JoiningException)] == [[], []]


def test_the_manifest_names_what_it_does_without(context: Any) -> None:
    manifest = registry().plugins.manifests["joining"]
    assert manifest.imports == ("memberships", "groups", "invoices")
    order = registry().plugins.order
    assert max(order.index(name) for name in manifest.imports) < order.index("joining")
