"""What a person does with its own details: stored at once, or asked, as the club wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.contacts.attributes import BY_NAME
from core.contacts.models import Contact
from core.contacts.services import check_values, get_contact, save_contact
from core.contacts.versions import Version, label_of, values_of, version_of, version_with
from core.corrections.models import WAITING, WITHDRAWN, ContactCorrection
from core.db import db
from core.errors import Forbidden, NotFound, StaleVersion, UserMistake
from core.fields.services import definitions
from core.files import services as files
from core.files.models import StoredFile
from core.i18n import _, _l
from core.notifications.api import notify
from core.organisations.models import Organisation
from core.organisations.services import set_setting

#: setting of an organisation: may members change their details at once?
SETTING = "contacts.direct_correction"
#: who somebody is: always asked, because memberships, rights of parents and fees hang on it
IDENTITY = frozenset({"first_name", "last_name", "birth_date", "gender", "nationality"})
#: notes of the club for itself
NEVER = frozenset({"remarks"})
ASKED = "corrections.asked"
#: so long a file that was sent along is kept for whoever decides
FILE_LIFE = timedelta(days=180)


@dataclass(frozen=True)
class Outcome:
    """Labels of what was stored at once, and of what waits for the club."""

    stored: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


def is_direct(organisation: Organisation) -> bool:
    """Do changes of members hold at once here? By default the club looks at them first."""
    return bool(organisation.setting(SETTING, False))


def set_direct(organisation: Organisation, direct: bool, *, actor: Actor) -> None:
    """The club chooses."""
    require(actor, "corrections.decide")
    before = is_direct(organisation)
    if before != direct:
        set_setting(organisation, SETTING, direct)
        record("organisation.changed", organisation, actor=actor, changes={SETTING: (before, direct)})


def as_member(actor: Actor) -> Actor:
    """The same person, looking at itself: also somebody who manages contacts sees then what a member sees."""
    return replace(actor, permissions=frozenset(), is_system=False)


def own_contact(actor: Actor) -> Contact:
    """The contact the person is (or acts for) here; NotFound when there is none (any more)."""
    return get_contact(actor.contact_id or 0)


def waiting_of(contact: Contact) -> ContactCorrection | None:
    """What this person asked and nobody decided yet."""
    return db.session.scalars(select(ContactCorrection).where(ContactCorrection.contact_id == contact.id, ContactCorrection.state == WAITING)).one_or_none()


def correct(contact: Contact, values: Mapping[str, Any], *, actor: Actor, organisation: Organisation, version: int) -> Outcome:
    """Correct the own details. `values` as for save_contact; `version` of the contact the person looked at.

    StaleVersion when the club changed the contact since.
    """
    if actor.contact_id is None or contact.id != actor.contact_id:
        raise Forbidden("only one's own details")
    if contact.version != version:
        raise StaleVersion(f"contact {contact.id}")
    member = as_member(actor)
    if NEVER & values.keys():
        raise Forbidden("only the club writes this")
    cleaned, mistakes = check_values(contact, values, actor=member)
    if mistakes:
        raise mistakes[0]
    now, typed = version_of(contact), version_with({}, cleaned)
    changed = {name: value for name, value in typed.items() if (value or None) != (now.get(name) or None)}
    at_once = {name: value for name, value in changed.items() if is_direct(organisation) and name not in IDENTITY}
    asked = {name: value for name, value in changed.items() if name not in at_once}
    if at_once:
        save_contact(contact, values_of(at_once), actor=replace(member, permissions=frozenset({"contacts.write"})), version=version)
    _ask(contact, typed.keys(), asked, now, organisation, member)
    return Outcome(_labels(at_once), _labels(asked))


def _labels(version: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for name in version if (label := label_of(name))))


def _ask(contact: Contact, typed: Any, asked: Version, now: Version, organisation: Organisation, actor: Actor) -> None:
    """Keep what is asked with what was asked before; what was not on the form this time stays asked."""
    row = waiting_of(contact)
    before = dict(row.wanted) if row is not None else {}
    wanted = {name: value for name, value in before.items() if name not in typed} | asked
    _keep_files(before, wanted, actor)
    if row is None and not wanted:
        return
    if row is not None and row.wanted == wanted:
        return
    if row is None:
        row = ContactCorrection(contact_id=contact.id)
        db.session.add(row)
    row.was, row.wanted = {name: now.get(name) for name in wanted}, wanted
    row.asked_at, row.asked_by_id, row.asked_by = clock.now(), actor.user_id, actor.name[:160]
    if not wanted:
        row.state, row.decided_at = WITHDRAWN, clock.now()
    db.session.flush()
    record("contact.correction_asked" if wanted else "contact.correction_withdrawn", contact, actor=actor, note=", ".join(_labels(wanted)))
    if wanted:
        _tell_club(row, contact, organisation, actor)


def _keep_files(before: Mapping[str, Any], wanted: Mapping[str, Any], actor: Actor) -> None:
    """Files that were sent along wait with the request; those that are not asked any more go."""
    names = {f"extra.{field.key}" for field in definitions("contact") if field.type == "file"}
    kept = {wanted[name] for name in names if wanted.get(name)}
    for file in drafts({before[name] for name in names if before.get(name)} - kept):
        files.remove(file)
    for file in drafts(kept):
        file.expires_at = clock.now() + FILE_LIFE


def drafts(ids: Any) -> list[StoredFile]:
    """Files of these ids that belong to no row yet."""
    wanted = [pk for pk in ids if isinstance(pk, int)]
    return list(db.session.scalars(select(StoredFile).where(StoredFile.id.in_(wanted), StoredFile.subject_id.is_(None)))) if wanted else []


def _tell_club(row: ContactCorrection, contact: Contact, organisation: Organisation, actor: Actor) -> None:
    name = contact.full_name
    notify(
        ASKED,
        subject=_l("A member asks to correct details"),
        text=lambda: _("%(name)s asks to change: %(fields)s.", name=name, fields=", ".join(_labels(row.wanted))),
        url=f"/o/{organisation.slug}/crm/corrections/{row.id}/",
        unique_key=f"correction:{row.id}",
        about=contact.id,
        actor=actor,
    )


def withdraw(contact: Contact, *, actor: Actor) -> ContactCorrection:
    """Never mind; NotFound when nothing waits."""
    row = waiting_of(contact)
    if row is None or contact.id != actor.contact_id:
        raise NotFound("correction")
    _keep_files(row.wanted, {}, actor)
    row.state, row.decided_at, row.wanted, row.was = WITHDRAWN, clock.now(), {}, {}
    db.session.flush()
    record("contact.correction_withdrawn", contact, actor=actor)
    return row


def refuse_unknown(wanted: Mapping[str, Any]) -> None:
    """UserMistake when an extra field that is asked exists no more, or is no business of members any more."""
    known = {f"extra.{field.key}" for field in definitions("contact") if "member" in field.edits}
    for name in wanted:
        if name not in BY_NAME and not name.startswith("whose.") and name not in known:
            raise UserMistake(_("One of these fields can no longer be changed by members. Refuse the request and say why."))
