"""The organisation and plugins of the request, job or command at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from typing import Any

from flask import current_app, g, has_request_context
from sqlalchemy import bindparam, inspect, or_, select

from core import clock
from core.db import db
from core.errors import OutOfScope
from core.extend.registry import registry
from core.organisations.models import Affiliation, Organisation, PluginActivation
from core.tenancy import current_scope, unscoped


def current_organisation() -> Organisation:
    """The organisation of the URL (or of the job)."""
    organisation: Organisation | None = g.get("organisation")
    is_gone = organisation is None or inspect(organisation).detached  # its session was closed since
    if organisation is None or is_gone or organisation.id != current_scope().organisation_id:
        organisation_id = current_scope().organisation_id
        with unscoped("the organisation of the current scope"):
            organisation = db.session.get(Organisation, organisation_id) if organisation_id else None
        if organisation is None:
            raise OutOfScope("the scope names no organisation")
        g.organisation = organisation
    return organisation


@contextmanager
def addresses_of(organisation: Organisation) -> Iterator[None]:
    """Let url_for() find the pages of an organisation, also in a job, where there is no request."""
    before = g.get("org_slug")
    g.org_slug = organisation.slug
    try:
        if has_request_context():
            yield
        else:
            with current_app.test_request_context(base_url=current_app.config["KOEPEL"].public_url):
                yield
    finally:
        g.org_slug = before


def federations_of(organisation: Organisation, day: date | None = None) -> list[Organisation]:
    """The federations an organisation belongs to on `day` (default today): for a federation itself."""
    if organisation.kind == "federation":
        return [organisation]
    found: dict[Any, list[Organisation]] = g.setdefault("federations_of", {})
    day = day or clock.today()
    key = (organisation.id, day)
    if key not in found:
        with unscoped("the federations of an organisation"):
            query = select(Organisation).where(_is_federation_of(organisation.kind)).order_by(Organisation.name)
            found[key] = list(db.session.scalars(query, {"organisation_id": organisation.id, "parent_id": organisation.parent_id, "day": day}).unique())
    return found[key]


def _is_federation_of(kind: str) -> Any:
    """Condition on the organisations that are above one of this kind: `organisation_id` under `parent_id`, on a `day`."""
    if kind == "region":
        return Organisation.id == bindparam("parent_id")
    affiliations = select(Affiliation.federation_id).where(
        Affiliation.organisation_id == bindparam("organisation_id"),
        Affiliation.from_on <= bindparam("day"),
        or_(Affiliation.until_on.is_(None), Affiliation.until_on >= bindparam("day")),
    )
    return Organisation.id.in_(affiliations)


def forget_affiliations() -> None:
    """After a club joined a federation: which rules it has is asked again."""
    g.pop("federations_of", None)
    g.pop("active_plugins", None)


def federation_setting(federation: Organisation, key: str, default: Any = None) -> Any:
    """A setting of a federation; what its plugin says when it chose nothing itself."""
    manifest = registry().plugins.manifests.get(federation.federation_plugin or "")
    return federation.setting(key, manifest.settings.get(key, default) if manifest else default)


def active_plugins(organisation: Organisation | None = None) -> frozenset[str]:
    """Names of the plugins switched on for an organisation (default: the one at hand).

    Modules are on unless its federation or the organisation itself switched them off, or they
    start off and nobody switched them on; a federation plugin is on for that federation, its regions and its clubs.
    """
    organisation = organisation or current_organisation()
    found: dict[int, frozenset[str]] = g.setdefault("active_plugins", {})
    if organisation.id not in found:
        found[organisation.id] = _active_plugins(organisation)
    return found[organisation.id]


def _active_plugins(organisation: Organisation) -> frozenset[str]:
    manifests = registry().plugins.manifests
    federations, rows = _switches(organisation)
    rules = {f.federation_plugin for f in federations if f.federation_plugin in manifests}
    active = {n for n, m in manifests.items() if m.kind == "module" and not m.starts_off} | rules
    if organisation.kind != "platform":
        active -= {off for name in rules for off in manifests[name].switches_off}
    # what a federation says of its clubs comes first, what the organisation says of itself last;
    # a club can do without a module, but not have one its federation switched off
    for owner, plugin, on, for_clubs in sorted(rows, key=lambda row: row[0] == organisation.id):
        if for_clubs == (owner != organisation.id) and plugin in manifests:
            is_own_wish = owner == organisation.id and organisation.kind != "federation"
            active = active - {plugin} if not on else active if is_own_wish else active | {plugin}
    return frozenset(active)


@cache
def _switches_query(kind: str) -> Any:
    """Made once for each kind of organisation: every page asks it."""
    itself = Organisation.id == bindparam("organisation_id")
    return (
        select(Organisation, PluginActivation.plugin, PluginActivation.active, PluginActivation.for_clubs)
        .outerjoin(PluginActivation, PluginActivation.organisation_id == Organisation.id)
        .where(itself if kind == "federation" else or_(itself, _is_federation_of(kind)))
        .order_by(Organisation.name)
    )


def _switches(organisation: Organisation) -> tuple[list[Organisation], list[tuple[int, str, bool, bool]]]:
    """The federations, and (owner, plugin, is on, for clubs) of it and of them."""
    day = clock.today()
    with unscoped("which federations there are here, and which plugins are switched on"):
        asked = {"organisation_id": organisation.id, "parent_id": organisation.parent_id, "day": day}
        rows = db.session.execute(_switches_query(organisation.kind), asked).all()
    owners = {row[0].id: row[0] for row in rows}
    federations = [owner for owner in owners.values() if owner.id != organisation.id or organisation.kind == "federation"]
    g.setdefault("federations_of", {})[organisation.id, day] = federations
    return federations, [(owner.id, plugin, on, for_clubs) for owner, plugin, on, for_clubs in rows if plugin is not None]
