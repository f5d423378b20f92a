"""Taking a snapshot: some clubs at a time, in flat memory. Twice is the same as once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import and_, delete, func, or_, select

from core.api import (
    Actor,
    Affiliation,
    ContactFunction,
    Organisation,
    _,
    chunks,
    current_organisation,
    db,
    failpoint,
    insert_rows,
    is_one_of,
    now,
    record,
    registry,
    require,
    transaction,
    unscoped,
)  # fmt: skip
from plugins.memberships.api import FederationMember, Membership, counts_on
from plugins.statistics.dimensions import UNKNOWN, Dimension, age_in_year, band_of, dimensions
from plugins.statistics.models import SnapshotClub, SnapshotMember, SnapshotNumber
from plugins.statistics.services.snapshots import WRITE, checksum_of, get_snapshot

#: clubs written in one transaction
BATCH = 100
TOTAL, FUNCTION = "total", "function"
Report = Callable[[int, int, str], None]


def silent(_done: int, _total: int, _note: str) -> None:
    """Nobody waits for it."""


@dataclass(frozen=True, slots=True)
class _Club:
    id: int
    name: str
    town: str
    number: str
    region_id: int | None


@dataclass
class _Taking:
    """What is counted while the clubs go by."""

    snapshot_id: int
    day: date
    federation: Organisation
    ways: Sequence[Dimension]
    regions: Mapping[int, str]
    numbers: Counter[tuple[str, str]] = field(default_factory=Counter)
    members: int = 0


def take_snapshot(pk: int, *, actor: Actor, report: Report = silent) -> None:
    """Write down who counts on the reference date. Outside a transaction: it opens small ones."""
    require(actor, WRITE)
    federation = current_organisation()
    with transaction():
        snapshot = get_snapshot(pk, locked=True)
        if snapshot.is_taken:
            return
        day = snapshot.reference_on
        for model in (SnapshotNumber, SnapshotClub, SnapshotMember):
            db.session.execute(delete(model).where(model.snapshot_id == pk).execution_options(synchronize_session=False))
    clubs = _clubs_on(day, federation)
    ways = [way for way in dimensions(federation) if way.key != "all"]
    regions = {row.id: row.name for row in db.session.execute(select(Organisation.id, Organisation.name).where(Organisation.kind == "region"))}
    taking = _Taking(pk, day, federation, ways, regions)
    done = 0
    for part in chunks(clubs, BATCH):
        with transaction():
            _take_clubs(taking, part)
        done += len(part)
        report(done, len(clubs), _("%(done)s of %(total)s clubs written down", done=done, total=len(clubs)))
        failpoint("statistics.after_batch")
    with transaction():
        _finish(taking, len(clubs), [club.id for club in clubs], actor)


def _clubs_on(day: date, federation: Organisation) -> list[_Club]:
    a = Affiliation
    rows = db.session.execute(
        select(a.organisation_id, Organisation.name, Organisation.town, a.number, a.region_id)
        .join(Organisation, Organisation.id == a.organisation_id)
        .where(a.federation_id == federation.id, a.from_on <= day, or_(a.until_on.is_(None), a.until_on >= day))
        .order_by(a.organisation_id, a.from_on)
    )
    return list({row[0]: _Club(row[0], row[1], row[2] or "", row[3] or "", row[4]) for row in rows}.values())


def _take_clubs(taking: _Taking, part: Sequence[_Club]) -> None:
    by_id = {club.id: club for club in part}
    of_club: dict[int, Counter[tuple[str, str]]] = {club.id: Counter() for club in part}
    people, seen = [], set()
    for row in db.session.execute(_people(taking, list(by_id))):
        if (row.club_id, row.contact_id) in seen:
            continue
        seen.add((row.club_id, row.contact_id))
        values = _values(taking, row, by_id[row.club_id])
        counted = of_club[row.club_id]
        counted[TOTAL, TOTAL] += 1
        for way in taking.ways:
            counted.update((way.key, part) for part in values[way.key])
        people.append(_person(taking, row, values))
    insert_rows(SnapshotMember, people)
    insert_rows(SnapshotClub, [_club_row(taking, club, of_club[club.id][TOTAL, TOTAL]) for club in part])
    insert_rows(SnapshotNumber, [row for club in part for row in _number_rows(taking, of_club[club.id], club.id)])
    for counted in of_club.values():
        taking.numbers.update(counted)
    taking.members += len(people)


def _people(taking: _Taking, club_ids: Sequence[int]) -> Any:
    m, p = Membership, FederationMember
    return (
        select(
            m.organisation_id.label("club_id"), m.contact_id, m.type_id, m.extra.label("answers"), p.first_name, p.last_name, p.birth_date, p.gender,
            p.postcode, p.town, p.extra.label("of_person"),
        )
        .select_from(m)
        .outerjoin(p, and_(p.organisation_id == m.organisation_id, p.federation_id == m.federation_id, p.contact_id == m.contact_id))
        .where(m.federation_id == taking.federation.id, counts_on(taking.day), is_one_of(m.organisation_id, club_ids))
        .order_by(m.organisation_id, p.name_key, m.id)
    )  # fmt: skip


def _values(taking: _Taking, row: Any, club: _Club) -> dict[str, Sequence[str]]:
    """The groups somebody belongs to, by way of counting."""
    plain: dict[str, Any] = {
        "type": row.type_id,
        "gender": row.gender,
        "age": band_of(age_in_year(row.birth_date, taking.day)),
        "region": club.region_id,
        "town": " ".join(part for part in (row.postcode, row.town) if part),
    }
    found: dict[str, Sequence[str]] = {}
    for way in taking.ways:
        target, _dot, key = way.key.partition(".")
        value = plain[way.key] if not key else ((row.answers if target == "membership" else row.of_person) or {}).get(key)
        found[way.key] = way.parts(str(value).lower() if isinstance(value, bool) else value)
    return found


def _person(taking: _Taking, row: Any, values: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    titles = {way.key: [way.title_of(part) for part in values[way.key] if part != UNKNOWN] for way in taking.ways}
    return {
        "snapshot_id": taking.snapshot_id,
        "club_id": row.club_id,
        "contact_id": row.contact_id,
        "first_name": row.first_name or "",
        "last_name": row.last_name or "",
        "birth_date": row.birth_date,
        "postcode": row.postcode or "",
        "town": row.town or "",
        "answers": {key: ", ".join(said) for key, said in titles.items() if "." in key and said},
        "type_title": titles["type"][0][:120] if titles["type"] else "",
        "gender": row.gender or "",
        "band": values["age"][0],
    }


def _club_row(taking: _Taking, club: _Club, members: int) -> dict[str, Any]:
    region = taking.regions.get(club.region_id or 0, "")
    return {
        "snapshot_id": taking.snapshot_id, "club_id": club.id, "name": club.name, "number": club.number, "region": region, "town": club.town,
        "members": members,
    }  # fmt: skip


def _number_rows(taking: _Taking, counted: Mapping[tuple[str, str], int], club_id: int | None) -> list[dict[str, Any]]:
    """In the order people know: that of the list, then by number."""
    ways = {way.key: way for way in taking.ways}
    orders = {way.key: {key: place for place, key in enumerate(way.order)} for way in taking.ways}
    places = {key: place for place, key in enumerate([TOTAL, *ways, FUNCTION])}

    def order(item: tuple[tuple[str, str], int]) -> tuple[int, int, int, str]:
        (sheet, key), number = item
        known = orders.get(sheet, {})
        return places[sheet], known.get(key, len(known)), -number, key

    def title(sheet: str, key: str) -> str:
        if sheet == TOTAL:
            return _("Members")
        return ways[sheet].title_of(key)

    return [
        {"snapshot_id": taking.snapshot_id, "club_id": club_id, "sheet": sheet, "key": key[:160], "title": title(sheet, key)[:160], "number": number}
        for (sheet, key), number in sorted(counted.items(), key=order)
    ]


def _finish(taking: _Taking, clubs: int, club_ids: Sequence[int], actor: Actor) -> None:
    """The numbers of all clubs together, the functions, and the lock."""
    snapshot = get_snapshot(taking.snapshot_id, locked=True)
    if snapshot.is_taken:
        return
    insert_rows(SnapshotNumber, _number_rows(taking, taking.numbers, None))
    functions = _functions(taking, club_ids)
    insert_rows(
        SnapshotNumber,
        [
            {"snapshot_id": snapshot.id, "club_id": None, "sheet": FUNCTION, "key": key, "title": title[:160], "number": number}
            for key, title, number in functions
        ],
    )
    many = {way.key for way in taking.ways if way.is_many}
    sheets = [(TOTAL, _("Members"))] + [(way.key, way.title) for way in taking.ways] + ([(FUNCTION, _("Functions in clubs"))] if functions else [])
    snapshot.sheets = [{"key": key, "title": title, "adds_up": key not in many and key != FUNCTION} for key, title in sheets]
    snapshot.clubs, snapshot.members = clubs, taking.members
    db.session.flush()
    snapshot.checksum, snapshot.taken_at = checksum_of(snapshot), now()
    db.session.flush()
    record("snapshot.taken", snapshot, actor=actor, changes={"clubs": (None, clubs), "members": (None, taking.members)}, note=snapshot.checksum)


def _functions(taking: _Taking, club_ids: Sequence[int]) -> list[tuple[str, str, int]]:
    """How many hold the functions the federation asks of its clubs: trainers and board members. No names."""
    declared = [owned.item for owned in registry().owned("functions") if owned.plugin == taking.federation.federation_plugin]
    f = ContactFunction
    with unscoped("how many hold the functions a federation asks of its clubs"):
        rows = db.session.execute(
            select(f.function, func.count())
            .where(
                is_one_of(f.organisation_id, club_ids),
                f.function.in_([item.key for item in declared]),
                f.from_on <= taking.day,
                or_(f.until_on.is_(None), f.until_on >= taking.day),
            )
            .group_by(f.function)
        ).all()
    numbers = {key: number for key, number in rows}
    return [(item.key, str(item.title), numbers.get(item.key, 0)) for item in sorted(declared, key=lambda item: item.position)]

