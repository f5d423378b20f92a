"""The forms of privacy. What is typed goes to the services as it is; they check it."""

from __future__ import annotations

from typing import Any

from wtforms import IntegerField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import HiddenInput

from core.i18n import LANGUAGES, _l
from core.privacy import consents, requests, settings
from core.web.forms import Form

_PASSWORD = {"maxlength": 200, "autocomplete": "current-password", "required": True}


class PasswordForm(Form):
    """So that nobody else takes the data away on a device that was left open."""

    password = PasswordField(_l("Your own password"), render_kw=_PASSWORD)


class EraseForm(Form):
    """Asking to be forgotten."""

    reason = TextAreaField(_l("Do you want to say why?"), render_kw={"maxlength": requests.LONGEST, "rows": 3})


class ErasePersonForm(Form):
    """An administrator forgets somebody."""

    reason = TextAreaField(_l("Why"), render_kw={"maxlength": requests.LONGEST, "rows": 3})
    password = PasswordField(_l("Your own password"), render_kw=_PASSWORD)


class RefuseForm(Form):
    answer = TextAreaField(
        _l("Why not"),
        description=_l("The person reads this. For example: there is an invoice that is not paid yet."),
        render_kw={"maxlength": requests.LONGEST, "rows": 4, "required": True},
    )
    version = IntegerField(widget=HiddenInput())


class PaperForm(Form):
    """What somebody signed on paper."""

    purpose = SelectField(_l("For what"), validate_choice=False)
    agrees = SelectField(_l("Answer"), validate_choice=False)
    note = StringField(
        _l("What was signed, and where is it kept?"),
        description=_l("For example: form of 12/09/2026, folder in the club house"),
        render_kw={"maxlength": consents.LONGEST_NOTE},
    )


class RetentionForm(Form):
    """How long people who left are kept."""

    months = SelectField(
        _l("People who are no member any more are erased after"),
        choices=lambda: [SelectChoice(value=str(value), label=label) for value, label in settings.choices()],
        validate_choice=False,
        description=_l("Counted from the last day of the last membership, function or change. Who still has an invoice or another reason to be kept stays."),
    )


def purpose_form(**values: Any) -> Any:
    """Title and text, per language."""
    fields: dict[str, Any] = {"version": IntegerField(widget=HiddenInput())}
    for code, language in LANGUAGES.items():
        fields[f"title_{code}"] = StringField(language, render_kw={"maxlength": consents.LONGEST_TITLE, "lang": code})
        fields[f"text_{code}"] = TextAreaField(language, render_kw={"maxlength": consents.LONGEST_TEXT, "rows": 4, "lang": code})
    return type("PurposeForm", (Form,), fields)(**values)
