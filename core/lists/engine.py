"""Reads a page of a list: one query for the rows and their number, one per loaded column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select

from core.db import chunks, db, is_one_of
from core.errors import UserMistake
from core.i18n import _
from core.lists.columns import Column
from core.lists.filterset import FilterSet
from core.lists.keyset import Term, beyond, ordering, terms_of
from core.lists.listing import Listing

#: counting stops here: nobody needs to know whether it is 1,001 or 40,000
COUNT_LIMIT = 1_001
PAGE_SIZES = (25, 50, 100)
#: larger numbers are no ids
LARGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class Sort:
    """The column a list is sorted on, and which way."""

    column: Column
    descending: bool = False

    @property
    def text(self) -> str:
        return f"-{self.column.name}" if self.descending else self.column.name

    @classmethod
    def parse(cls, text: str | None, listing: Listing) -> Sort:
        """Read "town" or "-town"; a column that cannot be sorted on is a mistake."""
        wanted = text or listing.definition.default_sort
        column = listing.columns.get(wanted.removeprefix("-"))
        if column is None or column.order_by is None:
            raise UserMistake(_("This list cannot be sorted on “%(name)s”.", name=wanted[:60]))
        return cls(column, wanted.startswith("-"))


@dataclass(frozen=True)
class Cursor:
    """A place in a sorted list: the sort values of the row it stands behind (or before).

    `number` is the place of the first row of the page, for "26-50 of 380".
    """

    values: tuple[Any, ...]
    backwards: bool = False
    number: int = 1


@dataclass(frozen=True)
class Row:
    """`values` are in the order of the columns asked for."""

    id: int
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Page:
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    sort: Sort
    size: int
    #: number of rows found, COUNT_LIMIT when there are at least that many
    total: int
    #: place of the first row shown, from 1
    start: int
    next: Cursor | None
    previous: Cursor | None

    @property
    def end(self) -> int:
        return self.start + len(self.rows) - 1

    @property
    def is_capped(self) -> bool:
        return self.total >= COUNT_LIMIT

    @property
    def number(self) -> int:
        return (self.start - 1) // self.size + 1


def fetch_page(
    listing: Listing, asked: FilterSet, *, columns: Sequence[Column], sort: Sort, cursor: Cursor | None = None, size: int = PAGE_SIZES[0]
) -> Page:
    """One page of the rows that `asked` finds."""
    conditions = _conditions(listing, asked)
    terms = sort_terms(listing, sort)
    found, total = _fetch(listing, conditions, columns, terms, cursor, size)
    if cursor is not None and (not found or (cursor.backwards and len(found) <= size)):
        cursor = None  # the end was passed, or the start reached: show a whole first page
        found, total = _fetch(listing, conditions, columns, terms, None, size)
    more = len(found) > size
    found = found[:size]
    backwards = cursor is not None and cursor.backwards
    if backwards:
        found.reverse()
    start = _start(cursor, size, len(found))
    width = sum(len(c.expressions) for c in columns) + 1
    keys = [tuple(row[width : width + len(terms)]) for row in found]
    follows, precedes = (True, more) if backwards else (more, cursor is not None)
    return Page(
        rows=tuple(_rows(found, columns)),
        columns=tuple(columns),
        sort=sort,
        size=size,
        total=total,
        start=start,
        next=Cursor(keys[-1], False, start + len(found)) if found and follows else None,
        previous=Cursor(keys[0], True, start) if found and precedes else None,
    )


def _start(cursor: Cursor | None, size: int, count: int) -> int:
    if cursor is None:
        return 1
    return max(1, cursor.number - count) if cursor.backwards else cursor.number


def sort_terms(listing: Listing, sort: Sort) -> list[Term]:
    return terms_of(sort.column.order_by or (), listing.definition.model.id, descending=sort.descending)


def _conditions(listing: Listing, asked: FilterSet) -> list[Any]:
    base = listing.definition.base_condition
    return [*([base()] if base is not None else []), *asked.conditions()]


def _joined(listing: Listing, statement: Any) -> Any:
    statement = statement.select_from(listing.definition.model)
    return listing.definition.joins(statement) if listing.definition.joins is not None else statement


def counted(listing: Listing, conditions: Sequence[Any]) -> Any:
    """A scalar subquery with the number of rows, up to COUNT_LIMIT."""
    some = _joined(listing, select(listing.definition.model.id)).where(*conditions).limit(COUNT_LIMIT).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _fetch(
    listing: Listing, conditions: Sequence[Any], columns: Sequence[Column], terms: Sequence[Term], cursor: Cursor | None, size: int
) -> tuple[list[Any], int]:
    """Up to size + 1 rows (id, column values, sort values, total)."""
    backwards = cursor is not None and cursor.backwards
    entities = [listing.definition.model.id]
    entities += [e for column in columns for e in column.expressions]
    entities += [term.expression for term in terms]
    labelled = [e.label(f"v{number}") for number, e in enumerate(entities)]
    statement = _joined(listing, select(*labelled, counted(listing, conditions).label("total"))).where(*conditions)
    if cursor is not None:
        statement = statement.where(beyond(terms, cursor.values, backwards=backwards))
    statement = statement.order_by(*ordering(terms, backwards=backwards)).limit(size + 1)
    found = list(db.session.execute(statement))
    return found, found[0].total if found else 0


def count_rows(listing: Listing, asked: FilterSet) -> int:
    """How many rows `asked` finds, up to COUNT_LIMIT."""
    return int(db.session.execute(select(counted(listing, _conditions(listing, asked)))).scalar_one())


def _rows(found: Sequence[Any], columns: Sequence[Column]) -> Iterator[Row]:
    loaded = _load(columns, [row[0] for row in found])
    readers, place = [], 1
    for column in columns:
        width = len(column.expressions)
        readers.append(_reader(column, loaded, place, width))
        place += width
    for row in found:
        yield Row(row[0], tuple([read(row) for read in readers]))


def _reader(column: Column, loaded: Mapping[Any, Mapping[int, Any]], place: int, width: int) -> Callable[[Any], Any]:
    """How the value of a column is taken out of a row; decided once for all rows."""
    if column.load is not None:
        values, pick = loaded[column.load], column.pick
        if pick is None:
            return lambda row: values.get(row[0])
        return lambda row: None if (value := values.get(row[0])) is None else pick(value)
    if isinstance(column.expression, tuple):
        return lambda row: tuple(row[place : place + width])
    return itemgetter(place)


def _load(columns: Sequence[Column], ids: Sequence[int]) -> dict[Any, Mapping[int, Any]]:
    found: dict[Any, Mapping[int, Any]] = {}
    for column in columns:
        if column.load is not None and column.load not in found:
            found[column.load] = column.load(ids) if ids else {}
    return found


def ids_of(listing: Listing, asked: FilterSet, sort: Sort, *, limit: int) -> list[int]:
    """Ids of all rows `asked` finds, as sorted, at most `limit`."""
    statement = _joined(listing, select(listing.definition.model.id)).where(*_conditions(listing, asked))
    statement = statement.order_by(*ordering(sort_terms(listing, sort))).limit(limit)
    return list(db.session.scalars(statement))


def visible_ids(listing: Listing, ids: Sequence[int]) -> list[int]:
    """Those of `ids` that are in the list, in the order given; others do not exist for the actor."""
    seen: set[int] = set()
    for part in chunks([i for i in ids if 0 < i <= LARGEST_ID], 5_000):
        base = listing.definition.base_condition
        statement = _joined(listing, select(listing.definition.model.id)).where(is_one_of(listing.definition.model.id, part))
        seen.update(db.session.scalars(statement.where(base()) if base is not None else statement))
    return [i for i in dict.fromkeys(ids) if i in seen]


def read_rows(listing: Listing, ids: Sequence[int], columns: Sequence[Column], *, batch: int = 1_000) -> Iterator[Row]:
    """The rows with these ids, in that order, a batch at a time; ids that are gone are left out."""
    for found in _batches(listing, ids, columns, batch):
        yield from _rows(found, columns)


def read_columns(listing: Listing, ids: Sequence[int], columns: Sequence[Column], *, batch: int = 1_000) -> Iterator[list[Sequence[Any]]]:
    """The same for thousands of rows: per batch the values of each column."""
    for found in _batches(listing, ids, columns, batch):
        read, place = list(zip(*found, strict=True)), 1
        loaded = _load(columns, read[0])
        made: list[Sequence[Any]] = []
        for column in columns:
            width = len(column.expressions)
            made.append(read[place] if width == 1 and not isinstance(column.expression, tuple) else list(map(_reader(column, loaded, place, width), found)))
            place += width
        yield made


def _batches(listing: Listing, ids: Sequence[int], columns: Sequence[Column], batch: int) -> Iterator[list[Any]]:
    entities = [listing.definition.model.id, *(e for column in columns for e in column.expressions)]
    labelled = [e.label(f"v{number}") for number, e in enumerate(entities)]
    base = listing.definition.base_condition
    for part in chunks(ids, batch):
        statement = _joined(listing, select(*labelled)).where(is_one_of(listing.definition.model.id, part))
        if base is not None:
            statement = statement.where(base())
        by_id = {row[0]: row for row in db.session.execute(statement)}
        if found := [by_id[i] for i in part if i in by_id]:
            yield found
