"""Whom we tell of decisions about memberships, and of their end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core import clock
from core.access import Actor
from core.contacts.models import Contact
from core.db import db
from core.extend.contributions import NotificationKind
from core.i18n import _, _l, format_date
from core.notifications.api import notify, take_back
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped
from plugins.memberships.models import Membership
from plugins.memberships.services.reading import title_of

ACCEPTED, REFUSED, ENDED, DECIDED = "memberships.accepted", "memberships.refused", "memberships.ended", "memberships.decided"
#: time to undo before a mail goes out
TO_UNDO = timedelta(minutes=2)

KINDS = (
    NotificationKind(ACCEPTED, _l("My membership was accepted"), delay=TO_UNDO, position=40),
    NotificationKind(REFUSED, _l("My membership was refused"), hint=_l("With the reason of the federation."), delay=TO_UNDO, position=41),
    NotificationKind(ENDED, _l("My membership ends"), delay=TO_UNDO, position=42),
    NotificationKind(
        DECIDED,
        _l("The federation decided about requests of the club"),
        audience="managers",
        permission="memberships.write",
        hint=_l("At most once an hour, however many it decides."),
        delay=TO_UNDO,
        position=65,
    ),
)


def tell_decision(membership: Membership, *, actor: Actor) -> None:
    """The federation accepted or refused: the member hears it, and who manages memberships in the club."""
    club, federation, title = _organisation(membership.organisation_id), _organisation(membership.federation_id), _title(membership)
    is_yes, reason = membership.status == "accepted", membership.reason
    yes = _l("%(federation)s accepted your membership: %(type)s.", federation=federation.name, type=title)
    no = _l("%(federation)s refused your membership (%(type)s): %(reason)s", federation=federation.name, type=title, reason=reason)
    notify(
        ACCEPTED if is_yes else REFUSED,
        contact_ids=[membership.contact_id],
        subject=_l("Your membership is accepted") if is_yes else _l("Your membership is refused"),
        text=yes if is_yes else no,
        url=f"/o/{club.slug}/my/memberships/{membership.id}/",
        unique_key=decision_key(membership),
        actor=actor,
        organisation=club,
    )
    name = _name(membership.contact_id, club)
    accepted = _l("%(federation)s accepted requests of your club. The first is for %(name)s.", federation=federation.name, name=name)
    refused = _l("%(federation)s refused requests of your club. The first is for %(name)s: %(reason)s", federation=federation.name, name=name, reason=reason)
    notify(
        DECIDED,
        subject=_l("Memberships were accepted") if is_yes else _l("Memberships were refused"),
        text=accepted if is_yes else refused,
        url=f"/o/{club.slug}/crm/memberships/" if is_yes else f"/o/{club.slug}/crm/requests/",
        unique_key=f"memberships:{federation.id}:{membership.status}:{clock.now():%Y%m%d%H}",
        about=membership.contact_id,
        actor=actor,
        organisation=club,
    )


def decision_undone(membership: Membership, *, key: str) -> None:
    """What the member was told a moment ago is not true any more."""
    take_back(key, organisation=_organisation(membership.organisation_id))


def tell_end(membership: Membership, *, actor: Actor) -> None:
    """The club ended it: the member hears the last day."""
    club, last = _organisation(membership.organisation_id), membership.until_on
    notify(
        ENDED,
        contact_ids=[membership.contact_id],
        subject=_l("Your membership ends"),
        text=lambda: _("Your membership ends on %(day)s, the last day it counts.", day=format_date(last)),
        url=f"/o/{club.slug}/my/memberships/{membership.id}/",
        unique_key=end_key(membership),
        actor=actor,
    )


def end_undone(key: str) -> None:
    """It goes on."""
    take_back(key)


def decision_key(membership: Membership) -> str:
    """Under which the decision as it stands was told."""
    return f"membership:{membership.id}:{membership.status}:{_stamp(membership.decided_at)}"


def end_key(membership: Membership) -> str:
    """Under which its end was told."""
    return f"membership:{membership.id}:ended:{_stamp(membership.ended_at)}"


def _stamp(moment: Any) -> str:
    return f"{moment.timestamp():.0f}" if moment else "0"


def _organisation(pk: int | None) -> Organisation:
    with unscoped("the names of a club and its federation, for a message"):
        return db.session.get_one(Organisation, pk)


def _title(membership: Membership) -> str:
    return title_of(membership.kind)


def _name(contact_id: int, club: Organisation) -> str:
    with scope(club):
        row = db.session.execute(select(Contact.first_name, Contact.last_name).where(Contact.id == contact_id)).one()
    return f"{row.first_name} {row.last_name}"
