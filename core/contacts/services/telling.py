"""Telling a member that the club changed what it knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from core import clock
from core.access import Actor
from core.contacts.models import Contact
from core.contacts.versions import label_of
from core.db import db
from core.i18n import _, _l
from core.notifications.api import notify
from core.organisations.models import Organisation
from core.tenancy import unscoped
from core.users.models import OrganisationRole, User

KIND = "contacts.changed"
#: never mentioned: notes of the club for itself
_NOT_TOLD = frozenset({"remarks"})


def tell_of_change(contact: Contact, before: Mapping[str, Any], *, actor: Actor) -> None:
    """Tell it to somebody with a login who did not do it, once a day; which fields, never what is in them."""
    names = [name for name in before if name not in _NOT_TOLD]
    if not names or actor.user_id is None or actor.contact_id == contact.id or contact.deleted_at is not None or not _has_other_login(contact, actor):
        return
    with unscoped("the address of the organisation of a contact"):
        slug = db.session.get_one(Organisation, contact.organisation_id).slug
    notify(
        KIND,
        contact_ids=[contact.id],
        subject=_l("Your details were changed"),
        text=lambda: _("Somebody of the club changed: %(fields)s. Look whether it is right.", fields=_labels(names)),
        url=f"/o/{slug}/my/details/",
        unique_key=f"contact:{contact.id}:changed:{clock.today().isoformat()}",
        actor=actor,
    )


def _has_other_login(contact: Contact, actor: Actor) -> bool:
    query = select(OrganisationRole.id).join(User, User.id == OrganisationRole.user_id)
    found = query.where(OrganisationRole.contact_id == contact.id, User.active.is_(True), User.id != actor.user_id).limit(1)
    return db.session.scalar(found) is not None


def _labels(names: list[str]) -> str:
    return ", ".join(dict.fromkeys(label for name in names if (label := label_of(name))))
