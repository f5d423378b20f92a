"""The organisation and plugins of the request, job or command at hand."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import g
from sqlalchemy import or_, select

from core import clock
from core.db import db
from core.errors import OutOfScope
from core.extend.registry import registry
from core.organisations.models import Affiliation, Organisation, PluginActivation
from core.tenancy import current_scope, unscoped


def current_organisation() -> Organisation:
    """The organisation of the URL (or of the job)."""
    organisation: Organisation | None = g.get("organisation")
    if organisation is None or organisation.id != current_scope().organisation_id:
        organisation_id = current_scope().organisation_id
        with unscoped("the organisation of the current scope"):
            organisation = db.session.get(Organisation, organisation_id) if organisation_id else None
        if organisation is None:
            raise OutOfScope("the scope names no organisation")
        g.organisation = organisation
    return organisation


def federations_of(organisation: Organisation, day: date | None = None) -> list[Organisation]:
    """The federations an organisation belongs to on `day` (default today): for a federation itself."""
    if organisation.kind == "federation":
        return [organisation]
    found: dict[Any, list[Organisation]] = g.setdefault("federations_of", {})
    day = day or clock.today()
    key = (organisation.id, day)
    if key not in found:
        if organisation.kind == "region":
            query = select(Organisation).where(Organisation.id == organisation.parent_id)
        else:
            query = (
                select(Organisation)
                .join(Affiliation, Affiliation.federation_id == Organisation.id)
                .where(
                    Affiliation.organisation_id == organisation.id,
                    Affiliation.from_on <= day,
                    or_(Affiliation.until_on.is_(None), Affiliation.until_on >= day),
                )
                .order_by(Organisation.name)
            )
        with unscoped("the federations of an organisation"):
            found[key] = list(db.session.scalars(query).unique())
    return found[key]


def active_plugins(organisation: Organisation | None = None) -> frozenset[str]:
    """Names of the plugins switched on for an organisation (default: the one at hand).

    Modules are on unless its federation or the organisation itself switched them off; a
    federation plugin is on for that federation, its regions and its clubs.
    """
    organisation = organisation or current_organisation()
    found: dict[int, frozenset[str]] = g.setdefault("active_plugins", {})
    if organisation.id not in found:
        found[organisation.id] = _active_plugins(organisation)
    return found[organisation.id]


def _active_plugins(organisation: Organisation) -> frozenset[str]:
    manifests = registry().plugins.manifests
    federations = federations_of(organisation)
    rules = {f.federation_plugin for f in federations if f.federation_plugin in manifests}
    active = {n for n, m in manifests.items() if m.kind == "module"} | rules
    if organisation.kind != "platform":
        active -= {off for name in rules for off in manifests[name].switches_off}
    owners = [organisation.id, *(f.id for f in federations)]
    with unscoped("which plugins are switched on here"):
        rows = db.session.execute(
            select(PluginActivation.organisation_id, PluginActivation.plugin, PluginActivation.active, PluginActivation.for_clubs)
            .where(PluginActivation.organisation_id.in_(owners))
        ).all()
    # what a federation says of its clubs comes first, what the organisation says of itself last
    for owner, plugin, on, for_clubs in sorted(rows, key=lambda row: row.organisation_id == organisation.id):
        if for_clubs == (owner != organisation.id) and plugin in manifests:
            active = active | {plugin} if on else active - {plugin}
    return frozenset(active)
