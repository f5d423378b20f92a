"""Rights: what they are called, which role templates bundle them, and who holds them now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from core.errors import Forbidden
from core.i18n import _l


@dataclass(frozen=True)
class Permission:
    """A right, named "<noun>.<verb>".

    roles: the role templates that hold it in a new installation.
    data: what it opens about a person, in words for that person ("Contact details"); None when
        it opens nothing personal.
    from_above: does it open that to a federation and its regions too, of the members of clubs?
    on_behalf: somebody who acts for a member (a parent for a child) has it too, if members have.
        Leave it off for what is between the member and others (a chat).

    Example:
        Permission("contacts.write", _l("Change contacts"), roles=("club_admin",))
    """

    name: str
    title: Any
    roles: tuple[str, ...] = ()
    on_behalf: bool = False
    data: Any = None
    from_above: bool = False


@dataclass(frozen=True)
class RoleTemplate:
    """A role people can be given in organisations of some kinds ("club", "federation" ...).

    is_part: a part of what an administrator may do. It never gives more than the administrator of
        that kind of organisation holds, whatever rights name it.
    about: what it is for, in a sentence, for whoever gives it.
    """

    name: str
    title: Any
    kinds: tuple[str, ...]
    is_part: bool = False
    about: Any = ""


_RUN = ("club", "region", "federation")
#: who may do everything in an organisation of a kind
FULL_ROLES = {"club": "club_admin", "federation": "federation_admin", "region": "region_admin", "platform": "platform_admin"}
#: the parts of running an organisation that can be given to somebody; `roles` of rights name them
PARTS = ("members", "finance", "agenda", "communication", "read_only")


ROLE_TEMPLATES = (
    RoleTemplate("platform_admin", _l("Platform operator"), ("platform",)),
    RoleTemplate("federation_admin", _l("Federation administrator"), ("federation",)),
    RoleTemplate("region_admin", _l("Region staff"), ("region",)),
    RoleTemplate("club_admin", _l("Administrator"), ("club",)),
    RoleTemplate("member", _l("Member"), ("club", "federation")),
    RoleTemplate("members", _l("Member administration"), _RUN, is_part=True, about=_l("Contacts and memberships: add, change, import, export and invite.")),
    RoleTemplate("finance", _l("Finance"), ("club", "federation"), is_part=True, about=_l("Invoices, fees and payments.")),
    RoleTemplate("agenda", _l("Agenda"), _RUN, is_part=True, about=_l("Activities, and who comes.")),
    RoleTemplate("communication", _l("Communication"), _RUN, is_part=True, about=_l("See contacts, and write news, mails and documents to them.")),
    RoleTemplate("read_only", _l("Read only"), _RUN, is_part=True, about=_l("See contacts, memberships and invoices, change nothing.")),
)


@dataclass(frozen=True)
class Actor:
    """Who is doing this, where, with which rights. Passed to every service as `actor=`.

    `user_id` is None for the system itself (a schedule, a command); such an actor holds the
    rights it was given by `system_actor()`.
    `contact_id` is who this is in the organisation. Somebody who acts for another person (a parent
    for a child) is that other contact here, and `on_behalf_of_id` says so: the log then names both.
    """

    user_id: int | None
    name: str
    organisation_id: int | None
    permissions: frozenset[str] = field(default=frozenset(), repr=False)
    language: str = "nl"
    contact_id: int | None = None
    is_system: bool = False
    on_behalf_of_id: int | None = None

    def can(self, permission: str) -> bool:
        return self.is_system or permission in self.permissions


def can(actor: Actor, permission: str) -> bool:
    """Does the actor hold this right in the organisation at hand? Unknown names raise."""
    if _known is not None and permission not in _known:
        raise KeyError(f"unknown permission {permission!r}")
    return actor.can(permission)


def require(actor: Actor, permission: str) -> None:
    """Refuse (403) when the actor lacks the right."""
    if not can(actor, permission):
        raise Forbidden(permission)


def system_actor(organisation_id: int | None, *, name: str = "Koepel", language: str = "nl") -> Actor:
    """The platform acting by itself: schedules, commands, migrations. Holds every right."""
    return Actor(None, name, organisation_id, language=language, is_system=True)


_known: frozenset[str] | None = None


def set_known_permissions(names: frozenset[str]) -> None:
    global _known
    _known = names


_acting: ContextVar[Actor | None] = ContextVar("koepel_actor", default=None)

NOBODY = Actor(None, "", None)


def current_actor() -> Actor:
    """The actor of this request or job; NOBODY before login."""
    return _acting.get() or NOBODY


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """Let `actor` be the one who does everything inside (a job, a command, a test)."""
    token = _acting.set(actor)
    try:
        yield actor
    finally:
        _acting.reset(token)
