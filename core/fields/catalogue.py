"""Which extra fields exist in an organisation: its own, its federations', its plugins'."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import g
from sqlalchemy import select

from core.db import db
from core.extend.registry import Owned, registry
from core.fields.declarations import FieldDeclaration
from core.fields.extra_field import ALWAYS_SENSITIVE, ExtraField
from core.fields.models import FieldDefinition
from core.organisations.models import Organisation
from core.tenancy import unscoped
from core.web.context import active_plugins, current_organisation, federations_of

_COLUMNS = (
    FieldDefinition.id,
    FieldDefinition.organisation_id,
    FieldDefinition.target,
    FieldDefinition.key,
    FieldDefinition.type,
    FieldDefinition.label,
    FieldDefinition.help,
    FieldDefinition.choices,
    FieldDefinition.required,
    FieldDefinition.is_sensitive,
    FieldDefinition.in_list,
    FieldDefinition.in_import,
    FieldDefinition.in_export,
    FieldDefinition.federation_reads,
    FieldDefinition.sees,
    FieldDefinition.edits,
    FieldDefinition.purpose,
    FieldDefinition.legal_basis,
    FieldDefinition.retention_months,
    FieldDefinition.position,
    FieldDefinition.is_active,
    FieldDefinition.declared_by,
)


def fields_of(organisation: Organisation | None = None) -> list[ExtraField]:
    """Every field there, also those switched off, in the order people see them. One query per request."""
    organisation = organisation or current_organisation()
    kept: dict[int, list[ExtraField]] = g.setdefault("extra_fields", {})
    if organisation.id not in kept:
        kept[organisation.id] = _read(organisation)
    return kept[organisation.id]


def forget_fields() -> None:
    """After a definition changed."""
    g.pop("extra_fields", None)


def _read(organisation: Organisation) -> list[ExtraField]:
    owners = {organisation.id: organisation} | {f.id: f for f in federations_of(organisation)}
    with unscoped("extra fields of an organisation and its federations"):
        rows = db.session.execute(
            select(*_COLUMNS).where(FieldDefinition.organisation_id.in_(owners)).order_by(FieldDefinition.position, FieldDefinition.id)
        ).all()
    adapted = {(row.organisation_id, row.target, row.key): row for row in rows if row.declared_by}
    found = [_declared(owned, adapted, organisation, owners) for owned in _declarations(organisation)]
    found += [_made(row, organisation, owners) for row in rows if not row.declared_by]
    return list(_first_of_each(sorted(found, key=lambda field: (_rank(field, organisation), field.position))))


def _rank(field: ExtraField, organisation: Organisation) -> int:
    """The organisation's own first, then those of its federations and of modules."""
    return 0 if field.owner_id == organisation.id else 1


def _first_of_each(fields: Iterable[ExtraField]) -> Iterable[ExtraField]:
    """Two federations of one club may use the same key: the first one has it."""
    seen: set[tuple[str, str]] = set()
    for field in fields:
        if (field.target, field.key) not in seen:
            seen.add((field.target, field.key))
            yield field


def _declarations(organisation: Organisation) -> list[Owned]:
    active = active_plugins(organisation)
    return [owned for owned in registry().owned("extra_fields") if owned.plugin == "core" or owned.plugin in active]


def _declared(owned: Owned, adapted: dict[Any, Any], organisation: Organisation, owners: dict[int, Organisation]) -> ExtraField:
    """A declaration, with what the federation (or the organisation itself) says differently."""
    declaration: FieldDeclaration = owned.item
    federation = next((o for o in owners.values() if o.kind == "federation" and o.federation_plugin == owned.plugin), None)
    manifest = registry().plugins.manifests.get(owned.plugin)
    field = ExtraField(
        key=declaration.key,
        target=declaration.target,
        type=declaration.type,
        label=dict(declaration.label),
        help=dict(declaration.help),
        choices=tuple((value, dict(label)) for value, label in declaration.choices),
        required=declaration.required,
        sensitive=declaration.sensitive or declaration.type in ALWAYS_SENSITIVE,
        in_list=declaration.in_list,
        in_import=declaration.in_import,
        in_export=declaration.in_export,
        federation_reads=declaration.federation_reads,
        sees=tuple(declaration.sees),
        edits=tuple(declaration.edits),
        purpose=declaration.purpose,
        legal_basis=declaration.legal_basis,
        retention_months=declaration.retention_months,
        position=declaration.position,
        owner_name=federation.name if federation else str(getattr(manifest, "title", "") or ""),
        declared_by=owned.plugin,
    )
    speakers = [federation] if federation is not None else [o for o in owners.values() if o.kind == "federation"]
    for owner in speakers:
        row = adapted.get((owner.id, field.target, field.key))
        if row is not None:
            return replace(
                field,
                label={**field.label, **row.label},
                help={**field.help, **row.help},
                choices=_choices_of(row) or field.choices,
                required=row.required,
                position=row.position,
                is_active=row.is_active,
                id=row.id,
            )
    return field


def _choices_of(row: Any) -> tuple[tuple[str, dict[str, str]], ...]:
    return tuple((choice["value"], choice.get("label") or {}) for choice in row.choices or ())


def _made(row: Any, organisation: Organisation, owners: dict[int, Organisation]) -> ExtraField:
    return ExtraField(
        key=row.key,
        target=row.target,
        type=row.type,
        label=row.label,
        help=row.help or {},
        choices=_choices_of(row),
        required=row.required,
        sensitive=row.is_sensitive,
        in_list=row.in_list,
        in_import=row.in_import,
        in_export=row.in_export,
        federation_reads=row.federation_reads,
        sees=tuple(row.sees or ()),
        edits=tuple(row.edits or ()),
        purpose=row.purpose,
        legal_basis=row.legal_basis,
        retention_months=row.retention_months,
        position=row.position,
        is_active=row.is_active,
        owner_id=row.organisation_id,
        owner_name="" if row.organisation_id == organisation.id else owners[row.organisation_id].name,
        id=row.id,
    )
