"""Small numbers tell who somebody is: they are hidden from whoever may not see the members themselves."""

from __future__ import annotations

from collections.abc import Sequence

LEAST = 5


def hide_small(rows: Sequence[Sequence[int]], *, adds_up: bool = True) -> list[list[int | None]]:
    """Numbers under LEAST become None; nothing, zero, stays.

    rows: one per group, with a number per column. adds_up: the total of each column is shown too,
    so that one hidden number could be worked out: then the next smallest is hidden with it.
    """
    found: list[list[int | None]] = [[None if 0 < number < LEAST else number for number in row] for row in rows]
    if not adds_up or not found:
        return found
    for column in range(len(rows[0])):
        hidden = [place for place, row in enumerate(found) if row[column] is None]
        others = [(rows[place][column], place) for place, row in enumerate(found) if row[column]]
        if len(hidden) == 1 and others:
            found[min(others)[1]][column] = None
    return found
