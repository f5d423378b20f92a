"""Who may see which rows. The first of three walls; see docs/security.md for the others.

Every query through the session is limited to the current scope. No scope means an error,
never "all rows". A scope is an organisation: a club, a region, a federation or the platform.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, event, inspect, select
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria
from sqlalchemy.orm import declared_attr
from sqlalchemy.sql import ColumnElement, visitors

from core.db import TenantSession, is_trusted_statement
from core.errors import OutOfScope
from core.rls import raise_wall

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scope:
    """The organisation whose data may be touched now.

    `kind` is "club", "region", "federation" or "platform". `federation_id` is set for a
    federation (itself) and a region (its federation). `reason` is set only by `unscoped()`.
    """

    organisation_id: int | None
    kind: str
    federation_id: int | None = None
    reason: str | None = None

    @property
    def is_unscoped(self) -> bool:
        return self.reason is not None

    @property
    def reads_clubs(self) -> bool:
        """Does this organisation read (some) rows of its clubs?"""
        return self.kind in ("federation", "region")


_current: ContextVar[Scope | None] = ContextVar("koepel_scope", default=None)


def current_scope() -> Scope:
    """The scope in force; an error when there is none."""
    found = _current.get()
    if found is None:
        raise OutOfScope("no scope: wrap this in `with scope(organisation)`")
    return found


def has_scope() -> bool:
    return _current.get() is not None


@contextmanager
def enter(new: Scope) -> Iterator[Scope]:
    token = _current.set(new)
    try:
        yield new
    finally:
        _current.reset(token)


def scope(organisation: Any) -> Any:
    """Limit everything inside to `organisation` (an `Organisation`).

    Example:
        with scope(club):
            contacts = db.session.scalars(select(Contact)).all()
    """
    federation_id = {"federation": organisation.id, "region": organisation.parent_id}.get(organisation.kind)
    return enter(Scope(organisation.id, organisation.kind, federation_id))


def unscoped(reason: str) -> Any:
    """See all organisations at once. Give the true reason; it is logged.

    Only for work that belongs to no organisation: finding the organisation of a request,
    claiming a job, migrating, a backup.
    """
    if len(reason) < 8:
        raise ValueError("unscoped() needs a reason")
    logger.debug("unscoped", extra={"reason": reason})
    return enter(Scope(None, "platform", reason=reason))


class Tenant:
    """A row that has an owner: `organisation_id`. Use TenantOwned or a Shared class."""

    @declared_attr
    def organisation_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("organisation.id"), nullable=False)


class TenantOwned(Tenant):
    """Seen and changed by the owning organisation only."""


class Shared(Tenant):
    """Owned by one organisation, seen by a few others: the class says by whom."""

    @classmethod
    def visible_in(cls, scope: Scope) -> ColumnElement[bool]:
        """SQL condition for the rows this scope may read."""
        raise NotImplementedError

    def may_be_written_in(self, scope: Scope, changed: set[str]) -> bool:
        """May this scope store a change of these attributes (or create, delete: all of them)?"""
        return self.organisation_id == scope.organisation_id


class FederationReadable(Shared):
    """Owned by a club, read by the federation named in `federation_id` and by its regions.

    `federation_writes` lists the attributes the federation may change (its own decisions).
    """

    federation_writes: ClassVar[frozenset[str]] = frozenset()

    @declared_attr
    def federation_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("organisation.id"), nullable=True)

    @classmethod
    def visible_in(cls, scope: Scope) -> ColumnElement[bool]:
        owner: Any = cls.organisation_id
        if scope.kind == "federation":
            return cls.federation_id == scope.organisation_id  # type: ignore[return-value]
        if scope.kind == "region":
            return (cls.federation_id == scope.federation_id) & owner.in_(clubs_of_region(scope.organisation_id))  # type: ignore[return-value]
        return owner == scope.organisation_id  # type: ignore[no-any-return]

    def may_be_written_in(self, scope: Scope, changed: set[str]) -> bool:
        if scope.kind == "federation":
            return self.federation_id == scope.organisation_id and changed <= self.federation_writes
        return self.organisation_id == scope.organisation_id


def clubs_of_region(region_id: int | None) -> Any:
    from core.organisations.models import Affiliation  # noqa: PLC0415 -- circular: models use the mixins above

    return select(Affiliation.organisation_id).where(Affiliation.region_id == region_id)


# --- reads -----------------------------------------------------------------------------------


def _subclasses(cls: type) -> Iterator[type]:
    for child in cls.__subclasses__():
        yield child
        yield from _subclasses(child)


def _mapped(parent: type) -> list[type]:
    return [c for c in _subclasses(parent) if inspect(c, raiseerr=False) is not None]


@lru_cache(maxsize=1)
def _tenant_tables(_registered: int) -> frozenset[str]:
    return frozenset(c.__table__.fullname for c in _mapped(Tenant))  # type: ignore[attr-defined]


def tenant_tables() -> frozenset[str]:
    """Names of all tables whose rows have an owner."""
    return _tenant_tables(sum(1 for _ in _subclasses(Tenant)))


@lru_cache(maxsize=4096)
def _criteria(scope: Scope, _registered: int) -> tuple[Any, ...]:
    organisation_id = scope.organisation_id
    options = [with_loader_criteria(TenantOwned, lambda cls: cls.organisation_id == organisation_id, include_aliases=True)]
    options += [with_loader_criteria(cls, cls.visible_in(scope), include_aliases=True) for cls in _mapped(Shared)]  # type: ignore[attr-defined]
    return tuple(options)


def _touched(statement: Any) -> tuple[bool, bool]:
    """(touches a tenant table, touches one past the ORM)."""
    names = tenant_tables()
    touches = past_orm = False
    for element in visitors.iterate(statement):
        kind = getattr(element, "__visit_name__", "")
        if kind == "table":
            name = element.fullname
        elif kind == "column" and getattr(element, "table", None) is not None:
            name = getattr(element.table, "fullname", "")
        elif kind in ("textclause", "text"):
            return True, True
        else:
            continue
        if name in names:
            touches = True
            if "parententity" not in element._annotations and "parentmapper" not in element._annotations:
                past_orm = True
    return touches, past_orm


@event.listens_for(TenantSession, "do_orm_execute")
def _guard_statement(state: ORMExecuteState) -> None:
    if is_trusted_statement():
        _raise_wall(state.session)
        return
    found = _current.get()
    if found is not None and found.is_unscoped and state.is_orm_statement:
        _raise_wall(state.session)
        return
    statement = state.statement
    if state.is_insert:
        raise OutOfScope("insert statements go through core.db.insert_rows()")
    if state.is_orm_statement and found is not None and not (state.is_update or state.is_delete):
        if not state.is_relationship_load and not state.is_column_load and _touched(statement)[1]:
            raise OutOfScope("a tenant table was used past the ORM")
    else:
        touches, past_orm = _touched(statement)
        if past_orm or (touches and not state.is_orm_statement):
            raise OutOfScope("a tenant table or text() was used past the ORM")
        if not touches:
            return
        if found is None:
            raise OutOfScope("no scope: wrap this in `with scope(organisation)`")
        if (state.is_update or state.is_delete) and not state.session.info.get("writing"):
            raise OutOfScope("bulk changes belong inside transaction()")
    _raise_wall(state.session)
    state.statement = statement.options(*_criteria(found, sum(1 for _ in _subclasses(Shared))))


def _raise_wall(session: Session) -> None:
    raise_wall(session, _current.get())


def is_visible(row: Any) -> bool:
    """May the current scope see this loaded row? Used where no query runs."""
    found = current_scope()
    if found.is_unscoped:
        return True
    if isinstance(row, TenantOwned):
        return row.organisation_id == found.organisation_id
    if isinstance(row, FederationReadable) and found.kind == "federation":
        return row.federation_id == found.organisation_id
    return True


@event.listens_for(TenantSession, "loaded_as_persistent")
def _tripwire(session: Session, row: Any) -> None:
    """Whatever slipped past the criteria is stopped before anybody sees it."""
    found = _current.get()
    if not isinstance(row, TenantOwned) or (found is not None and found.is_unscoped):
        return
    if found is None or row.__dict__.get("organisation_id", found.organisation_id) != found.organisation_id:
        raise OutOfScope(f"{type(row).__name__} of another organisation was loaded")


# --- writes ----------------------------------------------------------------------------------


@event.listens_for(TenantSession, "before_flush")
def _guard_flush(session: Session, _context: Any, _instances: Any) -> None:
    if not session.info.get("writing"):
        raise OutOfScope("changes belong inside `with transaction():`")
    found = _current.get()
    _raise_wall(session)
    for row in [*session.new, *session.dirty, *session.deleted]:
        if not isinstance(row, Tenant):
            continue
        if found is None:
            raise OutOfScope(f"{type(row).__name__} written without a scope")
        if row in session.new and row.organisation_id is None and not found.is_unscoped:
            row.organisation_id = found.organisation_id  # type: ignore[assignment]
        if not found.is_unscoped:
            _check_write(session, row, found)


def _check_write(session: Session, row: Tenant, found: Scope) -> None:
    state = inspect(row)
    if row in session.new or row in session.deleted:
        changed = {"*"}
    else:
        changed = {a.key for a in state.attrs if a.history.has_changes()}
        if not changed:
            return
        before = state.attrs.organisation_id.history.deleted
        if before and before[0] != row.organisation_id:
            raise OutOfScope(f"{type(row).__name__} may not move to another organisation")
    if isinstance(row, Shared):
        allowed = row.may_be_written_in(found, changed)
    else:
        allowed = row.organisation_id == found.organisation_id
    if not allowed:
        raise OutOfScope(f"{type(row).__name__} of another organisation may not be written")


def stamp_rows(model: type, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give bulk rows the organisation of the scope, or refuse those of another one."""
    if not issubclass(model, Tenant):
        return [dict(row) for row in rows]
    found = current_scope()
    if found.is_unscoped:
        if any(row.get("organisation_id") is None for row in rows):
            raise OutOfScope("unscoped bulk rows must name their organisation")
        return [dict(row) for row in rows]
    if any(row.get("organisation_id", found.organisation_id) != found.organisation_id for row in rows):
        raise OutOfScope(f"bulk rows of {model.__name__} for another organisation")
    return [{**row, "organisation_id": found.organisation_id} for row in rows]
