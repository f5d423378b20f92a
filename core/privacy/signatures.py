"""Names of people beside what they did ("Asked by An Peeters"), in whatever table: they go when the person goes.

A model says that a column is one by declaring it with core.db.signature(); nothing else is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.sql import ColumnElement

from core.audit.models import AuditEntry
from core.db import Base, db, signed_columns
from core.organisations.models import Organisation
from core.privacy.subject import NONE, Subject
from core.tenancy import unscoped
from core.users.models import OrganisationRole, User

ROLE = OrganisationRole.__tablename__


def signatures() -> Iterator[tuple[Any, Any]]:
    """(name, number of the login) of every such column there is, as attributes of their model."""
    for mapper in sorted(Base.registry.mappers, key=lambda mapper: str(mapper.local_table.name)):
        for name, by in signed_columns(mapper.class_).items():
            yield getattr(mapper.class_, name), getattr(mapper.class_, by)


def forget_signatures(subject: Subject) -> None:
    """Empty the name of a person, of a login with no part here any more: here, and of one with no part anywhere: everywhere.

    Rows of before the number was kept, and of a login that lost its part earlier, are known by the name alone.
    """
    with unscoped("the name of an erased person beside what it did, for its organisation and for those below"):
        here, above = _still_there(subject), _still_there(subject, and_above=True)
        for name, by in signatures():
            model = name.class_
            mine = [by.in_(subject.homeless)] if subject.homeless else []
            if subject.leaving:
                mine.append(and_(_of_here(model, subject), by.in_(subject.leaving)))
            if subject.names and set(subject.user_ids) == set(subject.leaving):
                others = above if hasattr(model, "federation_id") else here
                mine.append(and_(_of_here(model, subject), name.in_(subject.names), or_(by.is_(None), by.not_in(others))))
            if mine:
                statement = update(model).where(name != "", or_(*mine)).values({name.key: ""})
                db.session.execute(statement.execution_options(synchronize_session="fetch"))


def _of_here(model: Any, subject: Subject) -> ColumnElement[bool]:
    """Rows of the organisation, and what it did as federation in rows of its clubs."""
    here = subject.contact.organisation_id
    owners = [getattr(model, key) == here for key in ("organisation_id", "federation_id") if hasattr(model, key)]
    return or_(*owners)


def _still_there(subject: Subject, *, and_above: bool = False) -> list[int]:
    """Logins with a part here (or in a federation, which decides in rows of clubs): a namesake of the person keeps its name."""
    where = OrganisationRole.organisation_id == subject.contact.organisation_id
    held = select(OrganisationRole.user_id).join(Organisation, Organisation.id == OrganisationRole.organisation_id)
    held = held.where(or_(where, Organisation.kind != "club") if and_above else where)
    return [pk for pk in db.session.scalars(held.distinct()) if pk not in subject.leaving] or list(NONE)


def parts_once_held(subject: Subject) -> list[int]:
    """Parts in running the organisation that this person had: what the log says about these names it."""
    if not subject.names:
        return []
    named = or_(*(or_(AuditEntry.note == name, AuditEntry.note.startswith(f"{name}: ", autoescape=True)) for name in subject.names))
    found = set(db.session.scalars(select(AuditEntry.subject_id).where(AuditEntry.subject_type == ROLE, AuditEntry.salt != "", named)))
    held = select(OrganisationRole.id, User).join(User, User.id == OrganisationRole.user_id).where(OrganisationRole.id.in_(found or NONE))
    of_namesakes = {row.id for row in db.session.execute(held) if row.User.id not in subject.user_ids and row.User.full_name in subject.names}
    return sorted(found - of_namesakes)
