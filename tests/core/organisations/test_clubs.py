"""A federation, its clubs and its regions."""

import re
from datetime import date

import pytest
import time_machine
from sqlalchemy import select

from core import clock
from core.access import Actor, system_actor
from core.contacts.models import ContactFunction
from core.db import db, transaction
from core.errors import Forbidden, NotFound, OutOfScope, UserMistake
from core.organisations.models import Affiliation, Organisation
from core.organisations.services import affiliate, clubs, create_organisation, notes, regions
from core.organisations.services.readiness import refresh
from core.tenancy import scope, unscoped
from core.testing.factories import inside, make_contact
from core.testing.plugin import csrf_of
from core.users.models import Invitation
from core.users.services.invitations import offer_of

CLUBS = "/o/federation-f/clubs/"


def names_on(page):
    return re.findall(r'<a href="/o/[^"]+/clubs/\d+">([^<]+)</a>', page.text)


@pytest.mark.covers("R176")
def test_federation_sees_its_clubs_with_number_town_and_region(login, world):
    page = login("admin.f").get(CLUBS)
    assert page.status_code == 200, page.text[-2000:]
    assert names_on(page) == ["Club A", "Club B"]
    assert "Number 1001" in page.text and "Aarschot" in page.text and "Region R" in page.text


@pytest.mark.covers("R308")
def test_region_staff_see_their_clubs_only(login, world):
    client = login("staff.r")
    assert names_on(client.get("/o/region-r/clubs/")) == ["Club A"]
    assert client.get(f"/o/region-r/clubs/{world.club.id}").status_code == 200
    assert client.get(f"/o/region-r/clubs/{world.other_club.id}").status_code == 404


def test_a_club_that_went_to_another_region_is_gone_from_the_first(context, world):
    with transaction(), unscoped("arranging the test"):
        other = create_organisation(kind="region", name="Region S", parent=world.federation)
    with transaction(), scope(world.federation):
        club = clubs.get_club(world.club.id)
        clubs.change_affiliation(club, world.federation, number="1001", region_id=str(other.id), from_on=None, actor=system_actor(world.federation.id))
    with scope(world.region), pytest.raises(NotFound):
        clubs.get_club(world.club.id)
    with scope(other):
        assert clubs.get_club(world.club.id).region.name == "Region S"


def test_a_club_that_left_is_gone_from_its_region_the_day_after(context, world):
    with transaction(), scope(world.federation):
        clubs.end_affiliation(clubs.get_club(world.club.id), actor=system_actor(world.federation.id))
    with scope(world.region):
        assert clubs.get_club(world.club.id).organisation.name == "Club A"
    with time_machine.travel("2026-11-26T10:00:00+01:00"), scope(world.region), pytest.raises(NotFound):
        clubs.get_club(world.club.id)
    with time_machine.travel("2026-11-26T10:00:00+01:00"), scope(world.federation):
        assert not clubs.get_club(world.club.id).is_affiliated


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("q=club+brug", ["Club B"]), ("q=1001", ["Club A"]), ("q=brug", ["Club B"]), ("f.town.contains=aar", ["Club A"]), ("f.region.empty=1", ["Club B"]),
        ("sort=-name", ["Club B", "Club A"]), ("sort=number", ["Club A", "Club B"]), ("f.readiness.is=no", ["Club A", "Club B"]), ("f.readiness.is=ready", []),
    ],
)  # fmt: skip
def test_list_is_searched_filtered_and_sorted(login, world, asked, expected):
    page = login("admin.f").get(f"{CLUBS}?{asked}")
    assert page.status_code == 200
    assert names_on(page) == expected


def test_list_asks_the_same_number_of_queries_for_one_club_and_for_thirty(login, world, app, queries):
    client = login("admin.f")
    client.get(CLUBS)
    seen = queries()
    client.get(CLUBS)
    few = len(seen)
    with app.app_context(), transaction(), unscoped("arranging the test"):
        for number in range(30):
            affiliate(create_organisation(kind="club", name=f"Club {number:02}"), world.federation, number=f"3{number:03}")
    seen.clear()
    assert client.get(CLUBS).status_code == 200
    assert len(seen) == few <= 20, "\n".join(seen)


@pytest.mark.parametrize("url", [CLUBS, f"{CLUBS}add", "/o/federation-f/regions/"])
def test_pages_are_for_the_federation_only(login, world, client, url):
    assert client.get(url).status_code == 302
    assert login("admin.f").get(url).status_code == 200
    assert login("admin.g").get(url).status_code == 404
    assert login("admin.a").get(url).status_code == 404


def test_region_staff_cannot_add_clubs_or_change_their_number(login, world):
    client = login("staff.r")
    assert client.get("/o/region-r/clubs/add").status_code == 403
    assert client.get(f"/o/region-r/clubs/{world.club.id}/edit").status_code == 403
    assert client.get("/o/region-r/regions/").status_code == 403


def test_clubs_of_another_federation_do_not_exist(login, world):
    client = login("admin.f")
    for path in ("", "/edit", "/end"):
        assert client.get(f"{CLUBS}{world.foreign_club.id}{path}").status_code == 404
    assert client.get(f"{CLUBS}{world.federation.id}").status_code == 404
    assert client.get(f"{CLUBS}99999999999999999999").status_code == 404


@pytest.mark.covers("R028")
def test_adding_a_club_makes_its_affiliation_and_a_link_for_its_first_administrator(login, world, app):
    client = login("admin.f")
    token = csrf_of(client.get(f"{CLUBS}add").text)
    answer = client.post(
        f"{CLUBS}add",
        data={
            "csrf_token": token, "name": "Trefpunt Herent", "town": "Herent", "number": "1003", "region_id": str(world.region.id),
            "language": "nl", "from_on": "2026-11-01",
            "admin_first_name": "An", "admin_last_name": "Verlinden", "admin_email": "an@herent.example",
        },
    )  # fmt: skip
    assert answer.status_code == 200, answer.text[-2000:]
    assert answer.headers["Cache-Control"] == "no-store, private" or answer.headers["Cache-Control"] == "no-store"
    secret = re.search(r"/invitation/([\w-]+)", answer.text)[1]
    with app.app_context():
        offer = offer_of(secret)
        assert (offer.organisation.slug, offer.role_name, offer.invitation.full_name) == ("trefpunt-herent", "club_admin", "An Verlinden")
        with scope(world.federation):
            row = db.session.scalars(select(Affiliation).where(Affiliation.organisation_id == offer.organisation.id)).one()
        assert (row.number, row.region_id, row.from_on) == ("1003", world.region.id, date(2026, 11, 1))
        with unscoped("looking at what is stored"):
            stored = db.session.scalars(select(Invitation)).one()
        assert secret not in (stored.token_hash, stored.email)


def test_mistakes_about_the_administrator_stand_beside_the_administrator(login, world, app):
    client = login("admin.f")
    token = csrf_of(client.get(f"{CLUBS}add").text)
    answer = client.post(
        f"{CLUBS}add", data={"csrf_token": token, "name": "Trefpunt X", "admin_first_name": "An", "admin_last_name": "V", "admin_email": "an@"}
    )
    assert answer.status_code == 422
    assert 'id="admin_email-error"' in answer.text
    with app.app_context():
        assert db.session.scalars(select(Organisation.name).where(Organisation.name == "Trefpunt X")).all() == []


@pytest.fixture
def since_january(context, world):
    """Club A is affiliated since January, so that it can have left yesterday."""
    with transaction(), scope(world.federation):
        clubs.get_club(world.club.id).affiliation.from_on = date(2026, 1, 1)
        db.session.flush()


def test_a_number_belongs_to_one_club_at_a_time(context, world, since_january):
    actor = system_actor(world.federation.id)
    with transaction(), scope(world.federation):
        with pytest.raises(UserMistake) as refused:
            clubs.add_club(world.federation, {"name": "Double", "number": "1001"}, actor=actor)
        clubs.end_affiliation(clubs.get_club(world.club.id), actor=actor, last_day=date(2026, 11, 24))
        club, _link = clubs.add_club(world.federation, {"name": "Successor", "number": "1001"}, actor=actor)
    assert refused.value.field == "number"
    assert club.name == "Successor"


def test_regions_of_others_are_refused(context, world):
    with transaction(), unscoped("arranging the test"):
        foreign = create_organisation(kind="region", name="Foreign", parent=world.other_federation)
    for wanted in (str(foreign.id), str(world.club.id), "999999999999", "x"):
        with transaction(), scope(world.federation), pytest.raises(UserMistake):
            clubs.add_club(world.federation, {"name": "Club", "region_id": wanted}, actor=system_actor(world.federation.id))


def test_ending_and_taking_back(context, world, since_january):
    actor = system_actor(world.federation.id)
    with transaction(), scope(world.federation):
        clubs.end_affiliation(clubs.get_club(world.club.id), last_day=date(2026, 11, 24), actor=actor)
    with scope(world.federation):
        assert not clubs.get_club(world.club.id).is_affiliated
    with transaction(), scope(world.federation):
        clubs.take_back(clubs.get_club(world.club.id), world.federation, actor=actor)
    with scope(world.federation):
        back = clubs.get_club(world.club.id)
        assert back.is_affiliated
        assert (back.affiliation.from_on, back.affiliation.number) == (date(2026, 11, 25), "1001")
        assert len(db.session.scalars(select(Affiliation).where(Affiliation.organisation_id == world.club.id)).all()) == 2


def test_a_club_cannot_end_its_own_affiliation(context, world):
    with transaction(), scope(world.club):
        row = db.session.scalars(select(Affiliation)).one()
        row.until_on = clock.today()
        with pytest.raises(OutOfScope):
            db.session.flush()
        db.session.rollback()
        db.session.info["writing"] = True


def test_rights_are_asked_by_the_services(context, world):
    nobody = Actor(1, "Nobody", world.federation.id, frozenset({"clubs.read"}))
    with transaction(), scope(world.federation):
        club = clubs.get_club(world.club.id)
        for act in (
            lambda: clubs.add_club(world.federation, {"name": "X"}, actor=nobody),
            lambda: clubs.end_affiliation(club, actor=nobody),
            lambda: regions.add_region(world.federation, "X", actor=nobody),
            lambda: regions.close_region(world.region, actor=nobody),
        ):
            with pytest.raises(Forbidden):
                act()


def test_undo_of_ending_goes_back_to_what_it_was(login, world, app):
    client = login("admin.f")
    page = client.get(f"{CLUBS}{world.club.id}/end")
    client.post(f"{CLUBS}{world.club.id}/end", data={"csrf_token": csrf_of(page.text), "last_day": "2026-12-31"})
    shown = client.get(f"{CLUBS}{world.club.id}").text
    assert "The affiliation ends on 31/12/2026." in shown
    client.post(f"{CLUBS}{world.club.id}/reopen", data={"csrf_token": csrf_of(shown)})
    assert "The affiliation ends on" not in client.get(f"{CLUBS}{world.club.id}").text


@pytest.mark.covers("R184", "R185")
def test_federation_knows_who_holds_a_function_and_nothing_else_of_the_contacts(login, world, app, functions):
    with app.app_context(), inside(world.club):
        chair = make_contact("Cara", "Chair", email_1="cara@club.example", remarks="private remark", town="Secrettown")
        db.session.add(ContactFunction(contact_id=chair.id, function="chair"))
        other = make_contact("Hidden", "Person", email_1="hidden@club.example")
        db.session.add(ContactFunction(contact_id=other.id, function="unknown_function"))
        db.session.flush()
    page = login("admin.f").get(f"{CLUBS}{world.club.id}").text
    assert "Cara Chair" in page and "cara@club.example" in page
    assert "private remark" not in page and "Secrettown" not in page and "Hidden" not in page


def test_holders_are_unknown_once_the_club_left(context, world, since_january, functions):
    with inside(world.club):
        chair = make_contact("Cara", "Chair")
        db.session.add(ContactFunction(contact_id=chair.id, function="chair"))
        db.session.flush()
    with transaction(), scope(world.federation):
        clubs.end_affiliation(clubs.get_club(world.club.id), last_day=date(2026, 11, 24), actor=system_actor(world.federation.id))
    with scope(world.federation):
        assert clubs.holders_in(clubs.get_club(world.club.id), world.federation) == []


def test_notes_are_seen_by_who_wrote_them_only(login, world, app):
    client = login("admin.f")
    page = client.get(f"{CLUBS}{world.club.id}")
    client.post(f"{CLUBS}{world.club.id}/notes", data={"csrf_token": csrf_of(page.text), "text": "Pays late"})
    assert "Pays late" in client.get(f"{CLUBS}{world.club.id}").text
    assert "Pays late" not in login("staff.r").get(f"/o/region-r/clubs/{world.club.id}").text
    assert "Pays late" not in login("admin.a").get("/o/club-a/club/details/").text
    empty = client.post(f"{CLUBS}{world.club.id}/notes", data={"csrf_token": csrf_of(page.text), "text": "  "})
    assert empty.status_code == 422
    with app.app_context(), scope(world.region):
        assert notes.notes_about(clubs.get_club(world.club.id)) == []


def test_readiness_bar_counts_each_club_once(login, world, app):
    with app.app_context(), inside(world.club):
        refresh(db.session.get(Organisation, world.club.id))
    page = login("admin.f").get(CLUBS).text
    assert 'aria-label="0 ready, 0 started, 2 not started"' in page


# --- regions -----------------------------------------------------------------------------------------


def test_regions_are_added_renamed_and_removed_when_empty(context, world):
    actor = system_actor(world.federation.id)
    with transaction(), scope(world.federation):
        made = regions.add_region(world.federation, "Kust", actor=actor)
        with pytest.raises(UserMistake):
            regions.add_region(world.federation, "KUST", actor=actor)
        regions.rename_region(made, world.federation, "Kempen", actor=actor)
        assert [region.name for region in regions.regions_of(world.federation)] == ["Kempen", "Region R"]
        with pytest.raises(UserMistake):
            regions.close_region(db.session.get(Organisation, world.region.id), actor=actor)
        regions.close_region(made, actor=actor)
        assert [region.name for region in regions.regions_of(world.federation)] == ["Region R"]


def test_staff_of_a_region_get_a_link_and_can_be_removed(login, world, app):
    client = login("admin.f")
    url = f"/o/federation-f/regions/{world.region.id}"
    page = client.get(url)
    assert "Staff Tester" in page.text
    answer = client.post(f"{url}/staff", data={"csrf_token": csrf_of(page.text), "first_name": "Rik", "last_name": "Regio", "email": "rik@regio.example"})
    secret = re.search(r"/invitation/([\w-]+)", answer.text)[1]
    with app.app_context():
        offer = offer_of(secret)
        assert (offer.organisation.slug, offer.role_name) == ("region-r", "region_admin")
    user = re.search(r"/staff/(\d+)/remove", page.text)[1]
    client.post(f"{url}/staff/{user}/remove", data={"csrf_token": csrf_of(page.text)}, follow_redirects=True)
    assert "Staff Tester" not in client.get(url).text
    assert client.get(f"/o/federation-f/regions/{world.club.id}").status_code == 404
