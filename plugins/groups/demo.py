"""Demo data: seasons with groups, copied from year to year as a club does, with people who come and go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from core import clock
from core.access import Actor
from core.audit.services import Record, record_many
from core.contacts.models import Contact
from core.db import insert_rows, reserve_ids
from core.organisations.models import Organisation
from plugins.groups.models import ClubGroup, GroupMember, Season
from plugins.groups.services import add_group, add_season, copy_group, get_group, join, leave, link_group, links_of, members_of, terms_of
from plugins.groups.services.copying import Choices
from plugins.groups.services.reading import label_of
from plugins.groups.services.seasons import activate, prescriptions
from plugins.groups.services.sharing import refresh_links

_NAMES = (("Wandelgroep", "WAN"), ("Bestuur", "BES"))


@dataclass(frozen=True)
class DemoGroup:
    """A group of a demo: `people` are (contact, function key); `extra` and `options` go to the federation it is linked to."""

    values: Mapping[str, Any]
    people: Sequence[tuple[Contact, str]]
    federation: Organisation | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    options: Sequence[str] = ()


def seed_seasons(today: date, years: int, *, actor: Actor) -> list[Season]:
    """So many seasons up to that of today, the oldest first; all are open until close_former()."""
    rules = prescriptions()
    month, day = (rules[0].month, rules[0].day) if rules else (9, 1)
    last = today.year - ((today.month, today.day) < (month, day))
    made = []
    for year in range(last - years + 1, last + 1):
        name, start, end = (
            rules[0].season_from(year) if rules else (f"{year}-{year + 1}", date(year, month, day), date(year + 1, month, day) - timedelta(days=1))
        )
        made.append(add_season({"name": name, "start_on": start, "end_on": end, "is_current": year == last, "is_active": True}, actor=actor))
    return made


def seed_family(today: date, groups: Sequence[DemoGroup], *, years: int = 4, random: Random, actor: Actor) -> list[ClubGroup]:
    """Groups over several seasons, linked where a federation is named; returns those of the last season.

    Call it inside the club. In the first of several seasons half of the people are there; every
    year some come and one leaves. Only the last season stays open.
    """
    seasons = seed_seasons(today, years, actor=actor)
    current = [_first(group, seasons[0], len(group.people) if years == 1 else max(4, len(group.people) // 2), random, actor) for group in groups]
    for season in seasons[1:]:
        current = [copy_group(get_group(group.id), season, Choices(), actor=actor) for group in current]
        for group, wanted in zip(current, groups, strict=True):
            _next_year(group, wanted, season, random, actor)
    for season in seasons[:-1]:
        activate(season, on=False, actor=actor)
    return [get_group(group.id) for group in current]


def _first(wanted: DemoGroup, season: Season, number: int, random: Random, actor: Actor) -> ClubGroup:
    group = add_group(wanted.values, season, actor=actor)
    _put_in(group, [(*person, season.start_on + timedelta(days=random.choice((0, 0, 0, 14, 40)))) for person in wanted.people[:number]], actor)
    if wanted.federation is not None:
        link = link_group(group, wanted.federation, extra=wanted.extra, options=wanted.options if season.is_current else (), actor=actor)
        link.linked_on = season.start_on
    return group


def _put_in(group: ClubGroup, people: Sequence[tuple[Contact, str, date]], actor: Actor) -> None:
    """As `join` does for each of them, in two statements; links are told by who calls this."""
    ids = list(reserve_ids(GroupMember, len(people)))
    rows = [
        {
            "id": pk, "group_id": group.id, "contact_id": contact.id, "function": function, "from_on": from_on, "until_on": None, "rule_id": None,
            "left_at": None, "until_before": None, "is_void": False, "import_id": None, "created_at": clock.now(), "version": 1,
        }
        for pk, (contact, function, from_on) in zip(ids, people, strict=True)
    ]  # fmt: skip
    insert_rows(GroupMember, rows)
    told = {"group": (None, label_of(group))}
    record_many([Record("group_member.joined", "contact", contact.id, {**told, "from_on": (None, day)}) for contact, _f, day in people], actor=actor)


def _next_year(group: ClubGroup, wanted: DemoGroup, season: Season, random: Random, actor: Actor) -> None:
    here = {(row.contact_id, row.function) for row, _contact in members_of(group)}
    waiting = [(contact, function) for contact, function in wanted.people if (contact.id, function) not in here]
    coming = waiting[: max(1, len(waiting) // 2)]
    _put_in(group, [(*person, season.start_on + timedelta(days=random.randrange(1, 50))) for person in coming], actor)
    refresh_links(group, actor=actor)
    leaver = next((row for row, _contact in reversed(members_of(group)) if (row.contact_id, row.function) in here), None)
    if leaver is not None and season.holds(season.start_on + timedelta(days=60)) and not season.is_current:
        leave(leaver, last_day=season.start_on + timedelta(days=random.randrange(60, 200)), actor=actor)
    if season.is_current and wanted.options:
        for link in links_of(group.id):
            if wanted.federation is not None and link.federation_id == wanted.federation.id:
                link_group(group, wanted.federation, extra={}, options=wanted.options, actor=actor)


def seed(world: Any) -> None:
    """Two seasons with a walking group, and the board, in the first clubs of the demo."""
    if world.is_large:
        return
    for club in world.clubs[:4]:
        with world.inside(club) as actor:
            random = world.random_for(f"groups {club.slug}")
            people = world.members_of(club)
            functions = [term.key for term in terms_of("function")]
            walkers = [(contact, functions[0] if number == 0 else functions[-1]) for number, contact in enumerate(people[3:15])]
            seed_family(world.today, [DemoGroup({"name": _NAMES[0][0], "abbreviation": _NAMES[0][1]}, walkers)], years=2, random=random, actor=actor)
            board = add_group({"name": _NAMES[1][0], "abbreviation": _NAMES[1][1]}, None, actor=actor)
            for number, contact in enumerate(people[:4]):
                join(
                    board,
                    contact,
                    functions[0] if number == 0 else functions[-1],
                    from_on=world.today - timedelta(days=random.randrange(100, 900)),
                    actor=actor,
                )
