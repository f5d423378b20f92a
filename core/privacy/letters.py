"""Mails about requests to be forgotten: to who has to decide, and to the person."""

from __future__ import annotations

from flask_babel import force_locale
from sqlalchemy import select

from core.access import Actor
from core.contacts.models import Contact
from core.db import db
from core.i18n import _, format_date
from core.notifications.receivers import language_of
from core.organisations.models import Organisation
from core.outbox.api import queue_mail
from core.privacy.models import ErasureRequest
from core.users.models import User
from core.users.services.admins import admins_of


def tell_admins(request: ErasureRequest, organisation: Organisation, *, site: str, actor: Actor, again: bool = False) -> int:
    """Write to every administrator that somebody waits for an answer; returns to how many."""
    admins = admins_of(organisation)
    languages = {
        row.id: row.language for row in db.session.execute(select(User.id, User.language).where(User.id.in_([admin.user_id for admin in admins] or [0])))
    }
    for admin in admins:
        with force_locale(languages.get(admin.user_id) or organisation.language):
            subject = _("Reminder: somebody asks to be forgotten") if again else _("Somebody asks to be forgotten")
            text = "\n".join(
                (
                    _("Hello %(name)s", name=admin.name),
                    "",
                    _("A person of %(club)s asks to have the personal data erased. The law wants an answer before %(day)s.", club=organisation.name,
                      day=format_date(request.answer_by)),
                    _("Decide here: %(url)s", url=f"{site}/o/{organisation.slug}/settings/privacy/"),
                )
            )  # fmt: skip
        key = f"erasure:{request.id}:{'again' if again else 'new'}:{admin.user_id}"
        queue_mail(to=admin.email, subject=subject, text=text, unique_key=key, actor=actor)
    return len(admins)


def tell_person(request: ErasureRequest, contact: Contact, organisation: Organisation, *, actor: Actor) -> bool:
    """Write to the person what was decided; False when there is no address."""
    if not contact.email_1 or not request.is_by_person:
        return False
    with force_locale(language_of(contact, organisation)):
        subject = _("Your request to be forgotten")
        if request.answer:
            what = _("%(club)s cannot erase your data now. The reason: %(reason)s", club=organisation.name, reason=request.answer)
            more = _("Do you not agree? You may complain to the data protection authority of your country.")
        else:
            what = _(
                "%(club)s erases your data on %(day)s. Until then this can be undone.",
                club=organisation.name,
                day=format_date(request.erase_at.date() if request.erase_at else None),
            )
            more = _("What the law makes us keep is listed on your privacy page.")
        text = "\n".join((_("Hello %(name)s", name=contact.first_name), "", what, "", more))
    queue_mail(to=contact.email_1, subject=subject, text=text, unique_key=f"erasure:{request.id}:{request.version}:person", actor=actor)
    return True
