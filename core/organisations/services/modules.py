"""Which modules are switched on, for an organisation itself and for the clubs of a federation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g
from sqlalchemy import select

from core.access import Actor, require
from core.audit.services import record
from core.db import db
from core.errors import NotFound, UserMistake
from core.extend.registry import registry
from core.i18n import _
from core.organisations.models import Organisation, PluginActivation
from core.web.context import active_plugins, federations_of


@dataclass(frozen=True)
class Module:
    """A line of the page: is it on here, is it on for the clubs, and who decided that."""

    name: str
    title: Any
    description: Any
    is_on: bool
    is_on_for_clubs: bool
    #: name of the federation that switched it off, or ""
    switched_off_by: str = ""


def modules_of(organisation: Organisation) -> list[Module]:
    """All installed modules, by title."""
    manifests = registry().plugins.manifests
    active, for_clubs = active_plugins(organisation), _for_clubs(organisation)
    federation_off = _switched_off_by_federations(organisation)
    found = [
        Module(name, manifest.title, manifest.description, name in active, for_clubs.get(name, True), federation_off.get(name, ""))
        for name, manifest in manifests.items()
        if manifest.kind == "module"
    ]
    return sorted(found, key=lambda module: str(module.title).casefold())


def _for_clubs(organisation: Organisation) -> dict[str, bool]:
    """What a federation says of its clubs, by module; those it says nothing of are on."""
    manifests = registry().plugins.manifests
    rules = manifests.get(organisation.federation_plugin or "")
    found = {name: False for name, manifest in manifests.items() if manifest.starts_off} | dict.fromkeys(rules.switches_off if rules else (), False)
    rows = db.session.execute(select(PluginActivation.plugin, PluginActivation.active).where(PluginActivation.for_clubs.is_(True))).all()
    return found | {plugin: active for plugin, active in rows}


def _switched_off_by_federations(organisation: Organisation) -> dict[str, str]:
    if organisation.kind == "federation":
        return {}
    own = db.session.scalars(select(PluginActivation.plugin).where(PluginActivation.for_clubs.is_(False), PluginActivation.active.is_(False))).all()
    active = active_plugins(organisation)
    names = " / ".join(federation.name for federation in federations_of(organisation))
    modules = (name for name, manifest in registry().plugins.manifests.items() if manifest.kind == "module")
    return {name: names for name in modules if name not in active and name not in own}


def switch(organisation: Organisation, name: str, *, on: bool, for_clubs: bool = False, actor: Actor) -> Module:
    """Switch a module on or off. Its data stays; it is there again when it is switched on."""
    require(actor, "modules.manage")
    manifest = registry().plugins.manifests.get(name)
    if manifest is None or manifest.kind != "module" or (for_clubs and organisation.kind != "federation"):
        raise NotFound(f"module {name}")
    before = next(module for module in modules_of(organisation) if module.name == name)
    if on and not for_clubs and before.switched_off_by:
        raise UserMistake(_("%(federation)s switched this module off for its clubs.", federation=before.switched_off_by))
    _check_neighbours(organisation, name, on, for_clubs)
    row = db.session.scalars(select(PluginActivation).where(PluginActivation.plugin == name, PluginActivation.for_clubs == for_clubs)).one_or_none()
    if row is None:
        row = PluginActivation(plugin=name, for_clubs=for_clubs, active=on)
        db.session.add(row)
    row.active = on
    db.session.flush()
    g.pop("active_plugins", None)
    record("plugin_activation.changed", row, actor=actor, changes={"active": (not on, on)}, note=str(manifest.title))
    return next(module for module in modules_of(organisation) if module.name == name)


def _check_neighbours(organisation: Organisation, name: str, on: bool, for_clubs: bool) -> None:
    """A module needs those it requires."""
    manifests = registry().plugins.manifests
    is_on = {module.name: module.is_on_for_clubs if for_clubs else module.is_on for module in modules_of(organisation)}
    if on:
        missing = [str(manifests[other].title) for other in manifests[name].requires if not is_on.get(other, True)]
        if missing:
            raise UserMistake(_("This module needs %(modules)s. Switch that on first.", modules=", ".join(missing)))
        return
    rules = {organisation.federation_plugin} if for_clubs else active_plugins(organisation)
    needing = [
        str(m.title) for other, m in manifests.items() if name in m.requires and (is_on.get(other, False) or (m.kind == "federation" and other in rules))
    ]
    if needing:
        raise UserMistake(_("%(modules)s cannot do without this module. Switch that off first.", modules=", ".join(needing)))
