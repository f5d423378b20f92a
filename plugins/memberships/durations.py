"""How long a membership of some type lasts. Pure functions on dates, no database."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Protocol

from dateutil.relativedelta import relativedelta

Duration = Literal["season_bound", "continuous", "fixed_end", "fixed_duration"]
DURATIONS: tuple[Duration, ...] = ("season_bound", "continuous", "fixed_end", "fixed_duration")
_SEASON = re.compile(r"(\d{4})(?:\s*[-/\u2013]\s*(\d{4}|\d{2}))?$")


@dataclass(frozen=True, order=True)
class MonthDay:
    """A day that comes back every year, such as 1 September. Written "09-01"."""

    month: int
    day: int

    def __post_init__(self) -> None:
        if not 1 <= self.month <= 12 or not 1 <= self.day <= calendar.monthrange(2024, self.month)[1]:
            raise ValueError(f"no such day in any year: {self.day}/{self.month}")

    @classmethod
    def parse(cls, text: str) -> MonthDay:
        month, day = text.split("-")
        return cls(int(month), int(day))

    def __str__(self) -> str:
        return f"{self.month:02}-{self.day:02}"

    def in_year(self, year: int) -> date:
        """This day in `year`; 29 February is 28 February in a common year."""
        return date(year, self.month, min(self.day, calendar.monthrange(year, self.month)[1]))

    def on_or_after(self, day: date) -> date:
        here = self.in_year(day.year)
        return here if here >= day else self.in_year(day.year + 1)

    def on_or_before(self, day: date) -> date:
        here = self.in_year(day.year)
        return here if here <= day else self.in_year(day.year - 1)


class Lasting(Protocol):
    """What a membership type says about duration (see models/types.py)."""

    duration: str
    period_start: MonthDay | None
    period_end: MonthDay | None
    transfer_on: MonthDay | None
    length: int | None
    length_unit: str | None


@dataclass(frozen=True)
class Period:
    """From the first to the last day that counts; `ends_on` None: until somebody ends it."""

    starts_on: date
    ends_on: date | None
    season: str = ""

    def overlaps(self, other: Period) -> bool:
        return (other.ends_on is None or self.starts_on <= other.ends_on) and (self.ends_on is None or other.starts_on <= self.ends_on)


def period_for(kind: Lasting, day: date) -> Period:
    """The period of a membership of this type that somebody begins on `day`.

    - season_bound: to the end of the season; a day between two seasons moves to the next start.
    - continuous: without end.
    - fixed_end: to the fixed day, or that of the year after when `day` lies after the transfer date.
    - fixed_duration: so many days or months, the first day included.
    """
    if kind.duration == "season_bound":
        return _season_of(kind, day)
    if kind.duration == "fixed_end":
        ends_on = _fixed_end(kind, day)
        return Period(day, ends_on, _year_text(_first_day(kind, ends_on), ends_on))
    if kind.duration == "fixed_duration":
        return Period(day, _after(day, kind.length or 0, kind.length_unit or "months"))
    return Period(day, None)


def season_period(kind: Lasting, text: str) -> Period | None:
    """The whole period that a season text such as "2026-2027" or "2026" means for this type.

    None when the text is no season, or this type has no seasons.
    """
    found = _SEASON.match(text.strip())
    if not found or kind.period_end is None or kind.duration not in ("season_bound", "fixed_end"):
        return None
    first = int(found[1])
    if kind.duration == "season_bound":
        starts_on = _known(kind.period_start).in_year(first)
        ends_on = kind.period_end.on_or_after(starts_on)
    else:
        ends_on = kind.period_end.in_year(first)
        if found[2] and _first_day(kind, ends_on).year < ends_on.year:
            ends_on = kind.period_end.in_year(first + 1)
        starts_on = _first_day(kind, ends_on)
    period = Period(starts_on, ends_on, _year_text(starts_on, ends_on))
    said_last = int(found[2]) % 100 if found[2] else None
    return period if said_last in (None, ends_on.year % 100) else None


def _season_of(kind: Lasting, day: date) -> Period:
    first, last = _known(kind.period_start), _known(kind.period_end)
    start = first.on_or_before(day)
    end = last.on_or_after(start)
    if end < day:  # between two seasons
        start = first.on_or_after(day)
        return Period(start, last.on_or_after(start), _year_text(start, last.on_or_after(start)))
    return Period(day, end, _year_text(start, end))


def _fixed_end(kind: Lasting, day: date) -> date:
    last = _known(kind.period_end)
    end = last.on_or_after(day)
    if kind.transfer_on is not None and day > kind.transfer_on.on_or_before(end) >= _first_day(kind, end):
        return last.in_year(end.year + 1)
    return end


def _after(day: date, length: int, unit: str) -> date:
    if unit == "days":
        return day + timedelta(days=length - 1)
    same_day = day + relativedelta(months=length)
    # begun on the 31st, there may be no 31st to stop before: then the month is full
    return same_day if same_day.day < day.day else same_day - timedelta(days=1)


def _first_day(kind: Lasting, ends_on: date) -> date:
    """First day of the year that ends on `ends_on`."""
    return _known(kind.period_end).in_year(ends_on.year - 1) + timedelta(days=1)


def _known(day: MonthDay | None) -> MonthDay:
    if day is None:
        raise ValueError("a type of this duration needs its days")
    return day


def _year_text(starts_on: date, ends_on: date) -> str:
    return str(ends_on.year) if starts_on.year == ends_on.year else f"{starts_on.year}-{ends_on.year}"
