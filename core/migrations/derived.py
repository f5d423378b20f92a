"""What follows from the models and is not in the migrations: walls, triggers, search indexes.

They are made again after every migration, in the same transaction, so they cannot drift.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, ScalarResult, column, delete, insert, inspect, select, table

from core import __version__, clock
from core.db import OPEN_WALLS, kept_ddl, metadata, run_ddl
from core.lists.search_index import OWN_TABLES
from core.lists.search_index import TABLE as SEARCH_TABLE
from core.migrations.models import SchemaState
from core.rls import policy_sql
from core.tenancy import Shared, Tenant, mapped_tenants

#: tables a search index makes for itself, which no model describes
HIDDEN_TABLES = OWN_TABLES


def statements(dialect: str, tables: Iterable[str]) -> list[str]:
    """All of it for these tables."""
    here = set(tables)
    found: list[str] = []
    if dialect == "postgresql":
        # FAB gives its keys sequences of their own, which written migrations do not mention
        found += [f"CREATE SEQUENCE IF NOT EXISTS {name}" for name in sorted(metadata._sequences)]
        found += [statement for tenant in mapped_tenants() if name_of(tenant) in here for statement in wall_of(tenant)]
    for known in metadata.sorted_tables:
        if known.name in here:
            found += [statement for make in kept_ddl.get(known.name, ()) for statement in make(dialect)]
    return found


def name_of(tenant: Any) -> str:
    return str(tenant.__tablename__)


def wall_of(tenant: type[Tenant]) -> list[str]:
    """The policy of one table; none for a shared table that does not say who reads it."""
    if not issubclass(tenant, Shared):
        return policy_sql(name_of(tenant))
    if tenant.wall_for_federations is None and tenant.wall_for_readers is None:
        return []
    return policy_sql(name_of(tenant), federation_condition=tenant.wall_for_federations, readers=tenant.wall_for_readers)


def bring_up_to_date(connection: Connection, *, always: bool) -> bool:
    """Run the statements when they changed, or `always` (a migration may have dropped a trigger)."""
    there = inspect(connection).get_table_names()
    if SchemaState.__tablename__ not in there:  # after going all the way back
        run_ddl(connection, [f"DROP TABLE IF EXISTS {SEARCH_TABLE}"])
        return False
    wanted = statements(connection.dialect.name, there)
    fingerprint = hashlib.sha256("\n".join(wanted).encode()).hexdigest()
    state = SchemaState.__table__
    stored = connection.execute(select(state.c.fingerprint)).scalar()
    if stored == fingerprint and not always:
        return False
    run_ddl(connection, wanted)
    connection.execute(delete(state))
    connection.execute(insert(state).values(id=1, fingerprint=fingerprint, koepel_version=__version__, changed_at=clock.now()))
    return True


def drop_triggers(connection: Connection) -> None:
    """Before going back: SQLite drops a column by making its table anew, which triggers that name it do not allow."""
    if connection.dialect.name == "sqlite":
        names: ScalarResult[str] = connection.execute(select(column("name")).select_from(table("sqlite_master")).where(column("type") == "trigger")).scalars()
        run_ddl(connection, [f'DROP TRIGGER "{name}"' for name in names.all()])


def open_walls(connection: Connection) -> None:
    """Let the transaction at hand see every organisation (a backup)."""
    if connection.dialect.name == "postgresql":
        run_ddl(connection, [OPEN_WALLS])
