"""Who may see which rows. The first of three walls; see docs/security.md for the others.

Every query through the session is limited to the current scope. No scope means an error,
never "all rows". A scope is an organisation: a club, a region, a federation or the platform.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

from sqlalchemy import Column, Date, ForeignKey, bindparam, event, inspect, or_, select
from sqlalchemy.orm import Mapped, Mapper, ORMExecuteState, Session, mapped_column, with_loader_criteria
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.selectable import SelectBase

from core import clock
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

    #: how many classes there are; a new one ends what is remembered about them
    declared: ClassVar[int] = 0

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        Tenant.declared += 1

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))


class TenantOwned(Tenant):
    """Seen and changed by the owning organisation only."""


class Shared(Tenant):
    """Owned by one organisation, seen by a few others: the class says by whom.

    The class says it twice, for two walls: `visible_in` for the ORM, and the two conditions
    below, in SQL, for PostgreSQL (see core.rls.policy_sql). The second may be wider.
    """

    #: what a row must meet for a federation or region to touch it
    wall_for_federations: ClassVar[str | None] = None
    #: what a row must meet for anybody to read it, besides its owner
    wall_for_readers: ClassVar[str | None] = None

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
    wall_for_federations = "federation_id = {federation}"

    federation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))

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

    # asked when the statement runs: the criteria are kept longer than a day
    today = bindparam("koepel_today", callable_=clock.today, type_=Date())
    return select(Affiliation.organisation_id).where(
        Affiliation.region_id == region_id, or_(Affiliation.until_on.is_(None), Affiliation.until_on >= today)
    )


# --- reads -----------------------------------------------------------------------------------


def _subclasses(cls: type[Any]) -> Iterator[type[Any]]:
    child: type[Any]
    for child in cls.__subclasses__():
        yield child
        yield from _subclasses(child)


def _mapped(parent: type) -> list[type]:
    return [c for c in _subclasses(parent) if inspect(c, raiseerr=False) is not None]


def mapped_tenants() -> list[type[Tenant]]:
    """Every model whose rows have an owner, by table name."""
    return sorted(_mapped(Tenant), key=lambda c: c.__tablename__)  # type: ignore[attr-defined]


@lru_cache(maxsize=1)
def _tenant_tables(_declared: int) -> frozenset[str]:
    return frozenset(c.__table__.fullname for c in _mapped(Tenant))  # type: ignore[attr-defined]


def tenant_tables() -> frozenset[str]:
    """Names of all tables whose rows have an owner."""
    return _tenant_tables(Tenant.declared)


#: models whose rows bring rows with an owner into a SELECT that does not name them
_bring_along: set[str] = set()


@event.listens_for(Mapper, "mapper_configured")
def _note_what_it_brings(mapper: Mapper[Any], cls: type) -> None:
    joined = [relationship.mapper.class_ for relationship in mapper.relationships if relationship.lazy in ("joined", "subquery", False)]
    calculated = any(not isinstance(column, Column) for attribute in mapper.column_attrs for column in attribute.columns)
    if calculated or any(issubclass(brought, Tenant) for brought in joined):
        _bring_along.add(cls.__name__)


@lru_cache(maxsize=4096)
def _criteria(scope: Scope, _declared: int, tables: frozenset[str] | None) -> tuple[Any, ...]:
    """What limits a statement to a scope. tables: all it reads, when that is known; each criterion costs time when its key is made."""
    organisation_id = scope.organisation_id
    options = [with_loader_criteria(TenantOwned, lambda cls: cls.organisation_id == organisation_id, include_aliases=True)]
    for cls in _mapped(Shared):
        mapper: Mapper[Any] = inspect(cls)  # type: ignore[assignment]
        if tables is None or tables & {table.fullname for table in mapper.tables}:  # type: ignore[attr-defined]
            options.append(with_loader_criteria(cls, cls.visible_in(scope), include_aliases=True))  # type: ignore[attr-defined]
    return tuple(options)


def _named_tables(state: ORMExecuteState, scope: Scope, touched: Touched) -> frozenset[str] | None:
    """The tenant tables of a SELECT when it names all it reads; None when more may come with it."""
    comes_along = state.is_update or state.is_delete or state.is_relationship_load or state.is_column_load or state.statement._with_options or _bring_along
    return None if comes_along or scope.kind == "region" else touched.tables  # the criteria of a region read another table themselves


@dataclass
class _Frame:
    """One SELECT of a statement: the tenant tables it reads, and those a model stands for in it."""

    sources: set[Any] = field(default_factory=set)
    covered: set[Any] = field(default_factory=set)


def _frames(statement: Any) -> Iterator[_Frame]:
    """Every SELECT of a statement by itself, so that a model in one covers nothing in another.

    A source is a tenant table or an alias of one. What a model brings along is annotated, and
    its criteria cover the source it stands for; so the bare table beside a model's column, or
    the bare key of `Session.get`, is covered too. A source no model stands for is not.
    """
    names = tenant_tables()
    selects, known = [statement], set()
    while selects:
        select_ = selects.pop()
        if id(select_) in known:
            continue
        known.add(id(select_))
        frame, waiting, seen = _Frame(), [select_], set()
        while waiting:
            element = waiting.pop()
            if id(element) in seen:
                continue
            seen.add(id(element))
            if element is not select_ and isinstance(element, SelectBase):
                selects.append(element)
                continue
            kind = getattr(element, "__visit_name__", "")
            if kind in ("textclause", "text"):
                frame.sources.add(element)
                continue
            source = getattr(element, "table", None) if kind == "column" else element
            table = getattr(source, "element", source)  # what an alias stands for
            if getattr(table, "fullname", "") in names:
                frame.sources.add(source)
                if "parententity" in element._annotations or "parentmapper" in element._annotations:
                    frame.covered.add(source)
                if kind != "column":
                    continue  # the table inside an alias is not another source
            waiting += element.get_children()
        yield frame


@dataclass(frozen=True, slots=True)
class Touched:
    """What a statement reads: names of tenant tables, whether there is anything at all, and whether some of it goes past the ORM."""

    tables: frozenset[str]
    anything: bool
    past_orm: bool


def _look(statement: Any) -> Touched:
    frames = list(_frames(statement))
    sources = {source for frame in frames for source in frame.sources}
    tables = (getattr(source, "element", source) for source in sources)
    names = frozenset(table.fullname for table in tables if hasattr(table, "fullname"))
    return Touched(names, bool(sources), any(frame.sources - frame.covered for frame in frames))


#: (shape of a statement, number of tenant models) -> what it touches; SQLAlchemy keeps its compiled SQL by the same shape
_known_shapes: dict[Any, Touched] = {}
MOST_SHAPES = 4096


def _touched(statement: Any) -> Touched:
    shape = statement._generate_cache_key()
    if shape is None:  # it has none, so it is looked at each time
        return _look(statement)
    key = (shape.key, Tenant.declared)
    found = _known_shapes.get(key)
    if found is None:
        if len(_known_shapes) >= MOST_SHAPES:
            _known_shapes.clear()
        found = _known_shapes[key] = _look(statement)
    return found


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
    touched = _touched(statement)
    if state.is_orm_statement and found is not None and not (state.is_update or state.is_delete):
        if not state.is_relationship_load and not state.is_column_load and touched.past_orm:
            raise OutOfScope("a tenant table was used past the ORM")
    else:
        if touched.past_orm or (touched.anything and not state.is_orm_statement):
            raise OutOfScope("a tenant table or text() was used past the ORM")
        if not touched.anything:
            return
        if found is None:
            raise OutOfScope("no scope: wrap this in `with scope(organisation)`")
        if (state.is_update or state.is_delete) and not state.session.info.get("writing"):
            raise OutOfScope("bulk changes belong inside transaction()")
    _raise_wall(state.session)
    state.statement = statement.options(*_criteria(found, Tenant.declared, _named_tables(state, found, touched)))


def _raise_wall(session: Session) -> None:
    raise_wall(session, _current.get())


def is_visible(row: Any, session: Session) -> bool:
    """May the current scope see this row, which is in memory already?"""
    if not isinstance(row, Tenant):
        return True
    found = current_scope()
    if found.is_unscoped or row.organisation_id == found.organisation_id:
        return True
    if isinstance(row, TenantOwned):
        return False
    mapper = inspect(type(row))
    key = mapper.primary_key[0]
    attribute = mapper.attrs[mapper.get_property_by_column(key).key].class_attribute
    return session.execute(select(attribute).where(key == inspect(row).identity[0])).first() is not None


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
    allowed = row.may_be_written_in(found, changed) if isinstance(row, Shared) else row.organisation_id == found.organisation_id
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
