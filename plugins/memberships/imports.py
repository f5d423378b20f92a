"""Memberships in the import of contacts: a set of columns per federation of the club."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from core import clock
from core.access import Actor, current_actor
from core.audit.services import Record, record_many
from core.contacts.names import fold
from core.db import chunks, db, insert_rows, is_one_of, update_rows
from core.errors import UserMistake
from core.fields import imports as field_imports
from core.i18n import _
from core.imports import values as cells
from core.imports.columns import CellMistake, ImportColumn, ImportWriter
from core.organisations.models import Organisation
from core.web.context import current_organisation
from plugins.memberships import services
from plugins.memberships.models import Membership, MembershipEvent, MembershipType
from plugins.memberships.services import Wish
from plugins.memberships.services.extra import fields_of
from plugins.memberships.services.reading import title_of, today
from plugins.memberships.services.requesting import period_of

#: titles people give these columns, in any language
_WORDS = {
    "type": (
        "lidmaatschapstype|lidmaatschap type|type lidmaatschap|lidmaatschap|membership type|membership|type d'affiliation|affiliation"
        "|mitgliedschaftstyp|art der mitgliedschaft|mitgliedschaft"
    ),
    "from_on": (
        "lidmaatschap startdatum|startdatum lidmaatschap|lid sinds|membership start date|membership start|date de début de l'affiliation"
        "|affiliation date de début|mitgliedschaft startdatum|mitgliedschaft beginn"
    ),
    "until_on": (
        "lidmaatschap einddatum|einddatum lidmaatschap|lid tot|membership end date|membership end|date de fin de l'affiliation"
        "|affiliation date de fin|mitgliedschaft enddatum|mitgliedschaft ende"
    ),
    "season": "lidmaatschap seizoen|seizoen|membership season|season|affiliation saison|saison|mitgliedschaft saison",
}


@dataclass(frozen=True)
class Source:
    """One federation of the club, with the types it offers."""

    federation: Organisation
    kinds: tuple[MembershipType, ...]
    is_only: bool

    @property
    def name(self) -> str:
        """Of its writer, and the start of the names of its columns."""
        return f"membership.{self.federation.slug}"

    def column_name(self, part: str) -> str:
        return f"{self.name}.{part}"


def sources() -> list[Source]:
    """The federations this club can ask memberships of."""
    offered = [(owner, kinds) for owner, kinds in services.types_on_offer() if owner.kind == "federation"]
    return [Source(owner, tuple(kinds), len(offered) == 1) for owner, kinds in offered]


def import_columns() -> list[ImportColumn]:
    if current_organisation().kind != "club" or not current_actor().can("memberships.write"):
        return []
    return [column for number, source in enumerate(sources()) for column in _columns(source, 700 + 50 * number)]


def import_writers() -> list[ImportWriter]:
    if current_organisation().kind != "club" or not current_actor().can("memberships.write"):
        return []
    return [_Writer(source).as_writer() for source in sources()]


# --- columns -----------------------------------------------------------------------------------------


def _columns(source: Source, position: int) -> list[ImportColumn]:
    name = source.federation.name
    first = clock.today()
    parts: tuple[tuple[str, str, Callable[[str], Any], str], ...] = (
        ("type", _("%(federation)s membership type", federation=name), _type_parser(source), title_of(source.kinds[0])),
        ("from_on", _("%(federation)s membership start date", federation=name), cells.parse_date, f"{first.day:02}/{first.month:02}/{first.year}"),
        ("until_on", _("%(federation)s membership end date", federation=name), cells.parse_date, ""),
        ("season", _("%(federation)s membership season", federation=name), _season, ""),
    )
    group = _("Membership (%(federation)s)", federation=name)
    made = [
        ImportColumn(
            source.column_name(part),
            label,
            part,
            parse,
            _synonyms(source, part),
            example,
            writes=source.name,
            group=group,
            choices=_type_choices(source) if part == "type" else None,
            position=position + number,
        )
        for number, (part, label, parse, example) in enumerate(parts)
    ]
    keys = {d.key for kind in source.kinds for d in fields_of(kind, current_organisation())}
    for number, column in enumerate(field_imports.columns("membership")):
        if column.attribute in keys:
            made.append(_of_field(source, column, group, position + 10 + number))
    return made


def _of_field(source: Source, column: ImportColumn, group: str, position: int) -> ImportColumn:
    words = (str(column.label), *column.synonyms)
    prefixed = tuple(f"{source.federation.name} {word}" for word in words)
    return replace(
        column,
        name=source.column_name(column.attribute),
        label=f"{source.federation.name} {column.label}",
        synonyms=(*prefixed, *(words if source.is_only else ())),
        writes=source.name,
        group=group,
        position=position,
        required=False,
    )


def _synonyms(source: Source, part: str) -> tuple[str, ...]:
    words = tuple(_WORDS[part].split("|"))
    return (*(f"{source.federation.name} {word}" for word in words), *(words if source.is_only else ()))


def _type_choices(source: Source) -> Callable[[], Sequence[tuple[str, str]]]:
    return lambda: [(title_of(kind), title_of(kind)) for kind in source.kinds]


def _type_parser(source: Source) -> Callable[[str], int]:
    """By name in any language, or by key."""
    known: dict[str, int] = {}
    titles: dict[int, str] = {}
    for kind in source.kinds:
        titles[kind.id] = title_of(kind)
        for word in (*(kind.name or {}).values(), kind.key, kind.key.replace("_", " "), str(kind.id)):
            known.setdefault(fold(word), kind.id)

    def parse(text: str) -> int:
        typed = fold(text)
        if typed in known:
            return known[typed]
        near = {pk for word, pk in known.items() if typed and (word.startswith(typed) or typed in word)}
        suggestion = titles[near.pop()] if len(near) == 1 else None
        raise CellMistake(_("Choose one of these: %(names)s.", names=", ".join(titles.values())), suggestion)

    return parse


def _season(text: str) -> str:
    return cells.parse_text(text, longest=20) or ""


# --- writing -----------------------------------------------------------------------------------------


class _Writer:
    """Asks memberships at one federation for the rows of an import."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.kinds = {kind.id: kind for kind in source.kinds}
        self.start = len(source.name) + 1

    def as_writer(self) -> ImportWriter:
        title = _("Request memberships at %(federation)s", federation=self.source.federation.name)
        return ImportWriter(self.source.name, title, self.check, self.write, self.undo)

    def _parts(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name[self.start :]: value for name, value in values.items()}

    def _wish(self, contact_id: int, values: Mapping[str, Any]) -> Wish:
        parts = self._parts(values)
        own = {name: parts.pop(name, None) for name in ("from_on", "until_on", "season")}
        return Wish(contact_id, self.kinds[parts.pop("type")], extra=parts, **own)

    def check(self, values: Mapping[str, Any], _contact: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What is wrong across the cells of one row. A row with no cell of ours asks nothing."""
        parts, column = self._parts(values), self.source.column_name
        if parts.get("type") not in self.kinds:
            return [(column("type"), _("Fill in the membership type, or empty the other membership cells."))]
        if parts.get("from_on") is None and not parts.get("season"):
            return [(column("from_on"), _("Fill in the start date of the membership."))]
        found = [
            (column(d.key), _("Fill in %(label)s.", label=d.title.lower()))
            for d in fields_of(self.kinds[parts["type"]], current_organisation())
            if d.required and parts.get(d.key) in (None, "", [])
        ]
        try:
            period_of(self._wish(0, values), today())
        except UserMistake as mistake:
            found.append((column(mistake.field or "from_on"), str(mistake)))
        return found

    def write(self, rows: Sequence[tuple[int, Mapping[str, Any]]], import_id: int, *, actor: Actor) -> int:
        """Ask for all of them in a few statements. What a person has already is not asked twice."""
        outcome = services.request_memberships([self._wish(contact_id, values) for contact_id, values in rows], actor=actor, import_id=import_id)
        refused = [
            Record("membership.not_requested", "contact", rows[place][0], None, str(mistake))
            for place, mistake in outcome.mistakes.items()
            if place not in outcome.doubles
        ]
        record_many(refused, actor=actor)
        return len(outcome.made)

    def undo(self, import_id: int, *, actor: Actor) -> Mapping[int, str] | None:
        """Take back what nobody decided on or changed since."""
        m = Membership
        rows = db.session.execute(
            select(m.id, m.version, m.contact_id, m.type_id, m.status).where(m.import_id == import_id, m.federation_id == self.source.federation.id)
        ).all()
        acts = _last_acts([row.id for row in rows])
        mine = [row for row in rows if acts.get(row.id) == "requested" and row.status != "withdrawn"]
        _withdraw(mine, self.source.federation.id, actor)
        left = {row.contact_id for row in rows if row.status not in ("withdrawn", "refused")} - {row.contact_id for row in mine}
        sentence = _("The membership at %(federation)s was decided on or changed since.", federation=self.source.federation.name)
        return dict.fromkeys(left, sentence) or None


def _last_acts(ids: Sequence[int]) -> dict[int, str]:
    """What happened last to each of these memberships."""
    e = MembershipEvent
    found: dict[int, str] = {}
    for part in chunks(ids, 5_000):
        newest = select(func.max(e.id)).where(is_one_of(e.membership_id, part)).group_by(e.membership_id)
        found |= {row.membership_id: row.act for row in db.session.execute(select(e.membership_id, e.act).where(e.id.in_(newest)))}
    return found


def _withdraw(rows: Sequence[Any], federation_id: int, actor: Actor) -> None:
    if not rows:
        return
    now = clock.now()
    update_rows(Membership, [{"id": row.id, "version": row.version, "status": "withdrawn", "changed_at": now} for row in rows])
    insert_rows(
        MembershipEvent,
        [
            {
                "federation_id": federation_id,
                "membership_id": row.id,
                "act": "undo.requested",
                "at": now,
                "actor_name": actor.name[:160],
                "actor_id": actor.user_id,
                "changes": {"status": [row.status, "withdrawn"]},
                "note": _("Import undone"),
            }
            for row in rows
        ],
    )
    record_many([Record("membership.requested_undone", "membership", row.id, {"status": (row.status, "withdrawn")}) for row in rows], actor=actor)
