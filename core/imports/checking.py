"""Reads the cells of every row: values, or sentences about what is wrong. Asks no database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import UserMistake
from core.i18n import _
from core.imports import values as cell_values
from core.imports.columns import CellMistake, ImportColumn
from core.imports.encoding import has_lost_letters, repair
from core.imports.layout import PHONES, Corrections, Layout

#: different texts remembered per column; most columns have few, and those with many gain nothing
_REMEMBERED = 20_000
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a cell (or, without `index`, with a row) and what to do.

    index: column of the file. tone "odd": it may be right, but looks broken.
    """

    row_no: int
    index: int | None
    message: str
    suggestion: str | None = None
    tone: Literal["wrong", "odd"] = "wrong"


@dataclass(frozen=True, slots=True)
class _Wrong:
    message: str
    suggestion: str | None = None
    tone: Literal["wrong", "odd"] = "wrong"


@dataclass(slots=True)
class CheckedRow:
    """One row: `values` in the order of the layout's columns, None where a cell is empty."""

    row_no: int
    values: list[Any]
    problems: list[Problem]
    cells: Sequence[str] = ()


class Checker:
    """Checks rows one after the other and remembers what it has seen of each column."""

    def __init__(self, layout: Layout, corrections: Corrections, *, keep_cells: bool = False) -> None:
        self.layout = layout
        self.corrections = corrections
        self.keep_cells = keep_cells
        self._caches: list[dict[str, Any]] = [{} for _column in layout.columns]
        self._names = [layout.place[name] for name in ("last_name", "first_name") if name in layout.place]
        self._country, self._postcode = layout.place.get("country"), layout.place.get("postcode")
        self._postcodes: dict[tuple[str, str | None], Any] = {}
        self._has_phones_abroad = layout.place.keys() & set(PHONES)

    def check(self, rows: Iterable[tuple[int, list[str], int]]) -> Iterator[CheckedRow]:
        """Check rows as `Table.rows()` gives them."""
        layout, corrections = self.layout, self.corrections
        plan = list(zip(range(len(layout.columns)), layout.cells, self._caches, strict=True))
        width = len(layout.columns)
        for row_no, cells, surplus in rows:
            corrected = corrections.get(row_no)
            if corrected:
                cells = list(cells)
                for index, text in corrected.items():
                    if index < len(cells):
                        cells[index] = text
            found: list[Any] = [None] * width
            problems: list[Problem] = []
            for place, index, cache in plan:
                text = cells[index]
                if not text:
                    continue
                value = cache.get(text, _MISSING)
                if value is _MISSING or value.__class__ is _Wrong:
                    value = self._value(row_no, place, index, cache, text, corrected, problems)
                found[place] = value
            if surplus:
                message = _("This row has more cells than there are column titles, so its values may have shifted. Correct it in your file.")
                problems.append(Problem(row_no, None, message))
            self._check_whole(row_no, cells, found, problems)
            yield CheckedRow(row_no, found, problems, cells if self.keep_cells else ())

    def check_again(self, rows: Iterable[tuple[int, list[Any], list[str]]]) -> Iterator[CheckedRow]:
        """Check what may have changed since a check was kept: the columns of extra fields and plugins."""
        layout, own = self.layout, {i for i, _attribute in self.layout.contact}
        plan = [(i, index, cache) for i, index, cache in zip(range(len(layout.columns)), layout.cells, self._caches, strict=True) if i not in own]
        for row_no, found, texts in rows:
            problems: list[Problem] = []
            if plan:
                corrected = self.corrections.get(row_no)
                for (place, index, cache), text in zip(plan, texts, strict=True):
                    if text:
                        found[place] = self._value(row_no, place, index, cache, text, corrected, problems)
                self._ask_writers(row_no, found, problems)
            yield CheckedRow(row_no, found, problems)

    def _value(self, row_no: int, place: int, index: int, cache: dict[str, Any], text: str, corrected: Any, problems: list[Problem]) -> Any:
        value = cache.get(text, _MISSING)
        if value is _MISSING:
            value = self._read(place, text)
            if len(cache) >= _REMEMBERED:
                cache.clear()
            cache[text] = value
        if value.__class__ is _Wrong:
            if value.tone == "odd" and corrected and corrected.get(index) == text:
                value = self._read(place, text, accept_odd=True)
            if value.__class__ is _Wrong:
                problems.append(Problem(row_no, index, value.message, value.suggestion, value.tone))
                return None
        return value

    def _ask_writers(self, row_no: int, found: list[Any], problems: list[Problem]) -> None:
        layout = self.layout
        for writer in layout.writers:
            given = layout.plugin_values(found, writer.name)
            if given and not problems:
                for name, message in writer.check(given, layout.contact_values(found)):
                    problems.append(Problem(row_no, layout.index_of(name), str(message)))

    def _read(self, place: int, text: str, *, accept_odd: bool = False) -> Any:
        """The value of a cell, None when it is blank, or what is wrong with it."""
        if text.isspace():
            return None
        if not accept_odd and not text.isascii():
            meant = repair(text)
            if meant is not None:
                return _Wrong(_("Odd characters"), meant.strip(), "odd")
            if has_lost_letters(text):
                return _Wrong(_("Odd characters: a letter was lost. Type what it should be."), None, "odd")
        return _parsed(self.layout.columns[place], text)

    def _check_whole(self, row_no: int, cells: Sequence[str], found: list[Any], problems: list[Problem]) -> None:
        """What can only be judged with the rest of the row beside it."""
        layout = self.layout
        for column in layout.missing:
            problems.append(Problem(row_no, None, _("Link a column to %(label)s first.", label=str(column.label))))
        for needed in self._names:
            if found[needed] is None:
                index = layout.cells[needed]
                if not any(p.index == index for p in problems):
                    problems.append(Problem(row_no, index, _("Fill in the name")))
        country = found[self._country] if self._country is not None else None
        place = self._postcode
        if place is not None and found[place] is not None:
            text = cells[layout.cells[place]]
            known = self._postcodes.get((text, country))
            if known is None:
                self._again(row_no, place, cells, found, problems, lambda text: cell_values.parse_postcode(text, country))
                if found[place] is not None and len(self._postcodes) < _REMEMBERED:
                    self._postcodes[text, country] = found[place]
            else:
                found[place] = known
        if country not in (None, "BE"):
            for name in self._has_phones_abroad:
                place = layout.place[name]
                text = cells[layout.cells[place]]
                if text.strip():
                    problems[:] = [p for p in problems if p.index != layout.cells[place]]
                    self._again(row_no, place, cells, found, problems, lambda text: cell_values.parse_phone(text, country))
        if layout.writers:
            self._ask_writers(row_no, found, problems)

    def _again(self, row_no: int, place: int, cells: Sequence[str], found: list[Any], problems: list[Problem], parse: Callable[[str], Any]) -> None:
        index = self.layout.cells[place]
        try:
            found[place] = parse(cells[index])
        except UserMistake as mistake:
            found[place] = None
            problems.append(Problem(row_no, index, str(mistake), getattr(mistake, "suggestion", None)))


def _parsed(column: ImportColumn, text: str) -> Any:
    try:
        return column.parse(text)
    except CellMistake as mistake:
        return _Wrong(str(mistake), mistake.suggestion)
    except UserMistake as mistake:
        return _Wrong(str(mistake))
