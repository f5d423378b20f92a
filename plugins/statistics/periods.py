"""On which days members are counted: the ends of months, seasons or years, or the yearly reference day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.api import Organisation, _, federation_setting, format_date
from plugins.memberships.api import MembershipType, MonthDay

NEW_YEAR = MonthDay(1, 1)
#: what a federation without a reference day of its own is counted on
USUAL_REFERENCE = "04-01"
#: months, seasons and reference days of the list to choose from
CHOICES = ("12m", "24m", "60m", "5y", "10y", "5r", "10r")
USUAL = "24m"


@dataclass(frozen=True)
class Sample:
    """A day on which members are counted. `starts_on`: the first day of its month or season."""

    day: date
    title: str
    starts_on: date


def year_start(types: Sequence[MembershipType]) -> MonthDay:
    """The first day of the season of a federation, as its types say it; the calendar year otherwise."""
    return next((kind.period_start for kind in types if kind.is_active and kind.duration == "season_bound" and kind.period_start), NEW_YEAR)


def reference_day(federation: Organisation) -> MonthDay:
    return MonthDay.parse(str(federation_setting(federation, "core.reference_day") or USUAL_REFERENCE))


def months(today: date, number: int) -> list[Sample]:
    """The last day of each month; of the running month, today."""
    found = []
    first = today.replace(day=1)
    for _each in range(number):
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        found.append(Sample(min(last, today), f"{first:%m/%Y}", first))
        first = (first - timedelta(days=1)).replace(day=1)
    return found[::-1]


def years(today: date, number: int, start: MonthDay) -> list[Sample]:
    """The last day of each season or year; of the running one, today."""
    found = []
    first = start.on_or_before(today)
    for _each in range(number):
        last = start.in_year(first.year + 1) - timedelta(days=1)
        title = str(first.year) if start == NEW_YEAR else f"{first.year}-{first.year + 1}"
        found.append(Sample(min(last, today), title, first))
        first = start.in_year(first.year - 1)
    return found[::-1]


def reference_days(today: date, number: int, day: MonthDay) -> list[Sample]:
    """The reference day of each year up to today."""
    last = day.on_or_before(today)
    found = [day.in_year(last.year - back) for back in range(number)][::-1]
    return [Sample(each, format_date(each), day.in_year(each.year - 1) + timedelta(days=1)) for each in found]


def samples(choice: str, today: date, *, start: MonthDay, reference: MonthDay) -> list[Sample]:
    """The days behind one of CHOICES."""
    number, kind = int(choice[:-1]), choice[-1]
    if kind == "m":
        return months(today, number)
    return years(today, number, start) if kind == "y" else reference_days(today, number, reference)


def choice_titles(start: MonthDay, reference: MonthDay) -> list[tuple[str, str]]:
    """CHOICES in words."""
    is_year = start == NEW_YEAR
    day = f"{reference.day}/{reference.month}"
    return [
        ("12m", _("Last 12 months")),
        ("24m", _("Last 24 months")),
        ("60m", _("Last 60 months")),
        ("5y", _("Last 5 years") if is_year else _("Last 5 seasons")),
        ("10y", _("Last 10 years") if is_year else _("Last 10 seasons")),
        ("5r", _("Last 5 reference days (%(day)s)", day=day)),
        ("10r", _("Last 10 reference days (%(day)s)", day=day)),
    ]
