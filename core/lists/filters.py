"""A filter of a list page: one field somebody can search on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

FilterKind = Literal["text", "choice", "date", "number", "yes_no"]

OPERATORS: dict[str, tuple[str, ...]] = {
    "text": ("contains", "is", "empty"),
    "choice": ("is", "empty"),
    "date": ("on", "from", "until", "empty"),
    "number": ("is", "from", "until", "empty"),
    "yes_no": ("is",),
}


@dataclass(frozen=True)
class Filter:
    """One field of the search panel of the list named `list_name`.

    Several criteria on one filter combine with OR, different filters with AND.

    name: stable id, in the URL as `f.<name>.<operator>=<value>`.
    panel: heading of the fold it sits in ("Contact", "Membership (federation)").
    condition: (operator, value) -> SQL condition on the list's model. `value` is already
        parsed: str, date, int/float or bool by kind ("empty" gets True/False).
    choices: for kind "choice": () -> [(value, label)].
    operators: default by kind, see OPERATORS. "from" and "until" on one filter form a range
        (AND), all others are alternatives (OR).
    icon: icon of the panel; the first filter of a panel decides.
    joint: filters with the same function are about one other row ("a membership that has this
        type and that sport"). It gets {filter name: its criteria} of all that are asked
        and makes one condition of them, in which `condition` is about that other row.

    Example:
        Filter("town", "contacts", _l("Town"), _l("Contact details"), "text", text_condition(Contact.town))
    """

    name: str
    list_name: str
    label: Any
    panel: Any
    kind: FilterKind
    condition: Callable[[str, Any], Any]
    choices: Callable[[], Sequence[tuple[Any, Any]]] | None = None
    operators: tuple[str, ...] = ()
    permission: str | None = None
    position: int = 100
    icon: str = "user"
    joint: Callable[[Mapping[str, Sequence[Any]]], Any] | None = None

    @property
    def allowed_operators(self) -> tuple[str, ...]:
        return self.operators or OPERATORS[self.kind]
