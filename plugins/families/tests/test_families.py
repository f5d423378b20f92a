"""Families of a club, and parents who act for a child: what is shown, what is refused, what the log says."""

from __future__ import annotations

import re
from datetime import date

import pytest
import time_machine
from sqlalchemy import select

from core import clock
from core.access import Actor
from core.audit.chain import verify_chain
from core.audit.history import history_of
from core.contacts.models import Contact
from core.contacts.services import get_contact, save_contact
from core.db import db, transaction
from core.errors import UserMistake
from core.extend.registry import registry
from core.notifications.models import Notification
from core.notifications.services import notify
from core.outbox.models import OutboxMessage
from core.privacy.services import erase_contact, personal_data
from core.tenancy import scope, unscoped
from core.testing.factories import inside, make_contact
from core.testing.plugin import csrf_of
from core.web.context import active_plugins
from plugins.families import services
from plugins.families.jobs import tell
from plugins.families.models import Family, FamilyFunction, FamilyMember

HOME, MY = "/o/club-a/home/", "/o/club-a/my/family/"


def act(client, kin_id, slug="club-a", page=HOME):
    return client.post("/act-for/", data={"csrf_token": csrf_of(client.get(page).text), "organisation": slug, "person": kin_id})


def change(world, **values):
    """Change the switches of Ann for Lotte."""
    with inside(world.club) as actor:
        pair = next(pair for pair in services.parents_of(values.pop("child")) if pair.parent.first_name == "Ann")
        usual = {name: getattr(pair.right, name) for name in services.SWITCHES}
        services.set_rights(pair.child.id, {pair.parent.id: {**usual, **values}}, actor=actor)


@pytest.mark.covers("R297", "R301")
def test_a_parent_goes_on_as_a_child_of_each_club_and_back(app, world, login, kin):
    client = login("parent.x")
    page = client.get(HOME).text
    assert "My children" in page and "Lotte Peeters" in page and "Seppe Peeters" in page
    before = client.get_cookie("koepel_session").value
    token = csrf_of(page)
    assert act(client, kin.lotte).headers["Location"] == HOME
    assert client.get_cookie("koepel_session").value != before
    page = client.get(HOME).text
    assert "You are acting for Lotte Peeters" in page
    assert "lotte@home.example" in page and "ann@home.example" not in page
    stale = client.post("/act-for/stop", data={"csrf_token": token})
    assert stale.status_code == 400  # a tab from before cannot send anything
    assert client.get("/o/club-a/crm/contacts/").status_code == 403
    assert act(client, kin.seppe, "club-c").headers["Location"] == "/o/club-c/home/"
    assert "acting for Seppe" in client.get("/o/club-c/home/").text
    assert "acting for" not in client.get(HOME).text  # in the other club she is herself
    assert client.post("/act-for/stop", data={"csrf_token": csrf_of(client.get(HOME).text)}).status_code == 302
    assert "ann@home.example" in client.get(HOME).text


def test_whom_one_may_not_act_for_is_not_found(app, world, login, kin):
    client = login("parent.x")
    foreign = ((kin.bob, "club-a"), (kin.seppe, "club-a"), (kin.lotte, "club-c"), (kin.lotte, "club-b"))
    for number, slug in (*foreign, ("0", "club-a"), ("x", "club-a"), ("9" * 30, "")):
        assert act(client, number, slug).status_code == 404
    stranger = login("member.a")
    assert act(stranger, kin.lotte).status_code == 404


def test_a_revoked_parent_finds_no_page_of_the_child_at_once(app, world, login, kin):
    client = login("parent.x")
    act(client, kin.lotte)
    with app.app_context():
        change(world, child=kin.lotte, sees=False)
    for page in (HOME, MY, HOME):
        assert client.get(page).status_code == 404
    page = client.get(HOME).text
    assert "Back to myself" in page
    assert client.post("/act-for/stop", data={"csrf_token": csrf_of(page)}).status_code == 302
    assert "Lotte" not in re.search(r"My children(.*?)<hr", client.get(HOME).text, re.S)[1]
    assert act(client, kin.lotte).status_code == 404


def test_an_ex_partner_whose_time_is_over_has_no_access(app, world, login, kin):
    client = login("parent.x")
    with app.app_context(), inside(world.club) as actor:
        row = services.get_member(kin.ann_row)
        services.change_member(row, function_id=row.function_id, from_on=date(2020, 1, 1), until_on=clock.today(), actor=actor)
    act(client, kin.lotte)
    assert client.get(HOME).status_code == 200  # the last day counts
    with app.app_context(), inside(world.club) as actor:
        row = services.get_member(kin.ann_row)
        services.change_member(row, function_id=row.function_id, from_on=date(2020, 1, 1), until_on=date(2021, 1, 1), actor=actor)
    assert client.get(HOME).status_code == 404


def test_the_day_after_the_18th_birthday_there_is_nothing(app, world, login, kin):
    with app.app_context(), inside(world.club) as actor:
        year = clock.today().year + 1
        save_contact(get_contact(kin.lotte), {"birth_date": date(year - 18, 1, 2)}, actor=actor)
    with time_machine.travel(f"{year}-01-01 12:00:00+00:00"):
        client = login("parent.x")
        assert act(client, kin.lotte).status_code == 302
        assert client.get(HOME).status_code == 200
    with time_machine.travel(f"{year}-01-03 12:00:00+00:00"):
        client = login("parent.x")
        assert act(client, kin.lotte).status_code == 404
        assert "Lotte" not in client.get(HOME).text
    with app.app_context(), time_machine.travel(f"{year}-01-03 12:00:00+00:00"):
        with inside(world.club):
            assert services.acts_for(kin.ann, kin.lotte) is None
        change(world, child=kin.lotte, after_18=True)
        with inside(world.club):
            assert services.acts_for(kin.ann, kin.lotte) == {"see", "correct", "answer"}


def test_parent_and_child_are_told_before_18_and_once(app, world, kin):
    with app.app_context():
        year = clock.today().year + 1
        with inside(world.club) as actor:
            save_contact(get_contact(kin.lotte), {"birth_date": date(year - 18, 3, 20)}, actor=actor)
        for day in ("02-01", "03-01", "03-02", "03-20", "04-01"):
            with time_machine.travel(f"{year}-{day} 12:00:00+00:00"):
                tell(None)
                number = 0 if day == "02-01" else 3
                with unscoped("looking at mails in a test"):
                    mails = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.to_address)).all()
                    assert [mail.to_address for mail in mails] == ["ann@home.example", "bob@home.example", "lotte@home.example"][:number]
    assert "20/03" in mails[0].text


def test_without_a_birth_date_nobody_acts(app, world, kin):
    with app.app_context(), inside(world.club):
        db.session.get(Contact, kin.lotte).birth_date = None
        db.session.flush()
        assert services.acts_for(kin.ann, kin.lotte) is None


def test_what_the_club_switched_off_is_refused(app, world, login, kin):
    client = login("parent.x")
    with app.app_context():
        with inside(world.club):
            assert services.acts_for(kin.bob, kin.lotte) == {"see", "correct", "answer"}
        change(world, child=kin.lotte, corrects=False)
        with inside(world.club):
            assert services.acts_for(kin.ann, kin.lotte) == {"see", "answer"}
    act(client, kin.lotte)
    assert "corrects details" in client.get(MY).text  # of the other parent: both see who may what
    token = csrf_of(client.get(MY).text)
    assert client.post(MY, data={"csrf_token": token}).status_code in (403, 405)
    assert client.get("/o/club-a/account/").status_code == 200  # her own login stays hers


@pytest.mark.covers("R302")
def test_blended_families_one_child_in_two(app, world, kin):
    with app.app_context(), inside(world.club) as actor:
        functions = {one.key: one.id for one in services.functions()}
        second = services.save_family(None, "Peeters - Willems", actor=actor)
        step = make_contact("Eva", "Willems")
        for pk, key in ((kin.bob, "father"), (step.id, "stepmother"), (kin.lotte, "child")):
            services.add_member(second, pk, functions[key], actor=actor)
        assert {pair.parent.first_name for pair in services.parents_of(kin.lotte)} == {"Ann", "Bob", "Eva"}
        assert [family.name for family in services.families_of(kin.lotte)] == ["Peeters - Maes", "Peeters - Willems"]
        with pytest.raises(UserMistake):
            services.add_member(second, kin.lotte, functions["child"], actor=actor)
        grandmother = make_contact("Oma", "Maes")
        services.add_member(second, grandmother.id, functions["grandparent"], actor=actor)
        assert services.acts_for(grandmother.id, kin.lotte) is None


def test_the_log_names_both(app, world, kin):
    with app.app_context():
        parent = Actor(1, "Ann Maes", world.club.id, contact_id=kin.lotte, on_behalf_of_id=kin.lotte, is_system=True)
        with inside(world.club):
            save_contact(get_contact(kin.lotte), {"town": "Leuven"}, actor=parent)
        with transaction(), scope(world.club):
            assert history_of("contact", kin.lotte)[0].who == "Ann Maes on behalf of Lotte Peeters"
        assert verify_chain(world.club).problems == []
        with inside(world.club) as actor:
            erase_contact(get_contact(kin.lotte), actor=actor)
        with transaction(), scope(world.club):
            assert "Lotte" not in " ".join(line.who for line in history_of("contact", kin.lotte))


def test_a_federation_switches_families_off(app, world, login, kin):
    client = login("parent.x")
    act(client, kin.lotte)
    with app.app_context(), transaction(), unscoped("arranging a test"):
        db.session.merge(world.federation).federation_plugin = "okra_sport"
    assert client.get(HOME).status_code == 404
    assert client.post("/act-for/stop", data={"csrf_token": csrf_of(client.get(HOME).text)}).status_code == 302
    page = client.get(HOME).text
    assert "Lotte" not in page and "Seppe" in page
    assert client.get(MY).status_code == 404
    assert login("admin.a").get("/o/club-a/crm/families/").status_code == 404
    with app.app_context(), app.test_request_context():
        assert "families" in active_plugins(db.session.merge(world.foreign_club))


@pytest.mark.covers("R294", "R295", "R296")
def test_option_one_addresses_of_parents_and_their_choices_on_the_page_of_the_child(app, world, login, kin):
    """The addresses of the parents as e-mail 2 and 3; a parent reaches the preferences of the child."""
    with app.app_context(), inside(world.club) as actor:
        save_contact(get_contact(kin.lotte), {"email_2": "ann@home.example", "email_3": "bob@home.example"}, actor=actor)
    client = login("parent.x")
    page = "/o/club-a/my/preferences/"
    assert "bob@home.example" not in client.get(page).text
    act(client, kin.lotte)
    shown = client.get(page).text
    assert [address for address in ("lotte@home.example", "ann@home.example", "bob@home.example") if address not in shown] == []


@pytest.fixture
def tell_child(app, world, kin):
    """tell_child(key): notify Lotte; the addresses mailed under that key, with their texts."""

    def tell_it(key, *others):
        with app.test_request_context(), inside(world.club) as actor:
            kind = next(kind for kind in registry().all("notification_kinds") if kind.audience == "contacts").key
            notify(kind, contact_ids=[kin.lotte, *others], subject="Practice moved", text="At seven.", unique_key=key, actor=actor)
        with app.app_context(), unscoped("looking at mails in a test"):
            mails = db.session.scalars(select(OutboxMessage).where(OutboxMessage.unique_key.like(f"n:{key}:%"))).all()
            return {mail.to_address: mail.text for mail in mails}

    return tell_it


def test_a_parent_of_two_who_are_told_the_same_reads_both_names_and_erasing_either_takes_it_away(app, world, kin, tell_child):
    with app.app_context():
        with inside(world.club) as actor:
            mies = make_contact("Mies", "Peeters", birth_date=date(clock.today().year - 8, 1, 1)).id
            functions = {one.key: one.id for one in services.functions()}
            services.add_member(services.get_family(kin.family), mies, functions["child"], actor=actor)
        sent = tell_child("both", mies)
        assert "For Lotte Peeters, Mies Peeters:" in sent["ann@home.example"]
        with inside(world.club) as actor:
            erase_contact(get_contact(mies), actor=actor)
        with scope(world.club):
            assert [text for text in db.session.scalars(select(Notification.text)) if "Mies" in text] == []


def test_parents_get_what_the_child_is_told(app, world, kin, tell_child):
    sent = tell_child("one")
    assert sorted(sent) == ["ann@home.example", "bob@home.example", "lotte@home.example"]
    assert "For Lotte Peeters:" in sent["ann@home.example"] and "For Lotte" not in sent["lotte@home.example"]
    with app.app_context():
        change(world, child=kin.lotte, gets_mails=False)
        with inside(world.club) as actor:  # who shares the address of the child has the mail already
            save_contact(get_contact(kin.lotte), {"email_1": "bob@home.example"}, actor=actor)
    assert sorted(tell_child("two")) == ["bob@home.example"]


# --- pages -------------------------------------------------------------------------------------------


@pytest.mark.covers("R298", "R299")
def test_family_functions_in_the_settings(app, world, login):
    client = login("admin.a")
    page = client.get("/o/club-a/settings/contact-functions/").text
    assert [name for name in ("Stepfather", "Stepmother", "Grandparent", "Guardian", "Mother", "Father", "Child") if name not in page] == []
    form = "/o/club-a/settings/contact-functions/add"
    token = csrf_of(client.get(form).text)
    assert client.post(form, data={"csrf_token": token, "opens_account": "y"}).status_code == 422
    both = {"csrf_token": token, "name-en": "Aunt", "opens_account": "y", "is_child": "y"}
    assert client.post(form, data=both).status_code == 422
    assert client.post(form, data={"csrf_token": token, "name-en": "Aunt", "name-nl": "Tante", "opens_account": "y", "is_active": "y"}).status_code == 302
    with app.app_context(), inside(world.club):
        made = db.session.scalars(select(FamilyFunction).where(FamilyFunction.key.is_(None))).one()
        assert (made.name, made.opens_account, made.is_active) == ({"en": "Aunt", "nl": "Tante"}, True, True)
        pk = made.id
    data = {"csrf_token": token, "name-en": "Aunt", "version": "1"}
    assert client.post(f"/o/club-a/settings/contact-functions/{pk}", data=data).status_code == 302  # switched off now
    assert client.post(f"/o/club-a/settings/contact-functions/{pk}", data=data).status_code == 422  # somebody else changed it
    assert login("admin.b").get(f"/o/club-b/settings/contact-functions/{pk}").status_code == 404


@pytest.mark.covers("R300")
def test_a_family_is_made_in_crm_with_all_its_members(app, world, login):
    with app.app_context(), inside(world.club):
        child = make_contact("Fien", "Baert", birth_date=date(clock.today().year - 8, 1, 1)).id
        make_contact("Koen", "Baert")
        functions = {one.key: one.id for one in services.functions()}
    client = login("admin.a")
    assert f"/o/club-a/crm/families/add?contact={child}" in client.get(f"/o/club-a/crm/contacts/{child}").text
    form = f"/o/club-a/crm/families/add?contact={child}"
    page = client.get(form).text
    assert 'value="Baert"' in page
    answer = client.post(form, data={"csrf_token": csrf_of(page), "name": "Baert - Nijs", "contact": str(child)})
    add = answer.headers["Location"]
    assert f"contact={child}" in add
    token = csrf_of(client.get(add).text)
    assert client.post(add, data={"csrf_token": token, "contact": str(child), "function": str(functions["child"])}).status_code == 302
    page = client.get(add.partition("?")[0]).text
    assert "Koen Baert" in page  # suggested
    new = {"csrf_token": token, "first_name": "Mia", "last_name": "Nijs", "email_1": "mia@home.example", "function": str(functions["mother"])}
    assert client.post(add.partition("?")[0], data={**new, "email_1": "nonsense"}).status_code == 422
    show = client.post(add.partition("?")[0], data=new).headers["Location"]
    page = client.get(show).text
    assert "Mia Nijs" in page and "Has access" in page
    listed = client.get("/o/club-a/crm/families/").text
    assert "Baert - Nijs" in listed and "Mia Nijs" in listed and "Fien Baert" in listed
    assert "Mia Nijs" in client.get(f"/o/club-a/crm/contacts/{child}").text


def test_planted_ids_of_another_club_store_nothing(app, world, login, kin):
    with app.app_context(), inside(world.other_club) as actor:
        family = services.save_family(None, "Of B", actor=actor).id
        functions = {one.key: one.id for one in services.functions()}
    client = login("admin.b")
    token = csrf_of(client.get(f"/o/club-b/crm/families/{family}/members/add").text)
    add = f"/o/club-b/crm/families/{family}/members/add"
    with app.app_context(), inside(world.club):
        foreign_function = services.functions()[0].id
    assert client.post(add, data={"csrf_token": token, "contact": str(kin.lotte), "function": str(functions["child"])}).status_code == 422
    assert client.post(add, data={"csrf_token": token, "first_name": "X", "last_name": "Y", "function": str(foreign_function)}).status_code == 422
    for path in (
        f"/o/club-b/crm/families/{kin.family}/change", f"/o/club-b/crm/families/{kin.family}/delete", f"/o/club-b/crm/families/members/{kin.ann_row}",
        f"/o/club-b/crm/families/members/{kin.ann_row}/remove", f"/o/club-b/crm/families/children/{kin.lotte}",
    ):  # fmt: skip
        assert client.post(path, data={"csrf_token": token, "name": "X", "parent": str(kin.ann)}).status_code == 404
    assert client.get(f"/o/club-b/crm/families/{kin.family}").status_code == 404
    own = login("admin.a")
    rights = f"/o/club-a/crm/families/children/{kin.lotte}"
    token = csrf_of(own.get(rights).text)
    assert own.post(rights, data={"csrf_token": token, "parent": str(kin.seppe)}).status_code == 404
    assert own.post(rights, data={"csrf_token": token, "parent": str(kin.ann), f"{kin.ann}-sees": "y"}).status_code == 302
    with app.app_context(), inside(world.club):
        assert services.acts_for(kin.ann, kin.lotte) == {"see"}
        assert db.session.scalars(select(FamilyMember.contact_id).where(FamilyMember.family_id == kin.family)).all() == [kin.ann, kin.bob, kin.lotte]


def test_own_data_are_exported_and_erased(app, world, kin):
    with app.app_context():
        change(world, child=kin.lotte, answers=False)
        with inside(world.club) as actor:
            data = personal_data(get_contact(kin.ann), actor=actor)["families"]
            assert data["families"][0]["family"] == "Peeters - Maes"
            assert data["access"][0]["answers"] is False
            for pk in (kin.ann, kin.bob, kin.lotte):
                erase_contact(get_contact(pk), actor=actor)
            assert db.session.scalars(select(Family)).all() == []


def test_the_api_tells_a_family(app, world, kin, caller):
    api = caller("admin.a", "families:read")
    assert [item["name"] for item in api("GET", "families").json["data"]] == ["Peeters - Maes"]
    one = api("GET", f"families/{kin.family}").json
    assert [member["function"] for member in one["members"]] == ["Mother", "Father", "Child"]
