"""What a key may do: for each resource reading, and for some writing.

A scope is a part of the rights of the person who made the key, never more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from core.access import Actor
from core.extend.registry import registry
from core.i18n import _l
from core.web.context import active_plugins, current_organisation


@dataclass(frozen=True)
class Scope:
    """`permissions`: rights it gives, as far as the person has them; without any of `needed` it is not offered."""

    name: str
    title: Any
    needed: frozenset[str]
    permissions: frozenset[str]


def resources(*, active_only: bool = True) -> list[Any]:
    """The resource classes, of the core and of the plugins that are active here, by name."""
    views = registry().active("views", active_plugins()) if active_only else registry().all("views")
    return sorted((view for view in views if getattr(view, "is_rest", False)), key=lambda view: view.resource)


def all_scopes(*, active_only: bool = True) -> dict[str, Scope]:
    """Every scope by name."""
    found: dict[str, Scope] = {}
    for resource in resources(active_only=active_only):
        reads = frozenset({resource.permission, *resource.read_permissions()})
        found[f"{resource.resource}:read"] = Scope(
            f"{resource.resource}:read", _l("Read: %(what)s", what=resource.title), frozenset({resource.permission}), reads
        )
        writes = resource.write_permissions()
        if writes:
            found[f"{resource.resource}:write"] = Scope(
                f"{resource.resource}:write", _l("Change: %(what)s", what=resource.title), writes, reads | writes
            )
    return found


def held_scopes(actor: Actor) -> dict[str, Scope]:
    """The scopes this person can give to a key."""
    here = {resource.resource for resource in resources() if current_organisation().kind in resource.kinds}
    return {
        name: scope
        for name, scope in all_scopes().items()
        if name.partition(":")[0] in here and any(actor.can(permission) for permission in scope.needed)
    }


def permissions_of_scopes(names: Iterable[str]) -> frozenset[str]:
    """The rights behind scopes; those of a plugin that is gone give none."""
    known = all_scopes(active_only=False)
    return frozenset().union(*(known[name].permissions for name in names if name in known))
