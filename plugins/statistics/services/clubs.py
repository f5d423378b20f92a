"""The clubs of a federation over its seasons: how many are affiliated, join and leave, and how each grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from core.api import Affiliation, Organisation, db
from plugins.statistics.dimensions import by_club
from plugins.statistics.periods import Sample
from plugins.statistics.services.evolution import count
from plugins.statistics.suppression import hide_small

#: further than any season
NEVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Season:
    """Clubs on the last day of a season, and those that came and went in it."""

    sample: Sample
    affiliated: int
    joined: int
    left: int
    members: int | None


@dataclass(frozen=True)
class ClubLine:
    """One club: its members at the end of each season; None is a number too small to show."""

    id: int
    name: str
    number: str
    is_affiliated: bool
    numbers: list[int | None]

    @property
    def difference(self) -> int | None:
        """Between the first season with members and the last one."""
        known = [number for number in self.numbers if number]
        first, last = (known[0] if known else 0), self.numbers[-1]
        return None if last is None or self.numbers[0] is None else last - first


@dataclass(frozen=True)
class ClubEvolution:
    seasons: list[Season]
    clubs: list[ClubLine]


@dataclass
class _Club:
    id: int
    name: str
    number: str
    periods: list[tuple[date, date]]

    def counts_on(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.periods)


def club_evolution(samples: Sequence[Sample], federation: Organisation, *, hides_small: bool) -> ClubEvolution:
    """Two statements, whatever the number of clubs. A region sees the clubs that are its own today."""
    clubs = _clubs(federation, samples[-1].day)
    by_value, totals = count(samples, by_club(), federation)
    nothing = [0] * len(samples)
    rows = [by_value.get(str(club.id), nothing) for club in clubs]
    shown: list[list[int | None]] = hide_small(rows) if hides_small else [list(row) for row in rows]
    together: list[int | None] = hide_small([totals])[0] if hides_small else list(totals)
    seasons = [_season(sample, clubs, number) for sample, number in zip(samples, together, strict=True)]
    first_day, last_day = samples[0].starts_on, samples[-1].day
    lines = [
        ClubLine(club.id, club.name, club.number, club.counts_on(last_day), numbers)
        for club, numbers in zip(clubs, shown, strict=True)
        if any(last >= first_day for _first, last in club.periods)
    ]
    return ClubEvolution(seasons, lines)


def _season(sample: Sample, clubs: Sequence[_Club], members: int | None) -> Season:
    first, last = sample.starts_on, sample.day
    return Season(
        sample,
        affiliated=sum(club.counts_on(last) for club in clubs),
        joined=sum(any(first <= start <= last for start, _end in club.periods) for club in clubs),
        # who leaves on the last day of a season is still affiliated on it, and has left the day after
        left=sum(any(first - timedelta(days=1) <= end < last for _start, end in club.periods) for club in clubs),
        members=members,
    )


def _clubs(federation: Organisation, day: date) -> list[_Club]:
    """Every club that was ever affiliated, by name, with its periods joined where one follows on the other."""
    rows = db.session.execute(
        select(Affiliation.organisation_id, Organisation.name, Affiliation.number, Affiliation.from_on, Affiliation.until_on)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(Affiliation.federation_id == federation.id, Affiliation.from_on <= day)
        .order_by(Organisation.name, Affiliation.organisation_id, Affiliation.from_on)
    )
    found: dict[int, _Club] = {}
    for pk, name, number, from_on, until_on in rows:
        club = found.setdefault(pk, _Club(pk, name, "", []))
        club.number = number or club.number
        last = until_on or NEVER
        if club.periods and from_on <= _after(club.periods[-1][1]):
            club.periods[-1] = (club.periods[-1][0], max(club.periods[-1][1], last))
        else:
            club.periods.append((from_on, last))
    return list(found.values())


def _after(day: date) -> date:
    return day if day == NEVER else day + timedelta(days=1)
