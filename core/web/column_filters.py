"""Filters of generated lists: from, until and is, beside those of Flask-AppBuilder."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.models.sqla import filters as fab_filters
from flask_babel import get_timezone

from core.db import Instant

#: kinds of columns one searches with a from and an until
BOUNDED = ("is_integer", "is_float", "is_numeric", "is_date", "is_datetime")


class _Bound(BaseFilter):  # type: ignore[misc]
    """Compares a day or a number; what is neither is left out instead of failing."""

    def apply(self, query: Any, value: Any) -> Any:
        query, column = fab_filters.get_field_setup_query(query, self.model, self.column_name)
        parsed = typed_value(self.datamodel, self.column_name, value, end_of_day=isinstance(self, FilterUntil))
        return query if parsed is None else query.filter(self.compare(column, parsed))

    def compare(self, column: Any, value: Any) -> Any:
        raise NotImplementedError


class FilterFrom(_Bound):
    """On or after this day, this number or more."""

    name = "from"
    arg_name = "ge"

    def compare(self, column: Any, value: Any) -> Any:
        return column >= value


class FilterUntil(_Bound):
    """On or before this day, this number or less."""

    name = "until"
    arg_name = "le"

    def compare(self, column: Any, value: Any) -> Any:
        return column <= value


class FilterIs(_Bound):
    """Exactly this answer: yes, no, or one of a fixed list."""

    name = "is"
    arg_name = "is"

    def compare(self, column: Any, value: Any) -> Any:
        return column == value


class FilterConverter(fab_filters.SQLAFilterConverter):  # type: ignore[misc]
    """FAB's filters per type of column, plus the ones people expect: from, until, is."""

    conversion_table = tuple(
        (kind, [*filters, *{"is_boolean": [FilterIs], "is_enum": [FilterIs]}.get(kind, [FilterFrom, FilterUntil] if kind in BOUNDED else [])])
        for kind, filters in fab_filters.SQLAFilterConverter.conversion_table
    )


def typed_value(datamodel: Any, name: str, text: Any, *, end_of_day: bool = False) -> Any:
    """Text out of an address as a value of this column, or None when it is none."""
    if not isinstance(text, str):
        return text
    try:
        if datamodel.is_boolean(name):
            return {"y": True, "n": False}.get(text)
        if datamodel.is_enum(name):
            return text if text in datamodel.list_columns[name].type.enums else None
        if datamodel.is_integer(name):
            number = int(text)
            return number if abs(number) < 2**31 else None
        if datamodel.is_numeric(name) or datamodel.is_float(name):
            amount = Decimal(text.replace(",", "."))
            return amount if amount.is_finite() else None
        day = date.fromisoformat(text)
    except (ValueError, InvalidOperation):
        return None
    if not datamodel.is_datetime(name):
        return day
    moment = datetime.combine(day, time.max if end_of_day else time.min)
    return moment.replace(tzinfo=get_timezone()) if isinstance(datamodel.list_columns[name].type, Instant) else moment
