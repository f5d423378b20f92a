"""Extra fields an organisation made, or adapted, in the browser."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, Instant, JSONColumn
from core.tenancy import TenantOwned


class FieldDefinition(TenantOwned, Base):
    """One extra field. The owner changes it; its clubs read it through `fields.services.definitions`.

    With `declared_by` it is no field of its own: it holds what a federation says differently of
    a field that came with a plugin (label, help, required, position, is_active), nothing else.
    """

    __tablename__ = "field_definition"
    __table_args__ = (UniqueConstraint("organisation_id", "target", "key"), UniqueConstraint("organisation_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    #: what it is a field of: "contact", "membership", "organisation" ...
    target: Mapped[str] = mapped_column(String(20))
    #: key in the owner's `extra` JSON; never changes
    key: Mapped[str] = mapped_column(String(60))
    type: Mapped[str] = mapped_column(String(20))
    #: {"nl": ..., "fr": ...}
    label: Mapped[dict[str, str]] = mapped_column(JSONColumn)
    help: Mapped[dict[str, str]] = mapped_column(JSONColumn, default=dict)
    #: [{"value": "...", "label": {"nl": ...}}]
    choices: Mapped[list[dict[str, Any]]] = mapped_column(JSONColumn, default=list)
    required: Mapped[bool] = mapped_column(default=False)
    is_sensitive: Mapped[bool] = mapped_column(default=False)
    in_list: Mapped[bool] = mapped_column(default=True)
    in_import: Mapped[bool] = mapped_column(default=True)
    in_export: Mapped[bool] = mapped_column(default=True)
    federation_reads: Mapped[bool] = mapped_column(default=False)
    #: who may read and change the value: "member", "club", "federation"
    sees: Mapped[list[str]] = mapped_column(JSONColumn, default=list)
    edits: Mapped[list[str]] = mapped_column(JSONColumn, default=list)
    purpose: Mapped[str] = mapped_column(String(300), default="")
    legal_basis: Mapped[str | None] = mapped_column(String(20))
    retention_months: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=100)
    is_active: Mapped[bool] = mapped_column(default=False)
    declared_by: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    changed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
