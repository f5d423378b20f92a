"""Which published groups fit what a stranger asks, the nearest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from core.contacts.names import fold
from core.errors import NotFound, UserMistake
from core.i18n import _
from plugins.groups.finder import places
from plugins.groups.finder.listing import Finder, Published

#: kilometres one can choose; nothing chosen: however far
DISTANCES = (5, 10, 20, 50)
PAGE = 20


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; empty: whatever."""

    where: str = ""
    km: str = ""
    type: str = ""
    composition: str = ""

    def __bool__(self) -> bool:
        return bool(self.where or self.km or self.type or self.composition)


class Hit(NamedTuple):
    """A group that fits; km: how far, as the crow flies, when that is known."""

    group: Published
    km: float | None = None


@dataclass(frozen=True)
class Hits:
    """All that fit, and the place the distance counts from (empty: none was asked)."""

    found: Sequence[Hit]
    near: str = ""

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.found) // PAGE))

    def page(self, number: int) -> Sequence[Hit]:
        return self.found[(number - 1) * PAGE : number * PAGE]


def search(finder: Finder, wanted: Wanted) -> Hits:
    """Those that fit; a UserMistake names the field that is wrong."""
    for kind, key, terms in (("type", wanted.type, finder.listing.types), ("composition", wanted.composition, finder.listing.compositions)):
        if key and key not in {term.key for term in terms}:
            raise UserMistake(_("Choose one of the list."), field=kind)
    if wanted.km and wanted.km not in map(str, DISTANCES):
        raise UserMistake(_("Choose one of the list."), field="km")
    fitting = [group for group in finder.groups if wanted.type in ("", group.type) and wanted.composition in ("", group.composition)]
    if not wanted.where:
        if wanted.km:
            raise UserMistake(_("Fill in a postcode or town too: from there we count."), field="where")
        return Hits([Hit(group) for group in fitting])
    found = places.find(wanted.where)
    if found is None:
        return _by_town(finder, fitting, wanted)
    return Hits(_nearest(fitting, found, float(wanted.km) if wanted.km else None), found.title)


def _nearest(groups: Sequence[Published], near: places.Found, most: float | None) -> list[Hit]:
    """Those within reach; who is as far away stays in the order of the names, and who says no place comes last."""
    away, known, unknown = places.distances_from(near.places), [], []
    for group in groups:
        if not group.places:
            unknown.append(Hit(group))
            continue
        km = min([away[place.postcode] for place in group.places])
        if most is None or km <= most:
            known.append(Hit(group, km))
    return sorted(known, key=itemgetter(1)) + (unknown if most is None else [])


def _by_town(finder: Finder, groups: Sequence[Published], wanted: Wanted) -> Hits:
    """A place that is on no list, as groups may have written it themselves: a hamlet, or one abroad."""
    typed = fold(wanted.where)
    there = [group for group in finder.groups if typed and typed in (fold(str(group.values.get(role, ""))) for role in ("town", "postcode"))]
    if not there:
        raise UserMistake(_("We do not know this postcode or town. Check how it is written, or try one nearby."), field="where")
    return Hits([Hit(group) for group in groups if group in there], wanted.where)


def group_of(finder: Finder, number: int) -> Published:
    """One published group by its number; NotFound for all others, whether they exist or not."""
    found = next((group for group in finder.groups if group.number == number), None)
    if found is None:
        raise NotFound(f"published group {number}")
    return found
