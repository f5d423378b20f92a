"""Any part of a name, e-mail address or town."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, false, func, select

from core.contacts.models import Contact
from core.contacts.names import fold
from core.db import db
from core.lists import search_index
from core.lists.conditions import like_pattern

#: trigrams need three characters
SHORTEST = 3
#: up to so many contacts, reading them all is quicker than asking the index of all organisations
SMALL = 2_000


def contact_search(text: str) -> Any:
    """Condition for the search box. Every word must occur; short text is the start of a name."""
    words = fold(text).split()
    if not words:
        return false()
    long = [w for w in words if len(w) >= SHORTEST]
    if not long:
        return _name_starts_with(" ".join(words))
    if search_index.exists() and not _is_small():
        return and_(Contact.id.in_(search_index.matching(long)), *(_holds(w) for w in words if w not in long))
    return and_(*(_holds(word) for word in words))


def _holds(word: str) -> Any:
    return Contact.search_text.like(like_pattern(word), escape="/")


def _name_starts_with(start: str) -> Any:
    return and_(Contact.name_key >= start, Contact.name_key < start[:-1] + chr(ord(start[-1]) + 1))


def _is_small() -> bool:
    some = select(Contact.id).limit(SMALL + 1).subquery()
    return db.session.execute(select(func.count()).select_from(some)).scalar_one() <= SMALL
