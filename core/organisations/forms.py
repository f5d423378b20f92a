"""The forms of organisations. What is typed goes to the services as it is; they check it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.widgets import ColorInput, DateInput, EmailInput, TelInput

from core.access import Actor
from core.contacts.parsing import country_choices, parse_date
from core.errors import UserMistake
from core.fields.forms import add_fields, form_data
from core.i18n import LANGUAGES, _, _l
from core.organisations.details import DETAILS, INVOICE, Detail, show, show_iban, show_vat, values_of
from core.organisations.models import Organisation
from core.web.forms import Form

TARGET = "organisation"


class DayField(StringField):
    """A native date input that keeps what was typed when that is no date."""

    widget = DateInput()

    def _value(self) -> str:
        return self.data.isoformat() if isinstance(self.data, date) else (self.data or "")


def day_of(field: Any) -> date | None:
    """The day in a field; its mistake names the field."""
    try:
        return parse_date(field.data)
    except UserMistake as mistake:
        raise UserMistake(mistake.message, field=field.short_name) from None


def _countries() -> list[SelectChoice]:
    return [SelectChoice(code, title) for code, title in country_choices()]


def _languages() -> list[SelectChoice]:
    return [SelectChoice(code, title) for code, title in LANGUAGES.items()]


def field_for(detail: Detail) -> Any:
    """The WTForms field that asks for a detail; without checks, the services have those."""
    settings: dict[str, Any] = {"autocomplete": "off"}
    if detail.kind == "country":
        return SelectField(detail.label, choices=_countries, validate_choice=False)
    if detail.kind == "language":
        return SelectField(detail.label, choices=_languages, validate_choice=False)
    if detail.kind == "colour":
        return StringField(detail.label, widget=ColorInput())
    if detail.required:
        settings["required"] = True
    widget = {"email": EmailInput(), "tel": TelInput()}.get(detail.kind)
    return StringField(detail.label, widget=widget, render_kw={**settings, "maxlength": detail.longest})


class DetailsForm(Form):
    """Everything an organisation says of itself; extra fields are added per request."""

    #: the version the editor started from, and what it said, to find out who changed what
    version = HiddenField()
    was = HiddenField()
    logo = FileField(_l("Logo"), render_kw={"accept": "image/png,image/jpeg,image/webp"})
    no_logo = BooleanField(_l("Remove the logo"))

    def typed(self) -> dict[str, str | None]:
        return {detail.name: self[detail.name].data for detail in DETAILS}

    @property
    def started_from(self) -> int:
        return int(self.version.data) if (self.version.data or "").isdecimal() and len(self.version.data) < 11 else 0

    def started_with(self) -> dict[str, Any]:
        """What the form showed when it was opened; anybody may have changed it, so it decides nothing but colours."""
        try:
            found = json.loads(self.was.data or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


for _detail in DETAILS:
    setattr(DetailsForm, _detail.name, field_for(_detail))


def stored_values(organisation: Organisation) -> dict[str, Any]:
    """What the form shows of what is stored."""
    found = {name: value if value is not None else "" for name, value in values_of(organisation).items()}
    found |= {"iban": show_iban(organisation.iban), "vat_number": show_vat(organisation.vat_number)}
    found[f"{INVOICE}country"] = found[f"{INVOICE}country"] or organisation.country or "BE"
    return found


class AffiliationForm(Form):
    """What a federation decides about a club."""

    number = StringField(_l("Number"), render_kw={"maxlength": 30, "autocomplete": "off"})
    region_id = SelectField(_l("Region"), validate_choice=False)
    from_on = DayField(_l("Affiliated since"))

    def offer(self, regions: Sequence[Organisation]) -> None:
        self.region_id.choices = [SelectChoice("", "–"), *(SelectChoice(str(region.id), region.name) for region in regions)]


class ClubForm(AffiliationForm):
    """A new club, and perhaps who will administer it."""

    name = StringField(_l("Call name"), render_kw={"maxlength": 120, "required": True, "autocomplete": "off"})
    official_name = StringField(_l("Official name"), render_kw={"maxlength": 160, "autocomplete": "off"})
    postcode = StringField(_l("Postcode"), render_kw={"maxlength": 12, "autocomplete": "off"})
    town = StringField(_l("Town"), render_kw={"maxlength": 80, "autocomplete": "off"})
    email = StringField(_l("General e-mail address"), widget=EmailInput(), render_kw={"maxlength": 254, "autocomplete": "off"})
    language = SelectField(_l("Language"), choices=_languages, validate_choice=False)
    admin_first_name = StringField(_l("First name"), render_kw={"maxlength": 60, "autocomplete": "off"})
    admin_last_name = StringField(_l("Family name"), render_kw={"maxlength": 60, "autocomplete": "off"})
    admin_email = StringField(_l("E-mail address"), widget=EmailInput(), render_kw={"maxlength": 254, "autocomplete": "off"})

    def values(self) -> dict[str, Any]:
        names = ("name", "official_name", "postcode", "town", "email", "language", "number", "region_id")
        return {name: self[name].data for name in names} | {"from_on": day_of(self.from_on)}

    def first_admin(self) -> dict[str, str | None]:
        return {name: (self[f"admin_{name}"].data or "").strip() for name in ("first_name", "last_name", "email")}

    def blame(self, mistake: UserMistake) -> None:
        """Mistakes about the first administrator stand beside its fields."""
        is_admin = mistake.field in ("first_name", "last_name") or (mistake.field == "email" and any(self.first_admin().values()) and not self.email.errors)
        super().blame(UserMistake(mistake.message, field=f"admin_{mistake.field}") if is_admin else mistake)


class EndForm(Form):
    last_day = DayField(_l("Last day"))


class RegionForm(Form):
    name = StringField(_l("Name"), render_kw={"maxlength": 120, "required": True, "autocomplete": "off"})


class NoteForm(Form):
    text = TextAreaField(_l("Note"), render_kw={"rows": 3, "maxlength": 2000})


class ReferenceDayForm(Form):
    """The day of the year on which the clubs of a federation have to be in order."""

    day = StringField(_l("Day of the year"), render_kw={"maxlength": 5, "autocomplete": "off", "placeholder": "01/04"})


# --- the details, when two people change them at once -----------------------------------------------


def details_form(organisation: Organisation, actor: Actor) -> DetailsForm:
    """The form with the extra fields of this organisation, as stored now."""
    form_class = type("DetailsForm", (DetailsForm,), {})
    add_fields(form_class, TARGET, actor)
    now = shown_now(organisation, actor)
    return form_class(data={**now, "version": str(organisation.version), "was": json.dumps(now, default=str)})  # type: ignore[no-any-return]


def shown_now(organisation: Organisation, actor: Actor) -> dict[str, Any]:
    """What the form shows of what is stored now, by field of the form."""
    return stored_values(organisation) | form_data(TARGET, organisation.extra, actor)


def merge(form: DetailsForm, organisation: Organisation, actor: Actor, who: str) -> bool:
    """Somebody else saved meanwhile: take over what only they changed, and put both versions
    beside a field both changed. True when nothing has to be chosen."""
    theirs_now, was = shown_now(organisation, actor), form.started_with()
    is_clear = True
    for name, theirs in theirs_now.items():
        mine, before = form[name].data, was.get(name, theirs)
        if (mine or "") == (theirs or "") or (theirs or "") == (before or ""):
            continue
        if (mine or "") == (before or ""):
            form[name].data = theirs
            continue
        is_clear = False
        text = show(name, theirs) or _("nothing")
        form.blame(UserMistake(_("%(who)s changed this meanwhile to “%(text)s”. Keep here what is right, then save again.", who=who, text=text), field=name))
    form.version.data, form.was.data = str(organisation.version), json.dumps(theirs_now, default=str)
    return is_clear
