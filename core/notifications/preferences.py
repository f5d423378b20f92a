"""How somebody wants to be told, per kind: in the app, and by mail at which of the own addresses."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from core.access import Actor, can
from core.contacts.services import get_contact
from core.db import db
from core.errors import NotFound
from core.extend.contributions import NotificationKind
from core.extend.registry import registry
from core.i18n import _
from core.notifications.models import NotificationChoice
from core.notifications.receivers import EMAILS, LOGIN, contact_key, default_addresses, user_key
from core.users.models import User
from core.web.context import active_plugins


@dataclass(frozen=True)
class Address:
    """An address mail can go to; `whose`: when it is somebody else's ("mother")."""

    name: str
    address: str
    whose: str = ""


@dataclass(frozen=True)
class Choice:
    """A line of the page: a kind, and what holds for it now."""

    kind: NotificationKind
    in_app: bool
    addresses: frozenset[str]


@dataclass(frozen=True)
class Part:
    """The kinds for one receiver: the person, or who manages the organisation."""

    receiver: str
    title: str
    addresses: list[Address]
    choices: list[Choice]

    @property
    def fields(self) -> frozenset[str]:
        """Names of the boxes of this part: "app:<kind>", "mail:<kind>:<address>"."""
        names = {f"app:{choice.kind.key}" for choice in self.choices}
        return frozenset(names | {f"mail:{choice.kind.key}:{address.name}" for choice in self.choices for address in self.addresses})


def parts_of(actor: Actor) -> list[Part]:
    """What the person may choose here, and chose."""
    found = [_contact_part(actor), _login_part(actor)]
    return [part for part in found if part is not None and part.choices]


def _kinds(*audiences: str, actor: Actor) -> list[NotificationKind]:
    kinds = registry().active("notification_kinds", active_plugins())
    return [kind for kind in kinds if kind.audience in audiences and (kind.permission is None or can(actor, kind.permission))]


def _contact_part(actor: Actor) -> Part | None:
    try:
        contact = get_contact(actor.contact_id or 0)
    except NotFound:
        return None
    whose = contact.whose or {}
    addresses = [Address(name, getattr(contact, name), whose.get(name, "")) for name in EMAILS if getattr(contact, name)]
    return _part(contact_key(contact.id), _("About %(name)s", name=contact.full_name), addresses, _kinds("contacts", actor=actor))


def _login_part(actor: Actor) -> Part | None:
    user = db.session.get(User, actor.user_id) if actor.user_id and actor.on_behalf_of_id is None else None
    if user is None:
        return None
    kinds = _kinds("managers", "user", actor=actor)
    title = _("As administrator") if any(kind.audience == "managers" for kind in kinds) else _("About what I ask Koepel to do")
    return _part(user_key(user.id), title, [Address(LOGIN, user.address)], kinds)


def _part(receiver: str, title: str, addresses: list[Address], kinds: list[NotificationKind]) -> Part:
    rows = {row.kind: row for row in db.session.scalars(select(NotificationChoice).where(NotificationChoice.receiver == receiver))}
    names = [address.name for address in addresses]
    choices = []
    for kind in kinds:
        row = rows.get(kind.key)
        chosen = row.addresses if row is not None else default_addresses(kind, names)
        there = [name for name in chosen if name in names] or (names[:1] if chosen else [])
        choices.append(Choice(kind, row.in_app if row is not None else kind.in_app, frozenset(there)))
    return Part(receiver, title, addresses, choices)


def choose(ticked: Collection[str], *, actor: Actor) -> int:
    """Keep what was ticked, of the boxes the page has for this person; returns how many kinds changed."""
    changed = 0
    for part in parts_of(actor):
        rows = {row.kind: row for row in db.session.scalars(select(NotificationChoice).where(NotificationChoice.receiver == part.receiver))}
        for choice in part.choices:
            key = choice.kind.key
            in_app = f"app:{key}" in ticked
            addresses = [address.name for address in part.addresses if f"mail:{key}:{address.name}" in ticked]
            if not part.addresses:
                addresses = list(rows[key].addresses) if key in rows else list(default_addresses(choice.kind, EMAILS))
            elif (in_app, frozenset(addresses)) == (choice.in_app, choice.addresses):
                continue
            _keep(rows, part.receiver, key, in_app, addresses, actor)
            changed += 1
    db.session.flush()
    return changed


def _keep(rows: Mapping[str, NotificationChoice], receiver: str, kind: str, in_app: bool, addresses: list[str], actor: Actor) -> None:
    row = rows.get(kind)
    if row is None:
        row = NotificationChoice(receiver=receiver, kind=kind)
        if receiver.startswith("c"):
            row.contact_id = actor.contact_id
        else:
            row.user_id = actor.user_id
        db.session.add(row)
    row.in_app, row.addresses = in_app, addresses
