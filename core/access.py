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

    `roles` are the role templates that hold it in a new installation.

    Example:
        Permission("contacts.write", _l("Change contacts"), roles=("club_admin",))
    """

    name: str
    title: Any
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoleTemplate:
    """A role people can be given in organisations of some kinds ("club", "federation" ...)."""

    name: str
    title: Any
    kinds: tuple[str, ...]


ROLE_TEMPLATES = (
    RoleTemplate("platform_admin", _l("Platform operator"), ("platform",)),
    RoleTemplate("federation_admin", _l("Federation administrator"), ("federation",)),
    RoleTemplate("region_admin", _l("Region staff"), ("region",)),
    RoleTemplate("club_admin", _l("Administrator"), ("club",)),
    RoleTemplate("member", _l("Member"), ("club", "federation")),
)


@dataclass(frozen=True)
class Actor:
    """Who is doing this, where, with which rights. Passed to every service as `actor=`.

    `user_id` is None for the system itself (a schedule, a command); such an actor holds the
    rights it was given by `system_actor()`.
    """

    user_id: int | None
    name: str
    organisation_id: int | None
    permissions: frozenset[str] = field(default=frozenset(), repr=False)
    language: str = "nl"
    contact_id: int | None = None
    is_system: bool = False

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
    token = _acting.set(actor)
    try:
        yield actor
    finally:
        _acting.reset(token)
