"""The bars of the chart of members: where they stand and how tall they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plugins.memberships.services.flow import YearOfMembers

FIRST, STEP, GAP, TOP, BARS = 38, 82, 2, 24, 100
#: size of the drawing, with room for a number above and below the bars, and the years
WIDTH, HEIGHT, YEARS_AT = 404, 180, 174


@dataclass(frozen=True, slots=True)
class Bar:
    """One year. `middle` is across; `up` and `down` are heights from the line."""

    of: YearOfMembers
    middle: int
    up: float
    down: float
    is_current: bool


@dataclass(frozen=True, slots=True)
class Chart:
    line: float
    bars: list[Bar]
    width: int = WIDTH
    height: int = HEIGHT
    years_at: int = YEARS_AT


def chart_of(years: Sequence[YearOfMembers]) -> Chart | None:
    """Both directions on one scale, so that heights can be compared; None when nothing happened."""
    tallest, deepest = max(year.new for year in years), max(year.ended for year in years)
    if not tallest + deepest:
        return None
    scale = BARS / (tallest + deepest)
    bars = [
        Bar(year, FIRST + STEP * place, round(year.new * scale, 1), round(year.ended * scale, 1), year is years[-1]) for place, year in enumerate(years)
    ]
    return Chart(round(TOP + tallest * scale + GAP, 1), bars)
