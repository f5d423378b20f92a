"""An action on chosen rows: said beforehand, done one by one, told per row, undone, tried again."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from core.access import Actor, acting
from core.contacts.models import Contact
from core.db import db, transaction
from core.errors import NotFound, UserMistake
from core.extend.registry import Owned, registry
from core.jobs.models import Job, JobItem
from core.jobs.runner import work_off
from core.lists.actions import BulkAction
from core.selections.bulk import find_action
from core.selections.models import Selection, SelectionPart
from core.selections.services import forget_expired, freeze, get_selection
from core.tenancy import scope, unscoped
from core.testing.crashes import work_again
from core.testing.factories import inside, make_contact
from core.testing.plugin import csrf_of
from core.users.models import OrganisationRole

LIST = "/o/club-a/crm/contacts/"


@pytest.fixture
def club(world, app):
    with app.app_context(), inside(world.club):
        for n in range(60):
            make_contact(f"First{n:02}", f"Last{n:02}", town="Herent" if n < 40 else "Leuven")
    with app.app_context(), inside(world.other_club):
        make_contact("Bob", "Theirs")
    return world


class Hand:
    """Somebody who chooses rows and does something with them."""

    def __init__(self, app, client):
        self.app, self.client = app, client
        self.token = csrf_of(client.get(LIST).text)

    def choose(self, action, query="f.town.is=Herent", **form):
        data = {"csrf_token": self.token, "action": action, **(form or {"all": "1", "query": query})}
        return self.client.post(f"{LIST}select", data=data, follow_redirects=True)

    def confirm(self, page, **form):
        return self.client.post(page.request.path, data={"csrf_token": self.token, **form})

    def do(self, action, query="f.town.is=Herent", **form):
        """Address of the job that does it, once it is done."""
        location = self.confirm(self.choose(action, query, **form)).location
        work_off(self.app)
        return location


@pytest.fixture
def hand(app, club, login):
    return Hand(app, login("admin.a"))


def towns(app, club):
    with app.app_context(), scope(club.club):
        return [town or "" for town in db.session.scalars(select(Contact.town).where(Contact.deleted_at.is_(None)).order_by(Contact.id))]


def test_the_consequence_is_said_before_and_nothing_happens_before_the_click(hand, app, club):
    page = hand.choose("put_in_bin")

    assert "40 contacts go to the bin." in unescape(page.text)
    assert "You can undo it afterwards." in page.text
    work_off(app)
    assert len(towns(app, club)) == 60


def test_all_results_on_all_pages_are_meant_also_when_the_list_changes_meanwhile(hand, app, club):
    page = hand.choose("put_in_bin")
    with app.app_context(), inside(club.club):
        make_contact("Late", "Comer", town="Herent")

    hand.confirm(page)
    work_off(app)

    assert sorted(towns(app, club)) == ["Herent", *["Leuven"] * 20]


def test_a_bulk_action_can_be_undone(hand, app, club):
    location = hand.do("put_in_bin")
    assert len(towns(app, club)) == 20
    page = hand.client.get(location).text
    undo = re.search(r'action="(/o/club-a/selections/undo/\d+)"', page)
    assert undo is not None, page[-6000:]

    answers = [hand.client.post(undo[1], data={"csrf_token": hand.token}) for _time in range(2)]
    work_off(app)

    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].location == answers[1].location
    assert len(towns(app, club)) == 60


@pytest.fixture
def moving(app):
    """An action that some rows refuse until somebody repairs them."""

    def move(item_id, values, *, actor):
        contact = db.session.get_one(Contact, item_id)
        if contact.town == "Leuven":
            raise UserMistake("Somebody from Leuven does not move.")
        if contact.town == "Broken":
            raise RuntimeError("a bug")
        contact.town = "Moved"

    action = BulkAction("move", "contacts", "Move", "contacts.write", run=move)
    with app.app_context():
        kept = registry()._items["bulk_actions"]
    kept[("contacts", "move")] = Owned("core", action)
    yield action
    del kept[("contacts", "move")]


def test_each_row_has_its_own_result_and_the_failed_ones_can_be_tried_again(hand, app, club, moving):
    with app.app_context(), inside(club.club):
        db.session.scalars(select(Contact).where(Contact.last_name == "Last39")).one().town = "Broken"
        db.session.flush()

    location = hand.do("move", "f.name.contains=last")
    page = hand.client.get(location).text
    assert (towns(app, club).count("Moved"), "Somebody from Leuven does not move." in page, "Last41 First41" in page) == (39, True, True)
    assert "Something went wrong on our side. We made a note of it." in page

    with app.app_context(), inside(club.club):
        for contact in db.session.scalars(select(Contact).where(Contact.town.in_(("Leuven", "Broken")))):
            contact.town = "Aarschot"
        db.session.flush()
    retry = re.search(r'action="([^"]+/retry)"', page)[1]
    hand.client.post(retry, data={"csrf_token": hand.token})
    work_off(app)

    assert towns(app, club).count("Moved") == 60
    with app.app_context(), scope(club.club):
        assert db.session.scalars(select(JobItem.ok)).all() == [True] * 60


def test_a_killed_action_goes_on_and_does_nothing_twice(hand, app, club, crash):
    answer = hand.confirm(hand.choose("put_in_bin"))
    assert answer.status_code == 302

    crash("bulk.after_batch")
    assert len(towns(app, club)) == 35
    work_again(app)

    assert len(towns(app, club)) == 20
    with app.app_context(), scope(club.club):
        assert len(db.session.scalars(select(JobItem.item_id)).all()) == 40
        assert db.session.scalars(select(Job.state)).all() == ["done"]


def test_rows_of_others_and_rows_in_the_bin_are_left_out_of_a_selection(app, club):
    with app.app_context():
        with scope(club.other_club):
            theirs = db.session.scalars(select(Contact.id)).one()
        with inside(club.club) as actor:
            own = db.session.scalars(select(Contact.id).order_by(Contact.id)).all()
            chosen = freeze([own[3], theirs, own[0], own[3], -1, 10**12], "contacts", actor=actor)
            assert list(chosen.ids()) == [own[3], own[0]]


def test_old_selections_are_forgotten(app, club):
    with app.app_context():
        with inside(club.club) as actor:
            chosen = freeze([1, 2], "contacts", actor=actor)
            chosen.expires_at = chosen.created_at
            db.session.flush()
        with transaction(), unscoped("removing old selections in a test"):
            assert forget_expired() == 1
            assert db.session.scalars(select(Selection.id)).all() == []
            assert db.session.scalars(select(SelectionPart.id)).all() == []


def test_selections_of_others_do_not_exist(hand, login, app, club):
    path = hand.choose("put_in_bin").request.path

    assert login("member.a").get(path).status_code == 404
    assert login("admin.b").get(path.replace("club-a", "club-b")).status_code == 404
    assert hand.client.get("/o/club-a/selections/999999999999").status_code == 404
    assert hand.client.get(path.rpartition("/")[0] + "/nonsense").status_code == 404


def test_who_lost_the_right_meanwhile_is_refused(hand, app, club):
    hand.confirm(hand.choose("put_in_bin"))
    with app.app_context(), unscoped("taking a role away in a test"), transaction():
        for role in db.session.scalars(select(OrganisationRole).where(OrganisationRole.organisation_id == club.club.id)):
            db.session.delete(role)
    work_off(app)

    assert len(towns(app, club)) == 60
    with app.app_context(), scope(club.club):
        assert db.session.scalars(select(Job.state)).all() == ["refused"]


def test_an_action_for_exactly_two_rows_refuses_three(hand, app, club):
    action = BulkAction("pair", "contacts", "Pair", "contacts.write", run=lambda *_a, **_k: None, exactly=2)
    with app.app_context():
        kept = registry()._items["bulk_actions"]
        kept[("contacts", "pair")] = Owned("core", action)
    try:
        page = hand.choose("pair", ids=["1", "2", "3"])
        assert "Choose exactly 2 rows for this." in page.text
        assert "Pair" in hand.choose("pair", ids=["1", "2"]).text
    finally:
        del kept[("contacts", "pair")]


def test_the_right_of_an_action_is_asked(app, club):
    with app.app_context(), inside(club.club) as system:
        pk = freeze([1], "contacts", actor=system).id
        nobody = Actor(None, "Reader", club.club.id, permissions=frozenset({"contacts.read"}), is_system=False)
        with acting(nobody):
            assert get_selection(pk, actor=nobody).count == 1
            with pytest.raises(NotFound):
                find_action("contacts", "put_in_bin", actor=nobody)
