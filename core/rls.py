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
    if session.info.get("wall") == (scope,):
        return
    session.connection().execute(_SET, settings_for(scope))
    session.info["wall"] = (scope,)


@event.listens_for(TenantSession, "after_begin")
def _wall_is_down(session: Session, _transaction: Any, _connection: Any) -> None:
    session.info.pop("wall", None)  # SET LOCAL ends with its transaction


def policy_sql(table: str, *, federation_condition: str | None = None, readers: str | None = None) -> list[str]:
    """Statements that put `table` behind the wall; used by migrations.

    `federation_condition` is what a federation or region must also meet (SQL on the row);
    without it such a scope is limited to its own rows. `readers` is a condition under which
    others than the owner read the row (an invoice's debtor).
    """
    in_range = (
        "organisation_id BETWEEN nullif(current_setting('koepel.low', true), '')::int"
        " AND nullif(current_setting('koepel.high', true), '')::int"
    )
    federation = "coalesce(nullif(current_setting('koepel.federation', true), ''), '0')::int"
    own_or_shared = federation_condition or f"organisation_id IN (SELECT o.id FROM organisation o WHERE o.id = {federation} OR o.parent_id = {federation})"
    condition = f"{in_range} AND (CASE WHEN {federation} = 0 THEN true ELSE ({own_or_shared}) END)"
    if readers:
        condition = f"({condition}) OR ({readers})"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {POLICY} ON {table}",
        f"CREATE POLICY {POLICY} ON {table} USING ({condition}) WITH CHECK ({condition})",
    ]
