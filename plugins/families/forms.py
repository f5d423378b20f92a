"""The forms of families. What is typed goes to the services, which check it."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, HiddenField, SelectField, StringField, ValidationError
from wtforms.widgets import DateInput, EmailInput

from core.api import LANGUAGES, Form, UserMistake, _l, parse_date
from plugins.families.models import Family, FamilyFunction, FamilyMember
from plugins.families.services import functions


def _day(_form: Any, field: Any) -> None:
    try:
        parse_date(field.data)
    except UserMistake as mistake:
        raise ValidationError(mistake.message) from None


class DayField(StringField):
    """A native date input that keeps what was typed when that is no date."""

    widget = DateInput()

    def _value(self) -> str:
        return self.data.isoformat() if hasattr(self.data, "isoformat") else (self.data or "")


class VersionedForm(Form):
    version = HiddenField()

    @property
    def started_from(self) -> int:
        """Version the editor saw; 0, which is never current, when the form does not say."""
        return int(self.version.data) if (self.version.data or "").isdecimal() else 0


class FamilyForm(VersionedForm):
    name = StringField(_l("Name of the family"), render_kw={"maxlength": 120, "required": True, "autocomplete": "off"})


class MemberForm(Form):
    """Somebody for a family: a contact, or a new person who becomes one."""

    contact = StringField(_l("Contact"))
    first_name = StringField(_l("First name"), render_kw={"maxlength": 80, "autocomplete": "off"})
    last_name = StringField(_l("Last name"), render_kw={"maxlength": 80, "autocomplete": "off"})
    birth_date = DayField(_l("Birth date"), [_day])
    email_1 = StringField(_l("E-mail address 1"), widget=EmailInput(), render_kw={"maxlength": 254, "autocomplete": "off"})
    function = SelectField(_l("Family function"), coerce=int, validate_choice=False)
    from_on = DayField(_l("From"), [_day])

    @property
    def contact_id(self) -> int | None:
        number = self.contact.data or ""
        return int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else None

    @property
    def person(self) -> dict[str, Any]:
        return {name: getattr(self, name).data or None for name in ("first_name", "last_name", "birth_date", "email_1")}


class PeriodForm(Form):
    """What somebody is in a family, and how long."""

    function = SelectField(_l("Family function"), coerce=int, validate_choice=False)
    from_on = DayField(_l("From"), [_day])
    until_on = DayField(_l("Until"), [_day], description=_l("The last day. Access to the account of a child ends with it. Empty: no end."))


class FunctionForm(VersionedForm):
    opens_account = BooleanField(
        _l("Has access to the account of the child"), description=_l("Whoever has this function can go on as the children of the family, with the own login.")
    )
    is_child = BooleanField(
        _l("Is a child of the family"), description=_l("Those with access to the account act for people with this function, until they turn 18.")
    )
    is_active = BooleanField(_l("Activate"), default=True)

    def values(self) -> dict[str, Any]:
        name = {code: self[f"name-{code}"].data or "" for code in LANGUAGES}
        return {"name": name, "opens_account": self.opens_account.data, "is_child": self.is_child.data, "is_active": self.is_active.data}


for _language, _title in LANGUAGES.items():
    setattr(FunctionForm, f"name-{_language}", StringField(_title, render_kw={"maxlength": 60, "lang": _language, "autocomplete": "off"}))


def family_form(family: Family | None = None) -> FamilyForm:
    return FamilyForm(data={"name": family.name, "version": str(family.version)} if family else None)


def function_form(function: FamilyFunction | None = None) -> FunctionForm:
    if function is None:
        return FunctionForm()
    names = {f"name-{code}": text for code, text in function.name.items()}
    shown = {name: getattr(function, name) for name in ("opens_account", "is_child", "is_active")}
    return FunctionForm(data={**names, **shown, "version": str(function.version)})


def with_functions(form: Any, chosen: FamilyMember | None = None) -> Any:
    """The same form with the functions in use to choose from, and the one somebody has."""
    known = [one for one in functions() if one.is_active or (chosen and one.id == chosen.function_id)]
    form.function.choices = [(one.id, one.title) for one in known]
    return form


def member_form(contact: str = "") -> Any:
    return with_functions(MemberForm(data={"contact": contact}))


def period_form(member: FamilyMember) -> Any:
    shown = {"function": member.function_id, "from_on": member.from_on, "until_on": member.until_on}
    return with_functions(PeriodForm(data=shown), member)
