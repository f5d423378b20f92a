"""The forms of a contact. What is typed goes to the services as it is; they check it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.widgets import DateInput, EmailInput, TelInput

from core.access import current_actor
from core.contacts.attributes import ATTRIBUTES, BY_NAME, CAN_BE_OF_OTHERS, GENDER_TITLES, LONGEST_WHOSE, Attribute, clean_values, longest
from core.contacts.models import Contact
from core.contacts.parsing import country_choices, language_choices, parse_date
from core.contacts.services import check_values, functions_here
from core.contacts.versions import version_of
from core.errors import UserMistake
from core.fields import forms as extra_fields
from core.i18n import _l
from core.web.context import current_organisation
from core.web.forms import Form

#: rows of the page that adds several contacts, and what it asks of each
ROWS = 10
SHORT = ("first_name", "last_name", "birth_date", "gender", "email_1", "mobile_1", "town")


class DayField(StringField):
    """A native date input that keeps what was typed when that is no date."""

    widget = DateInput()

    def _value(self) -> str:
        return self.data.isoformat() if isinstance(self.data, date) else (self.data or "")


class ChoiceField(SelectField):
    """A select that shows a value it does not know instead of losing it."""

    def __init__(self, label: Any = None, choices: Any = None, **kwargs: Any) -> None:
        super().__init__(label, choices=choices, validate_choice=False, **kwargs)


def _choices(attribute: str) -> Any:
    known = {
        "gender": lambda: list(GENDER_TITLES.items()),
        "language": language_choices,
        "nationality": country_choices,
        "country": country_choices,
    }
    return lambda: [("", "–"), *known[attribute]()]


def field_for(attribute: Attribute) -> Any:
    """The WTForms field that asks for an attribute; without checks, the services have those."""
    settings: dict[str, Any] = {"autocomplete": "off"}
    if attribute.kind == "date":
        return DayField(attribute.label, render_kw={**settings, "min": "1900-01-01"})
    if attribute.kind == "choice":
        return ChoiceField(attribute.label, choices=_choices(attribute.name))
    if attribute.kind == "yes":
        return BooleanField(attribute.label)
    settings["maxlength"] = longest(attribute.name)
    if attribute.kind == "paragraphs":
        return TextAreaField(attribute.label, render_kw={**settings, "rows": 4})
    if attribute.required:
        settings["required"] = True
    widget = {"email": EmailInput(), "tel": TelInput()}.get(attribute.kind)
    return StringField(attribute.label, widget=widget, render_kw=settings)


class ContactForm(Form):
    """All attributes of a contact; extra fields are added per request by `contact_form`."""

    #: the contact that is changed; None while adding one
    contact: Contact | None = None
    #: the version the editor started from
    version = HiddenField()
    #: what the form showed when it was opened, as JSON, to find out who changed what
    was = HiddenField()

    def values(self) -> dict[str, Any]:
        """What was typed, as save_contact wants it; only of fields that are on the form."""
        found: dict[str, Any] = {a.name: self[a.name].data for a in ATTRIBUTES if a.name in self}
        found["whose"] = {name: self[f"whose_{name}"].data for name in CAN_BE_OF_OTHERS if f"whose_{name}" in self}
        found["extra"] = extra_fields.form_values(self, "contact", current_actor(), self.contact.extra if self.contact else None)
        return found

    def check(self, contact: Contact | None) -> bool:
        """Put every mistake beside its field; True when there are any. Files that were sent are kept meanwhile."""
        refused = extra_fields.keep_uploads(self, "contact", current_actor())
        _cleaned, mistakes = check_values(contact, self.values(), actor=current_actor())
        for mistake in mistakes:
            self.blame(mistake)
        return bool(mistakes) or refused

    @property
    def started_from(self) -> int:
        """Version the editor saw; 0, which is never current, when the form does not say."""
        return int(self.version.data) if (self.version.data or "").isdecimal() else 0

    def extra_groups(self) -> list[Any]:
        """The extra fields the person may change, by who made them."""
        return extra_fields.groups(self, "contact", self.contact.extra if self.contact else None, current_actor())


for _attribute in ATTRIBUTES:
    setattr(ContactForm, _attribute.name, field_for(_attribute))
for _name in CAN_BE_OF_OTHERS:
    setattr(ContactForm, f"whose_{_name}", StringField(_l("Whose is it?"), render_kw={"maxlength": LONGEST_WHOSE, "autocomplete": "off"}))


def contact_form(contact: Contact | None = None) -> ContactForm:
    """The form with the extra fields of this organisation and its federations, as stored now."""
    form_class: type[ContactForm] = type("ContactForm", (ContactForm,), {})
    extra_fields.add_fields(form_class, "contact", current_actor())
    form_class.contact = contact
    if contact is None:
        return form_class(data={"country": "BE", "nationality": "BE", "language": current_organisation().language})
    stored = {a.name: getattr(contact, a.name) for a in ATTRIBUTES}
    stored |= {f"whose_{name}": (contact.whose or {}).get(name, "") for name in CAN_BE_OF_OTHERS}
    stored |= extra_fields.form_data("contact", contact.extra, current_actor())
    return form_class(data={**stored, "version": str(contact.version), "was": json.dumps(version_of(contact))})


class SeveralForm(Form):
    """A grid: ROWS people, a few attributes each. Empty rows are left out."""

    def values_of(self, row: int) -> dict[str, Any]:
        return {name: self[f"{row}-{name}"].data for name in SHORT}

    def filled(self) -> list[tuple[int, dict[str, Any]]]:
        """(row, what was typed) of the rows with something in them."""
        rows = [(row, self.values_of(row)) for row in range(ROWS)]
        return [(row, values) for row, values in rows if any(str(text or "").strip() for text in values.values())]

    def check(self) -> bool:
        """Put every mistake beside its field; True when there are any."""
        wrong = False
        for row, values in self.filled():
            _cleaned, mistakes = clean_values(values, complete=True)
            for mistake in mistakes:
                self.blame(UserMistake(mistake.message, field=f"{row}-{mistake.field}"))
                wrong = True
        return wrong

    def confirmed(self) -> set[int]:
        """Rows of people who look like somebody known, and are to be added all the same."""
        return {row for row in range(ROWS) if self[f"{row}-anyway"].data}


def _add_rows() -> None:
    for row in range(ROWS):
        for name in SHORT:
            made = field_for(BY_NAME[name])
            made.kwargs.setdefault("render_kw", {}).pop("required", None)  # only of rows that are used
            setattr(SeveralForm, f"{row}-{name}", made)
        setattr(SeveralForm, f"{row}-anyway", BooleanField(_l("Add anyway")))


_add_rows()


class FunctionForm(Form):
    """Gives a contact a function."""

    function = ChoiceField(_l("Function"), choices=lambda: [("", _l("Choose a function")), *((f.key, f.title) for f in functions_here())])
    from_on = DayField(_l("From"))

    def day(self) -> date | None:
        """The first day; None for today."""
        try:
            return parse_date(self.from_on.data)
        except UserMistake as mistake:
            raise UserMistake(mistake.message, field="from_on") from None


class HolderForm(FunctionForm):
    """Chooses the contact too."""

    contact = StringField(_l("Contact"))
