"""The lines and bars of the charts: where they stand, worked out here and drawn by the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plugins.statistics.services.evolution import Evolution, Group, biggest

#: lines that can still be told apart
MOST_LINES = 6
WIDTH, HEIGHT = 900, 300
#: the width of the drawing for a phone
NARROW = 400
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 22, 38
#: room along the foot for a title
TITLE_ROOM = 130
STEPS = 4


@dataclass(frozen=True)
class Line:
    """One group: its points as SVG wants them, and the place of its last one."""

    group: Group
    points: str
    x: float
    y: float


@dataclass(frozen=True)
class Mark:
    """A word along a side of the chart."""

    at: float
    text: str
    number: int = 0


@dataclass(frozen=True)
class Chart:
    lines: list[Line]
    rows: list[Mark]
    titles: list[Mark]
    #: groups that are in the table only
    left_out: int = 0
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT

    @property
    def right(self) -> int:
        return self.width - RIGHT


def chart_of(found: Evolution, *, width: int = WIDTH) -> Chart | None:
    """The biggest groups as lines on one scale from zero; None when there is nobody."""
    groups = biggest(found.groups, MOST_LINES)
    top = max((number or 0 for group in groups for number in group.numbers), default=0)
    if not top:
        return None
    top = _round_up(top)
    last = max(1, len(found.samples) - 1)

    def across(place: int) -> float:
        return round(LEFT + (width - LEFT - RIGHT) * place / last, 1)

    def up(number: int) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * number / top, 1)

    lines = []
    for group in groups:
        points = [(across(place), up(number or 0)) for place, number in enumerate(group.numbers)]
        lines.append(Line(group, " ".join(f"{x},{y}" for x, y in points), *points[-1]))
    every = -(-len(found.samples) * TITLE_ROOM // (width - LEFT - RIGHT))
    titles = [Mark(across(place), sample.title) for place, sample in enumerate(found.samples) if (last - place) % every == 0]
    rows = [Mark(up(top * step // STEPS), "", top * step // STEPS) for step in range(STEPS + 1)]
    return Chart(lines, rows, titles, sum(any(group.numbers) for group in found.groups) - len(groups), width)


def _round_up(number: int) -> int:
    """A round number at least as large, that has four whole parts."""
    step = 4
    while True:
        for times in (1, 2, 3, 5):
            if step * times >= number:
                return step * times
        step *= 10


def shares(numbers: Sequence[int | None]) -> list[float]:
    """Length of the bar behind each number, in percent of the largest."""
    largest = max((number or 0 for number in numbers), default=0)
    return [round(100 * (number or 0) / largest, 1) if largest else 0.0 for number in numbers]
