"""What somebody asks of a list: `q` and `f.<name>.<operator>=value` of the URL, read and checked.

The same string is an address, a saved filter, an export and a bulk action. A FilterSet belongs
to one request and never changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import and_, or_

from core.errors import UserMistake
from core.i18n import _, format_date
from core.lists.filters import Filter
from core.lists.listing import Listing

PREFIX = "f."
SEARCH = "q"
MAX_LENGTH = 200
MAX_CRITERIA = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NUMBER = re.compile(r"-?\d{1,15}([.,]\d{1,6})?")
_YES, _NO = ("yes", "1", "true", "on"), ("no", "0", "false", "off")


@dataclass(frozen=True)
class Criterion:
    """One value asked of one filter; `text` is how the URL writes it."""

    filter: Filter
    operator: str
    value: Any
    text: str

    @property
    def key(self) -> str:
        return f"{PREFIX}{self.filter.name}.{self.operator}"


@dataclass(frozen=True)
class Problem:
    """A part of the URL that could not be understood: nothing is dropped in silence."""

    key: str
    text: str
    message: str


@dataclass(frozen=True)
class FilterSet:
    """Criteria on one filter are alternatives (OR), different filters all hold (AND).

    Example:
        asked = FilterSet.parse(request.args, listing)
        db.session.scalars(select(Contact.id).where(*asked.conditions()))
    """

    listing: Listing
    criteria: tuple[Criterion, ...] = ()
    search: str = ""
    problems: tuple[Problem, ...] = ()

    @classmethod
    def parse(cls, args: Any, listing: Listing) -> FilterSet:
        """Read a query string, or the arguments of a request."""
        criteria: list[Criterion] = []
        problems: list[Problem] = []
        search = ""
        for key, raw in _pairs(args):
            text = raw.strip()
            if not text:
                continue  # a field of the form that was left open
            if key == SEARCH:
                search = clean_search(text) if listing.definition.search else ""
            elif key.startswith(PREFIX):
                try:
                    criterion = _read(key, text, listing)
                except UserMistake as mistake:
                    problems.append(Problem(key, text[:MAX_LENGTH], str(mistake)))
                else:
                    if criterion not in criteria:
                        criteria.append(criterion)
        if len(criteria) > MAX_CRITERIA:
            problems.append(Problem("", "", _("This search has more than %(number)s conditions. Use fewer.", number=MAX_CRITERIA)))
            criteria = criteria[:MAX_CRITERIA]
        order = {name: place for place, name in enumerate(listing.filters)}
        criteria.sort(key=lambda c: (order[c.filter.name], c.operator))
        return cls(listing, tuple(criteria), search, tuple(problems))

    def require_clear(self) -> None:
        """Refuse to act on a question that was only half understood."""
        if self.problems:
            raise UserMistake(self.problems[0].message)

    @property
    def is_empty(self) -> bool:
        return not (self.criteria or self.search or self.problems)

    def by_filter(self) -> dict[str, list[Criterion]]:
        found: dict[str, list[Criterion]] = {}
        for criterion in self.criteria:
            found.setdefault(criterion.filter.name, []).append(criterion)
        return found

    def conditions(self) -> list[Any]:
        """One SQL condition per filter, and one for the search box; all must hold."""
        self.require_clear()
        alone: list[Any] = []
        together: dict[Any, dict[str, list[Criterion]]] = {}
        for name, criteria in self.by_filter().items():
            joint = criteria[0].filter.joint
            if joint is None:
                alone.append(condition_of(criteria))
            else:
                together.setdefault(joint, {})[name] = criteria
        found = alone + [joint(asked) for joint, asked in together.items()]
        if self.search and self.listing.definition.search is not None:
            found.append(self.listing.definition.search(self.search))
        return found

    def pairs(self) -> list[tuple[str, str]]:
        """The canonical form: what was not understood stays in it, until the user removes it."""
        found = [(SEARCH, self.search)] if self.search else []
        found += [(c.key, c.text) for c in self.criteria]
        return found + [(p.key, p.text) for p in self.problems if p.key]

    def to_query(self) -> str:
        return urlencode(self.pairs())

    def without(self, name: str) -> FilterSet:
        """The same question without one filter (or, for "", without the search)."""
        if not name:
            return replace(self, search="")
        return replace(self, criteria=tuple(c for c in self.criteria if c.filter.name != name))

    def without_problem(self, problem: Problem) -> FilterSet:
        return replace(self, problems=tuple(p for p in self.problems if p != problem))

    def texts(self, name: str, operator: str) -> list[str]:
        """Values of one field of the search panel, as the URL writes them."""
        return [c.text for c in self.criteria if c.filter.name == name and c.operator == operator]

    def sentences(self) -> list[Sentence]:
        """What is asked, in words, one per filter: the chips above the list."""
        return [_sentence(criteria) for criteria in self.by_filter().values()]


@dataclass(frozen=True)
class Sentence:
    """ "Sport is Padel or Badminton": the label, and (word, value) parts joined by "or"."""

    name: str
    label: str
    parts: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        said = [" ".join(p for p in part if p) for part in self.parts]
        return f"{self.label} " + f" {_('or')} ".join(said)


def condition_of(criteria: Sequence[Criterion]) -> Any:
    """What one filter asks of the rows of the list, by itself."""
    asked = criteria[0].filter
    return asked.joint({asked.name: criteria}) if asked.joint is not None else alternatives_of(criteria)


def alternatives_of(criteria: Sequence[Criterion]) -> Any:
    """The alternatives asked of one filter; the nth "from" and the nth "until" are one range."""
    condition = criteria[0].filter.condition
    alternatives = [condition(c.operator, c.value) for c in criteria if c.operator not in ("from", "until")]
    for start, end in _ranges(criteria):
        alternatives.append(and_(*(condition(c.operator, c.value) for c in (start, end) if c is not None)))
    return or_(*alternatives)


def _ranges(criteria: Sequence[Criterion]) -> Iterator[tuple[Criterion | None, Criterion | None]]:
    starts = [c for c in criteria if c.operator == "from"]
    ends = [c for c in criteria if c.operator == "until"]
    yield from zip_longest(starts, ends)


def clean_search(text: str) -> str:
    """What somebody looks for, without characters nobody can type."""
    return _CONTROL.sub(" ", text)[:MAX_LENGTH].strip()


def pairs_of(query: str) -> list[tuple[str, str]]:
    """The fields of a query string; a mistake when there are absurdly many."""
    try:
        return parse_qsl(query.lstrip("?"), max_num_fields=1_000)
    except ValueError:
        raise UserMistake(_("This search has more than %(number)s conditions. Use fewer.", number=MAX_CRITERIA)) from None


def _pairs(args: Any) -> Iterator[tuple[str, str]]:
    if isinstance(args, str):
        yield from pairs_of(args)
    elif hasattr(args, "lists"):
        yield from args.items(multi=True)
    elif isinstance(args, Mapping):
        for key, value in args.items():
            yield from ((key, each) for each in ([value] if isinstance(value, str) else value))
    else:
        yield from args


def _read(key: str, text: str, listing: Listing) -> Criterion:
    name, _dot, operator = key.removeprefix(PREFIX).rpartition(".")
    found = listing.filters.get(name)
    if found is None:
        raise UserMistake(_("“%(name)s” is not something you can filter on here.", name=name[:60] or key[:60]))
    if operator not in found.allowed_operators:
        raise UserMistake(_("“%(operator)s” cannot be asked of %(label)s.", operator=operator[:20], label=str(found.label)))
    if len(text) > MAX_LENGTH or _CONTROL.search(text):
        raise UserMistake(_("The value for %(label)s is too long or has characters that cannot be typed.", label=str(found.label)))
    value = _parse_yes_no(found, text) if operator == "empty" else PARSERS[found.kind](found, text)
    return Criterion(found, operator, value, _canonical(value, text))


def _canonical(value: Any, text: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else text


def _parse_text(_filter: Filter, text: str) -> str:
    return text


def _parse_choice(asked: Filter, text: str) -> Any:
    for value, _label in asked.choices() if asked.choices else ():
        if str(value) == text:
            return value
    raise UserMistake(_("“%(value)s” is not one of the choices for %(label)s.", value=text, label=str(asked.label)))


def _parse_date(asked: Filter, text: str) -> date:
    try:
        if "/" in text:
            day, month, year = (int(part) for part in text.split("/"))
            return date(year, month, day)
        return date.fromisoformat(text)
    except ValueError:
        raise UserMistake(_("“%(value)s” is not a date. Write %(label)s as dd/mm/yyyy.", value=text, label=str(asked.label))) from None


def _parse_number(asked: Filter, text: str) -> int | float:
    if not _NUMBER.fullmatch(text):
        raise UserMistake(_("“%(value)s” is not a number. Write %(label)s in digits.", value=text, label=str(asked.label)))
    number = float(text.replace(",", "."))
    return int(number) if number.is_integer() else number


def _parse_yes_no(asked: Filter, text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise UserMistake(_("%(label)s is asked with yes or no, not with “%(value)s”.", value=text, label=str(asked.label)))


PARSERS: dict[str, Callable[[Filter, str], Any]] = {
    "text": _parse_text,
    "choice": _parse_choice,
    "date": _parse_date,
    "number": _parse_number,
    "yes_no": _parse_yes_no,
}


def operator_words() -> dict[str, str]:
    """How each operator is said between a field and its value."""
    return {
        "contains": _("contains"),
        "is": _("is"),
        "on": _("is"),
        "from": _("from"),
        "until": _("until"),
    }


def _sentence(criteria: Sequence[Criterion]) -> Sentence:
    asked, words = criteria[0].filter, operator_words()
    labels = {str(v): str(label) for v, label in asked.choices()} if asked.choices else {}
    parts: list[tuple[str, str]] = []
    for criterion in criteria:
        if criterion.operator == "empty":
            parts.append(("", _("is empty") if criterion.value else _("is filled in")))
        elif criterion.operator not in ("from", "until"):
            word = words[criterion.operator]
            repeated = any(c.operator == criterion.operator for c in criteria[: criteria.index(criterion)])
            parts.append(("" if repeated else word, _value_text(criterion, labels)))
    for start, end in _ranges(criteria):
        if start and end:
            both = _("%(start)s to %(end)s", start=_value_text(start, labels), end=_value_text(end, labels))
            parts.append((words["from"], both))
        else:
            one = start or end
            if one is not None:
                parts.append((words[one.operator], _value_text(one, labels)))
    return Sentence(asked.name, str(asked.label), tuple(parts))


def _value_text(criterion: Criterion, labels: Mapping[str, str]) -> str:
    if isinstance(criterion.value, bool):
        return _("yes") if criterion.value else _("no")
    if isinstance(criterion.value, date):
        return format_date(criterion.value)
    return labels.get(criterion.text, criterion.text)
