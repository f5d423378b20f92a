"""What an import would do, row by row. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Row

from core.i18n import _, _n
from core.imports.checking import CheckedRow, Checker, Problem
from core.imports.kept import Keeper
from core.imports.layout import Corrections, Layout
from core.imports.matching import NEW, Known, Matcher, identity, name_key, search_text
from core.imports.table import Table

#: letter in `ImportPlan.states` -> what happens with the row
ACTS = {"n": "new", "u": "update", "s": "unchanged", "p": "problem"}
LETTERS = {act: letter for letter, act in ACTS.items()}
_BATCH = 2_000
_SEARCHED = frozenset({"last_name", "first_name", "email_1", "email_2", "email_3", "town"})


@dataclass(slots=True)
class PlannedRow:
    """A row, the contact it is about, and what would change.

    act: "new", "update", "unchanged" or "problem".
    changes: attribute or "extra.<key>" -> (old, new), for an update.
    notes: (kind, argument) of problems found beside other rows and contacts.
    """

    row_no: int
    act: str
    values: list[Any]
    problems: list[Problem]
    contact: Row[Any] | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    notes: list[tuple[str, int]] = field(default_factory=list)
    cells: Sequence[str] = ()


@dataclass
class ImportPlan:
    """The outcome of checking a whole file.

    states: one letter per row, see ACTS; notes: per row number what was found across rows.
    counts: rows by act, "odd" (cells with odd characters), "suggestions" (cells with a proposal)
        and "writer.<name>" (rows with values for that writer).
    """

    states: str = ""
    notes: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def row_count(self) -> int:
        return len(self.states)

    def numbered(self, acts: str) -> list[int]:
        """Places of the rows whose letter is one of `acts`; all rows when empty."""
        return [i for i, letter in enumerate(self.states) if not acts or letter in acts]


class Planner:
    """Turns checked rows into planned ones; remembers which persons it has met in this file."""

    def __init__(self, layout: Layout, import_id: int | None = None) -> None:
        self.layout = layout
        self.matcher = Matcher(layout, import_id)
        self._last, self._first = layout.place.get("last_name", 0), layout.place.get("first_name", 0)  # a row without names has a problem
        self._birth, self._email = layout.place.get("birth_date"), layout.place.get("email_1")
        self._required = [(i, layout.cells[i]) for i, column in enumerate(layout.columns) if column.required]
        self._seen: dict[int, int] = {}
        self._taken: dict[int, int] = {}

    def plan(self, rows: Iterable[CheckedRow]) -> Iterator[list[PlannedRow]]:
        """Planned rows in batches, in the order of the file."""
        waiting = iter(rows)
        while batch := list(islice(waiting, _BATCH)):
            yield self._plan_batch(batch)

    def _plan_batch(self, batch: list[CheckedRow]) -> list[PlannedRow]:
        sound = [row for row in batch if not row.problems]
        known = iter(self.matcher.match(sound) if sound else ())
        planned = []
        for row in batch:
            result = PlannedRow(row.row_no, "problem", row.values, row.problems, cells=row.cells)
            if not row.problems:
                self._decide(result, next(known))
            planned.append(result)
        return planned

    def _decide(self, row: PlannedRow, known: Known) -> None:
        twin = self._twin(row)
        if twin is None and known.contact is not None:
            first = self._taken.setdefault(known.contact.id, row.row_no)
            if first != row.row_no and known.contact.birth_date is None and self.layout.value(row.values, "birth_date"):
                known = NEW  # a namesake: an earlier row with another birth date is the known contact
            elif first != row.row_no:
                twin = first
        if twin is not None:
            row.notes.append(("twice", twin))
        elif known.how in ("doubles", "namesakes"):
            row.notes.append((known.how, known.count))
        elif known.contact is None:
            if missing := self._missing_for_new(row):
                row.problems += missing
            row.act = "problem" if row.problems else "new"
        else:
            row.contact = known.contact
            row.changes = self._changes(row.values, known.contact)
            row.act = "update" if row.changes else "unchanged"
        if row.notes:
            row.problems += [note_problem(self.layout, row.row_no, kind, argument) for kind, argument in row.notes]

    def _twin(self, row: PlannedRow) -> int | None:
        """An earlier row of this file about the same person."""
        values = row.values
        who = identity(values[self._last], values[self._first])
        born = values[self._birth] if self._birth is not None else None
        key = hash((who, born or (values[self._email] if self._email is not None else None)))
        first = self._seen.setdefault(key, row.row_no)
        return None if first == row.row_no else first

    def _missing_for_new(self, row: PlannedRow) -> list[Problem]:
        return [Problem(row.row_no, cell, _("Fill this in for a new contact")) for i, cell in self._required if row.values[i] is None]

    def _changes(self, values: Sequence[Any], contact: Row[Any]) -> dict[str, tuple[Any, Any]]:
        """What the file says differently. An empty cell says nothing."""
        changes: dict[str, tuple[Any, Any]] = {}
        for i, attribute in self.layout.contact:
            if values[i] is not None and values[i] != (old := getattr(contact, attribute)):
                changes[attribute] = (old, values[i])
        if self.layout.extra:
            extra = contact.extra or {}
            for i, key in self.layout.extra:
                if values[i] is not None and values[i] != extra.get(key):
                    changes[f"extra.{key}"] = (extra.get(key), values[i])
        return changes


def note_problem(layout: Layout, row_no: int, kind: str, argument: int) -> Problem:
    """The sentence for something that was found across rows."""
    name, birth = layout.index_of("last_name"), layout.index_of("birth_date")
    if kind == "twice":
        return Problem(row_no, name, _("The same person is in row %(row)s. One row is enough: this one is left out.", row=argument))
    if kind == "doubles":
        message = _n(
            "There is %(num)s contact with this name and birth date. Merge them first.",
            "There are %(num)s contacts with this name and birth date. Merge them first.",
            argument,
        )
        return Problem(row_no, name, message)
    message = _n(
        "There is %(num)s contact with this name. Fill in the birth date, so that the right one is found.",
        "There are %(num)s contacts with this name. Fill in the birth date, so that the right one is found.",
        argument,
    )
    return Problem(row_no, birth if birth is not None else name, message)


def make_plan(
    table: Table, layout: Layout, corrections: Corrections, *, progress: Callable[[int], None] | None = None, keeper: Keeper | None = None
) -> ImportPlan:
    """Check every row of a file; nothing is kept but letters and counts, and what a `keeper` writes down."""
    plan = ImportPlan()
    counts: Counter[str] = Counter({act: 0 for act in LETTERS} | {"odd": 0, "suggestions": 0})
    states: list[str] = []
    checked = Checker(layout, corrections, keep_cells=keeper is not None).check(table.rows())
    for batch in Planner(layout).plan(keeper.rows(checked) if keeper else checked):
        for row in batch:
            states.append(LETTERS[row.act])
            counts[row.act] += 1
            if row.notes:
                plan.notes[row.row_no] = row.notes
            for problem in row.problems:
                counts["odd"] += problem.tone == "odd"
                counts["suggestions"] += problem.suggestion is not None
            if row.act != "problem":
                for writer in layout.writers:
                    counts[f"writer.{writer.name}"] += any(row.values[i] is not None for i, _name in layout.plugin[writer.name])
        if progress:
            progress(len(states))
    plan.states, plan.counts = "".join(states), dict(counts)
    return plan


def show_rows(
    table: Table, layout: Layout, corrections: Corrections, places: Sequence[int], notes: Mapping[int, Sequence[tuple[str, int]]]
) -> list[PlannedRow]:
    """A few rows of a checked file with their texts, problems and changes.

    `places` are counted from 0, rising; `notes` are those of the plan, because what is wrong
    with a row beside others cannot be seen from a few rows.
    """
    wanted = set(places)
    last = places[-1] if places else -1
    rows = (row for place, row in enumerate(islice(table.rows(), last + 1)) if place in wanted)
    found: list[PlannedRow] = []
    for batch in Planner(layout).plan(Checker(layout, corrections, keep_cells=True).check(rows)):
        found += batch
    for row in found:
        if notes.get(row.row_no) and not row.notes:
            row.act = "problem"
            row.problems += [note_problem(layout, row.row_no, kind, argument) for kind, argument in notes[row.row_no]]
    return found


def new_contact(layout: Layout, values: Sequence[Any]) -> dict[str, Any]:
    """Columns of a new contact, search columns included."""
    row = layout.contact_values(values)
    row["name_key"] = name_key(row["last_name"], row["first_name"])
    row["search_text"] = search_text(row)
    return row


def changed_columns(contact: Row[Any], changes: Mapping[str, tuple[Any, Any]], *, back: bool = False) -> dict[str, Any]:
    """Columns to store for `changes`; `back` puts the old values there."""
    side = 0 if back else 1
    columns = {name: pair[side] for name, pair in changes.items() if not name.startswith("extra.")}
    extra = {name.removeprefix("extra."): pair[side] for name, pair in changes.items() if name.startswith("extra.")}
    if extra:
        columns["extra"] = {key: value for key, value in {**(contact.extra or {}), **extra}.items() if value is not None}
    if columns.keys() & _SEARCHED:
        values = {name: columns.get(name, getattr(contact, name)) for name in _SEARCHED}
        columns["name_key"] = name_key(values["last_name"], values["first_name"])
        columns["search_text"] = search_text(values)
    return columns
