"""A column of a list page: how it is read, shown, sorted and exported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

ColumnKind = Literal["text", "date", "number", "yes_no", "email", "phone", "status", "tags", "money", "person"]


@dataclass(frozen=True)
class Status:
    """A value shown as a coloured badge: `tone` is ok, warn, bad, info or none."""

    text: str
    tone: Literal["ok", "warn", "bad", "info", "none"] = "none"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Column:
    """One column of the list named `list_name`.

    name: stable id used in URLs and saved choices ("town", "membership.type", "extra.votas").
    group: heading in the column chooser.
    expression: SQL expression on the row's model, read with the row itself; or
    load: called once per page (or export batch) with the ids shown, returns id -> value.
        Exactly one of the two.
    order_by: SQL expressions to sort on; None: cannot be sorted.
    default: shown until the user chooses columns.
    show: value -> what the page shows (text, Status, date ...); default the value itself.
    export: value -> text, number or date for CSV and XLSX; default the value itself.
    permission: needed besides the list's own, e.g. for private fields.
    sensitive: never in lists unless chosen, asks a reason on export.

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

    def __post_init__(self) -> None:
        if (self.expression is None) == (self.load is None):
            raise ValueError(f"column {self.name}: give expression or load, not both")
