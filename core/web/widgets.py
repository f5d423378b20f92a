"""Controls of forms, and the blocks Flask-AppBuilder builds its generated pages of.

Everything a person sees is in the templates; here is only what they need to know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import request, url_for
from flask_appbuilder.models.filters import FilterRelation
from flask_appbuilder.models.sqla import filters as fab_filters
from flask_appbuilder.widgets import FormWidget as FabFormWidget
from flask_appbuilder.widgets import ListWidget, ShowWidget
from flask_babel import get_timezone
from wtforms import DateField, DateTimeLocalField, DecimalField, Field, IntegerField, SelectFieldBase, widgets
from wtforms.validators import ValidationError

from core.i18n import _, format_date
from core.web.column_filters import FilterFrom, FilterIs, FilterUntil

__all__ = [
    "DateTimeWidget",
    "DateWidget",
    "DayField",
    "FileWidget",
    "FormWidget",
    "ListWidget",
    "MomentField",
    "MoneyField",
    "NumberField",
    "NumberWidget",
    "PasswordWidget",
    "RelationField",
    "RelationsField",
    "SearchWidget",
    "ShowWidget",
    "TextAreaWidget",
    "TextWidget",
    "WholeNumberField",
]

#: more choices than this are searched on the server, one types to find
FEW = 50
#: without something to search on, all are loaded, but never more than this
MANY = 1000


# --- controls --------------------------------------------------------------------------------


class TextWidget(widgets.TextInput):
    """A line of text."""


class TextAreaWidget(widgets.TextArea):
    """Several lines; grows by the corner."""

    def __call__(self, field: Field, **kwargs: Any) -> Any:
        kwargs.setdefault("rows", 4)
        return super().__call__(field, **kwargs)


class PasswordWidget(widgets.PasswordInput):
    """The macro `field` puts a "Show" button beside it."""


class NumberWidget(widgets.TextInput):
    """A number: the number pad on a phone, without the arrows that change it by accident."""

    def __init__(self, *, decimal: bool = False) -> None:
        super().__init__()
        self.mode = "decimal" if decimal else "numeric"

    def __call__(self, field: Field, **kwargs: Any) -> Any:
        kwargs.setdefault("inputmode", self.mode)
        return super().__call__(field, **kwargs)


class DateWidget(widgets.DateInput):
    """The calendar of the device: shown as dd/mm/yyyy to people here."""


class DateTimeWidget(widgets.DateTimeLocalInput):
    """Date and time of the device, to the minute."""


class FileWidget(widgets.FileInput):
    """A file from the device. `accept` narrows the choice, the server still checks."""


class RelationWidget(widgets.Select):
    """A select of which script makes a field one can type in; with many choices the server searches."""

    def __call__(self, field: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("data-choices", True)
        if field.is_searched:
            kwargs.setdefault("data-url", field.url())
        return super().__call__(field, **kwargs)


# --- fields ----------------------------------------------------------------------------------


class MoneyField(Field):
    """An amount people type as "25", "25,50" or "2.562,50"; its data is whole cents."""

    widget = NumberWidget(decimal=True)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{Decimal(self.data) / 100:.2f}".replace(".", ",")

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = (valuelist[0] if valuelist else "").replace("€", "").replace("\u00a0", "").replace(" ", "")
        if not typed:
            self.data = None
            return
        if "," in typed:
            typed = typed.replace(".", "").replace(",", ".")
        try:
            cents = Decimal(typed) * 100
            if cents != cents.to_integral_value() or abs(cents) > 10**11:
                raise InvalidOperation
        except InvalidOperation:
            self.data = None
            raise ValueError(_("Write an amount such as 25,50.")) from None
        self.data = int(cents)


class WholeNumberField(IntegerField):
    """A whole number, with a message people understand."""

    widget = NumberWidget()

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata([value.strip() for value in valuelist])
        except ValueError:
            raise ValueError(_("Write a whole number, such as 12.")) from None


class NumberField(DecimalField):
    """A number with decimals, typed with a comma or a point."""

    widget = NumberWidget(decimal=True)

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, places=None, **kwargs)

    def _value(self) -> str:
        return str(super()._value()).replace(".", ",") if not self.raw_data else str(self.raw_data[0])

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata([value.strip().replace(",", ".") for value in valuelist])
            if self.data is not None and not self.data.is_finite():  # type: ignore[has-type]
                raise ValueError
        except ValueError:
            self.data = None
            raise ValueError(_("Write a number, such as 12,5.")) from None


class DayField(DateField):
    """A day; says in plain words when it does not exist."""

    widget = DateWidget()

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("This day does not exist. Write it as dd/mm/yyyy.")) from None


class MomentField(DateTimeLocalField):
    """Date and time on the clock here; its data is the instant, timezone-aware."""

    widget = DateTimeWidget()

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **kwargs)

    def process_data(self, value: datetime | None) -> None:
        self.data = value

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        return self.data.astimezone(get_timezone()).strftime(self.format[0]) if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None:
            self.data = self.data.replace(tzinfo=get_timezone())


@dataclass(frozen=True)
class RelationSource:
    """Where the choices of a relation come from.

    interface: () -> FAB interface of the other table, in the scope of the request.
    filters: FAB filters that narrow the choice, as in `add_form_query_rel_fields`.
    search_on: columns one can search by typing; none: all choices are loaded.
    """

    interface: Callable[[], Any]
    filters: Sequence[Any] = ()
    search_on: tuple[str, ...] = ()

    def find(self, text: str = "", limit: int = FEW) -> list[Any]:
        """The first choices whose columns hold every word of `text`."""
        interface = self.interface()
        query = interface.session.query(interface.obj)
        for word in text.split():
            query = query.filter(_any_contains(interface.obj, self.search_on, word))
        order = self.search_on[0] if self.search_on else ""
        found: list[Any] = interface.apply_all(query, self._filters(interface), order, "asc", 0, limit).all()
        return found

    def get(self, pk: str) -> Any:
        """One choice by its key, or None when it is not among them."""
        interface = self.interface()
        return interface.get(pk, self._filters(interface)) if pk.isdigit() else None

    def key(self, item: Any) -> str:
        return str(self.interface().get_pk_value(item))

    def _filters(self, interface: Any) -> Any:
        return interface.get_filters().add_filter_list(list(self.filters))


def _any_contains(model: Any, columns: Sequence[str], word: str) -> Any:
    first, *others = (getattr(model, name).icontains(word, autoescape=True) for name in columns)
    for other in others:
        first = first | other
    return first


class _Related(SelectFieldBase):
    """What one choice and several choices of another table have in common."""

    def __init__(self, label: Any = None, validators: Any = None, *, source: RelationSource, url: Callable[[], str], **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.source, self.url = source, url
        self._first: list[Any] | None = None

    @property
    def first_choices(self) -> list[Any]:
        if self._first is None:
            self._first = self.source.find(limit=FEW + 1 if self.source.search_on else MANY)
        return self._first

    @property
    def is_searched(self) -> bool:
        """Too many to show at once: one types, the server answers."""
        return bool(self.source.search_on) and len(self.first_choices) > FEW

    @property
    def chosen(self) -> list[Any]:
        raise NotImplementedError

    def has_groups(self) -> bool:
        return False

    def iter_choices(self) -> Iterator[tuple[str, str, bool, dict[str, Any]]]:
        chosen = [self.source.key(item) for item in self.chosen]
        offered = list(self.chosen) if self.is_searched else [*self.first_choices]
        offered += [item for item in self.chosen if item not in offered]
        for item in offered:
            key = self.source.key(item)
            yield key, str(item), key in chosen, {}


class RelationField(_Related):
    """One row of another table; its data is the object."""

    widget = RelationWidget()

    def __init__(self, *args: Any, allow_blank: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.allow_blank = allow_blank

    @property
    def chosen(self) -> list[Any]:
        return [] if self.data is None else [self.data]

    def iter_choices(self) -> Iterator[tuple[str, str, bool, dict[str, Any]]]:
        if self.allow_blank or self.data is None:
            yield "", _("None") if self.allow_blank else _("Choose"), self.data is None, {}
        yield from super().iter_choices()

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist or not valuelist[0]:
            self.data = None
            return
        self.data = self.source.get(valuelist[0])
        if self.data is None:
            raise ValueError(_("This choice no longer exists. Choose another one."))


class RelationsField(_Related):
    """Several rows of another table; its data is the list of objects. An unknown one is refused, never dropped."""

    widget = RelationWidget(multiple=True)

    @property
    def chosen(self) -> list[Any]:
        return list(self.data or [])

    def process_formdata(self, valuelist: list[Any]) -> None:
        found = [self.source.get(value) for value in dict.fromkeys(valuelist)]
        self.data = [item for item in found if item is not None]
        if len(self.data) != len(found):
            raise ValueError(_("One of these no longer exists. Check your choice."))


class Known:
    """Validator: a relation that must be filled in."""

    field_flags = {"required": True}

    def __call__(self, _form: Any, field: Field) -> None:
        if not field.data and not field.errors:
            raise ValidationError(_("Choose something from the list."))


# --- blocks of generated pages -----------------------------------------------------------------


class FormWidget(FabFormWidget):  # type: ignore[misc]
    """A generated form; the template is appbuilder/general/widgets/form.html."""


@dataclass(frozen=True)
class SearchInput:
    """One control of the search panel: `name` is the URL argument."""

    name: str
    label: str
    kind: str
    value: str
    choices: Sequence[tuple[str, str]] = ()
    url: str = ""


@dataclass(frozen=True)
class SearchField:
    """One column one can search on, with one control or a from and a until."""

    column: str
    label: str
    inputs: Sequence[SearchInput]

    @property
    def is_text(self) -> bool:
        return self.inputs[0].kind == "text"


@dataclass(frozen=True)
class Chip:
    """A filter in force, and the address without it."""

    label: str
    text: str
    remove_url: str


class SearchWidget(FormWidget):
    """The search panel of a generated list: per column the one way of searching people expect."""

    template = "appbuilder/general/widgets/search.html"

    def __call__(self, **kwargs: Any) -> Any:
        fields = [f for f in (self._field(c) for c in self.template_args["include_cols"]) if f]
        kwargs["quick"] = next((f for f in fields if f.is_text), None)
        kwargs["fields"] = [f for f in fields if f is not kwargs["quick"]]
        kwargs["chips"] = [chip for f in fields for chip in _chips(f)]
        kwargs["kept"] = [(k, v) for k, v in request.args.items(multi=True) if not k.startswith(("_flt_", "page_"))]
        kwargs["clear_url"] = address_without(lambda name: name.startswith(("_flt_", "page_")))
        return super().__call__(**kwargs)

    def _field(self, column: str) -> SearchField | None:
        form_field = self.template_args["form"][column]
        places = {type(f): i for i, f in enumerate(self.template_args["filters"].get_search_filters().get(column, ()))}

        def control(wanted: type, label: str, kind: str, **more: Any) -> SearchInput:
            name = f"_flt_{places[wanted]}_{column}"
            return SearchInput(name, label, kind, request.args.get(name, ""), **more)

        label = str(form_field.label.text)
        if isinstance(form_field, _Related):
            wanted = next(t for t in places if issubclass(t, FilterRelation))
            name = f"_flt_{places[wanted]}_{column}"
            now = form_field.source.get(request.args.get(name, ""))
            form_field.data = ([now] if now else []) if isinstance(form_field, RelationsField) else now
            choices = [(key, text) for key, text, _chosen, _more in form_field.iter_choices() if key]
            return SearchField(column, label, [control(wanted, label, "choice", choices=choices, url=form_field.url() if form_field.is_searched else "")])
        if form_field.type == "BooleanField":
            return SearchField(column, label, [control(FilterIs, label, "choice", choices=[("y", _("Yes")), ("n", _("No"))])])
        if form_field.type == "EnumField":
            return SearchField(column, label, [control(FilterIs, label, "choice", choices=[(str(k), str(v)) for k, v in form_field.choices])])
        if FilterFrom in places:
            kind = "date" if form_field.type in ("DayField", "DateTimeLocalField", "MomentField") else "number"
            return SearchField(column, label, [control(FilterFrom, _("From"), kind), control(FilterUntil, _("Until"), kind)])
        if fab_filters.FilterContains in places:
            return SearchField(column, label, [control(fab_filters.FilterContains, label, "text")])
        return None


def _chips(field: SearchField) -> list[Chip]:
    """What is being searched for, in words."""
    found = []
    for one in field.inputs:
        if not one.value:
            continue
        shown = dict(one.choices).get(one.value, one.value)
        if one.kind == "date":
            shown = _shown_day(one.value)
        label = field.label if one.label == field.label else f"{field.label} {one.label.lower()}"
        found.append(Chip(label, shown, address_without(lambda name, gone=one.name: name == gone or name.startswith("page_"))))  # type: ignore[misc]
    return found


def _shown_day(text: str) -> str:
    try:
        return format_date(date.fromisoformat(text))
    except ValueError:
        return text


def address_without(gone: Callable[[str], bool]) -> str:
    """The address of this page without the arguments of which `gone(name)` is true."""
    kept: dict[str, Any] = {}
    for name in request.args:
        if not gone(name):
            kept[name] = request.args.getlist(name)
    return address_with(kept)


def address_with(arguments: Mapping[str, Any]) -> str:
    """The address of this page with exactly these arguments."""
    return url_for(request.endpoint or "", **{**(request.view_args or {}), **arguments})
