"""A column of a list page: how it is read, shown, sorted and exported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

ColumnKind = Literal["text", "date", "number", "yes_no", "email", "phone", "status", "tags", "money", "person"]


@dataclass(frozen=True)
class Status:
    """A value shown as a coloured badge: `tone` is ok, warn, bad, info or none.

    `short` replaces the text on a phone ("Active" for "Active membership (Federation F)").
    """

    text: str
    tone: Literal["ok", "warn", "bad", "info", "none"] = "none"
    short: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Person:
    """What a "person" cell shows: the name that links to the profile, and a line below it."""

    name: str
    initials: str
    below: str = ""
    #: the line below says that something is missing
    warns: bool = False

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Column:
    """One column of the list named `list_name`.

    name: stable id used in URLs and saved choices ("town", "membership.type", "extra.votas").
    group: heading in the column chooser.
    expression: SQL expression on the row's model, read with the row itself (a tuple of
        expressions makes the value a tuple); or
    load: called once per page (or export batch) with the ids shown, returns id -> value.
        Exactly one of the two. Columns that share one `load` function cost one call.
    pick: what this column takes of that value, e.g. `attrgetter("type_name")`; ids the load
        does not return are None and are not picked.
    order_by: SQL expressions to sort on, `.desc()` allowed; None: cannot be sorted. Rows
        without a value come last, whichever way the list is sorted.
    default: shown until the user chooses columns.
    show: value -> what the page shows (text, Status, date ...); default the value itself.
    export: value -> text, number or date for CSV and XLSX; default the value itself.
        Neither is called for None, which is an empty cell.
    permission: needed besides the list's own, e.g. for private fields.
    sensitive: the password is asked again before it is exported.

    Example:
        Column("town", "contacts", _l("Town"), _l("Contact"), expression=Contact.town,
               order_by=(Contact.town,), default=True)
    """

    name: str
    list_name: str
    label: Any
    group: Any
    expression: Any = None
    load: Callable[[Sequence[int]], Mapping[int, Any]] | None = None
    kind: ColumnKind = "text"
    order_by: tuple[Any, ...] | None = None
    default: bool = False
    show: Callable[[Any], Any] | None = None
    export: Callable[[Any], Any] | None = None
    permission: str | None = None
    position: int = 100
    sensitive: bool = False
    pick: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        if (self.expression is None) == (self.load is None):
            raise ValueError(f"column {self.name}: give expression or load, not both")

    @property
    def is_loaded(self) -> bool:
        """Does it cost a query of its own?"""
        return self.load is not None

    @property
    def expressions(self) -> tuple[Any, ...]:
        if self.expression is None:
            return ()
        return self.expression if isinstance(self.expression, tuple) else (self.expression,)

    def shown(self, value: Any) -> Any:
        """What the page shows for a value read from the database."""
        return self.show(value) if self.show is not None and value is not None else value

    def exported(self, value: Any) -> Any:
        """What CSV and XLSX get for it."""
        return self.export(value) if self.export is not None and value is not None else value
