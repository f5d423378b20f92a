"""Privacy in the demo: what clubs ask, what people said, and somebody who asks to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from core import clock
from core.access import Actor
from core.contacts.models import Contact
from core.db import db, insert_rows
from core.demo.world import World
from core.organisations.models import Organisation
from core.privacy.consents import add_suggestions, purposes
from core.privacy.models import GUARDIAN, PERSON, Consent, ContactView
from core.privacy.requests import ask_erasure
from core.tenancy import unscoped
from core.users.models import OrganisationRole, User

ASKING = "trefpunt-aarschot"


def seed(world: World) -> None:
    """Every club asks the usual three; some of its people answered."""
    for club in world.clubs:
        if not world.is_large or club.slug == ASKING:
            _one_club(world, club)


def _one_club(world: World, club: Organisation) -> None:
    random = world.random_for(f"privacy {club.slug}")
    with world.inside(club) as actor:
        add_suggestions(actor=actor)
        asked = purposes()
        people = db.session.scalars(select(Contact).where(Contact.deleted_at.is_(None)).order_by(Contact.id)).all()
        rows = []
        for contact in people:
            for purpose in asked:
                if random.random() < 0.35:
                    by = GUARDIAN if contact.age is not None and contact.age < 13 else PERSON
                    rows.append(
                        {
                            "contact_id": contact.id, "purpose_id": purpose.id, "text_number": 1, "language": "nl", "agrees": random.random() < 0.7,
                            "given_by": by, "recorded_by": contact.full_name, "at": clock.now() - timedelta(days=random.randrange(5, 300)),
                            "note": "", "is_latest": True,
                        }
                    )  # fmt: skip
        insert_rows(Consent, rows)
        if club.slug == ASKING:
            _somebody_asks(world, people, actor)


def _somebody_asks(world: World, people: Sequence[Contact], actor: Actor) -> None:
    """A former member asks to be forgotten; and the member with a login was looked at."""
    last = people[-1]
    ask_erasure(last, "Ik ben verhuisd en kom niet terug.", actor=actor)
    with unscoped("the member of the demo with a login, and who looked at her"):
        member = db.session.scalar(select(OrganisationRole.contact_id).join(User, User.id == OrganisationRole.user_id).where(User.username == "lid.aarschot"))
        admin = db.session.scalars(select(User).where(User.username == "admin.aarschot")).one_or_none()
    if member is not None and admin is not None:
        insert_rows(
            ContactView,
            [{"contact_id": member, "user_id": admin.id, "user_name": admin.full_name, "seen_on": world.today - timedelta(days=days)} for days in (40, 12, 3)],
        )
