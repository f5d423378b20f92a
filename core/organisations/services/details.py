"""Changing what an organisation says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.access import Actor, require
from core.audit.services import HIDDEN, record
from core.db import db
from core.errors import Forbidden, StaleVersion
from core.fields import services as fields
from core.organisations.details import ADDRESS, INVOICE, INVOICE_ADDRESS, clean_details, values_of
from core.organisations.models import Organisation
from core.organisations.services.readiness import note_looked_at, refresh

LOGO_SETTING = "core.logo"


def save_details(
    organisation: Organisation, values: Mapping[str, str | None], *, extra: Mapping[str, Any] | None = None, actor: Actor, version: int | None = None
) -> Organisation:
    """Store the details that are given; `extra` are values of extra fields by key.

    Saving says that somebody looked at them, which is what "am I in order?" asks. `version` is
    the one the editor started from: when somebody else saved since, StaleVersion.
    """
    require(actor, "organisation.write")
    if not actor.is_system and actor.organisation_id != organisation.id:
        raise Forbidden("organisation.write")
    if version is not None and organisation.version != version:
        raise StaleVersion(f"organisation {organisation.id}")
    cleaned, mistakes = clean_details(values)
    if mistakes:
        raise mistakes[0]
    before = values_of(organisation)
    changes: dict[str, Any] = {name: (before[name], value) for name, value in cleaned.items() if before[name] != value}
    _store(organisation, {**before, **cleaned}, set(changes))
    before_extra = dict(organisation.extra or {})
    changed_extra = _store_extra(organisation, extra or {}, actor)
    changes |= changed_extra
    fields.keep_files("organisation", organisation, {name: before_extra.get(name.removeprefix("extra.")) for name in changed_extra})
    note_looked_at(organisation, "details", actor=actor)
    if "invoice_email" in changes:
        note_looked_at(organisation, "invoice_email", actor=actor)
    db.session.flush()
    if changes:
        record("organisation.changed", organisation, actor=actor, changes=changes)
    if organisation.kind == "club":
        refresh(organisation)
    return organisation


def _store(organisation: Organisation, values: Mapping[str, Any], changed: set[str]) -> None:
    for name in changed - set(INVOICE_ADDRESS):
        setattr(organisation, name, values[name])
    if changed & set(INVOICE_ADDRESS):
        address = {part: values[f"{INVOICE}{part}"] for part in ADDRESS}
        is_empty = not any(value for part, value in address.items() if part != "country")
        organisation.invoice_address = None if is_empty else address


def _store_extra(organisation: Organisation, values: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    if not values:
        return {}
    stored = dict(organisation.extra or {})
    cleaned = fields.clean("organisation", values, actor=actor, stored=stored)
    definitions = {d.key: d for d in fields.definitions("organisation")}
    changes = {
        f"extra.{key}": HIDDEN if fields.is_sensitive(definitions[key]) else (stored.get(key), value)
        for key, value in cleaned.items()
        if stored.get(key) != value
    }
    organisation.extra = {key: value for key, value in {**stored, **cleaned}.items() if value not in (None, "", [])}
    return changes


def keep_logo(organisation: Organisation, file_id: int | None, *, actor: Actor) -> int | None:
    """Let a stored picture be the logo (None: no logo); returns the id of the one before."""
    require(actor, "organisation.write")
    before = organisation.setting(LOGO_SETTING)
    organisation.settings = {**(organisation.settings or {}), LOGO_SETTING: file_id}
    db.session.flush()
    record("organisation.logo_changed", organisation, actor=actor)
    return int(before) if before else None
