"""Extra fields as columns and filters of list pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func

from core.access import current_actor
from core.fields.expressions import is_true, number_of, text_of
from core.fields.extra_field import ExtraField
from core.fields.secrets import MASK, unseal
from core.fields.services import definitions, may_see
from core.fields.types import kind_of
from core.i18n import _
from core.lists.columns import Column
from core.lists.conditions import choice_condition, contains, date_condition, number_condition, text_condition, yes_no_condition
from core.lists.filters import Filter

POSITION = 300
#: kinds that sort as people read, without minding capitals
TEXTS = ("text", "email", "phone", "url", "iban")


def columns(list_name: str, target: str, json_column: Any) -> list[Column]:
    """A column per field that the person may see and that shows in lists or exports."""
    actor = current_actor()
    found = [field for field in definitions(target) if (field.in_list or field.in_export) and may_see(field, actor)]
    return [_column(field, number, list_name, json_column) for number, field in enumerate(found)]


def filters(list_name: str, target: str, json_column: Any) -> list[Filter]:
    """A filter per field that can be searched; never of a sensitive one."""
    actor = current_actor()
    return [
        _filter(field, number, list_name, json_column)
        for number, field in enumerate(definitions(target))
        if field.in_list and not field.is_sensitive and kind_of(field).filter and may_see(field, actor)
    ]


def group_of(field: ExtraField) -> str:
    return _("Extra fields of %(owner)s", owner=field.owner_name) if field.owner_name else _("Extra fields")


def expression_of(field: ExtraField, json_column: Any) -> Any:
    return number_of(json_column, field.key) if field.type == "number" else text_of(json_column, field.key)


def _column(field: ExtraField, number: int, list_name: str, json_column: Any) -> Column:
    expression = expression_of(field, json_column)
    can_sort = not field.is_sensitive and field.type not in ("multi_choice", "file", "long_text", "yes_no")
    return Column(
        name=f"extra.{field.key}",
        list_name=list_name,
        label=field.title,
        group=group_of(field),
        expression=expression,
        kind="text" if field.is_sensitive else kind_of(field).column,  # type: ignore[arg-type]
        order_by=(func.lower(expression) if field.type in TEXTS else expression,) if can_sort else None,
        show=_shower(field),
        export=_exporter(field),
        permission="fields.reveal" if field.is_sensitive else None,
        position=POSITION + number,
        sensitive=field.is_sensitive,
    )


def value_of(field: ExtraField, read: Any) -> Any:
    """What the database gave, as it is stored."""
    if field.type == "multi_choice" and isinstance(read, str):
        return _parsed(read)
    if field.type == "yes_no":
        return read in (1, "true", "1", True)
    if field.type == "number" and isinstance(read, float) and read.is_integer():
        return int(read)
    return read


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _shower(field: ExtraField) -> Any:
    if field.is_sensitive:
        return lambda _value: MASK
    if field.type == "number":
        return lambda value: value_of(field, value)
    if field.type == "date":
        return _as_date
    return lambda value: kind_of(field).show(value_of(field, value), field)


def _exporter(field: ExtraField) -> Any:
    """Numbers and dates stay numbers and dates."""
    if field.is_sensitive:
        return lambda value: _in_clear(field, value)
    if field.type == "file":
        return lambda _value: _("Yes")
    return _shower(field)


def _in_clear(field: ExtraField, value: Any) -> str:
    """Only for an export, which asks the right and the password again."""
    try:
        return kind_of(field).show(unseal(_parsed(value) if isinstance(value, str) else value), field)
    except ValueError:
        return MASK


def _as_date(value: Any) -> Any:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return value


def _filter(field: ExtraField, number: int, list_name: str, json_column: Any) -> Filter:
    expression = expression_of(field, json_column)
    conditions: dict[str, Callable[[], Any]] = {
        "text": lambda: text_condition(expression),
        "long_text": lambda: text_condition(expression),
        "number": lambda: number_condition(expression),
        "date": lambda: _iso_date_condition(expression),
        "yes_no": lambda: yes_no_condition(is_true(json_column, field.key)),
        "choice": lambda: choice_condition(expression),
        "multi_choice": lambda: _one_of_many(expression),
    }
    kind = kind_of(field).filter
    return Filter(
        name=f"extra.{field.key}",
        list_name=list_name,
        label=field.title,
        panel=group_of(field),
        kind=kind,  # type: ignore[arg-type]
        condition=conditions.get(field.type, conditions["text"])(),
        choices=(lambda: _choices(field)) if kind == "choice" else None,
        position=POSITION + number,
        icon="notes",
    )


def _choices(field: ExtraField) -> Sequence[tuple[str, Any]]:
    return field.choice_titles()


def _iso_date_condition(expression: Any) -> Any:
    """Dates are stored as 2027-03-11: their order as text is their order in time."""
    by_day = date_condition(expression)
    return lambda operator, value: by_day(operator, value if operator == "empty" else value.isoformat())


def _one_of_many(expression: Any) -> Any:
    """Stored as a JSON list of values, which hold no quotes."""
    plain = choice_condition(expression)
    return lambda operator, value: plain(operator, value) if operator == "empty" else contains(expression, f'"{value}"')
