"""SQL conditions for the usual kinds of filters: each function gives a `Filter.condition`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_

from core import clock

Condition = Callable[[str, Any], Any]


def like_pattern(text: str) -> str:
    """`text` anywhere, with nothing in it taken for a wildcard; goes with escape="/"."""
    escaped = text.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return f"%{escaped}%"


def _spellings(text: str) -> set[str]:
    """SQLite ignores case in plain letters only: accented ones are tried in each case."""
    return {text} if text.isascii() else {text, text.lower(), text.upper(), text.title()}


def contains(expression: Any, text: str) -> Any:
    """Condition "this text is somewhere in the column", whatever the capitals."""
    return or_(*(expression.ilike(like_pattern(spelling), escape="/") for spelling in sorted(_spellings(text))))


def _is(expression: Any, text: str) -> Any:
    return or_(*(func.lower(expression) == func.lower(spelling) for spelling in sorted(_spellings(text))))


def _empty(expression: Any, wanted: bool) -> Any:
    return expression.is_(None) if wanted else expression.is_not(None)


def text_condition(*expressions: Any) -> Condition:
    """"contains" and "is" in any of the expressions; "empty" when all are."""

    def condition(operator: str, value: Any) -> Any:
        if operator == "empty":
            nothing = and_(*(or_(e.is_(None), e == "") for e in expressions))
            return nothing if value else ~nothing
        test = contains if operator == "contains" else _is
        return or_(*(test(e, value) for e in expressions))

    return condition


def choice_condition(expression: Any) -> Condition:
    """One of a fixed set of values."""

    def condition(operator: str, value: Any) -> Any:
        if operator == "empty":
            nothing = or_(expression.is_(None), expression == "")
            return nothing if value else ~nothing
        return expression == value

    return condition


def yes_no_condition(expression: Any) -> Condition:
    """`expression` is itself a condition; "no" also finds rows without an answer."""

    def condition(_operator: str, value: Any) -> Any:
        return func.coalesce(expression, False).is_(value)

    return condition


def number_condition(expression: Any) -> Condition:
    """Condition on a number: is, at least, at most, empty."""

    def condition(operator: str, value: Any) -> Any:
        if operator == "empty":
            return _empty(expression, value)
        return {"is": expression == value, "from": expression >= value, "until": expression <= value}[operator]

    return condition


def date_condition(expression: Any) -> Condition:
    """For dates without a time."""

    def condition(operator: str, value: Any) -> Any:
        if operator == "empty":
            return _empty(expression, value)
        return {"on": expression == value, "from": expression >= value, "until": expression <= value}[operator]

    return condition


def instant_condition(expression: Any) -> Condition:
    """For moments, asked by local day."""

    def condition(operator: str, value: Any) -> Any:
        if operator == "empty":
            return _empty(expression, value)
        start = datetime.combine(value, time(), ZoneInfo(clock.DEFAULT_ZONE))
        end = datetime.combine(value + timedelta(days=1), time(), ZoneInfo(clock.DEFAULT_ZONE))
        on = and_(expression >= start, expression < end)
        return {"on": on, "from": expression >= start, "until": expression < end}[operator]

    return condition


def age_condition(birth_date: Any) -> Condition:
    """Whole years today, for a date of birth."""

    def condition(operator: str, value: Any) -> Any:
        if operator == "empty":
            return _empty(birth_date, value)
        years = max(0, min(int(value), 200))
        youngest, oldest = birth_date <= _years_ago(years), birth_date > _years_ago(years + 1)
        return {"is": and_(youngest, oldest), "from": youngest, "until": oldest}[operator]

    return condition


def _years_ago(years: int) -> Any:
    """The last date of birth of somebody who is `years` old today."""
    today = clock.today()
    try:
        return today.replace(year=today.year - years)
    except ValueError:  # 29 February, in a year without one
        return today.replace(year=today.year - years, day=28)
