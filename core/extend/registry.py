"""All that the core and the plugins registered, joined once at start and never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from core.access import ROLE_TEMPLATES, Permission, RoleTemplate, set_known_permissions
from core.errors import StartRefused
from core.extend.manager import Plugins

#: register_ hook -> how its items are told apart
KEYS: dict[str, Callable[[Any], Any]] = {
    "permissions": lambda p: p.name,
    "views": lambda v: v.__name__,
    "menu": lambda m: (m.area, m.endpoint, m.kinds),
    "tabs": lambda t: (t.page, t.endpoint),
    "columns": lambda c: (c.list_name, c.name),
    "filters": lambda f: (f.list_name, f.name),
    "bulk_actions": lambda a: (a.list_name, a.name),
    "contact_sections": lambda s: s.name,
    "widgets": lambda w: w.name,
    "jobs": lambda j: j.name,
    "schedules": lambda s: s.name,
    "extra_fields": lambda f: (f.target, f.key),
    "functions": lambda f: f.key,
    "field_targets": lambda t: t.name,
    "file_purposes": lambda p: p.name,
    "import_columns": lambda c: c.name,
    "commands": lambda c: c.name,
    "notification_kinds": lambda k: k.key,
    "personal_tables": lambda t: t.name,
    "retention_rules": lambda r: r.name,
    "demo_logins": lambda d: d.username,
}


@dataclass(frozen=True)
class Owned:
    """An item and the plugin that brought it ("core" for the core itself)."""

    plugin: str
    item: Any


@dataclass
class Registry:
    """Everything registered, by kind. `plugins` calls the asking and telling hooks."""

    plugins: Plugins
    roles: tuple[RoleTemplate, ...] = ROLE_TEMPLATES
    _items: dict[str, dict[Any, Owned]] = field(default_factory=lambda: {kind: {} for kind in KEYS})

    def add(self, kind: str, plugin: str, item: Any) -> None:
        key = KEYS[kind](item)
        taken = self._items[kind].get(key)
        # two federations may both have a "chair"; they are never active together in one club
        if taken is not None and not (kind in ("functions", "extra_fields") and taken.plugin != plugin):
            raise StartRefused(f"{plugin}: {kind} {key!r} is already registered by {taken.plugin}")
        self._items[kind][key if taken is None else (plugin, key)] = Owned(plugin, item)

    def all(self, kind: str) -> list[Any]:
        """Every item of a kind, whatever is active."""
        return [owned.item for owned in self._items[kind].values()]

    def owned(self, kind: str) -> list[Owned]:
        return list(self._items[kind].values())

    def active(self, kind: str, active: Iterable[str]) -> list[Any]:
        """Items of the core and of the plugins in `active`, by position."""
        names = {"core", *active}
        found = [o.item for o in self._items[kind].values() if o.plugin in names]
        return sorted(found, key=lambda item: getattr(item, "position", 100))

    def get(self, kind: str, key: Any) -> Any:
        """One item; KeyError when nobody registered it."""
        return self._items[kind][key].item

    def owner(self, kind: str, key: Any) -> str:
        return self._items[kind][key].plugin

    def permission_names(self) -> frozenset[str]:
        return frozenset(self._items["permissions"])


def build(plugins: Plugins, core_module: Any) -> Registry:
    """Join what the core (`core_module` has the same register_ functions) and plugins bring."""
    registry = Registry(plugins)
    for kind in KEYS:
        for item in getattr(core_module, f"register_{kind}", list)():
            registry.add(kind, "core", item)
        for name, item in plugins.collect(f"register_{kind}"):
            registry.add(kind, name, item)
    _check(registry)
    set_known_permissions(registry.permission_names())
    return registry


def _check(registry: Registry) -> None:
    known = registry.permission_names()
    roles = {role.name for role in registry.roles}
    for owned in registry.owned("permissions"):
        permission: Permission = owned.item
        unknown = set(permission.roles) - roles
        if unknown:
            raise StartRefused(f"{owned.plugin}: permission {permission.name!r} names unknown roles {sorted(unknown)}")
    for kind in KEYS:
        for owned in registry.owned(kind):
            needed = getattr(owned.item, "permission", None)
            if isinstance(needed, str) and needed not in known | {"login"}:
                raise StartRefused(f"{owned.plugin}: {kind} needs unknown permission {needed!r}")


def registry() -> Registry:
    """The registry of the running application."""
    return current_app.extensions["koepel"]  # type: ignore[no-any-return]
