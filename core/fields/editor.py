"""The form that makes or changes an extra field, and what its page shows around it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from sqlalchemy import func, select
from wtforms import BooleanField, HiddenField, SelectField, TextAreaField
from wtforms.fields import SelectChoice

from core.contacts.services.functions import today
from core.db import db
from core.fields.catalogue import fields_of
from core.fields.extra_field import ExtraField
from core.fields.models import FieldDefinition
from core.fields.services import count_values, may_adapt, targets_here
from core.fields.types import KINDS, kind_of
from core.i18n import LANGUAGES, _, _l, _n
from core.organisations.models import Affiliation
from core.web.context import current_organisation
from core.web.forms import Form

SPARE_ROWS = 4
_ROW = re.compile(r"choice-([1-9][0-9]{0,2})-")
AUDIENCE_TITLES = {"member": _l("The person itself"), "club": _l("Administrators of the club"), "federation": _l("Federation")}
BASIS_TITLES = {
    "contract": _l("It is needed for the membership"),
    "consent": _l("The person agrees, and may change her mind"),
    "legal_duty": _l("A law asks for it"),
    "legitimate_interest": _l("The club needs it, and it harms nobody"),
}
KEPT = (6, 12, 24, 36, 60, 120)


class FieldForm(Form):
    """Texts per language are label-nl, help-nl ...; answers are choice-<row>-value, choice-<row>-nl ..."""

    version = HiddenField()
    type = SelectField(_l("Kind of answer"), choices=lambda: [SelectChoice(kind.name, kind.title) for kind in KINDS.values()], validate_choice=False)
    required = BooleanField(_l("Must be filled in"))
    is_sensitive = BooleanField(_l("Protected"))
    in_list = BooleanField(_l("In lists and filters"))
    in_import = BooleanField(_l("In the import"))
    in_export = BooleanField(_l("In exports"))
    federation_reads = BooleanField(_l("The federation gets this of members"))
    purpose = TextAreaField(_l("Why do you ask this?"), render_kw={"rows": 2, "maxlength": 300})
    legal_basis = SelectField(
        _l("What allows you to ask it?"),
        choices=lambda: [SelectChoice("", _l("Choose")), *(SelectChoice(*pair) for pair in BASIS_TITLES.items())],
        validate_choice=False,
    )
    retention_months = SelectField(_l("Keep it after the last membership"), validate_choice=False)

    def __init__(self, stored: ExtraField | None = None, **kwargs: Any) -> None:
        self.stored = stored
        super().__init__(**kwargs)
        months = {*KEPT, *([stored.retention_months] if stored and stored.retention_months else [])}
        self.retention_months.choices = [SelectChoice("", _("Choose")), *(SelectChoice(str(n), kept_title(n)) for n in sorted(months))]
        #: mistakes of parts that are no WTForms field: label, help, choices, edits
        self.part_errors: dict[str, list[str]] = {}

    def blame(self, mistake: Any) -> None:
        if mistake.field in ("label", "help", "choices", "edits"):
            self.part_errors.setdefault(mistake.field, []).append(str(mistake.message))
        else:
            super().blame(mistake)

    # --- parts with a shape of their own ---

    def texts(self, part: str) -> dict[str, str]:
        """Label or help per language: what was typed, else what is stored."""
        if request.method == "POST":
            return {language: request.form.get(f"{part}-{language}", "") for language in LANGUAGES}
        return dict(getattr(self.stored, part)) if self.stored else {}

    def ticked(self, part: str) -> list[str]:
        """Who is ticked under "sees" or "edits"."""
        if request.method == "POST":
            return request.form.getlist(part)
        return list(getattr(self.stored, part)) if self.stored else ["club"]

    def answers(self) -> list[dict[str, Any]]:
        """The rows of answers, with a few empty ones below."""
        found = self._typed_answers() if request.method == "POST" else self._stored_answers()
        return [*found, *({"value": "", "label": {}} for _row in range(SPARE_ROWS))]

    def _typed_answers(self) -> list[dict[str, Any]]:
        numbers = {match[1] for name in request.form if (match := _ROW.match(name))}
        rows = sorted(int(number) for number in numbers)[:200]
        typed: list[dict[str, Any]] = [
            {"value": request.form.get(f"choice-{n}-value", ""), "label": {lang: request.form.get(f"choice-{n}-{lang}", "") for lang in LANGUAGES}}
            for n in rows
        ]
        return [row for row in typed if any(text.strip() for text in row["label"].values())]

    def _stored_answers(self) -> list[dict[str, Any]]:
        return [{"value": value, "label": dict(label)} for value, label in self.stored.choices] if self.stored else []

    def values(self) -> dict[str, Any]:
        """What was filled in, as the services want it."""
        known = {value for value, _label in self.stored.choices} if self.stored else set()
        choices = [{**row, "value": row["value"] if row["value"] in known else ""} for row in self._typed_answers()]
        return {
            **{name: self[name].data for name in ("type", "required", "is_sensitive", "in_list", "in_import", "in_export", "federation_reads")},
            **{name: self[name].data for name in ("purpose", "legal_basis", "retention_months")},
            "label": self.texts("label"),
            "help": self.texts("help"),
            **({"choices": choices} if any(name.startswith("choice-") for name in request.form) else {}),
            "sees": self.ticked("sees"),
            "edits": self.ticked("edits"),
        }

    @property
    def started_from(self) -> int:
        return int(self.version.data) if (self.version.data or "").isdecimal() else 0


def kept_title(months: int) -> str:
    if months % 12:
        return _n("%(num)s month", "%(num)s months", months)
    return _n("%(num)s year", "%(num)s years", months // 12)


def field_form(field: ExtraField | None = None, row: FieldDefinition | None = None) -> FieldForm:
    """The form, as stored; for a new field with what is usual."""
    if field is None:
        return FieldForm(data={"type": "text", "in_list": True, "in_import": True, "in_export": True, "legal_basis": "", "retention_months": ""})
    names = ("type", "required", "in_list", "in_import", "in_export", "federation_reads", "purpose", "legal_basis")
    stored: Mapping[str, Any] = {name: getattr(field, name) for name in names}
    data = {**stored, "is_sensitive": field.sensitive, "retention_months": str(field.retention_months or ""), "version": str(row.version) if row else ""}
    return FieldForm(field, data=data)


# --- the page ------------------------------------------------------------------------------------


def target_here(name: str | None) -> str:
    """The target in the address when it exists here, else the first one."""
    names = [target.name for target in targets_here()]
    return name if name in names else names[0]


def page_context(target: str, current: ExtraField | None) -> dict[str, Any]:
    """The switch between targets and the list on the left."""
    organisation = current_organisation()
    fields = [field for field in fields_of() if field.target == target]
    own = [field for field in fields if field.owner_id == organisation.id]
    others: dict[str, list[ExtraField]] = {}
    for field in fields:
        if field.owner_id != organisation.id:
            others.setdefault(field.owner_name, []).append(field)
    seg = [{"title": str(t.title), "url": url_for("ExtraFields.list", target=t.name), "current": t.name == target} for t in targets_here()]
    return {
        "target": target,
        "seg_items": seg,
        "own": own,
        "others": others,
        "current": current,
        "owner": organisation,
        "kind_of": kind_of,
        "may_adapt": may_adapt,
        "url_of": url_of,
        "languages": LANGUAGES,
        "audiences": audiences(),
        "kinds": KINDS,
    }


def url_of(field: ExtraField) -> str:
    """Where a field is changed, or looked at."""
    if field.owner_id == current_organisation().id:
        return url_for("ExtraFields.edit", pk=field.id)
    return url_for("ExtraFields.other", target=field.target, key=field.key)


def audiences() -> list[tuple[str, Any]]:
    """Who can be ticked: the federation only for its own fields."""
    keep = ("member", "club", "federation") if current_organisation().kind == "federation" else ("member", "club")
    return [(name, AUDIENCE_TITLES[name]) for name in keep]


def consequences(field: ExtraField) -> list[str]:
    """What a change touches, said before it is made."""
    said = []
    number = count_values(field.target, field.key)
    said.append(
        _n(
            "Filled in %(num)s time. Nothing of that is lost when you change this.",
            "Filled in %(num)s times. Nothing of that is lost when you change this.",
            number,
        )
        if number
        else _("Nobody has filled this in yet.")
    )
    if current_organisation().kind == "federation":
        said.append(_n("%(num)s club sees your change at once.", "%(num)s clubs see your change at once.", count_clubs()))
    return said


def count_clubs() -> int:
    """Clubs of this federation today."""
    day = today()
    query = select(func.count(func.distinct(Affiliation.organisation_id))).where(
        Affiliation.federation_id == current_organisation().id, Affiliation.from_on <= day, (Affiliation.until_on.is_(None)) | (Affiliation.until_on >= day)
    )
    return int(db.session.scalar(query) or 0)
