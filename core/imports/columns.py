"""A column the import understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import UserMistake


class CellMistake(UserMistake):
    """A cell that cannot be used. `suggestion` is what was probably meant: one click puts it there."""

    def __init__(self, message: object, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


@dataclass(frozen=True)
class ImportColumn:
    """One column of the personalised template, declared by the core or a plugin.

    name: stable id ("last_name", "extra.votas", "membership.type").
    label: header in the template and in the mapping.
    synonyms: other headers that are recognised (compared folded), in any language.
    parse: text -> typed value; raises UserMistake (or CellMistake, with a suggestion) with a
        text that names what to do. Called for non-empty cells only; must be pure and fast.
    describe: shown as example in the template and beside the mapping.
    choices: () -> [(value, label)], offered in the grid when a cell is wrong.
    writes: "contact" (attribute `attribute` of Contact), "extra" (key `attribute` of its extra
        values) or the name of an `ImportWriter`, which gets the parsed values.
    """

    name: str
    label: Any
    attribute: str
    parse: Callable[[str], Any]
    synonyms: tuple[str, ...] = ()
    example: str = ""
    writes: str = "contact"
    required: bool = False
    group: Any = ""
    choices: Callable[[], Sequence[tuple[str, Any]]] | None = None
    position: int = 100


@dataclass(frozen=True)
class ImportWriter:
    """Turns the plugin's columns of imported rows into rows of its own.

    name: what `ImportColumn.writes` refers to; title: the act the user ticks
        ("Request memberships at %(federation)s").
    check: (values, contact_values) -> list of (column name, message): problems across columns.
        `values` has the parsed values by column name, only of cells that are filled in.
    write: (rows, import_id, actor=) with rows = [(contact_id, {column name: value})]; called
        in batches inside the import's transaction; must be one bulk effort, not a query per row.
        Returns how many it made. Rows of contacts that existed already come too: what is there
        already must not be made twice, so that the same file can be imported again.
    undo: (import_id, actor=) removes what write() made for that import. Returns
        {contact id: sentence} for what it had to leave (something that was accepted since);
        those contacts stay. None when nothing was left.
    """

    name: str
    title: Any
    check: Callable[[Mapping[str, Any], Mapping[str, Any]], list[tuple[str, str]]]
    write: Callable[..., int]
    undo: Callable[..., Mapping[int, str] | None]
