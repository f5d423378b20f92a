"""What the pages of the import show, made from what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from core.contacts.attributes import BY_NAME
from core.i18n import _
from core.imports import mapping
from core.imports.catalogue import import_columns
from core.imports.checking import Problem
from core.imports.columns import ImportColumn
from core.imports.layout import Layout
from core.imports.models import ImportRun
from core.imports.plan import ImportPlan, PlannedRow, show_rows
from core.imports.services import corrections_of, layout_of, open_table
from core.imports.table import Table

PAGE = 50
#: letters that fit in a cell of the usual width
WIDE = 16
#: choices of a wrong cell that are shown as buttons
MOST_BUTTONS = 6
#: shown beside the columns that have a problem, so that one sees whose row it is
_ALWAYS = ("last_name", "first_name", "birth_date", "email_1", "postcode", "town")
_AT_LEAST = 6
#: what can be shown -> letters of ImportPlan.states
VIEWS = {"problem": "p", "all": "", "fine": "nus", "new": "n", "update": "u", "unchanged": "s"}


@dataclass
class Cell:
    """A cell of the grid."""

    row_no: int
    index: int
    title: str
    text: str
    problems: list[Problem] = field(default_factory=list)
    choices: Sequence[tuple[str, Any]] = ()
    old: str = ""

    @property
    def tone(self) -> str:
        if not self.problems:
            return ""
        return "is-odd" if all(p.tone == "odd" for p in self.problems) else "is-wrong"

    @property
    def suggestion(self) -> str | None:
        return next((p.suggestion for p in self.problems if p.suggestion is not None), None)


@dataclass
class GridRow:
    row_no: int
    act: str
    cells: list[Cell]
    problems: list[Problem]


@dataclass
class Column:
    """A column of the file, in the card where columns are linked."""

    index: int
    title: str
    match: mapping.Match
    label: str
    example: str


class Review:
    """Step two: the counts, the columns and the rows of one import."""

    def __init__(self, run: ImportRun, show: str = "", page: int = 1, *, all_columns: bool = False) -> None:
        self.run = run
        self.plan = ImportPlan(run.states, {int(row_no): [(kind, n) for kind, n in notes] for row_no, notes in run.notes.items()}, dict(run.counts))
        self.problem_count = self.plan.counts.get("problem", 0)
        self.show = show if show in VIEWS else ("problem" if self.problem_count else "all")
        self.all_columns = all_columns
        self.places = self.plan.numbered(VIEWS[self.show])
        self.pages = max(1, -(-len(self.places) // PAGE))
        self.page = min(max(page, 1), self.pages)

    @cached_property
    def table(self) -> Table:
        return open_table(self.run)

    @cached_property
    def layout(self) -> Layout:
        return layout_of(self.run)

    @cached_property
    def catalogue(self) -> list[ImportColumn]:
        return import_columns()

    @property
    def headers(self) -> Sequence[str]:
        return self.run.reading["headers"]  # type: ignore[no-any-return]

    @property
    def wide(self) -> set[int]:
        """Columns whose texts need room."""
        return {cell.index for row in self.rows for cell in row.cells if len(cell.text) > WIDE}

    @property
    def has_work(self) -> bool:
        """Is there anything to import?"""
        counts = self.plan.counts
        return bool(counts.get("new") or counts.get("update") or any(counts.get(f"writer.{writer.name}") for writer in self.layout.writers))

    @property
    def warnings(self) -> Sequence[str]:
        """What was found and solved while reading the file."""
        return self.run.reading.get("warnings", ())  # type: ignore[no-any-return]

    @property
    def long_choices(self) -> dict[int, Sequence[tuple[str, Any]]]:
        """Choices to type from, per column of the file, where there are too many for buttons."""
        return {cell.index: cell.choices for row in self.rows for cell in row.cells if len(cell.choices) > MOST_BUTTONS}

    @property
    def fine_count(self) -> int:
        return self.plan.row_count - self.problem_count

    @cached_property
    def matched_count(self) -> int:
        return sum(1 for match in self.layout.matches if match.column)

    @property
    def unmatched_count(self) -> int:
        return len(self.layout.matches) - self.matched_count

    @cached_property
    def columns(self) -> list[Column]:
        labels = {column.name: str(column.label) for column in self.catalogue}
        samples = mapping.samples_of(self.table.rows(), len(self.headers), wanted=1)
        return [
            Column(i, title, match, labels.get(match.column or "", ""), samples[i][0] if samples[i] else "")
            for i, (title, match) in enumerate(zip(self.headers, self.layout.matches, strict=True))
        ]

    @property
    def open_columns(self) -> list[Column]:
        return [column for column in self.columns if column.match.is_open]

    @property
    def forbidden_columns(self) -> list[Column]:
        return [column for column in self.columns if column.match.how == "forbidden"]

    @cached_property
    def choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Fields one can link to, in groups: [(group, [(name, label)])]."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for column in self.catalogue:
            groups.setdefault(str(column.group) or _("Other fields"), []).append((column.name, str(column.label)))
        return list(groups.items())

    @cached_property
    def rows(self) -> list[GridRow]:
        places = self.places[(self.page - 1) * PAGE : self.page * PAGE]
        planned = show_rows(self.table, self.layout, corrections_of(self.run), places, self.plan.notes)
        return [self._grid_row(row, self._shown(planned)) for row in planned]

    def row(self, row_no: int) -> GridRow | None:
        """One row with all its cells, as it is now."""
        for place, (number, _cells, _surplus) in enumerate(self.table.rows()):
            if number == row_no:
                planned = show_rows(self.table, self.layout, corrections_of(self.run), [place], self.plan.notes)
                return self._grid_row(planned[0], range(len(self.headers)))
        return None

    @cached_property
    def shown(self) -> list[int]:
        """Columns of the file in the grid."""
        return [cell.index for cell in self.rows[0].cells] if self.rows else []

    def _shown(self, rows: Sequence[PlannedRow]) -> list[int]:
        linked = list(self.layout.cells)
        if self.all_columns or len(linked) <= _AT_LEAST:
            return sorted(linked)
        wanted = {p.index for row in rows for p in row.problems if p.index is not None}
        wanted |= {self.layout.index_of(name.removeprefix("extra.")) or -1 for row in rows for name in row.changes} - {-1}
        for index in [self.layout.index_of(name) for name in _ALWAYS] + linked:
            if index is not None and len(wanted) < max(_AT_LEAST, len(wanted)):
                wanted.add(index)
        return sorted(wanted | {i for i in (self.layout.index_of("last_name"), self.layout.index_of("first_name")) if i is not None})

    def _grid_row(self, row: PlannedRow, shown: Sequence[int]) -> GridRow:
        columns = dict(zip(self.layout.cells, self.layout.columns, strict=True))
        cells = []
        for index in shown:
            problems = [p for p in row.problems if p.index == index]
            column = columns.get(index)
            choices = column.choices() if column and column.choices and problems else ()
            cells.append(Cell(row.row_no, index, self.headers[index], row.cells[index], problems, choices, self._old(row, column)))
        return GridRow(row.row_no, row.act, cells, [p for p in row.problems if p.index is None or p.index not in shown])

    @staticmethod
    def _old(row: PlannedRow, column: ImportColumn | None) -> str:
        """What the known contact has now, for a value that will change."""
        if column is None:
            return ""
        name = column.attribute if column.writes == "contact" else f"extra.{column.attribute}"
        if name not in row.changes:
            return ""
        old = row.changes[name][0]
        if column.writes == "contact" and column.attribute in BY_NAME:
            return BY_NAME[column.attribute].show(old) or _("empty")
        return _("empty") if old in (None, "", []) else ", ".join(map(str, old)) if isinstance(old, list) else str(old)


def texts_of(run: ImportRun, wanted: Mapping[int, Any]) -> dict[int, list[str]]:
    """The cells of some rows as they are now: {row number: texts}."""
    corrections, found = corrections_of(run), {}
    for row_no, cells, _surplus in open_table(run).rows():
        if row_no in wanted:
            found[row_no] = [corrections.get(row_no, {}).get(i, text) for i, text in enumerate(cells)]
            if len(found) == len(wanted):
                break
    return found
