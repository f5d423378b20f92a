"""What the operator of the platform sees: which federations there are, and how large they are. Numbers only, nobody's data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from core.db import db
from core.organisations.models import Affiliation, Organisation
from core.organisations.services.readiness import affiliated_today
from core.tenancy import unscoped


@dataclass(frozen=True)
class FederationLine:
    """A federation and the plugin that brings its rules."""

    name: str
    plugin: str | None
    clubs: int


def number_of(kind: str) -> Any:
    """How many open organisations of a kind there are, as a SELECT of one number."""
    return select(func.count(Organisation.id)).where(Organisation.kind == kind, Organisation.closed_on.is_(None))


def federations_by_name() -> list[FederationLine]:
    """Every open federation with the number of clubs it has today. One query."""
    query = (
        select(Organisation.name, Organisation.federation_plugin, func.count(Affiliation.id))
        .outerjoin(Affiliation, (Affiliation.federation_id == Organisation.id) & affiliated_today())
        .where(Organisation.kind == "federation", Organisation.closed_on.is_(None))
        .group_by(Organisation.id, Organisation.name, Organisation.federation_plugin)
        .order_by(Organisation.name, Organisation.id)
    )
    with unscoped("the operator counts the clubs of every federation"):
        return [FederationLine(name, plugin, clubs) for name, plugin, clubs in db.session.execute(query)]
