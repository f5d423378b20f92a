"""Finds the contact a row is about, among those that are known. A few queries for thousands of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Row, or_, select

from core.contacts.models import Contact
from core.contacts.names import fold
from core.db import db, is_one_of
from core.imports.checking import CheckedRow
from core.imports.layout import Layout

_EMAILS = ("email_1", "email_2", "email_3")
_fold = lru_cache(maxsize=50_000)(fold)


def name_key(last_name: str, first_name: str) -> str:
    """The same as Contact.refold() makes, quicker: names come back often."""
    return f"{_fold(last_name)} {_fold(first_name)}".strip()


def identity(last_name: str, first_name: str) -> str:
    """What tells names apart: folded, or as they are in a script that folding knows nothing of."""
    last, first = _fold(last_name), _fold(first_name)
    return f"{last} {first}" if last and first else f"{last_name.casefold()}|{first_name.casefold()}"


def search_text(values: Mapping[str, Any]) -> str:
    """The same as Contact.refold() makes."""
    first, last = _fold(values["first_name"]), _fold(values["last_name"])
    parts = [last, first, last, *(fold(values[name]) for name in _EMAILS if values.get(name))]
    town = values.get("town")
    if town:
        parts.append(_fold(town))
    return " ".join(part for part in parts if part)[:900]


@dataclass(frozen=True, slots=True)
class Known:
    """What the organisation knows of a row.

    how: "new", "match", or why that cannot be told: "doubles" (several contacts with this name
    and birth date) or "namesakes" (several with this name, and no birth date to choose by).
    """

    how: Literal["new", "match", "doubles", "namesakes"]
    contact: Row[Any] | None = None
    count: int = 0


NEW = Known("new")


@dataclass
class Matcher:
    """Matches rows against the contacts of the scope as they are now.

    First by folded name and birth date; a row or contact without birth date matches on the name
    alone when that leaves no doubt; then by e-mail address 1 with the same first name. Contacts
    made by import `import_id` itself do not count: those rows are compared with each other.
    """

    layout: Layout
    import_id: int | None = None
    _columns: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        names = {"id", "version", "name_key", "search_text", "last_name", "first_name", "birth_date", "town", *_EMAILS, *self.layout.attributes}
        if self.layout.extra:
            names.add("extra")
        self._columns = [getattr(Contact, name) for name in sorted(names)]

    def match(self, rows: Sequence[CheckedRow]) -> list[Known]:
        last, first, email = self.layout.place["last_name"], self.layout.place["first_name"], self.layout.place.get("email_1")
        keys = [name_key(row.values[last], row.values[first]) for row in rows]
        by_key: dict[str, list[Row[Any]]] = defaultdict(list)
        for contact in self._contacts(Contact.name_key, set(keys)):
            by_key[contact.name_key].append(contact)
        found = [self._by_name(row, self._same_name(row, by_key[key])) if key in by_key else NEW for row, key in zip(rows, keys, strict=True)]
        addresses = set() if email is None else {row.values[email] for row, known in zip(rows, found, strict=True) if known is NEW} - {None}
        if addresses:
            by_email: dict[str, list[Row[Any]]] = {}
            for contact in self._contacts(Contact.email_1, addresses):
                by_email.setdefault(contact.email_1, []).append(contact)
            found = [self._by_email(row, by_email) if known is NEW else known for row, known in zip(rows, found, strict=True)] if by_email else found
        return found

    def _contacts(self, column: Any, values: Iterable[str]) -> Sequence[Row[Any]]:
        query = select(*self._columns).where(is_one_of(column, sorted(values)), Contact.deleted_at.is_(None))
        if self.import_id is not None:
            query = query.where(or_(Contact.import_id.is_(None), Contact.import_id != self.import_id))
        return db.session.execute(query.order_by(Contact.id)).all()

    def _same_name(self, row: CheckedRow, candidates: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
        if not candidates:
            return candidates
        who = identity(self.layout.value(row.values, "last_name"), self.layout.value(row.values, "first_name"))
        return [c for c in candidates if identity(c.last_name, c.first_name) == who]

    def _by_name(self, row: CheckedRow, candidates: Sequence[Row[Any]]) -> Known:
        if not candidates:
            return NEW
        born, email = self.layout.value(row.values, "birth_date"), self.layout.value(row.values, "email_1")
        if born is not None:
            same = [c for c in candidates if c.birth_date == born]
            if same:
                return Known("match", same[0]) if len(same) == 1 else Known("doubles", count=len(same))
            candidates = [c for c in candidates if c.birth_date is None and not _contradicts(c, email)]
            return Known("match", candidates[0]) if len(candidates) == 1 else NEW
        if email:
            same = [c for c in candidates if email in _addresses(c)]
            if len(same) == 1:
                return Known("match", same[0])
            candidates = [c for c in candidates if not _contradicts(c, email)]
        undated = [c for c in candidates if c.birth_date is None]
        candidates = undated if len(undated) == 1 else candidates
        if len(candidates) > 1:
            return Known("namesakes", count=len(candidates))
        return Known("match", candidates[0]) if candidates else NEW

    def _by_email(self, row: CheckedRow, by_email: Mapping[str, Sequence[Row[Any]]]) -> Known:
        """Couples share an address, so the first name must be the same and the birth date not another."""
        born, first = self.layout.value(row.values, "birth_date"), _fold(self.layout.value(row.values, "first_name"))
        candidates = by_email.get(self.layout.value(row.values, "email_1") or "", ())
        fitting = [c for c in candidates if _fold(c.first_name) == first and (born is None or c.birth_date is None or born == c.birth_date)]
        return Known("match", fitting[0]) if len(fitting) == 1 else NEW


def _addresses(contact: Row[Any]) -> set[str]:
    return {address for address in (contact.email_1, contact.email_2, contact.email_3) if address}


def _contradicts(contact: Row[Any], email: str | None) -> bool:
    addresses = _addresses(contact)
    return bool(email and addresses and email not in addresses)
