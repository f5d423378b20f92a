"""The values of extra fields: checked, shown, kept safe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from core import clock
from core.access import Actor, can, require, system_actor
from core.audit.services import record
from core.db import db
from core.errors import NotFound, UserMistake
from core.extend.registry import registry
from core.fields.catalogue import fields_of
from core.fields.extra_field import ExtraField
from core.fields.secrets import MASK, is_sealed, seal, unseal
from core.fields.types import kind_of
from core.files import services as files
from core.files.models import StoredFile
from core.i18n import _
from core.organisations.models import Organisation
from core.tenancy import current_scope

#: StoredFile.purpose of files in extra fields
PURPOSE = "extra_field"


def definitions(target: str, organisation: Organisation | None = None) -> list[ExtraField]:
    """The fields in use for a target ("contact" ...) in an organisation (the one at hand), in order."""
    return [field for field in fields_of(organisation) if field.target == target and field.is_active]


def definition(target: str, key: str) -> ExtraField:
    """One field in use, or NotFound."""
    found = next((field for field in definitions(target) if field.key == key), None)
    if found is None:
        raise NotFound(f"extra field {target}.{key}")
    return found


def is_sensitive(field: ExtraField) -> bool:
    """Is its value kept encrypted, shown to nobody unless asked, and in no list or mail?"""
    return field.is_sensitive


def audience_of(actor: Actor, target: str) -> str | None:
    """As whom the actor looks: "member", "club" (who manages the row) or "federation"; None: the platform."""
    if actor.is_system:
        return None
    if target != "contact" and current_scope().reads_clubs:
        return "federation"
    known = next((item for item in registry().all("field_targets") if item.name == target), None)
    return "club" if can(actor, known.permission if known else "contacts.read") else "member"


def may_see(field: ExtraField, actor: Actor) -> bool:
    audience = audience_of(actor, field.target)
    return audience is None or audience in field.sees or audience in field.edits


def may_edit(field: ExtraField, actor: Actor) -> bool:
    audience = audience_of(actor, field.target)
    return audience is None or audience in field.edits


# --- checking ------------------------------------------------------------------------------------


def clean(target: str, values: Mapping[str, Any], *, actor: Actor, stored: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What to store of typed values, by key; UserMistake names the field "extra-<key>".

    None: remove it. A sensitive value comes out sealed. `stored` is what the row has now.
    """
    cleaned, mistakes = check(target, values, actor=actor, stored=stored)
    if mistakes:
        raise mistakes[0]
    return cleaned


def check(target: str, values: Mapping[str, Any], *, actor: Actor, stored: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], list[UserMistake]]:
    """The same, with every mistake."""
    known = {field.key: field for field in definitions(target)}
    cleaned: dict[str, Any] = {}
    mistakes: list[UserMistake] = []
    for key, value in values.items():
        try:
            field = known.get(key)
            if field is None or not may_edit(field, actor):
                raise UserMistake(_("This cannot be filled in here."))
            cleaned[key] = _clean_one(field, value, actor, (stored or {}).get(key))
        except UserMistake as mistake:
            mistakes.append(UserMistake(mistake.message, field=f"extra-{key}"))
    return cleaned, mistakes


def _clean_one(field: ExtraField, value: Any, actor: Actor, stored: Any) -> Any:
    if field.is_sensitive and is_sealed(value):
        _check_sealed(value)
        return value
    is_empty = value is None or value == [] or (isinstance(value, str) and not value.strip())
    result = None if is_empty else kind_of(field).clean(value, field)
    if result is None and field.required:
        raise UserMistake(_("Fill in %(label)s.", label=field.title))
    if result is None:
        return None
    if field.type == "file" and result != stored:
        _check_file(result, field, actor)
    return seal(str(result)) if field.is_sensitive and field.type != "file" else result


def _check_sealed(value: Any) -> None:
    try:
        unseal(value)
    except ValueError:
        raise UserMistake(_("Type this again.")) from None


def _check_file(file_id: int, field: ExtraField, actor: Actor) -> None:
    """Only a file that was just sent for this field, and belongs to nothing yet."""
    query = select(StoredFile).where(StoredFile.id == file_id, StoredFile.purpose == PURPOSE, StoredFile.subject_id.is_(None))
    found = db.session.scalars(query).one_or_none()
    if found is None or found.part != field.key or (not actor.is_system and found.created_by != actor.user_id):
        raise UserMistake(_("Choose the file again."))


def keep_files(target: str, row: Any, before: Mapping[str, Any]) -> None:
    """Give new files to the row that was saved, and delete those they replace.

    `before` has the old values that changed, as "extra.<key>".
    """
    for field in definitions(target):
        name = f"extra.{field.key}"
        if field.type != "file" or name not in before:
            continue
        new = (row.extra or {}).get(field.key)
        for file in db.session.scalars(select(StoredFile).where(StoredFile.purpose == PURPOSE, StoredFile.id.in_([i for i in (before[name], new) if i]))):
            if file.id == new:
                files.attach(file, row, field.key, expires_at=_end_of_keeping(field))
            elif file.subject_id == row.id and file.subject_type == row.__tablename__:
                files.remove(file)


def _end_of_keeping(field: ExtraField) -> datetime | None:
    """A file goes by itself when the retention of its field is over."""
    return clock.now() + timedelta(days=round(field.retention_months * 30.44)) if field.retention_months else None


def forget_file(file: StoredFile) -> None:
    """Take a file that is past its time out of the row that names it; inside transaction()."""
    for target in registry().all("field_targets"):
        column = target.column()
        if column.class_.__tablename__ != file.subject_type or file.part is None:
            continue
        row = db.session.get(column.class_, file.subject_id)
        if row is not None and (row.extra or {}).get(file.part) == file.id:
            row.extra = {key: value for key, value in row.extra.items() if key != file.part}
            db.session.flush()
            actor = system_actor(file.organisation_id)
            record(
                f"{row.__tablename__}.changed", row, actor=actor, changes={f"extra.{file.part}": (file.id, None)}, note=_("The time to keep this file is over.")
            )


def target_of(file: StoredFile) -> str:
    """Name of the target whose table a file belongs to; "" when that plugin is gone."""
    return next((t.name for t in registry().all("field_targets") if t.column().class_.__tablename__ == file.subject_type), "")


def files_of(row: Any) -> dict[str, StoredFile]:
    """The files in the extra fields of a row, by key."""
    query = select(StoredFile).where(StoredFile.purpose == PURPOSE, StoredFile.subject_type == row.__tablename__, StoredFile.subject_id == row.id)
    return {file.part: file for file in db.session.scalars(query) if file.part and not file.is_expired}


# --- showing -------------------------------------------------------------------------------------


def show(field: ExtraField, value: Any) -> str:
    """A stored value as people read it; dots for a sensitive one. Asks the database nothing."""
    if value is None or value == "" or value == []:
        return ""
    if is_sealed(value) or (field.is_sensitive and field.type != "file"):
        return MASK
    return kind_of(field).show(value, field)


def reveal(field: ExtraField, row: Any, *, actor: Actor) -> str:
    """A sensitive value in clear. Who looked, and at what, is recorded; inside transaction()."""
    require(actor, "fields.reveal")
    if not field.is_sensitive or not may_see(field, actor):
        raise NotFound(f"extra field {field.key}")
    stored = (row.extra or {}).get(field.key)
    if stored is None:
        raise NotFound(f"no value in {field.key}")
    record(f"{row.__tablename__}.revealed", row, actor=actor, note=field.title)
    return kind_of(field).show(unseal(stored), field)


def personal_values(target: str, extra: Mapping[str, Any] | None, *, actor: Actor, to_the_person: bool = False) -> dict[str, Any]:
    """Everything stored in extra fields, also in those switched off, for the export of personal data.

    Sensitive values are in clear only for who may reveal them, and for the person.
    """
    known = {field.key: field for field in fields_of() if field.target == target}
    return {key: _personal(known.get(key), value, to_the_person or can(actor, "fields.reveal")) for key, value in (extra or {}).items()}


def _personal(field: ExtraField | None, value: Any, in_clear: bool) -> Any:
    if not is_sealed(value):
        return show(field, value) if field is not None and field.type in ("choice", "multi_choice") else value
    if not in_clear:
        return MASK
    try:
        return unseal(value)
    except ValueError:
        return MASK
