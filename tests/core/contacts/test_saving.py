from datetime import date
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from core.access import Actor, acting
from core.audit.chain import verify_chain
from core.audit.history import Change, history_of
from core.contacts.models import Contact
from core.contacts.saved import SavedContacts
from core.contacts.services import add_contacts, find_similar, get_contact, in_bin, problems_of, put_in_bin, restore, save_contact
from core.db import db, transaction
from core.errors import Forbidden, NotFound, StaleVersion, UserMistake
from core.extend.hookspecs import hookimpl
from core.extend.registry import registry
from core.tenancy import scope
from core.testing.factories import World, inside, make_contact

PEETERS = {
    "first_name": " Godelieve ",
    "last_name": "Peeters",
    "birth_date": "14/05/1954",
    "gender": "F",
    "email_1": "Godelieve@Mail.example",
    "mobile_1": "0470/12 34 56",
    "postcode": "3020",
    "town": "Herent",
    "whose": {"email_2": ""},
}


class Listener:
    """A plugin that remembers what it was told, and may refuse."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.refusal: str | None = None

    @hookimpl
    def contacts_saved(self, saved: SavedContacts, actor: Actor) -> None:
        self.told += [(contact.full_name, before) for contact, before in saved]
        if self.refusal:
            raise UserMistake(self.refusal)


@pytest.fixture
def listener(app: Flask) -> Any:
    with app.app_context():
        manager = registry().plugins.manager
    found = Listener()
    manager.register(found, name="listener")
    yield found
    manager.unregister(found)


@pytest.mark.covers("R073", "R076", "R077", "R079", "R080")
def test_new_contact_is_stored_cleaned_folded_and_recorded(context: Flask, world: World, listener: Listener) -> None:
    with inside(world.club) as actor:
        contact = save_contact(None, PEETERS, actor=actor)

        assert (contact.first_name, contact.birth_date, contact.email_1, contact.mobile_1) == (
            "Godelieve", date(1954, 5, 14), "Godelieve@mail.example", "+32 470 12 34 56",
        )  # fmt: skip
        assert (contact.name_key, contact.organisation_id, contact.version) == ("peeters godelieve", world.club.id, 1)
        assert "herent" in contact.search_text
    assert listener.told == [("Godelieve Peeters", None)]
    with scope(world.club):
        line = history_of("contact", contact.id)[0]
    assert (line.action, line.who) == ("contact.created", "Koepel")
    assert Change("Town", "", "Herent") in line.changes


@pytest.mark.covers("R083")
def test_change_stores_only_what_is_given_and_records_old_and_new(context: Flask, world: World, listener: Listener) -> None:
    with inside(world.club) as actor:
        contact = save_contact(None, PEETERS, actor=actor)
    with inside(world.club) as actor:
        save_contact(get_contact(contact.id), {"last_name": "Peeters-Maes", "town": "Herent", "birth_date": "15/05/1954"}, actor=actor)

    with scope(world.club):
        stored = get_contact(contact.id)
        assert (stored.name_key, stored.email_1, stored.version) == ("peeters-maes godelieve", "Godelieve@mail.example", 2)
        assert set(history_of("contact", contact.id)[0].changes) == {
            Change("Family name", "Peeters", "Peeters-Maes"),
            Change("Birth date", "14/05/1954", "15/05/1954"),
        }
    assert listener.told[1] == ("Godelieve Peeters-Maes", {"last_name": "Peeters", "birth_date": date(1954, 5, 14)})


def test_saving_without_a_change_stores_and_tells_nothing(context: Flask, world: World, listener: Listener) -> None:
    with inside(world.club) as actor:
        contact = save_contact(None, PEETERS, actor=actor)
    with inside(world.club) as actor:
        save_contact(get_contact(contact.id), PEETERS, actor=actor)

    with scope(world.club):
        assert get_contact(contact.id).version == 1
        assert len(history_of("contact", contact.id)) == 1
    assert len(listener.told) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [({"first_name": "  "}, "first_name"), ({"email_1": "kas@delinde"}, "email_1"), ({"birth_date": "01/01/1899"}, "birth_date"), ({"town": "x" * 81}, "town")],
)
def test_mistake_names_its_field_and_stores_nothing(context: Flask, world: World, change: dict[str, str], field: str) -> None:
    with pytest.raises(UserMistake) as caught, inside(world.club) as actor:
        save_contact(None, {**PEETERS, **change}, actor=actor)

    assert caught.value.field == field
    with scope(world.club):
        assert db.session.scalars(select(Contact)).all() == []


@pytest.mark.covers("R078")
def test_contact_without_email_is_stored_and_gets_a_problem(context: Flask, world: World) -> None:
    with inside(world.club) as actor:
        without = save_contact(None, {**PEETERS, "email_1": ""}, actor=actor)
        complete = save_contact(None, {**PEETERS, "street": "Lindelaan", "house_number": "12"}, actor=actor)

        assert problems_of([without.id, complete.id]) == {without.id: ["No e-mail address 1", "Incomplete home address"]}


def test_plugin_that_refuses_undoes_everything(context: Flask, world: World, listener: Listener) -> None:
    listener.refusal = "not now"
    with pytest.raises(UserMistake, match="not now"), inside(world.club) as actor:
        save_contact(None, PEETERS, actor=actor)

    with scope(world.club):
        assert db.session.scalars(select(Contact)).all() == []
    assert verify_chain(world.club).entries == 0


def test_stale_version_is_refused(context: Flask, world: World) -> None:
    with inside(world.club) as actor:
        contact = save_contact(None, PEETERS, actor=actor)
    with inside(world.club) as actor:
        save_contact(get_contact(contact.id), {"town": "Leuven"}, actor=actor, version=1)
    with pytest.raises(StaleVersion), inside(world.club) as actor:
        save_contact(get_contact(contact.id), {"town": "Brugge"}, actor=actor, version=1)

    with scope(world.club):
        assert get_contact(contact.id).town == "Leuven"


def test_of_two_saves_at_once_one_wins_and_the_other_is_told(app: Flask, world: World) -> None:
    with app.app_context(), inside(world.club) as actor:
        pk = save_contact(None, PEETERS, actor=actor).id
    start, outcomes = Barrier(2), []

    def save(town: str) -> None:
        with app.app_context():
            start.wait(10)
            try:
                with inside(world.club) as actor:
                    save_contact(get_contact(pk), {"town": town}, actor=actor, version=1)
                outcomes.append(town)
            except StaleVersion:
                outcomes.append("stale")

    threads = [Thread(target=save, args=(town,)) for town in ("Leuven", "Brugge")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    with app.app_context(), scope(world.club):
        stored = get_contact(pk)
        assert sorted(outcomes) == sorted([stored.town, "stale"])
        assert stored.version == 2
        assert len(history_of("contact", pk)) == 2
        assert verify_chain(world.club).problems == []


def test_writers_of_one_club_keep_one_chain(app: Flask, world: World) -> None:
    with app.app_context(), inside(world.club) as actor:
        ids = [save_contact(None, {"first_name": f"A{n}", "last_name": "B"}, actor=actor).id for n in range(4)]
    start, failures = Barrier(4), []

    def save(pk: int) -> None:
        with app.app_context():
            start.wait(10)
            try:
                for number in range(5):
                    with inside(world.club) as actor:
                        save_contact(get_contact(pk), {"town": f"Town {number}"}, actor=actor)
            except Exception as error:  # noqa: BLE001 -- a thread cannot fail the test by itself
                failures.append(error)

    threads = [Thread(target=save, args=(pk,)) for pk in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failures == []
    with app.app_context():
        report = verify_chain(world.club)
    assert (report.entries, report.seals, report.problems) == (24, 21, [])


def test_several_contacts_are_all_stored_or_none(context: Flask, world: World) -> None:
    with inside(world.club) as actor:
        made = add_contacts([{"first_name": "An", "last_name": "A"}, {"first_name": "Bo", "last_name": "B"}], actor=actor)
        assert [contact.full_name for contact in made] == ["An A", "Bo B"]
    with pytest.raises(UserMistake) as caught, inside(world.club) as actor:
        add_contacts([{"first_name": "Ca", "last_name": "C"}, {"first_name": "Do", "last_name": ""}], actor=actor)

    assert caught.value.field == "1-last_name"
    with scope(world.club):
        assert sorted(db.session.scalars(select(Contact.first_name))) == ["An", "Bo"]


@pytest.mark.covers("R089")
def test_contact_in_the_bin_is_gone_and_comes_back_whole(context: Flask, world: World, listener: Listener) -> None:
    with inside(world.club) as actor:
        contact = save_contact(None, PEETERS, actor=actor)
        put_in_bin(contact, actor=actor)
        put_in_bin(contact, actor=actor)
        with pytest.raises(NotFound):
            get_contact(contact.id)
        assert [c.id for c in in_bin()] == [contact.id]
        assert find_similar(PEETERS) == []
    with inside(world.club) as actor:
        restore(get_contact(contact.id, even_in_bin=True), actor=actor)

    with scope(world.club):
        assert get_contact(contact.id).email_1 == "Godelieve@mail.example"
        assert [line.action for line in history_of("contact", contact.id)] == ["contact.restored", "contact.deleted", "contact.created"]
    assert [before and list(before) for _name, before in listener.told] == [None, ["deleted_at"], ["deleted_at"]]


@pytest.mark.parametrize("permission", ["contacts.write", "contacts.delete"])
def test_services_refuse_without_the_right(context: Flask, world: World, permission: str) -> None:
    reader = Actor(1, "Reader", world.club.id, permissions=frozenset({"contacts.read"}))
    with inside(world.club):
        contact = make_contact()
        with acting(reader), pytest.raises(Forbidden, match=permission):
            save_contact(contact, {"town": "X"}, actor=reader) if permission == "contacts.write" else put_in_bin(contact, actor=reader)


def test_contact_of_another_club_is_not_found(context: Flask, world: World) -> None:
    with inside(world.other_club):
        pk = make_contact().id
    with scope(world.club), pytest.raises(NotFound):
        get_contact(pk)
    db.session.rollback()
    with scope(world.other_club):
        assert get_contact(pk).id == pk


def test_enormous_and_negative_ids_are_not_found(context: Flask, world: World) -> None:
    with scope(world.club):
        for pk in (0, -1, 2**31, 10**30):
            with pytest.raises(NotFound):
                get_contact(pk)


def test_similar_contacts_have_the_same_name_or_address(context: Flask, world: World) -> None:
    with inside(world.other_club):
        make_contact("Godelieve", "Peeters")
    with inside(world.club) as actor:
        save_contact(None, PEETERS, actor=actor)
        make_contact("Somebody", "Else", email_2="SHARED@mail.example")

        assert [s.because for s in find_similar({"first_name": "peeters", "last_name": "GODELIÈVE"})] == ["name"]
        assert [s.because for s in find_similar({"first_name": "A", "last_name": "B", "email_1": "shared@Mail.example"})] == ["email"]
        assert find_similar({"first_name": "Godelieve", "last_name": ""}) == []
        assert find_similar({"first_name": "Nobody", "last_name": "Known", "email_1": "new@mail.example"}) == []


@time_machine.travel("2027-02-28 12:00:00Z")
def test_age_and_minority_follow_the_birth_date(context: Flask, world: World) -> None:
    with inside(world.club):
        leap = make_contact(birth_date=date(2008, 2, 29))
        older = make_contact(birth_date=date(2009, 2, 28))
        unknown = make_contact()

        assert (leap.age, leap.is_minor) == (18, False)
        assert (older.age, older.is_minor) == (18, False)
        assert (unknown.age, unknown.is_minor) == (None, False)


def test_writes_outside_a_transaction_are_refused(context: Flask, world: World) -> None:
    with inside(world.club):
        pk = make_contact().id
    with scope(world.club):
        get_contact(pk).town = "X"
        with pytest.raises(Exception, match="transaction"):
            db.session.flush()
    db.session.rollback()
    with transaction(), scope(world.club):
        assert get_contact(pk).town is None
