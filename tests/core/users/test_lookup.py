""" "Register here" and "Forgotten": the organisation, the person, the mail; and what a stranger may not learn."""

from __future__ import annotations

import re
import statistics
import time
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from core import clock
from core.audit.models import AuditEntry
from core.contacts.models import Contact
from core.db import db, transaction
from core.organisations.models import Organisation
from core.organisations.services import affiliate, create_organisation, set_setting
from core.tenancy import scope, unscoped
from core.testing.factories import inside, make_contact
from core.testing.plugin import csrf_of
from core.users import finding
from core.users.models import OrganisationRole, Tally, User
from core.users.services import give_role, members, organisations_of
from core.users.services.lookup import find_places
from core.users.views import entering
from tests.core.users.conftest import last_link, mails

NEW = "vogelhuis-blauw-73"
PERSON = "/account/forgotten/club-a"
SEED = {finding.BY_NAME: True, finding.HITS: True, finding.ADDRESS: "masked"}


def switch(app, world, values):
    with app.app_context(), transaction(), unscoped("the rules of a test"):
        for key, value in values.items():
            set_setting(db.session.get(Organisation, world.federation.id), key, value)


def person(app, world, **values):
    with app.app_context(), inside(world.club):
        return make_contact(**{"first_name": "Nele", "last_name": "D’Hondt", "email_1": "nelejohanna.hont@hotmail.example", **values}).id


def search(app, first="", last="", email="", *, address="192.0.2.1", client=None, page=PERSON):
    client = client or app.test_client()
    token = csrf_of(client.get(page).text)
    data = {"csrf_token": token, "first_name": first, "last_name": last, "email": email}
    return client.post(page, data=data, environ_base={"REMOTE_ADDR": address})


def request_login(client, answer, *, page=PERSON, address="192.0.2.1"):
    """Press the first button "Request login"."""
    handle = re.search(r'name="handle" value="([^"]*)"', answer.text)[1]
    data = {"csrf_token": csrf_of(answer.text), "handle": handle}
    return client.post(f"{page}/request", data=data, environ_base={"REMOTE_ADDR": address})


def stable(answer):
    """An answer without what is new each time."""
    html = re.sub(r'(name="csrf_token"[^>]*value=|name="csrf-token" content=|nonce=)"[^"]*"', r'\1""', answer.text)
    return answer.status_code, answer.location, html, sorted(h for h, _v in answer.headers)


# --- the organisation --------------------------------------------------------------------------------


@pytest.mark.covers("R010", "R011", "R021")
def test_the_login_page_leads_to_the_club(app, world):
    client = app.test_client()
    page = client.get("/login/").text
    assert "Register here" in page and "Forgot your user name or password?" in page
    for why in ("register", "forgotten"):
        assert f'href="/account/{why}/"' in page
        found = client.get(f"/account/{why}/?q=aarsch").text
        assert re.findall(rf'href="/account/{why}/([\w-]+)">([^<]*)</a><small>([^<]*)<', found) == [("club-a", "Club A", "Aarschot")]


@pytest.mark.covers("R031")
def test_a_link_to_the_login_page_may_say_in_which_language(app, world):
    """As a federation puts it on its website; the pages behind it follow."""
    client = app.test_client()
    assert 'lang="fr"' in client.get("/login/?locale=fr").text and 'lang="fr"' in client.get("/account/register/").text
    assert 'lang="de"' in client.get("/login/?locale=de").text
    assert 'lang="de"' in client.get("/login/?locale=<script>").text, "nonsense changes nothing"


@pytest.mark.covers("R012")
def test_a_part_of_the_name_or_the_abbreviation_is_enough(app, world):
    with app.app_context():
        with transaction(), unscoped("more clubs in a test"):
            create_organisation(kind="club", name="Okra Sport Demo Club", slug="demo", town="Sint-Niklaas")
            create_organisation(kind="club", name="Éclair du Nord", slug="eclair", town="Liège")
            create_organisation(kind="region", name="Sport Region", slug="sport-region")

        def named(text):
            return [place.slug for place in find_places(text)]

        assert (named("mo clu"), named("OSDC"), named("o.s.d.c."), named("ecl"), named("nord"), named("niklaas demo")) == (
            ["demo"], ["demo"], ["demo"], ["eclair"], ["eclair"], ["demo"]
        )
        assert named("sport region") == [] and named("x") == [] and named("%") == []


def test_no_such_club_or_a_closed_one_is_not_found(app, world):
    client = app.test_client()
    assert client.get("/account/forgotten/nothing").status_code == 404
    assert client.get("/account/forgotten/region-r").status_code == 404
    assert client.get("/account/other/club-a").status_code == 404


# --- the seed's way: hits are shown ------------------------------------------------------------------


@pytest.mark.covers("R013", "R014", "R015", "R016", "R018", "R019")
def test_a_name_is_enough_and_the_mail_has_a_link(app, world, send):
    switch(app, world, SEED)
    pk = person(app, world)
    client = app.test_client()
    answer = search(app, "nele", "d'hondt", client=client)
    assert "We think we found you" in answer.text and "Request login" in answer.text
    assert "nele d&#39;hondt" in answer.text and "D’Hondt" not in answer.text  # only what was typed
    assert "hotmail" not in answer.text and f'"{pk}"' not in answer.text
    sent = request_login(client, answer)
    assert "(n...t@hotmail.example)" in sent.text
    (mail,) = mails(app)
    assert (mail.to_address, mail.subject) == ("nelejohanna.hont@hotmail.example", "Jouw Koepel-account")
    assert mail.text.startswith("Dag Nele,") and "Nele D’Hondt bij Club A" in mail.text and "Koepel op je telefoon (gratis)" in mail.text
    page = last_link(app).partition("/invitation/")[2]
    assert send(client, f"/invitation/{page}", {"username": "nele", "new": NEW, "again": NEW}).location == "/o/club-a/home/"
    with app.app_context(), scope(world.club):
        assert db.session.scalars(select(OrganisationRole.contact_id).where(OrganisationRole.contact_id == pk)).all() == [pk]


def test_first_name_alone_and_family_name_alone(app, world):
    switch(app, world, SEED)
    person(app, world)
    person(app, world, first_name="Nele Marie", last_name="D")
    person(app, world, first_name="Nele", last_name="De Smet")

    def hits(*typed):
        return search(app, *typed, address=f"198.51.100.{len(typed[0])}").text.count('name="handle"')

    assert (hits("NELE", ""), hits("", "de smet"), hits("Nele M", ""), hits("", "Smet")) == (2, 1, 0, 0)


def test_more_than_five_hits_are_not_shown(app, world):
    switch(app, world, SEED)
    for number in range(6):
        person(app, world, last_name=f"Nr{number}")
    answer = search(app, "Nele")
    assert "Many people fit" in answer.text and 'name="handle"' not in answer.text


def test_a_handle_works_in_one_browser_for_one_club_for_a_quarter(app, world):
    switch(app, world, SEED)
    person(app, world)
    client, thief = app.test_client(), app.test_client()
    answer = search(app, "Nele", "D’Hondt", client=client)
    search(app, "Nobody", client=thief, address="192.0.2.9")
    handle = re.search(r'name="handle" value="([^"]*)"', answer.text)[1]
    token = csrf_of(thief.get(PERSON).text)
    for club, browser, csrf in (("club-a", thief, token), ("club-b", client, csrf_of(answer.text))):
        refused = browser.post(f"/account/forgotten/{club}/request", data={"csrf_token": csrf, "handle": handle})
        assert refused.location == f"/account/forgotten/{club}"
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        assert request_login(client, answer).location == PERSON
    assert mails(app) == []
    assert request_login(client, answer).status_code == 200
    assert len(mails(app)) == 1


def test_minors_are_never_listed_and_get_their_mail_unspoken(app, world):
    switch(app, world, SEED)
    person(app, world, birth_date=clock.today() - timedelta(days=3000))
    known, unknown = search(app, "Nele", "D’Hondt"), search(app, "Bart", "Nobody", address="192.0.2.2")
    assert stable(known) == stable(unknown)
    assert [mail.to_address for mail in mails(app)] == ["nelejohanna.hont@hotmail.example"]


@pytest.mark.parametrize(("shown", "text"), [("provider", "(...@hotmail.example)"), ("off", "to the address we know of you")])
def test_how_much_of_the_address_is_told_is_a_switch(app, world, shown, text):
    switch(app, world, {**SEED, finding.ADDRESS: shown})
    person(app, world)
    client = app.test_client()
    sent = request_login(client, search(app, "Nele", "D’Hondt", client=client)).text
    assert text in sent and "n...t" not in sent


# --- strict: the same bytes for everybody ------------------------------------------------------------


def test_strict_answers_are_the_same_whether_somebody_exists_or_not(app, world, send):
    """New federations are strict; the mail goes all the same."""
    person(app, world)
    person(app, world, first_name="Kid", email_1="kid@home.example", birth_date=clock.today() - timedelta(days=3000))
    person(app, world, first_name="Silent", email_1=None)
    claimed = person(app, world, first_name="Claimed", email_1="claimed@home.example")
    claim(app, claimed, world)
    before = len(mails(app))
    pages, followed = {}, {}
    for number, (first, email) in enumerate(
        [
            ("Nobody", "nobody@home.example"),
            ("Nele", "nelejohanna.hont@hotmail.example"),
            ("Nele", "other@home.example"),
            ("Kid", "kid@home.example"),
            ("Silent", "silent@home.example"),
            ("Claimed", "claimed@home.example"),
        ]
    ):
        client = app.test_client()
        answer = search(app, first, "D’Hondt", email, client=client, address=f"192.0.2.{number}")
        pages[first, email] = stable(answer)
        followed[first, email] = stable(client.get(answer.location))
    nobody = "Nobody", "nobody@home.example"
    assert [key for key in pages if pages[key] != pages[nobody] or followed[key] != followed[nobody]] == []
    assert pages[nobody][:2] == (302, f"{PERSON}/sent")
    assert [mail.to_address for mail in mails(app)[before:]] == ["nelejohanna.hont@hotmail.example", "kid@home.example", "claimed@home.example"]


def test_strict_asks_the_address_too_before_it_looks(app, world):
    person(app, world)
    known, unknown = search(app, "Nele", "D’Hondt"), search(app, "Nobody", "D’Hondt")
    assert known.status_code == 422
    assert stable(known)[2].replace("Nele", "X") == stable(unknown)[2].replace("Nobody", "X")
    with app.app_context():
        assert db.session.scalar(select(func.count(Tally.id))) == 0


def test_a_club_of_two_federations_follows_the_strictest(app, world):
    switch(app, world, SEED)
    with app.app_context():
        assert finding.rules_of(db.session.get(Organisation, world.club.id)) == finding.FindingRules(True, True, "masked")
        assert finding.rules_of(db.session.get(Organisation, world.foreign_club.id)) == finding.STRICT
        with transaction(), unscoped("a second federation"):
            affiliate(db.session.get(Organisation, world.club.id), db.session.get(Organisation, world.other_federation.id), number="9")
    with app.app_context():
        assert finding.rules_of(db.session.get(Organisation, world.club.id)) == finding.STRICT


def test_strict_answers_take_the_same_time(app, world, monkeypatch):
    """Queueing a mail takes longer than finding nobody; medians of both."""
    monkeypatch.setattr(entering, "EVEN", 0.15)
    for number in range(5):
        person(app, world, first_name=f"Known{number}", email_1=f"known{number}@home.example")
    spent = {}
    for subnet, kind in enumerate(("Known", "Other")):
        times = []
        for number in range(5):
            client = app.test_client()
            form = {"first_name": f"{kind}{number}", "last_name": "D’Hondt", "email": f"known{number}@home.example"}
            form["csrf_token"] = csrf_of(client.get(PERSON).text)
            begun = time.perf_counter()
            client.post(PERSON, data=form, environ_base={"REMOTE_ADDR": f"10.0.{subnet}.{number}"})
            times.append(time.perf_counter() - begun)
        spent[kind] = statistics.median(times)
    assert len(mails(app)) == 5
    assert max(spent.values()) < 1.15 * min(spent.values()), spent


# --- limits ------------------------------------------------------------------------------------------


def test_the_sixth_search_from_one_address_waits(app, world):
    person(app, world)
    codes = [search(app, f"Name{n}", "X", "x@home.example").status_code for n in range(6)]
    assert codes == [302] * 5 + [429]
    assert search(app, "Name", "X", "x@home.example", address="192.0.2.77").status_code == 302
    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1), tick=False):
        assert search(app, "Name", "X", "x@home.example").status_code == 302


def test_ten_requests_give_one_mail_and_a_day_gives_three(app, world):
    person(app, world)

    def ask(number):
        return search(app, "Nele", "D’Hondt", "nelejohanna.hont@hotmail.example", address=f"198.51.100.{number}").status_code

    assert [ask(number) for number in range(10)] == [302] * 10
    assert len(mails(app)) == 1
    start = clock.now()
    for quarter in range(1, 6):
        with time_machine.travel(start + timedelta(minutes=16 * quarter), tick=False):
            assert ask(100 + quarter) == 302
    assert len(mails(app)) == 3


def test_more_than_twenty_names_from_one_address_are_told(app, world):
    start = clock.now()
    for number in range(22):
        with time_machine.travel(start + timedelta(minutes=3 * number), tick=False):
            assert search(app, f"Name{number}", "X", "x@home.example").status_code == 302
    with app.app_context(), scope(world.club):
        found = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "organisation.many_names_looked_for")).all()
        assert [entry.note for entry in found] == ["192.0.2.1"]


# --- a login that exists -----------------------------------------------------------------------------


def claim(app, pk, world, username="nele"):
    """The contact takes its login, by its mail."""
    tokens = []
    with app.app_context():
        with inside(world.club) as actor:
            contact, club = db.session.get(Contact, pk), db.session.get(Organisation, world.club.id)
            members.invite_member(contact, club, subject="", text="", address_of=lambda t: tokens.append(t) or t, site="", actor=actor)
        with transaction():
            return members.join_with_new_login(tokens[0], username, NEW, NEW).id


@pytest.mark.covers("R021")
def test_forgotten_gives_a_new_password_at_the_address_of_the_login(app, world, send):
    switch(app, world, SEED)
    claim(app, person(app, world), world)
    client = app.test_client()
    sent = request_login(client, search(app, "Nele", "D’Hondt", client=client))
    assert "(n...t@hotmail.example)" in sent.text
    mail = mails(app)[-1]
    assert mail.to_address == "nelejohanna.hont@hotmail.example" and "Je gebruikersnaam is: nele" in mail.text
    page = "/new-password/" + last_link(app).partition("/new-password/")[2]
    answer = send(client, page, {"new": "andere-vogel-88", "again": "andere-vogel-88"})
    assert answer.status_code == 302 and client.get("/o/club-a/home/").status_code == 200
    assert send(app.test_client(), "/login/", {"username": "nele", "password": "andere-vogel-88"}).status_code == 302
    assert send(app.test_client(), "/login/", {"username": "nele", "password": NEW}).status_code == 422


def test_a_club_that_changes_an_address_never_gets_the_login(app, world):
    """The owner is also in club B. Club A writes its own mailbox on the contact and asks for the login."""
    switch(app, world, SEED)
    pk = person(app, world)
    user_id = claim(app, pk, world)
    with app.app_context(), transaction():
        give_role(db.session.get(User, user_id), db.session.get(Organisation, world.other_club.id), "club_admin")
        with inside(world.club):
            db.session.get(Contact, pk).email_1 = "thief@club-a.example"
            db.session.flush()
    before, client = len(mails(app)), app.test_client()
    sent = request_login(client, search(app, "Nele", "D’Hondt", client=client))
    assert "thief" not in sent.text and "hotmail" not in sent.text  # the address of a login is told to nobody
    new = mails(app)[before:]
    assert [mail.to_address for mail in new] == ["nelejohanna.hont@hotmail.example"]
    with app.app_context(), inside(world.club) as actor, pytest.raises(Exception, match="has a login already"):
        contact, club = db.session.get(Contact, pk), db.session.get(Organisation, world.club.id)
        members.invite_member(contact, club, subject="", text="", address_of=str, site="", actor=actor)
    # the platform sends it: no administrator of the club sees that mail in the outbox of the club
    with app.app_context(), unscoped("whose mail it is"):
        assert db.session.get(Organisation, new[0].organisation_id).kind == "platform"


def test_an_invitation_of_one_club_opens_nothing_of_another(app, world, send):
    """Club A writes the address of a login of club B, and invites it: the link is worth the member's part of A."""
    pk = person(app, world, email_1="thief@club-a.example", first_name="Admin", last_name="Tester")
    claim(app, pk, world, username="thief")
    with app.app_context():
        thief = db.session.scalars(select(User).where(User.username == "thief")).one()
        assert [(o.slug, role) for o, role in organisations_of(thief.id)] == [("club-a", "member")]
    client = app.test_client()
    assert send(client, "/login/", {"username": "thief", "password": NEW}).status_code == 302
    assert client.get("/o/club-b/dashboard/").status_code == 404


# --- what a federation decides -----------------------------------------------------------------------


def test_a_federation_sets_its_rules(app, world, login, send):
    page = "/o/federation-f/settings/logins/"
    client = login("admin.f")
    assert "The name alone is enough" in client.get(page).text
    assert send(client, page, {"policy": "seed+", "by_name": "y", "hits": "y", "address": "provider"}).status_code == 302
    with app.app_context():
        assert finding.rules_of(db.session.get(Organisation, world.club.id)) == finding.FindingRules(True, True, "provider")
    assert send(client, page, {"policy": "seed+", "address": "everything"}).status_code == 422
    assert send(client, page, {"policy": "nothing", "address": "off"}).status_code == 422
    assert login("admin.a").get("/o/club-a/settings/logins/").status_code == 403
