"""Parts of running an organisation beside full administration, and who has access to whom."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from core.access import Actor, system_actor
from core.contacts.models import Contact
from core.core_plugin import register_permissions
from core.db import db, transaction
from core.errors import Forbidden, NotFound, UserMistake
from core.organisations.models import Organisation
from core.tenancy import scope
from core.testing.factories import PASSWORD, inside, make_contact, make_user
from core.users.models import OrganisationRole, Role
from core.users.permissions import forget, permissions_of, sync_permissions
from core.users.services import give_role
from core.users.services.access import who_has_access
from core.users.services.admins import admins_of, remove_admin
from core.users.services.parts import give_part, holders_of, take_part

PAGE = "/o/club-a/settings/admins/"


def club_of(world):
    return db.session.get(Organisation, world.club.id)


def rights(name, kind):
    role_id = db.session.scalars(select(Role.id).where(Role.name == name)).one()
    return permissions_of(frozenset({role_id}), kind)


@pytest.fixture
def treasurer(app, world):
    """A member of club A who gets a part; her contact."""
    with app.app_context(), inside(world.club):
        contact = make_contact("Tina", "Treasurer", email_1="tina@club.example")
        give_role(make_user("tina"), club_of(world), "member", contact_id=contact.id)
        return contact.id


def test_a_part_is_given_holds_at_once_and_is_taken_away(app, world, login, send, treasurer):
    admin, tina = login("admin.a"), login("tina")
    assert tina.get("/o/club-a/crm/contacts/").status_code == 403
    given = {"contact": str(treasurer), "role": "members"}
    assert send(admin, f"{PAGE}parts/add", {**given, "password": "wrong"}).status_code == 422
    assert send(admin, f"{PAGE}parts/add", {**given, "role": "club_admin", "password": PASSWORD}).status_code == 422
    assert send(admin, f"{PAGE}parts/add", {**given, "password": PASSWORD}).status_code == 302
    assert tina.get("/o/club-a/crm/contacts/").status_code == 200
    for path in ("settings/admins/", "api-keys/", "settings/log/", "settings/details/", "jobs/"):
        assert tina.get(f"/o/club-a/{path}").status_code in (403, 404), path
    assert send(tina, "/o/club-a/dashboard/", {**given, "password": PASSWORD}, to=f"{PAGE}parts/add").status_code == 403, "no power to give"
    assert "already" in send(admin, f"{PAGE}parts/add", {**given, "password": PASSWORD}).text
    with app.app_context():
        (part,) = holders_of(club_of(world))
    assert (part.role, part.name) == ("members", "Tina Tester") and "Member administration" in admin.get(PAGE).text
    assert send(admin, f"{PAGE}parts/{part.id}/remove", {"password": "wrong"}).status_code == 422
    assert send(admin, f"{PAGE}parts/{part.id}/remove", {"password": PASSWORD}).status_code == 302
    assert tina.get("/o/club-a/crm/contacts/").status_code == 403 and tina.get("/o/club-a/home/").status_code == 200
    assert admin.get(f"{PAGE}parts/{part.id}/remove").status_code == 404
    log = admin.get("/o/club-a/settings/log/").text
    assert "Part in running this given" in log and "Part in running this taken away" in log


def test_nobody_gives_more_than_the_own_rights_and_nothing_across_the_border(context, world, treasurer):
    with inside(world.club) as actor:
        contact = db.session.get(Contact, treasurer)
        few = Actor(1, "Few", world.club.id, frozenset({"users.manage", "dashboard.read"}))
        with pytest.raises(Forbidden):
            give_part(contact, "members", club_of(world), actor=few)
        with pytest.raises(Forbidden):
            give_part(contact, "finance", club_of(world), actor=Actor(1, "Nobody", world.club.id))
        stranger = make_contact("No", "Login", email_1="admin.b@koepel.example")
        with pytest.raises(UserMistake, match="no login"):
            give_part(stranger, "finance", club_of(world), actor=actor)
        give_part(contact, "finance", club_of(world), actor=actor)
        (part,) = holders_of(club_of(world))
    with inside(world.other_club) as actor, pytest.raises(NotFound):
        take_part(part.id, db.session.get(Organisation, world.other_club.id), actor=actor)


def test_a_part_never_holds_more_than_the_administrator_of_that_kind(context, world):
    for kind, full in (("club", "club_admin"), ("region", "region_admin"), ("federation", "federation_admin")):
        for part in ("members", "finance", "agenda", "communication", "read_only"):
            assert rights(part, kind) <= rights(full, kind), (kind, part)
    assert "contacts.write" in rights("members", "club") and "contacts.write" not in rights("read_only", "club")
    assert not {r for r in rights("read_only", "club") if r.partition(".")[2] in ("write", "delete", "import", "decide", "export")}


def test_an_installation_of_before_the_parts_gets_them_with_their_rights(context, app):
    with transaction():
        role = db.session.scalars(select(Role).where(Role.name == "members")).one()
        role.permissions = []
        db.session.flush()
        db.session.delete(role)
        db.session.flush()
        sync_permissions(app.extensions["koepel"])
    forget()
    expected = {p.name for p in register_permissions() if "members" in p.roles} & rights("club_admin", "club")
    assert expected and expected <= rights("members", "club")


def test_twenty_at_once_leave_one_administrator_and_give_a_part_once(app, world, treasurer):
    with app.app_context():
        with transaction():
            for number in range(5):
                give_role(make_user(f"extra{number}"), club_of(world), "club_admin")
        users = [admin.user_id for admin in admins_of(club_of(world))]

    def attempt(number):
        with app.app_context():
            try:
                with inside(world.club) as actor:
                    if number % 2:
                        give_part(db.session.get(Contact, treasurer), "finance", club_of(world), actor=actor)
                    else:
                        remove_admin(users[number // 2 % len(users)], club_of(world), actor=system_actor(world.club.id))
            except (UserMistake, NotFound):
                return None
            finally:
                db.session.remove()
            return number % 2

    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(attempt, range(20)))
    assert (done.count(0), done.count(1)) == (5, 1)
    with app.app_context():
        assert len(admins_of(club_of(world))) == 1
        with scope(world.club):
            assert db.session.scalar(select(func.count(OrganisationRole.id)).where(OrganisationRole.contact_id == treasurer)) == 2


# --- who has access -------------------------------------------------------------------------------------


def test_each_person_sees_who_can_see_and_change_what(app, world, login, treasurer):
    with app.app_context():
        with inside(world.club) as actor:
            give_part(db.session.get(Contact, treasurer), "communication", club_of(world), actor=actor)
        with scope(world.club):
            places = {place.organisation.slug: {viewer.name: viewer for viewer in place.viewers} for place in who_has_access(club_of(world))}
    assert [slug for slug in places if slug not in ("region-r", "federation-f")] == ["club-a"], "the other clubs and federation are not there"
    tina = places["club-a"]["Tina Tester"]
    assert (tina.roles, tina.changes) == (("Communication",), ()) and set(tina.sees) >= {"Contact details", "Mails sent to you"}
    assert "Contact details" in places["club-a"]["Admin Tester"].changes
    above = [viewer for slug in ("region-r", "federation-f") for viewer in places.get(slug, {}).values()]  # see what modules open to them
    assert not {"Contact details", "Mails sent to you"} & {data for viewer in above for data in (*viewer.changes, *viewer.sees)}
    page = login("tina").get("/o/club-a/my/access/").text
    assert all(word in page for word in ("Admin Tester", "Administrator", "Contact details"))
    admin = login("admin.a")
    assert "Tina Tester" in admin.get(f"/o/club-a/crm/contacts/{treasurer}/access").text
    assert admin.get("/o/club-a/my/access/").status_code == 404, "no contact here"
    assert login("admin.b").get(f"/o/club-b/crm/contacts/{treasurer}/access").status_code == 404
