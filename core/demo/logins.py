"""Who can log in to the demo, as what, where."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from core.contacts.models import Contact, ContactFunction
from core.contacts.services import functions_here
from core.db import db
from core.demo.declarations import DemoLogin
from core.demo.world import World
from core.demo.young import MOTHER
from core.extend.registry import registry
from core.i18n import _l
from core.organisations.models import Organisation
from core.users.models import User, UserLink
from core.users.services import create_user, give_role
from core.users.services.members import invite_member, logins_of
from core.users.views.entering import site_address
from core.users.views.links import link_address

PASSWORD = "demo-2026"  # noqa: S105 -- written on the login page of the demo; refused in production

#: how many members of the first clubs were invited and did not choose a password yet
INVITED = (4, 2, 3, 2, 3, 2)


LOGINS = (
    DemoLogin("admin.aarschot", _l("Club"), "Lieve", "Wouters", {"trefpunt-aarschot": "club_admin", "trefpunt-diest": "club_admin"}),
    DemoLogin("lid.aarschot", _l("Member"), "Jozef", "Peeters", {"trefpunt-aarschot": "member"}),
    DemoLogin("admin.okra", _l("Federation"), "An", "De Smet", {"okra-sport": "federation_admin"}),
    DemoLogin("staf.brabant", _l("Region"), "Koen", "Maes", {"regio-vlaams-brabant": "region_admin"}),
    DemoLogin("admin.brugge", _l("Other club"), "Marc", "D’Hondt", {"trefpunt-brugge": "club_admin"}),
    DemoLogin("admin.vlieger", _l("Club with children"), "Hanne", "Smets", {"speelclub-de-vlieger": "club_admin"}),
    DemoLogin("ouder.demo", _l("Parent"), *MOTHER, {"jeugdorkest-allegro": "member", "speelclub-de-vlieger": "member"}),
    DemoLogin("rita.leuven", _l("Linked user"), "Rita", "Vermeulen", {"trefpunt-leuven": "member"}),
    DemoLogin("rita.mechelen", _l("Linked user, other club"), "Rita", "Vermeulen", {"trefpunt-mechelen": "member"}, linked="rita.leuven"),
    DemoLogin("platform", _l("Platform"), "Petra", "Claes", {"platform": "platform_admin"}),
)


def present_logins() -> set[str]:
    """User names of the demo that are in this database."""
    return set(db.session.scalars(select(User.username).where(User.is_demo.is_(True))))


def logins_here() -> list[DemoLogin]:
    """Who can log in to the demo that is in this database: ours, then those of plugins."""
    there = present_logins()
    every = [*LOGINS, *registry().all("demo_logins")]
    return [login for login in every if login.username in there]


def make_logins(world: World, logins: Sequence[DemoLogin] = LOGINS) -> None:
    """Make the users; in a club they are one of its contacts."""
    for login in logins:
        user = create_user(
            username=login.username,
            email=f"{login.username}@koepel.example",
            first_name=login.first_name,
            last_name=login.last_name,
            password=PASSWORD,
            language="nl",
            is_demo=True,
        )
        for slug, role in login.roles.items():
            organisation = world.organisation(slug)
            contact = _become_contact(world, organisation, login) if organisation.kind == "club" else None
            give_role(user, organisation, role, contact_id=contact.id if contact else None)
        if login.linked:
            low, high = sorted((user.id, db.session.scalars(select(User.id).where(User.username == login.linked)).one()))
            db.session.add(UserLink(low_id=low, high_id=high, proof="password"))
            db.session.flush()


def invite_some(world: World) -> None:
    """A few members of the first clubs, so that the column Login shows every state there."""
    for club, number in zip(world.clubs, INVITED, strict=False):
        with world.inside(club) as actor:
            guests = [contact for contact in world.members_of(club) if contact.email_1 and not contact.is_minor and not logins_of(contact)]
            for contact in guests[:number]:
                invite_member(contact, club, subject=None, text=None, address_of=link_address, site=site_address(), actor=actor)


def _become_contact(world: World, club: Organisation, login: DemoLogin) -> Contact:
    """An administrator is the club's chair, a member one of its members; with the name of the login."""
    with world.inside(club):
        namesake = db.session.scalars(select(Contact).where(Contact.first_name == login.first_name, Contact.last_name == login.last_name)).first()
        if club.slug in world.relatives and namesake is not None:
            return namesake
        chair = next((f.key for f in functions_here()), None)
        query = select(Contact).order_by(Contact.id)
        if login.roles[club.slug] == "club_admin":
            query = query.join(ContactFunction, ContactFunction.contact_id == Contact.id).where(ContactFunction.function == chair) if chair else query
        else:
            query = query.where(Contact.id.in_(world.member_ids[club.id][5:6]))
        contact = db.session.scalars(query.limit(1)).one()
        contact.first_name, contact.last_name = login.first_name, login.last_name
        contact.gender = "M" if login.first_name in ("Jozef", "Marc", "Koen") else "F"
        contact.email_1 = f"{login.username}@koepel.example"
        contact.refold()
    return contact
