"""Which cell of a row becomes which value: the mapping, made ready for many rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from core.imports.columns import ImportColumn, ImportWriter
from core.imports.mapping import Match

PHONES = ("mobile_1", "mobile_2", "mobile_3", "phone")


class Layout:
    """The linked columns of a file, in its own order.

    A row's values are a list in the order of `columns`; `cells[i]` is the column of the file
    that `columns[i]` is read from.
    """

    def __init__(self, matches: Sequence[Match], catalogue: Sequence[ImportColumn], writers: Sequence[ImportWriter] = ()) -> None:
        by_name = {column.name: column for column in catalogue}
        linked = [(i, by_name[m.column]) for i, m in enumerate(matches) if m.column in by_name]
        self.matches = list(matches)
        self.cells = tuple(i for i, _column in linked)
        self.columns = tuple(column for _i, column in linked)
        self.missing = tuple(c for c in catalogue if c.required and c.writes == "contact" and c not in self.columns)
        self.writers = tuple(w for w in writers if any(c.writes == w.name for c in self.columns))
        self.place = {column.name: i for i, column in enumerate(self.columns)}
        #: (place in the row's values, attribute of the contact)
        self.contact = tuple((i, c.attribute) for i, c in enumerate(self.columns) if c.writes == "contact")
        self.extra = tuple((i, c.attribute) for i, c in enumerate(self.columns) if c.writes == "extra")

    @cached_property
    def plugin(self) -> dict[str, tuple[tuple[int, str], ...]]:
        """Writer -> (place, column name) of what it gets."""
        return {w.name: tuple((i, c.name) for i, c in enumerate(self.columns) if c.writes == w.name) for w in self.writers}

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        return tuple(attribute for _place, attribute in self.contact)

    def index_of(self, name: str) -> int | None:
        """Column of the file a column of Koepel is read from."""
        place = self.place.get(name)
        return None if place is None else self.cells[place]

    def value(self, values: Sequence[Any], name: str) -> Any:
        place = self.place.get(name)
        return None if place is None else values[place]

    def contact_values(self, values: Sequence[Any]) -> dict[str, Any]:
        """Filled-in attributes of the contact."""
        return {attribute: values[i] for i, attribute in self.contact if values[i] is not None}

    def extra_values(self, values: Sequence[Any]) -> dict[str, Any]:
        return {key: values[i] for i, key in self.extra if values[i] is not None}

    def plugin_values(self, values: Sequence[Any], writer: str) -> dict[str, Any]:
        return {name: values[i] for i, name in self.plugin[writer] if values[i] is not None}

    def text_of(self, row: Sequence[str], name: str) -> str:
        index = self.index_of(name)
        return "" if index is None else row[index]


Corrections = Mapping[int, Mapping[int, str]]
"""{row number: {column of the file: text}} as typed in the grid."""
