"""What is missing of contacts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.sql import ColumnElement

from core.contacts.models import Contact
from core.db import db
from core.extend.registry import registry
from core.i18n import _, _l
from core.outbox.refusals import has_refused_address
from core.web.context import active_plugins

#: what may be missing -> title; in SQL by missing_condition()
MISSING: dict[str, Any] = {
    "email": _l("No e-mail address 1"),
    "address": _l("Incomplete home address"),
    "birth_date": _l("No birth date"),
    "refused": _l("E-mail address does not work"),
}
_CONDITIONS: dict[str, Callable[[], ColumnElement[bool]]] = {
    "email": lambda: Contact.email_1.is_(None),
    "address": lambda: or_(Contact.street.is_(None), Contact.postcode.is_(None), Contact.town.is_(None)),
    "birth_date": lambda: Contact.birth_date.is_(None),
    "refused": has_refused_address,
}


def missing_condition(what: str) -> ColumnElement[bool]:
    """SQL condition on Contact: `what` of MISSING is missing, or "any" of them."""
    if what == "any":
        return or_(*(condition() for condition in _CONDITIONS.values()))
    return _CONDITIONS[what]()


def core_problems(contact_ids: Sequence[int]) -> dict[int, list[str]]:
    """Sentences about what the core misses, per contact that misses something."""
    rows = db.session.execute(
        select(
            Contact.id, Contact.email_1, Contact.birth_date, Contact.street, Contact.postcode, Contact.town, has_refused_address().label("refused")
        ).where(Contact.id.in_(contact_ids))
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        sentences = []
        if not row.email_1:
            sentences.append(_("No e-mail address 1"))
        if not (row.street and row.postcode and row.town):
            sentences.append(_("Incomplete home address"))
        if row.birth_date is None:
            sentences.append(_("No birth date"))
        if row.refused:
            sentences.append(_("E-mail address does not work"))
        if sentences:
            found[row.id] = sentences
    return found


def problems_of(contact_ids: Sequence[int]) -> dict[int, list[str]]:
    """Sentences of the core and of the active plugins; two queries or so for all ids."""
    found = core_problems(contact_ids)
    for answer in registry().plugins.ask("contact_problems", active_plugins(), contact_ids=list(contact_ids)):
        for contact_id, sentences in answer.items():
            found.setdefault(contact_id, []).extend(str(s) for s in sentences)
    return found
