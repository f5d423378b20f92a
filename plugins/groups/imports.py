"""Groups in the import of contacts: a group and a function per active season."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from core.access import Actor, current_actor
from core.audit.services import Record, record_many
from core.contacts.names import fold
from core.contacts.services import get_contact
from core.db import db
from core.errors import UserMistake
from core.i18n import _
from core.imports.columns import CellMistake, ImportColumn, ImportWriter
from core.web.context import current_organisation
from plugins.groups.models import ClubGroup, GroupMember, Season
from plugins.groups.services.catalogue import terms_of
from plugins.groups.services.joining import put, take_back
from plugins.groups.services.reading import get_group, groups_in
from plugins.groups.services.seasons import seasons_of
from plugins.groups.services.sharing import refresh_groups

#: titles people give these columns, in any language
_WORDS = {
    "group": ("groep", "groepen", "koor", "group", "groupe", "gruppe"),
    "function": ("functie in de groep", "functie", "function", "fonction", "funktion"),
}


@dataclass(frozen=True)
class Source:
    """An active season with its groups."""

    season: Season
    groups: tuple[ClubGroup, ...]
    is_only: bool

    @property
    def name(self) -> str:
        return f"group.{self.season.id}"


def sources() -> list[Source]:
    if current_organisation().kind != "club" or not current_actor().can("groups.write"):
        return []
    seasons = [season for season in seasons_of() if season.is_active]
    return [Source(season, tuple(groups), len(seasons) == 1) for season in seasons if (groups := groups_in(season))]


def import_columns() -> list[ImportColumn]:
    return [column for number, source in enumerate(sources()) for column in _columns(source, 900 + 10 * number)]


def import_writers() -> list[ImportWriter]:
    return [_Writer(source).as_writer() for source in sources()]


def _columns(source: Source, position: int) -> list[ImportColumn]:
    season, functions = source.season.name, terms_of("function")
    names = [(group.name, group.id, (group.name, group.abbreviation)) for group in source.groups]
    words = [(term.title, term.key, (*term.name.values(), term.key)) for term in functions]
    heading = _("Groups of %(season)s", season=season)
    parts: tuple[tuple[str, str, Sequence[Any]], ...] = (
        ("group", _("Group %(season)s", season=season), names),
        ("function", _("Function in the group %(season)s", season=season), words),
    )
    return [
        ImportColumn(
            f"{source.name}.{part}",
            label,
            part,
            _parser(found),
            _synonyms(source, part),
            found[0][0] if found else "",
            writes=source.name,
            group=heading,
            choices=_choices(found),
            position=position + number,
        )
        for number, (part, label, found) in enumerate(parts)
    ]


def _choices(found: Sequence[Any]) -> Callable[[], Sequence[tuple[str, str]]]:
    return lambda: [(title, title) for title, _value, _spellings in found]


def _synonyms(source: Source, part: str) -> tuple[str, ...]:
    """The plain words only when there is no doubt about the season."""
    words = tuple(f"{word} {source.season.name}" for word in _WORDS[part])
    return (*words, *(w for w in _WORDS[part] if w not in ("functie", "function"))) if source.is_only else words


def _parser(found: Sequence[Any]) -> Callable[[str], Any]:
    """By any of its names."""
    known: dict[str, Any] = {}
    for _title, value, spellings in found:
        for spelling in spellings:
            known.setdefault(fold(str(spelling or "")), value)
    titles = {value: title for title, value, _spellings in found}

    def parse(text: str) -> Any:
        typed = fold(text)
        if typed and typed in known:
            return known[typed]
        near = {value for word, value in known.items() if typed and word and (word.startswith(typed) or typed in word)}
        suggestion = titles[near.pop()] if len(near) == 1 else None
        raise CellMistake(_("Choose one of these: %(names)s.", names=", ".join(titles.values())), suggestion)

    return parse


class _Writer:
    """Puts imported people in groups of one season."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.ids = tuple(group.id for group in source.groups)

    def as_writer(self) -> ImportWriter:
        return ImportWriter(self.source.name, _("Put people in groups of %(season)s", season=self.source.season.name), self.check, self.write, self.undo)

    def check(self, values: Mapping[str, Any], _contact: Mapping[str, Any]) -> list[tuple[str, str]]:
        group, function = (values.get(f"{self.source.name}.{part}") for part in ("group", "function"))
        if group is None:
            return [(f"{self.source.name}.group", _("Fill in the group, or empty the function."))]
        if function is None:
            return [(f"{self.source.name}.function", _("Fill in the function: nobody is in a group without one."))]
        return []

    def write(self, rows: Sequence[tuple[int, Mapping[str, Any]]], import_id: int, *, actor: Actor) -> int:
        """Who is in the group with that function already is not put in twice."""
        made, refused, groups = 0, [], {pk: get_group(pk) for pk in self.ids}
        for contact_id, values in rows:
            group, function = values[f"{self.source.name}.group"], values[f"{self.source.name}.function"]
            try:
                put(groups[group], get_contact(contact_id), function, import_id=import_id, actor=actor)
                made += 1
            except UserMistake as mistake:
                if mistake.field != "contact":
                    refused.append(Record("group_member.not_joined", "contact", contact_id, None, str(mistake)))
        record_many(refused, actor=actor)
        refresh_groups(self.ids, actor=actor)
        return made

    def undo(self, import_id: int, *, actor: Actor) -> Mapping[int, str] | None:
        """Take back lines nobody changed since."""
        query = select(GroupMember).where(GroupMember.import_id == import_id, GroupMember.group_id.in_(self.ids), GroupMember.is_void.is_(False))
        left = {}
        for row in db.session.scalars(query).all():
            if row.version > 1:
                left[row.contact_id] = _("The place in the group was changed since.")
            else:
                take_back(row, actor=actor)
        return left or None
