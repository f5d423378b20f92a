"""The forms of groups. What is typed goes to the services; they check it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from wtforms import BooleanField, FileField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField, ValidationError

from core.access import current_actor
from core.contacts.forms import ChoiceField, DayField
from core.contacts.parsing import parse_date
from core.errors import UserMistake
from core.fields.extra_field import ExtraField
from core.fields.forms import PREFIX, CheckboxesField, add_fields, editable, form_data, form_values
from core.i18n import LANGUAGES, _, _l, format_money
from core.organisations.models import Organisation
from core.web.context import current_organisation
from core.web.forms import Form
from core.web.views import row_ids
from core.web.widgets import MoneyField
from plugins.groups.models import ClubGroup, GroupLink
from plugins.groups.services.asked import TARGET, fields_asked_by, own_fields
from plugins.groups.services.catalogue import Term, choices_of, terms_of, title_of
from plugins.groups.services.reading import groups_open, label_of
from plugins.groups.services.seasons import seasons_of, today
from plugins.groups.services.terms import prices_on

OFF = {"autocomplete": "off"}


def is_a_day(_form: Any, field: Any) -> None:
    """What was typed is a day, or nothing."""
    try:
        parse_date(field.data)
    except UserMistake as mistake:
        raise ValidationError(str(mistake)) from None


class VersionedForm(Form):
    """A form that remembers what the editor started from."""

    version = HiddenField()

    @property
    def started_from(self) -> int:
        """Version the editor saw; 0, which is never current, when the form does not say."""
        return int(self.version.data) if (self.version.data or "").isdecimal() else 0


# --- seasons --------------------------------------------------------------------------------------


class SeasonForm(VersionedForm):
    name = StringField(_l("Name"), render_kw={"maxlength": 20, "required": True, **OFF}, description=_l("Year-year, for example 2026-2027."))
    start_on = DayField(_l("First day"), [is_a_day], render_kw={"required": True})
    end_on = DayField(_l("Last day"), [is_a_day], render_kw={"required": True})
    is_current = BooleanField(_l("Current season"), description=_l("Shown first when the groups open."))
    is_active = BooleanField(_l("Activate season"), description=_l("Only then you can work in it."))

    def values(self) -> dict[str, Any]:
        found = {name: self[name].data for name in ("name", "is_current", "is_active")}
        return {**found, "start_on": parse_date(self.start_on.data), "end_on": parse_date(self.end_on.data)}


class PrescriptionForm(Form):
    """On which day of the year seasons begin, for a federation."""

    day = StringField(
        _l("First day of a season"),
        render_kw={"maxlength": 5, "inputmode": "numeric", **OFF},
        description=_l("Day and month, like 01/10. Empty: every club chooses its own days."),
    )


# --- groups ---------------------------------------------------------------------------------------


class GroupForm(VersionedForm):
    name = StringField(_l("Name"), render_kw={"maxlength": 120, "required": True, **OFF})
    abbreviation = StringField(_l("Abbreviation"), render_kw={"maxlength": 20, **OFF})
    type = ChoiceField(_l("Type"))
    composition = ChoiceField(_l("Composition"))
    category = ChoiceField(_l("Category"))
    picture = FileField(_l("Picture"), render_kw={"accept": ".jpg,.jpeg,.png,.webp"}, description=_l("JPG, PNG or WebP, at most 5 MB."))
    picture_clear = BooleanField(_l("Remove the picture"))
    is_shown = BooleanField(_l("Members see this group"), description=_l("Its own members see it with the names and functions of the others."))
    opens = CheckboxesField(
        _l("What members may also see of each other"), choices=lambda: [("email", _("E-mail address")), ("phone", _("Telephone"))], validate_choice=False
    )

    def values(self) -> dict[str, Any]:
        names = ("name", "abbreviation", "type", "composition", "category", "is_shown")
        found = {name: self[name].data for name in names if name in self}
        return {**found, "opens": self.opens.data or [], "extra": form_values(self, TARGET, current_actor())}

    def extra_fields(self) -> list[Any]:
        return [self[PREFIX + d.key] for d in own_fields() if PREFIX + d.key in self]


def group_form(group: ClubGroup | None = None) -> GroupForm:
    """The form with the club's own extra fields; those a federation asks are on the form of the link."""
    form_class = type("GroupForm", (GroupForm,), {})
    _add_extra(form_class)
    data: dict[str, Any] = {"is_shown": True}
    if group is not None:
        data = {n: getattr(group, n) for n in ("name", "abbreviation", "type", "composition", "category", "is_shown", "opens")}
        data |= {"version": str(group.version), **_extra_data(group.extra)}
    form: GroupForm = form_class(data=data)
    for kind in ("type", "composition", "category"):
        choices = choices_of(kind)
        held = getattr(group, kind) if group is not None else None
        if held and held not in dict(choices):
            choices.append((held, title_of(kind, held)))
        form[kind].choices = [("", "–"), *choices]
        if not choices:
            del form[kind]
    if group is None or group.picture_id is None:
        del form.picture_clear
    _keep_only(form, own_fields())
    return form


def _add_extra(form_class: type) -> None:
    """The extra fields of groups; a yes or no is a box to tick here."""
    add_fields(form_class, TARGET, current_actor())
    for definition in editable(TARGET, current_actor()):
        if definition.type == "yes_no":
            setattr(form_class, PREFIX + definition.key, BooleanField(definition.title, description=definition.hint))


def _extra_data(extra: Mapping[str, Any] | None) -> dict[str, Any]:
    boxes = {PREFIX + d.key: bool((extra or {}).get(d.key)) for d in editable(TARGET, current_actor()) if d.type == "yes_no"}
    return form_data(TARGET, extra, current_actor()) | boxes


def _keep_only(form: Form, wanted: list[ExtraField]) -> None:
    names = {PREFIX + d.key for d in wanted if d.type != "file"}
    for name in [name for name in form._fields if name.startswith(PREFIX) and name not in names and name.removesuffix("-clear") not in names]:
        del form[name]


# --- people ---------------------------------------------------------------------------------------


def function_choices() -> list[tuple[str, str]]:
    return [("", _("Choose a function")), *choices_of("function")]


class _Joining(Form):
    function = ChoiceField(_l("Function"), choices=function_choices)
    from_on = DayField(
        _l("From"), [is_a_day], render_kw={"min": "1900-01-01"}, description=_l("Empty: today, or the first day of a season that is yet to begin.")
    )

    def first(self) -> date | None:
        return parse_date(self.from_on.data)


class PeopleForm(_Joining):
    """Puts several contacts in one group."""

    contacts = SelectMultipleField(_l("Contacts"), validate_choice=False)

    def ids(self) -> list[int]:
        return row_ids(self.contacts.data or ())


def group_choices() -> list[tuple[Any, str]]:
    return [("", _("Choose a group")), *((str(group.id), label_of(group)) for group in groups_open())]


class JoinForm(_Joining):
    """Puts one contact (or a selection) in a group."""

    group = ChoiceField(_l("Group"), choices=group_choices)

    def validate_group(self, field: Any) -> None:
        if not field.data or str(field.data) not in {str(value) for value, _title in group_choices()}:
            raise ValidationError(_("Choose a group of an active season."))

    def validate_function(self, field: Any) -> None:
        if field.data not in dict(choices_of("function")):
            raise ValidationError(_("Choose a function: nobody is in a group without one."))


class LeaveForm(Form):
    """When somebody leaves."""

    last_day = DayField(_l("Last day"), [is_a_day], description=_l("The last day it still counts. Empty: at once."))


class LeaveGroupForm(LeaveForm):
    """Takes a selection out of a group."""

    group = ChoiceField(_l("Group"), choices=group_choices)
    function = ChoiceField(_l("Function"), choices=lambda: [("", _("All functions")), *choices_of("function")])

    def validate_group(self, field: Any) -> None:
        if not field.data or str(field.data) not in {str(value) for value, _title in group_choices()}:
            raise ValidationError(_("Choose a group of an active season."))


class DaysForm(Form):
    """Corrects from when until when somebody is in a group."""

    from_on = DayField(_l("From"), [is_a_day], render_kw={"required": True})
    until_on = DayField(_l("Last day"), [is_a_day], description=_l("Empty: until the season ends or somebody leaves."))


class RuleForm(Form):
    filter = ChoiceField(_l("Saved filter"))
    function = ChoiceField(_l("Function"), choices=function_choices)


# --- copying --------------------------------------------------------------------------------------


class CopyForm(Form):
    season = SelectField(_l("Copy to season"), coerce=int, validate_choice=False)
    members = BooleanField(_l("Members"), default=True)
    functions = BooleanField(_l("Functions"), default=True, description=_l("Off: everybody comes along once, with the function most people have."))
    picture = BooleanField(_l("Picture"), default=True)
    extra = BooleanField(_l("Extra fields"), default=True)
    links = BooleanField(_l("Link with the federation, and what was ordered"), default=True)

    def validate_season(self, field: Any) -> None:
        if field.data not in {pk for pk, _name in _copy_choices()}:
            raise ValidationError(_("Choose an active season. Make one first in Settings, Seasons."))


def _copy_choices() -> list[tuple[int, str]]:
    return [(season.id, season.name) for season in seasons_of() if season.is_active]


def copy_form() -> CopyForm:
    """The newest active season is proposed."""
    choices = _copy_choices()
    form = CopyForm(data={"season": choices[0][0] if choices else 0, **dict.fromkeys(("members", "functions", "picture", "extra", "links"), True)})
    form.season.choices = choices
    return form


# --- links ----------------------------------------------------------------------------------------


class LinkForm(VersionedForm):
    options = CheckboxesField(_l("What you order"), validate_choice=False)
    asked: list[ExtraField]

    def extra(self) -> dict[str, Any]:
        return form_values(self, TARGET, current_actor())

    def extra_fields(self) -> list[Any]:
        return [self[PREFIX + d.key] for d in self.asked if PREFIX + d.key in self]


def link_form(group: ClubGroup, federation: Organisation, link: GroupLink | None) -> LinkForm:
    """What the federation asks, and its options with their price today."""
    form_class = type("LinkForm", (LinkForm,), {})
    _add_extra(form_class)
    data = {**_extra_data(group.extra), "version": str(link.version) if link is not None else "", "options": list(link.options) if link is not None else []}
    form: LinkForm = form_class(data=data)
    form.asked = fields_asked_by(federation)
    prices, offered = prices_on(federation, group.season.nearest(today()) if group.season is not None else today()), _offered(federation)
    form.options.choices = [(term.key, _option_text(term, prices.get(term.key, 0))) for term in offered]
    if not offered:
        del form.options
    _keep_only(form, form.asked)
    return form


def _offered(federation: Organisation) -> list[Term]:
    """What can be ordered; what every linked group is charged is not a choice."""
    return [term for term in terms_of("option", federation) if term.per != "each"]


def _option_text(term: Term, cents: int) -> str:
    price = format_money(cents) if cents else _("free")
    text = f"{term.title} ({price})" if term.per == "group" else _("%(option)s (%(price)s, once for the club)", option=term.title, price=price)
    return f"{text}: {term.hint}" if term.hint else text


# --- words ----------------------------------------------------------------------------------------


class TermForm(VersionedForm):
    is_required = BooleanField(_l("Required in linked groups"), description=_l("Clubs see when nobody holds it."))
    per = RadioField(
        _l("Charged"),
        choices=lambda: [
            ("group", _("For each group that has it")),
            ("club", _("Once per club")),
            ("each", _("For every linked group, without being ordered")),
        ],
        validate_choice=False,
        default="group",
    )
    families_only = BooleanField(_l("Only for clubs with more than one linked group"))
    is_active = BooleanField(_l("In use"), default=True, description=_l("When off, nobody can choose it any more. What has it keeps it."))

    def values(self) -> dict[str, Any]:
        found = {name: self[name].data for name in ("is_required", "per", "families_only", "is_active") if name in self}
        found["help"] = {language: self[f"help-{language}"].data for language in LANGUAGES if f"help-{language}" in self}
        return {**found, "name": {language: self[f"name-{language}"].data for language in LANGUAGES}}


for _language, _title in LANGUAGES.items():
    setattr(TermForm, f"name-{_language}", StringField(_title, render_kw={"maxlength": 80, "lang": _language, **OFF}))
    setattr(TermForm, f"help-{_language}", StringField(_title, render_kw={"maxlength": 300, "lang": _language, **OFF}))


def term_form(kind: str, term: Term | None = None) -> TermForm:
    data: dict[str, Any] = {"is_active": True, "per": "group"}
    if term is not None:
        data = {name: getattr(term, name) for name in ("is_required", "is_active", "per", "families_only")} | {"version": str(term.version)}
        data |= {f"name-{language}": term.name.get(language, "") for language in LANGUAGES}
        data |= {f"help-{language}": term.help.get(language, "") for language in LANGUAGES}
    form = TermForm(data=data)
    if kind != "function" or current_organisation().kind != "federation":
        del form.is_required
    if kind != "option":
        del form.per, form.families_only
        for language in LANGUAGES:
            del form[f"help-{language}"]
    return form


class PriceForm(Form):
    amount_cents = MoneyField(_l("Price"))
    from_on = DayField(_l("From"), [is_a_day])
