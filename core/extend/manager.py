"""Finds the plugins, checks that they fit together, and calls their hooks."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from core.errors import StartRefused
from core.extend.hookspecs import PROJECT, CoreHooks
from core.extend.manifest import Manifest

PACKAGES = ("plugins", "federations")
ENTRY_POINTS = "koepel.plugins"


def installed() -> dict[str, str]:
    """Plugin name -> module of its `plugin.py`, in the plugin folders and installed packages."""
    folders = [folder for package in PACKAGES for folder in importlib.import_module(package).__path__]
    return dict(_installed(tuple((folder, Path(folder).stat().st_mtime_ns) for folder in folders)))


@lru_cache(maxsize=1)
def _installed(_folders: tuple[tuple[str, int], ...]) -> dict[str, str]:
    """Asked hundreds of times while the database is migrated; a plugin that is added changes its folder."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        parent = importlib.import_module(package)
        for module in pkgutil.iter_modules(parent.__path__):
            if module.ispkg and importlib.util.find_spec(f"{package}.{module.name}.plugin"):
                found[module.name] = f"{package}.{module.name}.plugin"
    for point in entry_points(group=ENTRY_POINTS):
        if point.name in found:
            raise StartRefused(f"plugin {point.name!r} is installed twice: {found[point.name]} and {point.value}")
        found[point.name] = point.value
    return found


class Plugins:
    """The enabled plugins, in start order, and their hooks."""

    def __init__(self, enabled: Sequence[str] | None = None) -> None:
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(CoreHooks)
        self.modules: dict[str, ModuleType] = {}
        self.manifests: dict[str, Manifest] = {}
        available = installed()
        for name in sorted(available) if enabled is None else enabled:
            if name not in available:
                raise StartRefused(f"plugin {name!r} is enabled but not installed; installed: {', '.join(sorted(available))}")
            module = importlib.import_module(available[name])
            manifest = getattr(module, "manifest", None)
            if not isinstance(manifest, Manifest) or manifest.name != name:
                raise StartRefused(f"plugin {name!r}: {available[name]} has no manifest of that name")
            self.modules[name], self.manifests[name] = module, manifest
        self.order = self._start_order()
        for name in self.order:
            specs = getattr(self.modules[name], "hookspecs", None)
            if specs is not None:
                self.manager.add_hookspecs(specs)
        for name in self.order:
            self.manager.register(self.modules[name], name=name)
        try:
            self.manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise StartRefused(f"plugin {getattr(error.plugin, '__name__', error.plugin)}: {error}") from error

    def _start_order(self) -> list[str]:
        order: list[str] = []

        def visit(name: str, wanted_by: tuple[str, ...]) -> None:
            if name in wanted_by:
                raise StartRefused(f"plugins require each other in a circle: {' -> '.join((*wanted_by, name))}")
            if name not in self.manifests:
                raise StartRefused(f"plugin {wanted_by[-1]!r} requires {name!r}, which is not enabled")
            for required in self.manifests[name].imports:
                visit(required, (*wanted_by, name))
            if name not in order:
                order.append(name)

        for name in self.manifests:
            visit(name, ())
        return order

    def collect(self, hook: str) -> list[tuple[str, Any]]:
        """(plugin name, item) of a register_ hook, in start order."""
        items: list[tuple[str, Any]] = []
        for name in self.order:
            implementation = getattr(self.modules[name], hook, None)
            if implementation is not None and hasattr(implementation, f"{PROJECT}_impl"):
                items += [(name, item) for item in implementation()]
        return items

    def ask(self, hook: str, active: Iterable[str], **arguments: Any) -> list[Any]:
        """Answers of the plugins in `active`, in start order reversed as pluggy calls them."""
        inactive = [self.modules[n] for n in self.order if n not in set(active)]
        return list(self.manager.subset_hook_caller(hook, remove_plugins=inactive)(**arguments))

    def tell(self, hook: str, **arguments: Any) -> None:
        """Call every installed plugin: one that is switched off still holds data."""
        getattr(self.manager.hook, hook)(**arguments)
