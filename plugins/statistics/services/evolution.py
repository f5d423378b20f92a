"""How many there are on a row of days, and of what kind: members of a federation, or what another plugin counts.

One statement, whatever the number of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, not_, or_, select

from core.api import Affiliation, Organisation, db
from plugins.memberships.api import FederationMember
from plugins.statistics.counted import MEMBERS, Counted, Measure
from plugins.statistics.dimensions import UNKNOWN, Dimension, band_of
from plugins.statistics.periods import Sample
from plugins.statistics.suppression import hide_small


@dataclass(frozen=True)
class Group:
    """Members with something in common, on each of the days; None is a number too small to show."""

    key: str
    title: str
    numbers: list[int | None]


@dataclass(frozen=True)
class Evolution:
    samples: Sequence[Sample]
    dimension: Dimension
    groups: list[Group] = field(default_factory=list)
    #: everybody together: less than the groups when somebody counts in several
    totals: list[int | None] = field(default_factory=list)
    has_hidden: bool = False


def evolution(
    samples: Sequence[Sample], dimension: Dimension, federation: Organisation, *, hides_small: bool, counted: Counted = MEMBERS, measure: Measure | None = None
) -> Evolution:
    """Members (or what is `counted`) of affiliated clubs on each of these days. A region sees its own clubs.

    hides_small: for somebody who may not see the members themselves.
    """
    by_value, totals = count(samples, dimension, federation, counted=counted, measure=measure)
    order = {key: place for place, key in enumerate(dimension.order)}
    keys = sorted(by_value, key=lambda key: (order.get(key, len(order)), -by_value[key][-1], dimension.title_of(key)))
    rows = [by_value[key] for key in keys]
    shown: list[list[int | None]] = hide_small(rows, adds_up=not dimension.is_many) if hides_small else [list(row) for row in rows]
    groups = [Group(key, dimension.title_of(key), numbers) for key, numbers in zip(keys, shown, strict=True)]
    together: list[int | None] = hide_small([totals])[0] if hides_small else list(totals)
    return Evolution(samples, dimension, groups, together, any(number is None for row in (*shown, together) for number in row))


def count(
    samples: Sequence[Sample], dimension: Dimension, federation: Organisation, *, counted: Counted = MEMBERS, measure: Measure | None = None
) -> tuple[dict[str, list[int]], list[int]]:
    """Numbers per group, and of everybody."""
    changes: dict[Any, list[int]] = defaultdict(lambda: [0] * (len(samples) + 1))
    for value, first, stop, number in db.session.execute(_statement(samples, dimension, federation, counted, measure)):
        changes[value][first] += int(number)
        changes[value][stop] -= int(number)
    found: dict[str, list[int]] = defaultdict(lambda: [0] * len(samples))
    totals = [0] * len(samples)
    for value, change in changes.items():
        numbers = list(accumulate(change[:-1]))
        totals = [total + number for total, number in zip(totals, numbers, strict=True)]
        for key, part in _shares(dimension, value, numbers, samples):
            found[key] = [old + new for old, new in zip(found[key], part, strict=True)]
    return dict(found), totals


def _shares(dimension: Dimension, value: Any, numbers: list[int], samples: Sequence[Sample]) -> Iterator[tuple[str, list[int]]]:
    """To which groups a value belongs; an age grows with the days."""
    if dimension.key != "age" or value is None:
        yield from ((key, numbers) for key in dimension.parts(value))
        return
    bands = [band_of(sample.day.year - int(value)) for sample in samples]
    for band in dict.fromkeys(bands):
        yield band, [number if here == band else 0 for number, here in zip(numbers, bands, strict=True)]


def _statement(samples: Sequence[Sample], dimension: Dimension, federation: Organisation, counted: Counted, measure: Measure | None) -> Select[Any]:
    """Rows (value, place of the first day it counts, place of the first day it no longer counts, how many)."""
    m, a, p, end = counted.model, Affiliation, FederationMember, len(samples)
    amount = literal(1) if measure is None or measure.amount is None else measure.amount
    first = case(*((and_(counted.begun(s.day), a.from_on <= s.day), place) for place, s in enumerate(samples)), else_=end)
    stop = case(*((or_(not_(counted.goes_on(s.day)), a.until_on < s.day), place) for place, s in enumerate(samples)), else_=end)
    inner = (
        select(dimension.expression.label("value"), first.label("first"), stop.label("stop"), amount.label("amount"))
        .select_from(m)
        .join(a, and_(a.organisation_id == m.organisation_id, a.federation_id == m.federation_id))
        .where(m.federation_id == federation.id, *counted.where, counted.begun(samples[-1].day), counted.goes_on(samples[0].day))
    )
    if dimension.person:
        inner = inner.outerjoin(p, and_(p.organisation_id == m.organisation_id, p.federation_id == m.federation_id, p.contact_id == m.contact_id))
    rows = inner.subquery()
    number = func.sum(rows.c.amount)
    return select(rows.c.value, rows.c.first, rows.c.stop, number).where(rows.c.first < rows.c.stop).group_by(rows.c.value, rows.c.first, rows.c.stop)


def biggest(groups: Sequence[Group], number: int) -> list[Group]:
    """The groups with most members on the last day, in their own order; those nobody is in are left out."""
    by_size = sorted(groups, key=lambda group: -(group.numbers[-1] or 0))
    kept = {group.key for group in by_size[:number] if any(group.numbers)}
    return [group for group in groups if group.key in kept]


__all__ = ["UNKNOWN", "Evolution", "Group", "biggest", "count", "evolution"]
