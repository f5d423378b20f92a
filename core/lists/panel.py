"""The search panel: what it asks for each filter, and the question its form makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.i18n import _
from core.lists.filters import Filter
from core.lists.filterset import PREFIX, SEARCH, Criterion, FilterSet, operator_words

#: up to so many choices are tick boxes, more become a field one can type in
FEW_CHOICES = 8
#: names of the fields of an added text condition: operator and value, in step
OPERATOR, VALUE = "o.", "v."
FILLED = "filled"


@dataclass(frozen=True)
class Kept:
    """A condition that is already asked; unticking it takes it away."""

    key: str
    text: str
    label: str


@dataclass(frozen=True)
class Question:
    """One filter in the panel. `shape` says how it is drawn."""

    filter: Filter
    shape: str  # "text", "boxes", "select", "range", "single" or "yes_no"
    kept: tuple[Kept, ...]
    operators: tuple[tuple[str, str], ...] = ()
    choices: tuple[tuple[str, str, bool], ...] = ()
    values: tuple[str, ...] = ()
    can_be_empty: bool = False
    asks_empty: bool = False

    @property
    def key(self) -> str:
        return f"{PREFIX}{self.filter.name}"

    @property
    def id(self) -> str:
        return "f-" + self.filter.name.replace(".", "-")

    @property
    def input_type(self) -> str:
        return "date" if self.filter.kind == "date" else "text"


@dataclass(frozen=True)
class Fold:
    """A group of questions under one heading, with the number of filters in use."""

    title: str
    icon: str
    questions: tuple[Question, ...]
    count: int


def folds(asked: FilterSet) -> list[Fold]:
    """All questions of a list, by panel, in the order of the panels' first filters."""
    by_panel: dict[str, list[Filter]] = {}
    for item in asked.listing.filters.values():
        by_panel.setdefault(str(item.panel), []).append(item)
    used = asked.by_filter()
    return [
        Fold(title, items[0].icon, tuple(_question(item, used.get(item.name, [])) for item in items), sum(1 for item in items if item.name in used))
        for title, items in by_panel.items()
    ]


def _question(item: Filter, criteria: Sequence[Criterion]) -> Question:
    operators = item.allowed_operators
    empty = [c.text for c in criteria if c.operator == "empty"]
    if item.kind == "choice":
        chosen = {c.text for c in criteria if c.operator == "is"}
        choices = tuple((str(value), str(label), str(value) in chosen) for value, label in (item.choices() if item.choices else ()))
        shape = "boxes" if len(choices) <= FEW_CHOICES else "select"
        return Question(item, shape, (), choices=choices, can_be_empty="empty" in operators, asks_empty="yes" in empty)
    if item.kind == "yes_no":
        return Question(item, "yes_no", (), values=tuple(c.text for c in criteria[:1]))
    if item.kind == "text":
        words = operator_words()
        offered = [(o, words[o]) for o in operators if o != "empty"]
        if "empty" in operators:
            offered += [("empty", _("is empty")), (FILLED, _("is filled in"))]
        return Question(item, "text", tuple(_kept(c) for c in criteria), operators=tuple(offered))
    ranged = "from" in operators
    starts = [c for c in criteria if c.operator == "from"]
    ends = [c for c in criteria if c.operator == "until"]
    exact = [c for c in criteria if c.operator in ("on", "is")]
    if not ranged:
        return Question(item, "single", tuple(_kept(c) for c in exact[1:]), values=tuple(c.text for c in exact[:1]), operators=((operators[0], ""),))
    values = (starts[0].text if starts else "", ends[0].text if ends else "")
    kept = tuple(_kept(c) for c in (*exact, *starts[1:], *ends[1:]))
    return Question(item, "range", kept, values=values, can_be_empty="empty" in operators, asks_empty="yes" in empty)


def _kept(criterion: Criterion) -> Kept:
    if criterion.operator == "empty":
        label = _("is empty") if criterion.value else _("is filled in")
    else:
        label = f"{operator_words()[criterion.operator]} {criterion.text}"
    return Kept(criterion.key, criterion.text, label)


def pairs_of_form(args: Any) -> list[tuple[str, str]]:
    """What the panel's form asks, as the pairs of a query: added text conditions become f.<name>.<operator>."""
    pairs = [(key, value) for key, value in args.items(multi=True) if key == SEARCH or key.startswith(PREFIX)]
    for key in args:
        if not key.startswith(OPERATOR):
            continue
        name = key.removeprefix(OPERATOR)
        for operator, value in zip(args.getlist(key), args.getlist(VALUE + name), strict=False):
            if operator in ("empty", FILLED):
                pairs.append((f"{PREFIX}{name}.empty", "yes" if operator == "empty" else "no"))
            elif value.strip():
                pairs.append((f"{PREFIX}{name}.{operator}", value))
    return pairs
