"""The forms of joining and leaving. What is typed goes to the services, which check it."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, ValidationError

import plugins.groups.api as groups
import plugins.memberships.api as memberships
from core.api import Form, UserMistake, _, _l, parse_date, row_ids
from core.contacts.attributes import BY_NAME
from core.contacts.forms import ChoiceField, DayField, field_for
from core.contacts.services import functions_here, today
from core.fields.forms import PREFIX, CheckboxesField
from plugins.joining.services import JoinWish, has_groups, new_batch, wish_of

#: what is asked of somebody new
PERSON = ("first_name", "last_name", "birth_date", "gender", "email_1", "mobile_1", "street", "house_number", "box", "postcode", "town")
#: groups on one form
PLACES = 3


def is_a_day(_form: Any, field: Any) -> None:
    """What was typed is a day, or nothing."""
    try:
        parse_date(field.data)
    except UserMistake as mistake:
        raise ValidationError(mistake.message) from None


class _BatchForm(Form):
    """A form that does its work once, however often it is sent."""

    batch = HiddenField()
    contacts = SelectMultipleField(_l("Contacts"), validate_choice=False)

    @property
    def ids(self) -> list[int]:
        """The contacts that were chosen, each once; what is no number is nobody."""
        return row_ids(self.contacts.data or ())

    @property
    def day(self) -> date | None:
        """The day that was filled in; None for today and for what is only half typed."""
        field: Any = self["from_on"] if "from_on" in self else self["last_day"]
        try:
            return parse_date(field.data)
        except UserMistake:
            return None


class JoinForm(_BatchForm):
    """Who joins what; groups, functions and extra fields are added per organisation by `join_form`."""

    type = SelectField(_l("Membership type"), coerce=int, validate_choice=False)
    from_on = DayField(_l("Start date"), [is_a_day], default=today, description=_l("Empty: today."))
    functions = CheckboxesField(_l("Functions in the club"), validate_choice=False)

    def wish(self) -> JoinWish:
        values = {name: field.data for name, field in self._fields.items() if name.startswith(PREFIX)}
        return wish_of(
            {**values, "type": self.type.data, "from_on": self.day, "places": self.places(), "functions": self.functions.data if "functions" in self else ()}
        )

    def places(self) -> list[tuple[int, str]]:
        """The groups that were chosen."""
        found: list[tuple[int, str]] = []
        for number in range(PLACES if has_groups() else 0):
            found += [(group, self[f"function-{number}"].data or "") for group in row_ids([str(self[f"group-{number}"].data or "")])]
        return found

    def person(self) -> dict[str, Any]:
        """What was typed of somebody new."""
        return {name: self[name].data for name in PERSON}

    def extra_fields(self) -> list[Any]:
        return [field for name, field in self._fields.items() if name.startswith(PREFIX)]


for _name in PERSON:
    _field = field_for(BY_NAME[_name])
    setattr(JoinForm, _name, _field)
for _number in range(PLACES):
    setattr(JoinForm, f"group-{_number}", ChoiceField(_l("Group")))
    setattr(JoinForm, f"function-{_number}", ChoiceField(_l("Function in the group")))


def join_form(contact_ids: list[int] | None = None) -> JoinForm:
    """The form with what exists here: types of membership, groups, functions."""
    form_class = type("JoinHereForm", (JoinForm,), {})
    memberships.add_extra_fields(form_class)
    offered = [(kind.id, f"{memberships.title_of(kind)} ({owner.name})") for owner, kinds in memberships.types_on_offer() for kind in kinds]
    data = {"batch": new_batch(), "type": offered[0][0] if offered else 0, "contacts": [str(pk) for pk in contact_ids or ()]}
    form: JoinForm = form_class(data=data)
    form.type.choices = [*offered, (0, _("No membership"))]
    memberships.only_offered(form)
    _offer_groups(form)
    functions = [(function.key, str(function.title)) for function in functions_here()]
    form.functions.choices = functions
    if not functions:
        del form.functions
    return form


def _offer_groups(form: JoinForm) -> None:
    known = [(str(group.id), groups.label_of(group)) for group in groups.groups_open()] if has_groups() else []
    words = groups.choices_of("function") if known else []
    for number in range(PLACES):
        if has_groups():
            form[f"group-{number}"].choices = [("", _("No group") if number == 0 else _("No other group")), *known]
            form[f"function-{number}"].choices = [("", _("Choose a function")), *words]
        else:
            del form[f"group-{number}"], form[f"function-{number}"]


class LeaveForm(_BatchForm):
    """Who leaves, and when."""

    last_day = DayField(_l("Last day"), [is_a_day], default=today, description=_l("The last day it still counts. Empty: today."))
    reason = StringField(
        _l("Why"), render_kw={"maxlength": 200, "autocomplete": "off"}, description=_l("For your own records, for example “moved”. You may leave this empty.")
    )


def leave_form(contact_ids: list[int] | None = None) -> LeaveForm:
    return LeaveForm(data={"batch": new_batch(), "contacts": [str(pk) for pk in contact_ids or ()]})


class RepairForm(Form):
    """The CSRF token and the batch; the rest is read from the table."""

    batch = HiddenField()
