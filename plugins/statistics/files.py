"""The numbers as files: Excel, or the main table as CSV."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.api import _, show_gender, stream, write_csv, write_sheets
from plugins.statistics.dimensions import band_title
from plugins.statistics.models import Snapshot, SnapshotClub, SnapshotMember, SnapshotNumber
from plugins.statistics.services.clubs import ClubEvolution
from plugins.statistics.services.evolution import Evolution
from plugins.statistics.services.snapshots import ComparedSheet, clubs_in, describe, sheets_of
from plugins.statistics.suppression import LEAST

Sheet = tuple[str, Sequence[Any], Iterable[Sequence[Any]]]


def too_small() -> str:
    return _("fewer than %(number)s", number=LEAST)


def shown(number: int | None) -> Any:
    return too_small() if number is None else number


def as_bytes(sheets: Sequence[Sheet]) -> bytes:
    """A small workbook, for an answer to a request."""
    with tempfile.TemporaryDirectory(prefix="koepel-statistics-") as folder:
        path = Path(folder) / "numbers.xlsx"
        write_sheets(path, sheets)
        return path.read_bytes()


def as_csv(sheet: Sheet) -> bytes:
    """One table, for a program that reads no Excel."""
    _title, headers, rows = sheet
    with tempfile.TemporaryDirectory(prefix="koepel-statistics-") as folder:
        path = Path(folder) / "numbers.csv"
        write_csv(path, headers, rows)
        return path.read_bytes()


def evolution_sheets(found: Evolution, title: str = "") -> list[Sheet]:
    headers = [found.dimension.title, *(sample.title for sample in found.samples)]
    rows = [[group.title, *map(shown, group.numbers)] for group in found.groups]
    together = [] if found.dimension.key == "all" else [[_("Together"), *map(shown, found.totals)]]
    days = [[sample.title, sample.day] for sample in found.samples]
    return [(title or _("Members"), headers, rows + together), (_("Days"), [_("Column"), _("Counted on")], days)]


def club_sheets(found: ClubEvolution) -> list[Sheet]:
    titles = [season.sample.title for season in found.seasons]
    seasons = [[s.sample.title, s.sample.day, s.affiliated, s.joined, s.left, shown(s.members)] for s in found.seasons]
    clubs = [
        [club.number, club.name, _("Yes") if club.is_affiliated else _("No"), *map(shown, club.numbers), shown(club.difference)] for club in found.clubs
    ]
    return [
        (_("Clubs"), [_("Season"), _("Counted on"), _("Affiliated"), _("Joined"), _("Left"), _("Members")], seasons),
        (_("Members by club"), [_("Club number"), _("Club"), _("Affiliated"), *titles, _("Difference")], clubs),
    ]


def compared_sheets(before: Snapshot, after: Snapshot, sheets: Sequence[ComparedSheet]) -> list[Sheet]:
    headers = [describe(before), describe(after), _("Difference")]
    return [(sheet.title, ["", *headers], [[row.title, row.before, row.after, row.difference] for row in sheet.rows]) for sheet in sheets]


# --- a snapshot -----------------------------------------------------------------------------------------


def snapshot_sheets(snapshot: Snapshot, *, with_members: bool) -> list[Sheet]:
    """What it is, a sheet per table, the clubs, the numbers per club, and when asked the list of members."""
    facts: list[list[Any]] = [
        [_("Name"), snapshot.name],
        [_("Reference date"), snapshot.reference_on],
        [_("Taken on"), snapshot.taken_at.strftime("%d/%m/%Y %H:%M UTC") if snapshot.taken_at else ""],
        [_("Clubs"), snapshot.clubs],
        [_("Members"), snapshot.members],
        [_("Checksum (SHA-256)"), snapshot.checksum],
        [_("Names are kept until"), snapshot.names_until],
    ]
    found: list[Sheet] = [(_("Snapshot"), [_("What"), _("Value")], facts)]
    found += [(sheet.title, [sheet.title, _("How many")], [[title, number] for _key, title, number in sheet.rows]) for sheet in sheets_of(snapshot)]
    clubs = [[club.number, club.name, club.region, club.town, club.members] for club in clubs_in(snapshot)]
    found.append((_("Clubs"), [_("Club number"), _("Club"), _("Region"), _("Town"), _("Members")], clubs))
    found.append((_("Numbers per club"), [_("Club number"), _("Club"), _("Table"), _("Value"), _("How many")], _per_club(snapshot)))
    if with_members:
        answers = {sheet["key"]: sheet["title"] for sheet in snapshot.sheets if "." in sheet["key"]}
        headers = [
            _("Club number"), _("Club"), _("Family name"), _("First name"), _("Birth date"), _("Age"), _("Gender"), _("Postcode"), _("Town"),
            _("Membership type"), *answers.values(),
        ]  # fmt: skip
        found.append((_("List of members"), headers, _members(snapshot, list(answers))))
    return found


def _per_club(snapshot: Snapshot) -> Iterator[list[Any]]:
    n, c = SnapshotNumber, SnapshotClub
    titles = {sheet["key"]: sheet["title"] for sheet in snapshot.sheets}
    query = (
        select(c.number.label("club_number"), c.name, n.sheet, n.title, n.number)
        .join(c, (c.snapshot_id == n.snapshot_id) & (c.club_id == n.club_id))
        .where(n.snapshot_id == snapshot.id)
        .order_by(n.id)
    )
    for row in stream(query):
        yield [row.club_number, row.name, titles.get(row.sheet, row.sheet), row.title, row.number]


def _members(snapshot: Snapshot, answers: Sequence[str]) -> Iterator[list[Any]]:
    m, c = SnapshotMember, SnapshotClub
    query = (
        select(
            c.number, c.name, m.contact_id, m.last_name, m.first_name, m.birth_date, m.band, m.gender, m.postcode, m.town, m.type_title, m.answers
        )
        .join(c, (c.snapshot_id == m.snapshot_id) & (c.club_id == m.club_id))
        .where(m.snapshot_id == snapshot.id)
        .order_by(m.id)
    )  # fmt: skip
    forgotten = _("Forgotten")
    bands: dict[str, str] = {}
    for row in stream(query):
        band = bands.setdefault(row.band, band_title(row.band))
        said = [(row.answers or {}).get(key, "") for key in answers]
        name = [row.last_name, row.first_name] if row.contact_id is not None else [forgotten, ""]
        yield [row.number, row.name, *name, row.birth_date, band, show_gender(row.gender), row.postcode, row.town, row.type_title, *said]
