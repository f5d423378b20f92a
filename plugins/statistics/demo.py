"""Demo data: the declarations of the last two years."""

from __future__ import annotations

from datetime import date
from typing import Any

from plugins.statistics.periods import reference_day
from plugins.statistics.services import start_snapshot, take_snapshot


def seed(world: Any) -> None:
    """Two snapshots on the reference day of the federation, so that they can be compared."""
    with world.inside(world.federation) as actor:
        last: date = reference_day(world.federation).on_or_before(world.today)
        for year in (last.year - 1, last.year):
            pk = start_snapshot(
                name=f"Jaarlijkse aangifte {year}",
                reference_on=last.replace(year=year),
                note="Voor Sport Vlaanderen, zoals het decreet vraagt.",
                actor=actor,
                with_job=False,
            ).id
            take_snapshot(pk, actor=actor)
