"""Extra fields on the form of what they belong to.

form_class = type("ContactForm", (ContactForm,), {})
add_fields(form_class, "contact", actor)
form = form_class(data={..., **form_data("contact", contact.extra, actor)})
keep_uploads(form, "contact", actor)             # on POST, so that no file is lost
values["extra"] = form_values(form, "contact", actor)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import url_for
from wtforms import BooleanField, FileField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.widgets import CheckboxInput, DateInput, EmailInput, ListWidget, TelInput, URLInput

from core import clock
from core.access import Actor
from core.db import db, transaction
from core.errors import UserMistake
from core.fields.extra_field import ExtraField
from core.fields.services import definitions, may_edit, show
from core.fields.services.values import PURPOSE
from core.files import services as files
from core.files.models import StoredFile
from core.files.services import DRAFT_LIFE
from core.i18n import _, _l
from core.web.context import current_organisation

PREFIX = "extra-"


class CheckboxesField(SelectMultipleField):
    """Several choices as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ExtraDayField(StringField):
    """A native date input that keeps what was typed when that is no date."""

    widget = DateInput()

    def _value(self) -> str:
        return self.data.isoformat() if isinstance(self.data, date) else (self.data or "")


class KeptFileField(FileField):
    """A file, with what is stored now, and a box to take it away."""


class SecretField(StringField):
    """A value that is never sent back to the page: empty means "as it is"."""

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else ""


def editable(target: str, actor: Actor) -> list[ExtraField]:
    return [definition for definition in definitions(target) if may_edit(definition, actor)]


def add_fields(form_class: type, target: str, actor: Actor) -> None:
    """Give a form class a WTForms field per extra field the person may change, called extra-<key>."""
    for definition in editable(target, actor):
        setattr(form_class, PREFIX + definition.key, _field_for(definition))
        if definition.type == "file":
            setattr(form_class, f"{PREFIX}{definition.key}-kept", HiddenField())
        if definition.type == "file" or definition.is_sensitive:
            setattr(form_class, f"{PREFIX}{definition.key}-clear", BooleanField(_l("Remove what is stored")))


def _offered(pairs: list[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice(value, title) for value, title in pairs]


def _field_for(definition: ExtraField) -> Any:
    label, hint = definition.title, definition.hint
    settings: dict[str, Any] = {"autocomplete": "off"}
    if definition.required:
        settings["required"] = True
    common: dict[str, Any] = {"description": hint, "render_kw": settings}
    if definition.is_sensitive:
        settings.pop("required", None)
        return SecretField(label, description=hint or _("What is stored is never shown here. Leave this empty to keep it."), render_kw=settings)
    if definition.type == "long_text":
        settings |= {"rows": 4, "maxlength": 4_000}
        return TextAreaField(label, **common)
    if definition.type == "yes_no":
        return SelectField(label, choices=_offered([("", "–"), ("1", _("Yes")), ("0", _("No"))]), validate_choice=False, **common)
    if definition.type == "choice":
        return SelectField(label, choices=_offered([("", "–"), *definition.choice_titles()]), validate_choice=False, **common)
    if definition.type == "multi_choice":
        return CheckboxesField(label, choices=_offered(definition.choice_titles()), validate_choice=False, description=hint)
    if definition.type == "file":
        settings.pop("required", None)
        settings["accept"] = ".pdf,.jpg,.jpeg,.png,.gif,.webp,.docx,.xlsx,.odt,.ods,.txt,.csv"
        return KeptFileField(label, **common)
    if definition.type == "date":
        return ExtraDayField(label, **common)
    if definition.type == "number":
        settings["inputmode"] = "decimal"
    if definition.type == "text":
        settings["maxlength"] = 200
    widget = {"email": EmailInput(), "phone": TelInput(), "url": URLInput()}.get(definition.type)
    if definition.type == "url":
        widget = None  # a browser refuses "www.example.org", we do not
        settings["inputmode"] = "url"
    return StringField(label, widget=widget, **common)


def form_data(target: str, extra: Mapping[str, Any] | None, actor: Actor) -> dict[str, Any]:
    """What the fields show at first."""
    found: dict[str, Any] = {}
    for definition in editable(target, actor):
        value = (extra or {}).get(definition.key)
        if definition.is_sensitive:
            continue
        if definition.type == "file":
            found[f"{PREFIX}{definition.key}-kept"] = str(value or "")
        elif definition.type == "yes_no":
            found[PREFIX + definition.key] = "" if value is None else "1" if value else "0"
        elif definition.type == "number" and value is not None:
            found[PREFIX + definition.key] = show(definition, value)
        else:
            found[PREFIX + definition.key] = value
    return found


def keep_uploads(form: Any, target: str, actor: Actor) -> bool:
    """Store the files that were sent, so that they survive a form that comes back; True when one is refused.

    They are drafts: without a saved form they are gone the next day.
    """
    refused = False
    for definition in editable(target, actor):
        upload: Any = form[PREFIX + definition.key].data if definition.type == "file" and PREFIX + definition.key in form else None
        if not getattr(upload, "filename", ""):
            continue
        try:
            with transaction():
                file = files.store(
                    upload.stream, filename=upload.filename, purpose=PURPOSE, actor=actor, part=definition.key, expires_at=clock.now() + DRAFT_LIFE
                )
                form[f"{PREFIX}{definition.key}-kept"].data = str(file.id)
            form[f"{PREFIX}{definition.key}-clear"].data = False
        except UserMistake as mistake:
            form.blame(UserMistake(mistake.message, field=PREFIX + definition.key))
            refused = True
    return refused


def form_values(form: Any, target: str, actor: Actor, stored: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What was filled in, by key, as fields.services.clean wants it. `stored` is what the row has now."""
    found: dict[str, Any] = {}
    for definition in editable(target, actor):
        name = PREFIX + definition.key
        if name not in form:
            continue
        cleared = f"{name}-clear" in form and bool(form[f"{name}-clear"].data)
        if definition.is_sensitive:
            is_missing = definition.required and definition.key not in (stored or {})
            if cleared or is_missing or (form[name].data or "").strip():
                found[definition.key] = None if cleared else form[name].data
        elif definition.type == "file":
            found[definition.key] = None if cleared else (form[f"{name}-kept"].data or None)
        else:
            found[definition.key] = form[name].data
    return found


# --- for the template ----------------------------------------------------------------------------


@dataclass
class Asked:
    """One field on the form: what is stored of it, when that is not in the input itself."""

    field: Any
    definition: ExtraField
    stored: str = ""
    url: str | None = None
    kept: Any = None
    clear: Any = None

    @property
    def is_wide(self) -> bool:
        return self.definition.type in ("long_text", "multi_choice", "file") or self.definition.is_sensitive


@dataclass
class AskedGroup:
    """The fields of one owner."""

    owner: str
    fields: list[Asked] = field(default_factory=list)


def groups(form: Any, target: str, extra: Mapping[str, Any] | None, actor: Actor) -> list[AskedGroup]:
    """The fields on the form by owner, in order."""
    found: dict[str, AskedGroup] = {}
    for definition in editable(target, actor):
        if PREFIX + definition.key in form:
            owner = definition.owner_name or current_organisation().name
            found.setdefault(owner, AskedGroup(owner)).fields.append(_asked(form, definition, extra or {}))
    return list(found.values())


def _asked(form: Any, definition: ExtraField, extra: Mapping[str, Any]) -> Asked:
    name = PREFIX + definition.key
    asked = Asked(form[name], definition)
    if definition.type == "file":
        asked.kept, asked.clear = form[f"{name}-kept"], form[f"{name}-clear"]
        number = asked.kept.data or ""
        file = db.session.get(StoredFile, int(number)) if number.isdecimal() and int(number) < 2**31 else None
        if file is not None and file.purpose == PURPOSE and not file.is_expired:
            asked.stored, asked.url = file.filename, url_for("FileView.download", pk=file.id)
    elif definition.is_sensitive:
        asked.clear = form[f"{name}-clear"]
        asked.stored = show(definition, extra.get(definition.key))
    return asked
