"""The forms of memberships. What is typed goes to the services, which check it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.widgets import NumberInput

from core.access import current_actor
from core.contacts.forms import DayField
from core.contacts.parsing import parse_date
from core.errors import UserMistake
from core.fields.forms import PREFIX, CheckboxesField, add_fields, editable, form_data, form_values
from core.fields.services import is_sensitive
from core.i18n import LANGUAGES, _, _l, format_date
from core.organisations.models import Organisation
from core.web.context import current_organisation
from core.web.forms import Form
from plugins.memberships.durations import MonthDay, period_for
from plugins.memberships.models import Membership, MembershipType
from plugins.memberships.services import types_on_offer
from plugins.memberships.services.extra import fields_of
from plugins.memberships.services.reading import title_of, today

TARGET = "membership"


def is_a_day(_form: Any, field: Any) -> None:
    """What was typed is a day, or nothing."""
    try:
        parse_date(field.data)
    except UserMistake as mistake:
        raise ValidationError(str(mistake)) from None


def or_today(value: Any) -> Any:
    """What is left empty means today, also when it is carried out or undone tomorrow."""
    return value or today()


def day_of(values: Mapping[str, Any], name: str) -> date:
    """The day that was filled in, or today; also of what is only half typed."""
    try:
        return parse_date(values.get(name)) or today()
    except UserMistake:
        return today()


def last_day(values: Mapping[str, Any]) -> date:
    return day_of(values, "last_day")


def first_day(values: Mapping[str, Any]) -> date:
    return day_of(values, "from_on")


class EndForm(Form):
    """When memberships end, and why."""

    last_day = DayField(_l("Last day"), [is_a_day], default=today, filters=[or_today], description=_l("The last day it still counts. Empty: today."))
    reason = StringField(
        _l("Why"), render_kw={"maxlength": 200, "autocomplete": "off"}, description=_l("For your own records, for example “moved”. You may leave this empty.")
    )


class StartForm(Form):
    """When memberships begin."""

    from_on = DayField(_l("Start date"), [is_a_day], default=today, filters=[or_today], description=_l("Empty: today."))


class RefuseForm(Form):
    """Why a request is refused."""

    reason = TextAreaField(_l("Reason"), render_kw={"rows": 3, "maxlength": 500, "required": True}, description=_l("The club reads this. Say what it can do."))

    def validate_reason(self, field: Any) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_("Say why, so that the club knows what to do."))


# --- asking --------------------------------------------------------------------------------------


def offered() -> list[tuple[int, str]]:
    """(id, "Sporting member (Federation F)") of what this club can ask."""
    return [(kind.id, f"{title_of(kind)} ({owner.name})") for owner, kinds in types_on_offer() for kind in kinds]


def seasons_of(kind: MembershipType) -> list[str]:
    """The season of today and its neighbours, when the type has seasons."""
    if kind.duration not in ("season_bound", "fixed_end"):
        return []
    day, found = today(), []
    for shift in (0, 365, -365):
        season = period_for(kind, day + timedelta(days=shift)).season
        if season and season not in found:
            found.append(season)
    return found


class _AskForm(Form):
    """What every membership needs; the fields of its owner are added by membership_form."""

    type = RadioField(_l("Membership type"), coerce=int, validate_choice=False)
    season = SelectField(_l("Season"), validate_choice=False)
    from_on = DayField(_l("Start date"), [is_a_day])
    version = HiddenField()

    kind: MembershipType

    def wanted(self) -> dict[str, Any]:
        """What was filled in, as the services take it."""
        return {"from_on": parse_date(self.from_on.data), "season": (self.season.data or None) if "season" in self else None, "extra": self.extra()}

    def extra(self) -> dict[str, Any]:
        return form_values(self, TARGET, current_actor())

    def extra_fields(self) -> list[Any]:
        return [self[PREFIX + d.key] for d in fields_of(self.kind, current_organisation()) if PREFIX + d.key in self]

    @property
    def started_from(self) -> int:
        """Version the editor saw; 0, which is never current, when the form does not say."""
        return int(self.version.data) if (self.version.data or "").isdecimal() else 0


def membership_form(kind: MembershipType, *, like: Membership | None = None, change: bool = False) -> _AskForm:
    """The form for a membership of this type, filled in like another one.

    change: it changes `like`; otherwise it asks for a new one that starts when that ends.
    """
    organisation = current_organisation()
    form_class = type("MembershipForm", (_AskForm,), {})
    add_extra_fields(form_class)
    seasons = seasons_of(kind)
    data: dict[str, Any] = {"type": kind.id, "from_on": "" if seasons else today(), "season": seasons[0] if seasons else ""}
    data |= _extra_data(like.extra if like is not None else {})
    if like is not None and change:
        first = like.from_on if like.status == "requested" else max(today(), like.from_on + timedelta(days=1))
        data |= {"version": str(like.version), "from_on": first, "season": like.season or ""}
    elif like is not None and like.until_on is not None and like.status == "accepted":
        data["from_on"] = max(today(), like.until_on + timedelta(days=1))
    form: _AskForm = form_class(data=data)
    form.kind = kind
    _choose(form, kind, seasons, like if change else None, organisation)
    return form


def _choose(form: _AskForm, kind: MembershipType, seasons: Sequence[str], changed: Membership | None, organisation: Organisation) -> None:
    """Leave out what is not asked of this type, or can no longer change."""
    form.type.choices = offered()
    if changed is not None:
        same = {k.id for owner, kinds in types_on_offer() for k in kinds if k.organisation_id == kind.organisation_id}
        form.type.choices = [choice for choice in form.type.choices if choice[0] in same or choice[0] == kind.id]
    if changed is not None and changed.status == "accepted":
        if changed.state_on(today()) != "active" or not any(choice[0] != kind.id for choice in form.type.choices):
            del form.type, form.from_on
        del form.season
    elif not seasons:
        del form.season
    else:
        known = dict.fromkeys([*seasons, *([changed.season] if changed is not None and changed.season else [])])
        form.season.choices = [(season, season) for season in known]
    wanted = {PREFIX + d.key for d in fields_of(kind, organisation) if d.type != "file"}
    for name in [name for name in form._fields if name.startswith(PREFIX) and not any(name == w or name == f"{w}-clear" for w in wanted)]:
        del form[name]


def add_extra_fields(form_class: type) -> None:
    """Give a form the extra fields of memberships; a yes or no is a box to tick here."""
    add_fields(form_class, TARGET, current_actor())
    for definition in editable(TARGET, current_actor()):
        if definition.type == "yes_no":
            setattr(form_class, PREFIX + definition.key, BooleanField(definition.title, description=definition.hint))


def _extra_data(extra: Mapping[str, Any] | None) -> dict[str, Any]:
    boxes = {PREFIX + d.key: bool((extra or {}).get(d.key)) for d in editable(TARGET, current_actor()) if d.type == "yes_no"}
    return form_data(TARGET, extra, current_actor()) | boxes


def ends_hint(kind: MembershipType, *, changed: Membership | None = None) -> str:
    """What the type says about its end, before the click; of a membership that goes on as another type, what that does."""
    if changed is not None and changed.status == "accepted":
        if kind.organisation_id == changed.organisation_id:
            return _("Only for another type: its first day. Until the day before, everything stays as it is.")
        return _("Only for another type: its first day. Until the day before, everything stays as it is; from then on the federation decides.")
    if kind.duration == "continuous":
        return _("It goes on until you end it.")
    if seasons_of(kind):
        return _("Empty: today, or the first day of a season that is yet to begin.")
    period = period_for(kind, today())
    return _("Who joins today is a member until %(day)s.", day=format_date(period.ends_on))


# --- for many contacts at once ---------------------------------------------------------------------


class _AddForm(Form):
    type = SelectField(_l("Membership type"), coerce=int, validate_choice=False)
    from_on = DayField(_l("Start date"), [is_a_day], default=today, filters=[or_today], description=_l("Empty: today."))

    def validate_type(self, field: Any) -> None:
        if field.data not in {pk for pk, _title in offered()}:
            raise ValidationError(_("Choose a membership type."))


def add_form() -> Form:
    """Type, start and the extra fields of every owner; each membership takes those of its own."""
    form_class = type("AddMembershipsForm", (_AddForm,), {})
    add_extra_fields(form_class)
    choices = offered()
    form: _AddForm = form_class(data={"type": choices[0][0] if choices else 0, "from_on": today()})
    form.type.choices = choices
    return only_offered(form)


def only_offered(form: Any) -> Any:
    """A form for memberships of any type: leave out the extra fields of types that are not on offer, and what a form for many cannot ask."""
    definitions = {PREFIX + d.key: d for _owner, kinds in types_on_offer() for kind in kinds for d in fields_of(kind, current_organisation())}
    for name in [n for n in form._fields if n.startswith(PREFIX)]:
        definition = definitions.get(name)
        if definition is None or definition.type == "file" or is_sensitive(definition):
            del form[name]
        elif form[name].render_kw:
            form[name].render_kw.pop("required", None)  # only asked of the types it belongs to
    return form


def extra_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The extra fields among the values of a bulk action."""
    return {name.removeprefix(PREFIX): value for name, value in values.items() if name.startswith(PREFIX)}


class EndOfForm(EndForm):
    """Which memberships of the chosen contacts end."""

    type = SelectField(_l("Which memberships"), coerce=int, validate_choice=False, choices=lambda: [(0, _("All memberships")), *offered()])


# --- types -----------------------------------------------------------------------------------------


def duration_titles() -> dict[str, str]:
    return {
        "season_bound": _("For a season, and ends with it"),
        "continuous": _("Continuous, until it is ended"),
        "fixed_end": _("Until a fixed day of the year"),
        "fixed_duration": _("For a number of days or months"),
    }


def acceptance_titles() -> dict[str, str]:
    return {
        "ask": _("We decide on every request"),
        "complete": _("At once, when nothing is missing"),
        "known": _("At once, when nothing is missing and the person was a member of the club before"),
        "always": _("Always at once"),
    }


def needs_titles() -> dict[str, str]:
    return {"birth_date": _("Birth date"), "gender": _("Gender"), "address": _("Home address"), "email": _("E-mail address 1")}


class TypeForm(Form):
    """A type of membership."""

    version = HiddenField()
    duration = RadioField(_l("How long does it last?"), choices=lambda: list(duration_titles().items()), validate_choice=False, default="continuous")
    period_start = StringField(_l("First day of the season"), description=_l("Day and month, like 01/09."), render_kw={"maxlength": 5, "inputmode": "numeric"})
    period_end = StringField(_l("Last day"), description=_l("Day and month, like 31/12."), render_kw={"maxlength": 5, "inputmode": "numeric"})
    transfer_on = StringField(
        _l("Transfer date"),
        description=_l("Who joins after this day is a member until the last day of the year that follows. You may leave this empty."),
        render_kw={"maxlength": 5, "inputmode": "numeric"},
    )
    length = IntegerField(_l("Length"), widget=NumberInput(min=1), validators=[])
    length_unit = SelectField(_l("Unit"), choices=lambda: [("months", _("months")), ("days", _("days"))], validate_choice=False)
    acceptance = RadioField(_l("When is a request accepted?"), choices=lambda: list(acceptance_titles().items()), validate_choice=False, default="ask")
    needs = CheckboxesField(_l("What must be known of the person"), choices=lambda: list(needs_titles().items()), validate_choice=False)
    is_active = BooleanField(_l("In use"), default=True, description=_l("When off, nobody can ask for it any more. Memberships that exist go on."))

    def values(self) -> dict[str, Any]:
        found = {name: self[name].data for name in ("duration", "period_start", "period_end", "transfer_on", "length", "length_unit", "is_active")}
        found |= {"acceptance": self.acceptance.data, "needs": self.needs.data} if "acceptance" in self else {}
        return {**found, "name": {language: self[f"name-{language}"].data for language in LANGUAGES}}

    @property
    def started_from(self) -> int:
        return int(self.version.data) if (self.version.data or "").isdecimal() else 0


for _language, _title in LANGUAGES.items():
    setattr(TypeForm, f"name-{_language}", StringField(_title, render_kw={"maxlength": 80, "lang": _language, "autocomplete": "off"}))


def type_form(kind: MembershipType | None = None) -> TypeForm:
    """The form of a type; acceptance is only asked of a federation."""
    form = TypeForm(data=_type_data(kind) if kind is not None else {"needs": ["birth_date", "address"]})
    if current_organisation().kind != "federation":
        del form.acceptance, form.needs
    return form


def _type_data(kind: MembershipType) -> dict[str, Any]:
    data: dict[str, Any] = {name: getattr(kind, name) for name in ("duration", "length", "length_unit", "acceptance", "needs", "is_active")}
    data |= {name: show_day(getattr(kind, name)) for name in ("period_start", "period_end", "transfer_on")}
    data |= {f"name-{language}": (kind.name or {}).get(language, "") for language in LANGUAGES}
    return {**data, "version": str(kind.version)}


def show_day(day: MonthDay | None) -> str:
    return f"{day.day:02}/{day.month:02}" if day is not None else ""


def duration_sentence(kind: MembershipType) -> str:
    """How long a type lasts, for a list."""
    if kind.duration == "season_bound":
        return _("Season from %(start)s to %(end)s", start=show_day(kind.period_start), end=show_day(kind.period_end))
    if kind.duration == "fixed_end" and kind.transfer_on is not None:
        return _("Until %(end)s, after %(transfer)s of the year that follows", end=show_day(kind.period_end), transfer=show_day(kind.transfer_on))
    if kind.duration == "fixed_end":
        return _("Until %(end)s", end=show_day(kind.period_end))
    if kind.duration == "fixed_duration":
        unit = _("months") if kind.length_unit == "months" else _("days")
        return _("%(number)s %(unit)s", number=kind.length, unit=unit)
    return _("Continuous")


def chosen_type(text: Any, *, fallback: MembershipType | None = None) -> MembershipType | None:
    """The type of the address or the form, as far as this club can ask it; else the first one."""
    known = [kind for _owner, kinds in types_on_offer() for kind in kinds]
    number = int(text) if str(text or "").isdecimal() else 0
    return next((kind for kind in known if kind.id == number), None) or fallback or (known[0] if known else None)
