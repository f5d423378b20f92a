"""A published group in words: for the page and, the same, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.fields import services as fields
from core.i18n import current_language, in_own_language
from plugins.groups.finder.listing import Finder, Published
from plugins.groups.finder.searching import Hit
from plugins.groups.services.catalogue import Term

#: roles of the declaration that stand together as an address
ADDRESS = ("place", "street", "postcode", "town")


@dataclass(frozen=True)
class Shown:
    """A group in the language of the reader; `texts` by role, empty ones left out."""

    number: int
    name: str
    #: the club, when it is called differently
    club: str
    type: str
    composition: str
    texts: Mapping[str, str]
    distance: str = ""

    @property
    def kind(self) -> str:
        return " · ".join(part for part in (self.type, self.composition) if part)

    @property
    def when(self) -> str:
        return " ".join(self.texts[role] for role in ("day", "hour") if role in self.texts)

    @property
    def town(self) -> str:
        return " ".join(self.texts[role] for role in ("postcode", "town") if role in self.texts)

    @property
    def address(self) -> list[str]:
        return [line for line in (self.texts.get("place", ""), self.texts.get("street", ""), self.town) if line]

    @property
    def website(self) -> str:
        """Only what a browser can open as a page."""
        address = self.texts.get("website", "")
        return address if address.startswith(("https://", "http://")) else ""


def show(finder: Finder, group: Published, km: float | None = None) -> Shown:
    listing = finder.listing
    texts = {role: fields.show(listing.fields[key], group.values[role]) for role, key in finder.says.shown.items() if role in group.values}
    club = group.club if group.club.casefold() != group.name.casefold() else ""
    kind, composition = _title(listing.types, "type", group.type, group), _title(listing.compositions, "composition", group.composition, group)
    return Shown(group.number, group.name, club, kind, composition, {role: text for role, text in texts.items() if text}, distance_text(km))


def distance_text(km: float | None) -> str:
    """Whole kilometres: the middle of a postcode is no more exact."""
    if km is None:
        return ""
    return "< 1 km" if km < 1 else f"{round(km)} km"


def _title(terms: Sequence[Term], kind: str, key: str | None, group: Published) -> str:
    """The word of the federation; for one that only the club has, the club's."""
    term = next((term for term in terms if term.key == key), None) if key else None
    return term.title if term is not None else in_own_language(dict(group.words.get(kind) or {}))


def labels(finder: Finder) -> dict[str, str]:
    """Role -> what its field is called."""
    return {role: finder.listing.fields[key].title for role, key in finder.says.shown.items() if key in finder.listing.fields}


def as_json(finder: Finder, hit: Hit, address: str) -> dict[str, Any]:
    """The same as on the page, for the website of the federation."""
    shown, group = show(finder, hit.group), hit.group
    middle = group.places[0] if group.places else None
    return {
        "number": shown.number,
        "name": shown.name,
        "club": group.club,
        "type": {"key": group.type, "title": shown.type} if group.type else None,
        "composition": {"key": group.composition, "title": shown.composition} if group.composition else None,
        **{role: shown.texts.get(role) for role in finder.says.shown},
        "near": {"latitude": middle.latitude, "longitude": middle.longitude} if middle is not None else None,
        "distance_km": round(hit.km, 1) if hit.km is not None else None,
        "url": address,
        "language": current_language(),
    }
