"""Demo data of the own part of members: a correction that waits, notifications, an address that does not work."""

from __future__ import annotations

from sqlalchemy import select

from core.access import Actor
from core.contacts.models import Contact
from core.contacts.services.telling import KIND as CHANGED
from core.corrections.services import correct
from core.db import db
from core.demo.world import World
from core.i18n import Words
from core.notifications.api import notify
from core.outbox.refusals import note_refusal
from core.users.models import OrganisationRole, User

CLUB, MEMBER = "trefpunt-aarschot", "lid.aarschot"


def leave_messages(world: World) -> None:
    """In the club and for the member of the demo logins."""
    club = world.organisation(CLUB)
    with world.inside(club) as system:
        user = db.session.scalars(select(User).where(User.username == MEMBER)).one()
        role = db.session.scalars(select(OrganisationRole).where(OrganisationRole.user_id == user.id)).one()
        contact = db.session.scalars(select(Contact).where(Contact.id == role.contact_id)).one()
        member = Actor(user.id, user.full_name, club.id, language="nl", contact_id=contact.id)
        correct(contact, {"phone": "016 56 12 34", "birth_date": "1951-05-14"}, actor=member, organisation=club, version=contact.version)
        notify(
            CHANGED,
            contact_ids=[contact.id],
            subject=Words(nl="Je gegevens zijn gewijzigd", fr="Vos données ont été modifiées", de="Ihre Daten wurden geändert", en="Your details were changed"),
            text=Words(
                nl="Iemand van de club wijzigde: Straat, Nummer. Kijk na of het klopt.",
                fr="Quelqu’un du club a modifié : Rue, Numéro. Vérifiez si c’est correct.",
                de="Jemand vom Verein hat geändert: Straße, Nummer. Prüfen Sie, ob es stimmt.",
                en="Somebody of the club changed: Street, Number. Look whether it is right.",
            ),
            url=f"/o/{CLUB}/my/details/",
            unique_key="demo:changed",
            actor=system,
        )
        others = select(Contact).where(Contact.email_1.is_not(None), Contact.id != contact.id, Contact.deleted_at.is_(None)).order_by(Contact.id)
        gone = db.session.scalars(others.offset(8).limit(1)).one()
        note_refusal(str(gone.email_1), "550 5.1.1 Deze gebruiker bestaat niet", how="refused")
