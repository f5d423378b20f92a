"""Making and changing the fields themselves. Keys never change, and values are never lost by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm.exc import StaleDataError

from core import clock
from core.access import Actor, require
from core.audit.services import entries_about, record
from core.contacts.names import fold
from core.contacts.parsing import parse_line
from core.db import db
from core.errors import NotFound, StaleVersion, UserMistake
from core.extend.contributions import FieldTarget
from core.extend.registry import registry
from core.fields.catalogue import fields_of, forget_fields
from core.fields.expressions import text_of
from core.fields.extra_field import ALWAYS_SENSITIVE, ExtraField
from core.fields.models import FieldDefinition
from core.fields.types import KINDS
from core.i18n import LANGUAGES, _, in_own_language
from core.tenancy import unscoped
from core.web.context import active_plugins, current_organisation

LONGEST_LABEL = 60
LONGEST_HELP = 300
LONGEST_PURPOSE = 300
MOST_CHOICES = 100
MOST_FIELDS = 60
LONGEST_RETENTION = 600
LARGEST_ID = 2**31 - 1
WITH_CHOICES = ("choice", "multi_choice")
BASES = ("contract", "consent", "legal_duty", "legitimate_interest")
#: what a change may touch; of a field that came with a plugin only the second lot
OWN = (
    "type",
    "label",
    "help",
    "choices",
    "required",
    "is_sensitive",
    "in_list",
    "in_import",
    "in_export",
    "federation_reads",
    "sees",
    "edits",
    "purpose",
    "legal_basis",
    "retention_months",
)
ADAPTABLE = ("label", "help", "choices", "required")


# --- finding -------------------------------------------------------------------------------------


def targets_here() -> list[FieldTarget]:
    """What can have extra fields in this organisation, in order."""
    kind = current_organisation().kind
    return [target for target in registry().active("field_targets", active_plugins()) if kind in target.kinds]


def get_field(pk: int) -> FieldDefinition:
    """A definition of the organisation at hand; NotFound for all others."""
    found = db.session.scalars(select(FieldDefinition).where(FieldDefinition.id == pk)).one_or_none() if 0 < pk <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"field definition {pk}")
    return found


def field_here(target: str, key: str) -> ExtraField:
    """A field of any owner, in use or not, as it is seen here."""
    found = next((field for field in fields_of() if (field.target, field.key) == (target, key)), None)
    if found is None:
        raise NotFound(f"extra field {target}.{key}")
    return found


def may_adapt(field: ExtraField) -> bool:
    """May the organisation at hand call this field, which came with a plugin, differently?"""
    organisation = current_organisation()
    if field.declared_by is None or organisation.kind != "federation":
        return False
    manifest = registry().plugins.manifests.get(field.declared_by)
    return organisation.federation_plugin == field.declared_by or (manifest is not None and manifest.kind == "module")


# --- making and changing -------------------------------------------------------------------------


def create_field(target: str, values: Mapping[str, Any], *, actor: Actor, is_active: bool = True) -> FieldDefinition:
    """Make a field. It is in use at once when its reason, basis and retention are given."""
    require(actor, "fields.write")
    if target not in {known.name for known in targets_here()}:
        raise NotFound(f"no extra fields on {target}")
    own = [field for field in fields_of() if field.target == target and field.owner_id == current_organisation().id]
    if len(own) >= MOST_FIELDS:
        raise UserMistake(_("There are %(number)s fields already. Remove one that is not used first.", number=MOST_FIELDS))
    cleaned = clean_definition(values)
    row = FieldDefinition(target=target, key=_free_key(target, cleaned["label"]), position=max((f.position for f in own), default=0) + 10, version=1, **cleaned)
    if is_active:
        _check_reasons(row)
    row.is_active = is_active
    db.session.add(row)
    db.session.flush()
    forget_fields()
    record("field_definition.created", row, actor=actor, note=in_own_language(row.label, row.key))
    return row


def change_field(row: FieldDefinition, values: Mapping[str, Any], *, actor: Actor, version: int | None = None) -> FieldDefinition:
    """Change a field; what `values` does not name stays. Values of people are not touched."""
    require(actor, "fields.write")
    if version is not None and row.version != version:
        raise StaleVersion(f"field definition {row.id}")
    names = ADAPTABLE if row.declared_by else OWN
    now = {name: getattr(row, name) for name in OWN}
    cleaned = clean_definition({**now, **{name: value for name, value in values.items() if name in names}})
    if not row.declared_by:
        _check_kind_change(row, cleaned)
    before = {name: now[name] for name in names if now[name] != cleaned[name]}
    for name in before:
        setattr(row, name, cleaned[name])
    if row.is_active and not row.declared_by:
        _check_reasons(row)
    return _changed(row, before, actor=actor)


def adapt_field(field: ExtraField, values: Mapping[str, Any], *, actor: Actor) -> FieldDefinition:
    """Call a field that came with a plugin differently, here and in the clubs of this federation."""
    require(actor, "fields.write")
    if not may_adapt(field):
        raise NotFound(f"{field.key} cannot be adapted here")
    kept = {name: value for name, value in values.items() if value or name != "choices"}  # without answers: those it has
    return change_field(_row_of(field), kept, actor=actor)


def _row_of(field: ExtraField) -> FieldDefinition:
    """The row of this federation that says what is different; made when there is none."""
    if field.id is not None:
        return get_field(field.id)
    row = FieldDefinition(
        target=field.target,
        key=field.key,
        type=field.type,
        label=dict(field.label),
        help=dict(field.help),
        choices=[{"value": value, "label": dict(label)} for value, label in field.choices],
        required=field.required,
        position=field.position,
        sees=list(field.sees),
        edits=list(field.edits),
        is_active=True,
        declared_by=field.declared_by,
        version=1,
    )
    db.session.add(row)
    db.session.flush()
    forget_fields()
    return row


def _changed(row: FieldDefinition, before: Mapping[str, Any], *, actor: Actor, action: str = "field_definition.changed") -> FieldDefinition:
    if not before:
        return row
    row.changed_at = clock.now()
    name = f"field definition {row.id}"
    try:
        db.session.flush()
    except StaleDataError as error:
        raise StaleVersion(name) from error
    forget_fields()
    record(action, row, actor=actor, changes={name: (old, getattr(row, name)) for name, old in before.items()})
    return row


def undo_change(row: FieldDefinition, *, actor: Actor) -> FieldDefinition:
    """Put back what the last change changed, when nothing happened since."""
    require(actor, "fields.write")
    last = next(iter(entries_about("field_definition", row.id, limit=1)), None)
    if last is None or last.action != "field_definition.changed" or not last.changes:
        raise UserMistake(_("This field was changed again since. Change it by hand."))
    before = {}
    for name, pair in last.changes.items():
        if name in OWN and isinstance(pair, list):
            before[name] = getattr(row, name)
            setattr(row, name, pair[0])
    return _changed(row, before, actor=actor)


def switch(row: FieldDefinition, on: bool, *, actor: Actor) -> FieldDefinition:
    """Put a field in use, or out of it. Out of use it shows nowhere, and every value stays."""
    require(actor, "fields.write")
    if row.is_active == on:
        return row
    if on and not row.declared_by:
        _check_reasons(row)
    row.is_active = on
    return _changed(row, {"is_active": not on}, actor=actor, action="field_definition.switched_on" if on else "field_definition.switched_off")


def switch_declared(field: ExtraField, on: bool, *, actor: Actor) -> FieldDefinition:
    require(actor, "fields.write")
    if not may_adapt(field):
        raise NotFound(f"{field.key} cannot be switched here")
    return switch(_row_of(field), on, actor=actor)


def move(row: FieldDefinition, direction: Literal["up", "down"], *, actor: Actor) -> bool:
    """Swap a field with its neighbour; False when it is at the end already."""
    require(actor, "fields.write")
    rows = list(
        db.session.scalars(
            select(FieldDefinition)
            .where(FieldDefinition.target == row.target, FieldDefinition.declared_by.is_(None))
            .order_by(FieldDefinition.position, FieldDefinition.id)
        )
    )
    place = rows.index(row) if row in rows else -1
    other = place + (-1 if direction == "up" else 1)
    if place < 0 or not 0 <= other < len(rows):
        return False
    rows[place], rows[other] = rows[other], rows[place]
    for number, each in enumerate(rows, start=1):
        if each.position != number * 10:
            each.position = number * 10
    db.session.flush()
    forget_fields()
    record("field_definition.moved", row, actor=actor)
    return True


def delete_field(row: FieldDefinition, *, actor: Actor) -> None:
    """Remove a field nobody filled in. With values it can only be switched off."""
    require(actor, "fields.write")
    used = 0 if row.declared_by else count_values(row.target, row.key)
    if used:
        raise UserMistake(_("%(number)s times something is filled in here. Switch the field off instead: then nothing is lost.", number=used))
    record("field_definition.deleted", row, actor=actor, note=in_own_language(row.label, row.key))
    db.session.delete(row)
    db.session.flush()
    forget_fields()


# --- counting ------------------------------------------------------------------------------------


def count_values(target: str, key: str, value: str | None = None) -> int:
    """How often something (or this choice) is filled in, in all organisations that have the field."""
    column = _column(target)
    if column is None:
        return 0
    text = text_of(column, key)
    condition = text.is_not(None) if value is None else (text == value) | text.like(f'%"{value}"%')
    with unscoped("is an extra field filled in anywhere?"):
        return int(db.session.scalar(select(func.count(column.class_.id)).where(condition)) or 0)


def _column(target: str) -> Any:
    known = {item.name: item for item in registry().all("field_targets")}
    return known[target].column() if target in known else None


# --- checking ------------------------------------------------------------------------------------


def clean_definition(values: Mapping[str, Any]) -> dict[str, Any]:
    """What will be stored of a definition; UserMistake names the field of the form."""
    kind = str(values.get("type") or "")
    if kind not in KINDS:
        raise UserMistake(_("Choose what kind of answer this is."), field="type")
    label = _texts(values.get("label"), LONGEST_LABEL, "label")
    if not label:
        raise UserMistake(_("Fill in what this field is called, in at least one language."), field="label")
    is_sensitive = bool(values.get("is_sensitive")) or kind in ALWAYS_SENSITIVE
    if is_sensitive and kind not in ("text", "iban", "phone", "email", "national_number"):
        raise UserMistake(_("Only a text, an account, a phone number, an address or a national number can be protected."), field="is_sensitive")
    edits = [who for who in AUDIENCES if who in (values.get("edits") or ())]
    sees = [who for who in AUDIENCES if who in (values.get("sees") or ()) or who in edits]
    if not edits:
        raise UserMistake(_("Tick who may change this, or it stays empty for ever."), field="edits")
    return {
        "type": kind,
        "label": label,
        "help": _texts(values.get("help"), LONGEST_HELP, "help"),
        "choices": _clean_choices(values.get("choices") or ()) if kind in WITH_CHOICES else [],
        "required": bool(values.get("required")),
        "is_sensitive": is_sensitive,
        "in_list": bool(values.get("in_list")),
        "in_import": bool(values.get("in_import")) and not is_sensitive and KINDS[kind].importable,
        "in_export": bool(values.get("in_export")),
        "federation_reads": bool(values.get("federation_reads")) and not is_sensitive and kind != "file",
        "sees": sees,
        "edits": edits,
        "purpose": _line(values.get("purpose"), LONGEST_PURPOSE, "purpose") or "",
        "legal_basis": values.get("legal_basis") if values.get("legal_basis") in BASES else None,
        "retention_months": _months(values.get("retention_months")),
    }


AUDIENCES = ("member", "club", "federation")


def _line(text: Any, longest: int, field: str) -> str | None:
    try:
        return parse_line(str(text or ""), longest=longest)
    except UserMistake as mistake:
        raise UserMistake(mistake.message, field=field) from None


def _texts(texts: Any, longest: int, field: str) -> dict[str, str]:
    given = texts if isinstance(texts, Mapping) else {}
    cleaned = {language: _line(given.get(language), longest, field) for language in LANGUAGES}
    return {language: text for language, text in cleaned.items() if text}


def _clean_choices(choices: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """[{"value", "label"}]; a new one gets a value made of its label."""
    found: list[dict[str, Any]] = []
    for choice in choices:
        label = _texts(choice.get("label"), LONGEST_LABEL, "choices")
        if label:
            found.append({"value": str(choice.get("value") or ""), "label": label})
    if not found:
        raise UserMistake(_("Give at least one answer to choose from."), field="choices")
    if len(found) > MOST_CHOICES:
        raise UserMistake(_("Give at most %(number)s answers.", number=MOST_CHOICES), field="choices")
    titles = [in_own_language(choice["label"]).casefold() for choice in found]
    if len(set(titles)) < len(titles):
        raise UserMistake(_("Two answers are the same. Change or remove one."), field="choices")
    taken = {choice["value"] for choice in found if choice["value"]}
    for choice in found:
        if not choice["value"]:
            choice["value"] = _free_name(_slug(choice["label"]) or "answer", taken)
            taken.add(choice["value"])
    return found


def _months(value: Any) -> int | None:
    if value in (None, ""):
        return None
    text = str(value).strip()
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= LONGEST_RETENTION:
        raise UserMistake(_("Choose how long this is kept."), field="retention_months")
    return int(text)


def _check_reasons(row: FieldDefinition) -> None:
    """Nobody is asked for something without a reason (GDPR, articles 5 and 30)."""
    if not row.purpose:
        raise UserMistake(_("Say why you ask this. Without a clear reason a field cannot be used."), field="purpose")
    if not row.legal_basis:
        raise UserMistake(_("Choose what allows you to ask this."), field="legal_basis")
    if row.retention_months is None:
        raise UserMistake(_("Choose how long this is kept."), field="retention_months")


def _check_kind_change(row: FieldDefinition, cleaned: Mapping[str, Any]) -> None:
    """What is filled in must keep its meaning."""
    is_other_kind = cleaned["type"] != row.type or cleaned["is_sensitive"] != row.is_sensitive
    if is_other_kind and count_values(row.target, row.key):
        raise UserMistake(_("Something is filled in here already, so the kind of answer cannot change. Make a new field instead."), field="type")
    kept = {choice["value"] for choice in cleaned["choices"]}
    for choice in row.choices or ():
        if not is_other_kind and choice["value"] not in kept:
            used = count_values(row.target, row.key, choice["value"])
            if used:
                title = in_own_language(choice.get("label"), choice["value"])
                raise UserMistake(_("“%(answer)s” was chosen %(number)s times, so it cannot go.", answer=title, number=used), field="choices")


def _slug(label: Mapping[str, str]) -> str:
    text = label.get("en") or label.get("nl") or next(iter(label.values()), "")
    slug = "_".join(part for part in "".join(c if c.isascii() and c.isalnum() else " " for c in fold(text)).split())
    return (slug if slug[:1].isalpha() else f"f_{slug}" if slug else "")[:40]


def _free_name(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}_{number}" in taken:
        number += 1
    return f"{wanted}_{number}"


def _free_key(target: str, label: Mapping[str, str]) -> str:
    """A key nobody has for this target: a club may join a federation later, and then both meet."""
    base = _slug(label) or "field"
    with unscoped("which keys of extra fields are taken"):
        taken = set(db.session.scalars(select(FieldDefinition.key).where(FieldDefinition.target == target, FieldDefinition.key.startswith(base))))
    taken |= {declaration.key for declaration in registry().all("extra_fields") if declaration.target == target}
    return _free_name(base, taken)
