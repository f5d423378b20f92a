"""notify(): who is told, once, how, in which language, and in how many queries."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import select

from core.access import system_actor
from core.contacts.services import get_contact
from core.db import db, transaction
from core.errors import NotFound
from core.i18n import Words
from core.notifications.api import notify, take_back
from core.notifications.models import NotificationChoice
from core.notifications.preferences import parts_of
from core.notifications.services import forget_contact, notifications_of, open_notification, told_to
from core.outbox.models import AddressRefusal
from core.tenancy import scope
from core.testing.factories import inside, make_contact
from core.testing.plugin import csrf_of
from core.users.models import User
from tests.core.notifications.conftest import mails, told

WORDS = Words(nl="Hallo", fr="Bonjour", en="Hello")
pytestmark = pytest.mark.usefixtures("kinds")


def tell(app, world, kind="test.told", *, key="k", actor=None, **arguments):
    with app.app_context(), inside(world.club) as system:
        return notify(kind, subject=WORDS, text=lambda: f"{WORDS}!", unique_key=key, actor=actor or system, **arguments)


@pytest.mark.covers("R048")
def test_a_contact_is_told_once_in_the_app_and_by_mail_in_the_language_of_its_login(app, world, member):
    url = "/o/club-a/home/"
    assert [tell(app, world, contact_ids=[member[0]], url=url), tell(app, world, contact_ids=[member[0]], url=url)] == [1, 0]
    (row,) = told(app, "k")
    assert (row.subject, row.text, row.url, row.is_shown, row.seen_at) == ("Hello", "Hello!", url, True, None)
    (mail,) = mails(app)
    assert (mail.to_address, mail.subject) == ("g@members.example", "Hello")
    assert app.config["KOEPEL"].public_url + url in mail.text
    assert url in mail.html


def test_a_new_receiver_of_the_same_key_is_told_and_the_first_is_not_told_again(app, world, member):
    with app.app_context(), inside(world.club):
        other = make_contact(email_1="o@members.example", language="fr").id
    tell(app, world, contact_ids=[member[0]])
    assert tell(app, world, contact_ids=[member[0], other]) == 1
    assert [(row.contact_id, row.subject) for row in told(app, "k")] == [(member[0], "Hello"), (other, "Bonjour")]


def test_nothing_is_told_of_what_did_not_happen(app, world, member):
    with app.app_context(), pytest.raises(RuntimeError), inside(world.club) as actor:
        notify("test.told", contact_ids=[member[0]], subject="x", text="y", unique_key="k", actor=actor)
        raise RuntimeError
    assert told(app, "k") == [] == mails(app)


@pytest.mark.covers("R046", "R047", "R296")
def test_choices_hold_per_kind_and_per_address(app, world, member):
    with app.app_context(), inside(world.club):
        for kind, in_app, addresses in (("test.told", False, ["email_1", "email_2"]), ("test.quiet", True, [])):
            db.session.add(NotificationChoice(receiver=f"c{member[0]}", contact_id=member[0], kind=kind, in_app=in_app, addresses=addresses))
            db.session.flush()
    tell(app, world, contact_ids=[member[0]])
    tell(app, world, "test.quiet", key="q", contact_ids=[member[0]])
    assert [row.is_shown for row in told(app, "k")] == [False]
    assert [row.is_shown for row in told(app, "q")] == [True]
    assert [mail.to_address for mail in mails(app)] == ["g@members.example", "son@members.example"]


def test_a_chosen_address_that_is_gone_gives_way_to_the_first_there_is(app, world, member):
    with app.app_context(), inside(world.club):
        db.session.add(NotificationChoice(receiver=f"c{member[0]}", contact_id=member[0], kind="test.told", in_app=True, addresses=["email_3"]))
        db.session.flush()
    tell(app, world, contact_ids=[member[0]])
    assert [mail.to_address for mail in mails(app)] == ["g@members.example"]


def test_managers_are_told_at_the_address_of_their_login_but_not_who_did_it(app, world, member):
    tell(app, world, "test.managers", key="m")
    assert [mail.to_address for mail in mails(app)] == ["admin.a@koepel.example"]
    with app.app_context():
        admin = db.session.scalars(select(User.id).where(User.username == "admin.a")).one()
    by_admin = dataclasses.replace(system_actor(world.club.id), user_id=admin)
    assert tell(app, world, "test.managers", key="m2", actor=by_admin) == 0
    assert tell(app, world, "test.user", key="u", user_ids=[member[1]]) == 1
    assert mails(app)[-1].to_address == "member.a@koepel.example", "never the address of the contact, which the club can change"


def test_a_federation_tells_a_club_and_contacts_of_others_hear_nothing(app, world, member):
    with app.app_context(), inside(world.other_club):
        stranger = make_contact(email_1="s@members.example").id
    with app.app_context(), inside(world.federation) as actor:
        notify("test.told", contact_ids=[member[0], stranger], subject="x", text="y", unique_key="f", actor=actor, organisation=world.club)
    assert [(row.contact_id, row.organisation_id) for row in told(app, "f")] == [(member[0], world.club.id)]


def test_an_address_elsewhere_is_refused(app, world, member):
    for url in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        with pytest.raises(ValueError, match="address"):
            tell(app, world, contact_ids=[member[0]], url=url)


def test_two_thousand_receivers_cost_as_many_queries_as_twenty(app, world, queries):
    with app.app_context(), inside(world.club):
        ids = [make_contact(email_1=f"m{number}@members.example").id for number in range(2_000)]
    counts = []
    for key, some in (("few", ids[:20]), ("many", ids)):
        with app.app_context(), inside(world.club) as actor:
            seen = queries()
            notify("test.told", contact_ids=some, subject=WORDS, text=WORDS, unique_key=key, actor=actor)
            counts.append(len([one for one in seen if "SAVEPOINT" not in one]))
    assert counts[0] == counts[1] <= 12, counts
    assert len(told(app, "many")) == 2_000
    assert len(mails(app)) == 2_020


def test_what_was_undone_is_taken_back(app, world, member):
    tell(app, world, contact_ids=[member[0]])
    with app.app_context(), inside(world.club):
        assert take_back("k") == 1
    assert told(app, "k") == [] == mails(app)


def test_an_address_that_does_not_work_is_not_tried_and_the_list_says_so(app, world, member):
    with app.app_context(), inside(world.club):
        db.session.add(AddressRefusal(address="g@members.example", said="550 no", how="refused"))
        db.session.flush()
    tell(app, world, contact_ids=[member[0]])
    (mail,) = mails(app)
    assert (mail.state, mail.reason) == ("failed", "refused")


def test_an_erased_person_leaves_nothing_it_was_told_nor_what_others_were_told_of_it(app, world, member):
    tell(app, world, contact_ids=[member[0]])
    tell(app, world, "test.managers", key="m", about=member[0])
    with app.app_context(), inside(world.club):
        contact = get_contact(member[0])
        assert [line["subject"] for line in told_to(contact)] == ["Hello"]
        forget_contact(contact)
    assert told(app, "k") == [] == told(app, "m")


# --- the page ----------------------------------------------------------------------------------------


@pytest.mark.covers("R045")
def test_the_bell_counts_the_page_shows_dots_and_a_click_opens(app, world, member, login):
    tell(app, world, contact_ids=[member[0]], url="/o/club-a/home/")
    tell(app, world, key="k2", contact_ids=[member[0]])
    client = login("member.a")
    page = client.get("/o/club-a/my/notifications/")
    assert page.text.count('class="is-new"') == 2
    assert page.text.count("2<span class=\"visually-hidden\"> new") >= 1, "the menu counts them"
    (row,) = told(app, "k")
    answer = client.post(f"/o/club-a/my/notifications/{row.id}/open", data={"csrf_token": csrf_of(page.text)})
    assert (answer.status_code, answer.location) == (303, "/o/club-a/home/")
    assert client.get("/o/club-a/my/notifications/").text.count('class="is-new"') == 1
    client.post("/o/club-a/my/notifications/seen", data={"csrf_token": csrf_of(page.text)})
    assert client.get("/o/club-a/my/notifications/").text.count('class="is-new"') == 0


def test_notifications_of_somebody_else_are_not_there(app, world, member, login):
    tell(app, world, contact_ids=[member[0]])
    (row,) = told(app, "k")
    client = login("admin.a")
    assert "Hello" not in client.get("/o/club-a/my/notifications/").text
    answer = client.post(f"/o/club-a/my/notifications/{row.id}/open", data={"csrf_token": csrf_of(client.get("/o/club-a/my/preferences/").text)})
    assert answer.status_code == 404
    assert told(app, "k")[0].seen_at is None


def test_older_ones_are_on_the_next_page(app, world, member, login):
    for number in range(27):
        tell(app, world, "test.quiet", key=f"k{number}", contact_ids=[member[0]])
    client = login("member.a")
    first = client.get("/o/club-a/my/notifications/")
    assert first.text.count("Hello!") == 25
    older = first.text.partition("?before=")[2].partition('"')[0]
    assert client.get(f"/o/club-a/my/notifications/?before={older}").text.count("Hello!") == 2


@pytest.mark.covers("R046", "R047")
def test_preferences_are_kept_per_kind_and_address_and_nothing_foreign_is(app, world, member, login):
    client = login("member.a")
    page = client.get("/o/club-a/my/preferences/").text
    assert "(son)" in page
    assert 'value="mail:test.told:email_1" checked' in page
    assert 'value="mail:test.told:email_2" checked' not in page
    assert "test.managers" not in page, "no kinds for rights one does not hold"
    ticked = ["mail:test.told:email_2", "app:test.managers", "mail:test.told:email_3", "app:nonsense"]
    client.post("/o/club-a/my/preferences/", data={"csrf_token": csrf_of(page), "ticked": ticked})
    with app.app_context(), inside(world.club):
        rows = {row.kind: row for row in db.session.scalars(select(NotificationChoice))}
        assert {row.receiver for row in rows.values()} <= {f"c{member[0]}", f"u{member[1]}"}
        assert (rows["test.told"].in_app, rows["test.told"].addresses) == (False, ["email_2"])
        assert "test.managers" not in rows
    tell(app, world, contact_ids=[member[0]])
    assert [mail.to_address for mail in mails(app)] == ["son@members.example"]


def test_who_acts_for_a_child_reads_what_the_child_was_told_and_nothing_of_her_own(app, world, member):
    parent = dataclasses.replace(system_actor(world.club.id), user_id=member[1], contact_id=member[0])
    tell(app, world, contact_ids=[member[0]])
    tell(app, world, "test.user", key="u", user_ids=[member[1]])
    with app.app_context(), inside(world.club):
        assert [row.unique_key for row in notifications_of(parent)] == ["u", "k"]
        acting_for = dataclasses.replace(parent, on_behalf_of_id=member[0])
        assert [row.unique_key for row in notifications_of(acting_for)] == ["k"]
        assert [part.receiver for part in parts_of(acting_for)] == [f"c{member[0]}"]


def test_opening_needs_the_scope_of_its_club(app, world, member):
    tell(app, world, contact_ids=[member[0]])
    (row,) = told(app, "k")
    elsewhere = dataclasses.replace(system_actor(world.other_club.id), contact_id=member[0])
    with app.app_context(), transaction(), scope(world.other_club), pytest.raises(NotFound):
        open_notification(row.id, actor=elsewhere)
