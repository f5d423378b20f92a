"""How long a membership lasts, day by day."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from plugins.memberships.durations import MonthDay, Period, period_for, season_period


def kind(duration: str, start: str = "", end: str = "", transfer: str = "", length: int | None = None, unit: str | None = None) -> SimpleNamespace:
    def day(text: str) -> MonthDay | None:
        return MonthDay.parse(text) if text else None

    return SimpleNamespace(duration=duration, period_start=day(start), period_end=day(end), transfer_on=day(transfer), length=length, length_unit=unit)


CHOIR = kind("season_bound", "10-01", "09-30")
SPORT_YEAR = kind("season_bound", "01-01", "12-31")
SUMMER = kind("season_bound", "06-01", "08-31")
TRANSFER = kind("fixed_end", end="12-31", transfer="09-01")
PLAIN_END = kind("fixed_end", end="12-31")


@pytest.mark.covers("R146", "R147")
@pytest.mark.parametrize(
    "what, begins, period",
    [
        (CHOIR, date(2026, 10, 1), Period(date(2026, 10, 1), date(2027, 9, 30), "2026-2027")),
        (CHOIR, date(2027, 9, 30), Period(date(2027, 9, 30), date(2027, 9, 30), "2026-2027")),
        (CHOIR, date(2027, 3, 11), Period(date(2027, 3, 11), date(2027, 9, 30), "2026-2027")),
        (SPORT_YEAR, date(2027, 3, 11), Period(date(2027, 3, 11), date(2027, 12, 31), "2027")),
        (SUMMER, date(2027, 3, 11), Period(date(2027, 6, 1), date(2027, 8, 31), "2027")),
        (SUMMER, date(2027, 9, 1), Period(date(2028, 6, 1), date(2028, 8, 31), "2028")),
        (TRANSFER, date(2027, 9, 1), Period(date(2027, 9, 1), date(2027, 12, 31), "2027")),
        (TRANSFER, date(2027, 9, 2), Period(date(2027, 9, 2), date(2028, 12, 31), "2028")),
        (PLAIN_END, date(2027, 12, 31), Period(date(2027, 12, 31), date(2027, 12, 31), "2027")),
        (kind("continuous"), date(2024, 2, 15), Period(date(2024, 2, 15), None)),
        (kind("fixed_duration", length=30, unit="days"), date(2027, 1, 1), Period(date(2027, 1, 1), date(2027, 1, 30))),
        (kind("fixed_duration", length=12, unit="months"), date(2027, 3, 15), Period(date(2027, 3, 15), date(2028, 3, 14))),
        (kind("fixed_duration", length=1, unit="months"), date(2027, 1, 31), Period(date(2027, 1, 31), date(2027, 2, 28))),
    ],
)
def test_a_membership_begun_on_a_day_ends_as_its_type_says(what: SimpleNamespace, begins: date, period: Period) -> None:
    assert period_for(what, begins) == period


@pytest.mark.parametrize(
    "what, text, period",
    [
        (CHOIR, "2026-2027", Period(date(2026, 10, 1), date(2027, 9, 30), "2026-2027")),
        (CHOIR, "2026/27", Period(date(2026, 10, 1), date(2027, 9, 30), "2026-2027")),
        (CHOIR, "2026", Period(date(2026, 10, 1), date(2027, 9, 30), "2026-2027")),
        (CHOIR, "2026-2028", None),
        (SPORT_YEAR, "2027", Period(date(2027, 1, 1), date(2027, 12, 31), "2027")),
        (TRANSFER, "2027", Period(date(2027, 1, 1), date(2027, 12, 31), "2027")),
        (CHOIR, "soon", None),
        (kind("continuous"), "2027", None),
    ],
)
def test_a_season_in_words_is_a_period(what: SimpleNamespace, text: str, period: Period | None) -> None:
    assert season_period(what, text) == period


def test_a_day_that_no_year_has_is_refused() -> None:
    with pytest.raises(ValueError, match="no such day"):
        MonthDay(2, 30)
