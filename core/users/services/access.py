"""Who can see or change what about the people of an organisation, by name and role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select

from core import clock
from core.db import db
from core.extend.registry import registry
from core.organisations.models import Affiliation, Organisation
from core.tenancy import unscoped
from core.users.models import OrganisationRole, User
from core.users.permissions import permissions_of
from core.web.context import active_plugins, federations_of

MEMBER = "member"
#: second halves of rights that show and do not change
_SEEING = frozenset({"read", "export", "reveal", "manage", "restricted"})


@dataclass(frozen=True)
class Viewer:
    """Somebody who has access: as what, and to which kinds of data."""

    user_id: int
    name: str
    roles: tuple[str, ...]
    changes: tuple[str, ...]
    sees: tuple[str, ...]


@dataclass
class Place:
    """An organisation whose people have access."""

    organisation: Organisation
    is_here: bool
    viewers: list[Viewer] = field(default_factory=list)


def who_has_access(organisation: Organisation) -> list[Place]:
    """The people here, then those of its region and federations, who see less: only what is opened to them."""
    places = [Place(organisation, True), *(Place(above, False) for above in _above(organisation))]
    with unscoped("who has access to the people of an organisation, there and above"):
        rows = db.session.execute(
            select(OrganisationRole.organisation_id, User.id, User.first_name, User.last_name, Role.id, Role.name)
            .join(User, User.id == OrganisationRole.user_id)
            .join(Role, Role.id == OrganisationRole.role_id)
            .where(OrganisationRole.organisation_id.in_([place.organisation.id for place in places]), Role.name != MEMBER, User.active.is_(True))
            .order_by(User.last_name, User.first_name, User.id, Role.id)
        ).all()
    for place in places:
        _fill(place, [row[1:] for row in rows if row[0] == place.organisation.id], organisation)
    return [place for place in places if place.viewers]


def _above(organisation: Organisation) -> list[Organisation]:
    if organisation.kind != "club":
        return [found for found in federations_of(organisation) if found.id != organisation.id]
    day = clock.today()
    with unscoped("the regions above a club"):
        regions = db.session.scalars(
            select(Organisation)
            .join(Affiliation, Affiliation.region_id == Organisation.id)
            .where(Affiliation.organisation_id == organisation.id, Affiliation.from_on <= day, Affiliation.until_on.is_(None) | (Affiliation.until_on >= day))
            .order_by(Organisation.name)
        ).unique()
        return [*regions, *federations_of(organisation)]


def _fill(place: Place, rows: Iterable[Any], organisation: Organisation) -> None:
    titles = {role.name: str(role.title) for role in registry().roles}
    held: dict[int, tuple[str, dict[int, str]]] = {}
    for user_id, first_name, last_name, role_id, role in rows:
        held.setdefault(user_id, (f"{first_name} {last_name}".strip(), {}))[1][role_id] = role
    for user_id, (name, roles) in held.items():
        changes, sees = _in_words(permissions_of(frozenset(roles), place.organisation.kind), organisation, is_above=not place.is_here)
        if changes or sees:
            place.viewers.append(Viewer(user_id, name, tuple(titles.get(role, role) for role in roles.values()), changes, sees))


def _in_words(rights: frozenset[str], organisation: Organisation, *, is_above: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(what somebody with these rights may change, what only see)."""
    known = [p for p in registry().active("permissions", active_plugins(organisation)) if p.data and p.name in rights and (p.from_above or not is_above)]
    changes = dict.fromkeys(str(p.data) for p in known if p.name.partition(".")[2] not in _SEEING)
    sees = dict.fromkeys(str(p.data) for p in known if str(p.data) not in changes)
    return tuple(changes), tuple(sees)
