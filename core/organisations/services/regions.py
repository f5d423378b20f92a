"""The regions of a federation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import func, or_, select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.contacts.names import fold
from core.contacts.parsing import parse_line
from core.db import db
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.organisations.models import Affiliation, Organisation
from core.organisations.services.founding import create_organisation
from core.tenancy import unscoped
from core.users.models import OrganisationRole, User


@dataclass(frozen=True)
class RegionRow:
    """A region with the number of its clubs, and the names of its staff."""

    region: Organisation
    clubs: int
    staff: tuple[str, ...]


def regions_of(federation: Organisation) -> Sequence[Organisation]:
    """The regions of a federation, by name."""
    return db.session.scalars(
        select(Organisation)
        .where(Organisation.parent_id == federation.id, Organisation.kind == "region", Organisation.closed_on.is_(None))
        .order_by(Organisation.name)
    ).all()


def region_rows(federation: Organisation) -> list[RegionRow]:
    """The regions with what is in them: three queries, however many there are."""
    today = clock.today()
    rows_of_clubs = db.session.execute(
        select(Affiliation.region_id, func.count(Affiliation.id))
        .where(Affiliation.from_on <= today, or_(Affiliation.until_on.is_(None), Affiliation.until_on >= today))
        .group_by(Affiliation.region_id)
    ).all()
    counts = {region_id: number for region_id, number in rows_of_clubs if region_id is not None}
    regions = regions_of(federation)
    with unscoped("the staff of the regions of a federation"):
        rows = db.session.execute(
            select(OrganisationRole.organisation_id, User.first_name, User.last_name)
            .join(User, User.id == OrganisationRole.user_id)
            .join(Role, Role.id == OrganisationRole.role_id)
            .where(OrganisationRole.organisation_id.in_([region.id for region in regions]), Role.name == "region_admin", User.active.is_(True))
            .order_by(OrganisationRole.since_at, OrganisationRole.id)
        ).all()
    staff: dict[int, list[str]] = {}
    for organisation_id, first_name, last_name in rows:
        staff.setdefault(organisation_id, []).append(f"{first_name} {last_name}".strip())
    return [RegionRow(region, counts.get(region.id, 0), tuple(staff.get(region.id, ()))) for region in regions]


def get_region(federation: Organisation, pk: int) -> Organisation:
    """A region of this federation; NotFound for all others."""
    found = db.session.get(Organisation, pk) if 0 < pk < 2**31 else None
    if found is None or found.kind != "region" or found.parent_id != federation.id or found.closed_on is not None:
        raise NotFound(f"region {pk}")
    return found


def _clean_name(federation: Organisation, typed: str | None, *, region: Organisation | None = None) -> str:
    name = parse_line(typed, longest=120)
    if name is None:
        raise UserMistake(_("Fill in the name."), field="name")
    if any(fold(other.name) == fold(name) for other in regions_of(federation) if other is not region):
        raise UserMistake(_("There is a region with this name already."), field="name")
    return name


def add_region(federation: Organisation, name: str | None, *, actor: Actor) -> Organisation:
    """Make a region; clubs are put in it on their own page."""
    require(actor, "clubs.write")
    clean = _clean_name(federation, name)
    region = create_organisation(
        kind="region", name=clean, parent=federation, language=federation.language, accent=federation.accent, time_zone=federation.time_zone
    )
    record("region.created", region, actor=actor, note=clean)
    return region


def rename_region(region: Organisation, federation: Organisation, name: str | None, *, actor: Actor) -> Organisation:
    """Give a region another name; its address stays, so that links keep working."""
    require(actor, "clubs.write")
    before, clean = region.name, _clean_name(federation, name, region=region)
    region.name = region.official_name = clean
    db.session.flush()
    record("region.changed", region, actor=actor, changes={"name": (before, clean)})
    return region


def close_region(region: Organisation, *, actor: Actor) -> Organisation:
    """Do away with a region that has no clubs any more."""
    require(actor, "clubs.write")
    if db.session.scalar(
        select(func.count(Affiliation.id)).where(Affiliation.region_id == region.id, or_(Affiliation.until_on.is_(None), Affiliation.until_on >= clock.today()))
    ):
        raise UserMistake(_("There are clubs in this region. Put them in another one first."))
    region.closed_on = clock.today()
    db.session.flush()
    record("region.closed", region, actor=actor, note=region.name)
    return region
