"""The second wall: PostgreSQL row-level security.

Each transaction tells the server which organisations it may touch, as a range that is a
single number for a club (so the policy stays an index condition) and everything for a
federation, whose tables then also demand the federation's own id.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from core.db import TenantSession

_SET = text(
    "SELECT set_config('koepel.low', :low, true), set_config('koepel.high', :high, true),"
    " set_config('koepel.federation', :federation, true)"
)
_MAX = "2147483647"

POLICY = "koepel_tenancy"
READERS = "koepel_readers"

#: what a condition of a class may name: {low} and {high}, the range of organisations of the
#: scope (one number for a club), and {federation}, the federation at hand or 0
_NAMES = {
    "low": "nullif(current_setting('koepel.low', true), '')::int",
    "high": "nullif(current_setting('koepel.high', true), '')::int",
    "federation": "coalesce(nullif(current_setting('koepel.federation', true), ''), '0')::int",
}

_OWN_AND_REGIONS = "organisation_id IN (SELECT o.id FROM organisation o WHERE o.id = {federation} OR o.parent_id = {federation})"


def settings_for(scope: Any) -> dict[str, str]:
    """The three settings of a scope. No scope gets an empty range: it sees nothing."""
    if scope is None:
        return {"low": "1", "high": "0", "federation": "0"}
    if scope.is_unscoped:
        return {"low": "0", "high": _MAX, "federation": "0"}
    if scope.reads_clubs:
        return {"low": "0", "high": _MAX, "federation": str(scope.federation_id)}
    return {"low": str(scope.organisation_id), "high": str(scope.organisation_id), "federation": "0"}


def raise_wall(session: Session, scope: Any) -> None:
    """Tell PostgreSQL the scope, once per transaction and again whenever it changes."""
    bind = session.get_bind()
    if bind.dialect.name != "postgresql":
        return
    settings = settings_for(scope)
    if session.info.get("wall") == settings:
        return
    session.connection().execute(_SET, settings)
    session.info["wall"] = settings


@event.listens_for(TenantSession, "after_begin")
def _wall_is_down(session: Session, _transaction: Any, _connection: Any) -> None:
    session.info.pop("wall", None)  # SET LOCAL ends with its transaction


@event.listens_for(TenantSession, "after_transaction_end")
def _wall_may_be_down(session: Session, _transaction: Any) -> None:
    session.info.pop("wall", None)  # a savepoint that was rolled back takes the setting with it


def policy_sql(table: str, *, federation_condition: str | None = None, readers: str | None = None) -> list[str]:
    """Statements that put `table` behind the wall; they may be run again.

    federation_condition: what a federation or region must also meet (SQL on the row); without
        it such a scope is limited to its own rows and those of its regions.
    readers: condition under which others than the owner read, but never write, the row (an
        invoice's debtor). Both may name {low}, {high} and {federation}.
    """
    in_range = f"organisation_id BETWEEN {_NAMES['low']} AND {_NAMES['high']}"
    own_or_shared = (federation_condition or _OWN_AND_REGIONS).format(**_NAMES)
    condition = f"{in_range} AND (CASE WHEN {_NAMES['federation']} = 0 THEN true ELSE ({own_or_shared}) END)"
    statements = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {POLICY} ON {table}",
        f"DROP POLICY IF EXISTS {READERS} ON {table}",
        f"CREATE POLICY {POLICY} ON {table} USING ({condition}) WITH CHECK ({condition})",
    ]
    if readers:
        some_scope = f"{_NAMES['low']} <= {_NAMES['high']}"
        statements.append(f"CREATE POLICY {READERS} ON {table} FOR SELECT USING ({some_scope} AND ({readers.format(**_NAMES)}))")
    return statements
