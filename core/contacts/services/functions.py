"""Functions (chair, secretary, trainer ...) that contacts hold, from a day to a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import or_, select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.contacts.models import Contact, ContactFunction
from core.db import db
from core.errors import NotFound, UserMistake
from core.extend.contributions import FunctionDeclaration
from core.extend.registry import registry
from core.i18n import _
from core.web.context import active_plugins, current_organisation


@dataclass(frozen=True)
class Holder:
    """A contact in a function."""

    row: ContactFunction
    title: str
    contact: Contact


def functions_here() -> list[FunctionDeclaration]:
    """The functions that exist in this organisation, in order; once what two federations of a club both have."""
    found: dict[str, FunctionDeclaration] = {}
    for function in registry().active("functions", active_plugins()):
        first = found.setdefault(function.key, function)
        if function.required and not first.required:
            found[function.key] = replace(first, required=True)
    return list(found.values())


def title_of(key: str) -> str:
    """What a function is called; also one that its federation no longer declares."""
    return next((str(f.title) for f in functions_here() if f.key == key), key.replace("_", " ").capitalize())


def get_function(pk: int) -> ContactFunction:
    """One row of the organisation at hand, or NotFound."""
    found = db.session.scalars(select(ContactFunction).where(ContactFunction.id == pk)).one_or_none() if pk < 2**31 else None
    if found is None:
        raise NotFound(f"contact function {pk}")
    return found


def give_function(contact: Contact, function: str, *, from_on: date | None = None, until_on: date | None = None, actor: Actor) -> ContactFunction:
    """Let a contact hold a function from a day on (today), perhaps until a day."""
    require(actor, "contacts.write")
    if function not in {f.key for f in functions_here()}:
        raise UserMistake(_("Choose a function from the list."), field="function")
    first = from_on or today()
    if until_on is not None and until_on < first:
        raise UserMistake(_("The last day is before the first day."), field="until_on")
    for held in _rows(contact.id):
        overlaps = (held.until_on is None or held.until_on >= first) and (until_on is None or held.from_on <= until_on)
        if held.function == function and overlaps:
            raise UserMistake(_("%(name)s already holds this function then.", name=contact.full_name), field="function")
    row = ContactFunction(contact_id=contact.id, function=function, from_on=first, until_on=until_on)
    db.session.add(row)
    db.session.flush()
    record("contact.function_given", contact, actor=actor, changes={f"function.{function}": (None, first)})
    return row


def end_function(row: ContactFunction, *, last_day: date | None = None, actor: Actor) -> ContactFunction:
    """End a function; `last_day` (today) is the last day it still counts."""
    require(actor, "contacts.write")
    last = last_day or today()
    if last < row.from_on:
        raise UserMistake(_("The last day is before the first day."), field="until_on")
    before, row.until_on = row.until_on, last
    _record_change(row, "contact.function_ended", before, actor)
    return row


def undo_ending(row: ContactFunction, until_on: date | None, *, actor: Actor) -> ContactFunction:
    """Put the last day back to what it was before end_function."""
    require(actor, "contacts.write")
    before, row.until_on = row.until_on, until_on
    _record_change(row, "contact.function_given", before, actor)
    return row


def undo_giving(row: ContactFunction, *, actor: Actor) -> Contact:
    """Remove a function that was given by mistake; returns who held it."""
    require(actor, "contacts.write")
    contact = _holder(row)
    record("contact.function_taken_back", contact, actor=actor, changes={f"function.{row.function}": (row.from_on, None)})
    db.session.delete(row)
    db.session.flush()
    return contact


def _holder(row: ContactFunction) -> Contact:
    return db.session.scalars(select(Contact).where(Contact.id == row.contact_id)).one()


def _record_change(row: ContactFunction, action: str, before: date | None, actor: Actor) -> None:
    db.session.flush()
    contact = _holder(row)
    record(action, contact, actor=actor, changes={f"function.{row.function}.until_on": (before, row.until_on)})


def today() -> date:
    """Today where the organisation is."""
    return clock.today(current_organisation().time_zone)


def _rows(contact_id: int) -> Sequence[ContactFunction]:
    query = select(ContactFunction).where(ContactFunction.contact_id == contact_id)
    return db.session.scalars(query.order_by(ContactFunction.from_on.desc(), ContactFunction.id.desc())).all()


def functions_of(contact: Contact) -> list[Holder]:
    """All functions of one contact, those of today first, then the newest."""
    day = today()
    rows = sorted(_rows(contact.id), key=lambda row: row.until_on is not None and row.until_on < day)
    return [Holder(row, title_of(row.function), contact) for row in rows]


def holders(day: date | None = None) -> list[Holder]:
    """Everybody who holds a function on `day` (today), in the order of the functions, by name."""
    day = day or today()
    rows = db.session.execute(
        select(ContactFunction, Contact)
        .join(Contact, Contact.id == ContactFunction.contact_id)
        .where(
            Contact.deleted_at.is_(None),
            ContactFunction.from_on <= day,
            or_(ContactFunction.until_on.is_(None), ContactFunction.until_on >= day),
        )
        .order_by(Contact.name_key, ContactFunction.id)
    ).all()
    order = {function.key: number for number, function in enumerate(functions_here())}
    found = [Holder(row, title_of(row.function), contact) for row, contact in rows]
    return sorted(found, key=lambda holder: order.get(holder.row.function, len(order)))


def missing_functions(day: date | None = None) -> list[FunctionDeclaration]:
    """Required functions nobody holds on `day`."""
    held = {holder.row.function for holder in holders(day)}
    return [function for function in functions_here() if function.required and function.key not in held]
