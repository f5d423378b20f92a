"""The organisation itself, the clubs of a federation or region, and the extra fields in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import jsonify
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from core import clock
from core.access import Actor, current_actor
from core.db import db, is_one_of
from core.errors import NotFound
from core.extend.registry import registry
from core.fields import services as extra_fields
from core.fields.extra_field import ExtraField
from core.i18n import _l
from core.lists.columns import Column
from core.lists.conditions import text_condition
from core.lists.definition import ListDefinition
from core.lists.filters import Filter
from core.organisations.models import Affiliation, Organisation
from core.rest.fields import ApiField, plain
from core.rest.resource import CoreRestApi
from core.rest.values import shown_extra
from core.tenancy import current_scope
from core.web.context import active_plugins, current_organisation
from core.web.views import expose, needs

ADDRESS = ("street", "house_number", "box", "postcode", "town", "country")


class OrganisationApi(CoreRestApi):
    resource = "organisation"
    title = _l("Organisation")
    description = _l("The organisation in the address.")
    permission = "organisation.read"
    is_single = True
    fields = (
        ApiField("slug", help=_l("Its name in addresses")),
        ApiField("kind", choices=("club", "region", "federation", "platform")),
        ApiField("name"),
        ApiField("official_name"),
        ApiField("language"),
        ApiField("email"),
        ApiField("phone"),
        ApiField("website"),
        ApiField("vat_number"),
        *(ApiField(name) for name in ADDRESS),
        ApiField("extra", "object", help=_l("Values of extra fields, by key"), get=lambda row: shown_extra("organisation", row.extra, current_actor())),
    )

    def find(self, pk: int, *, actor: Actor) -> Organisation:
        return current_organisation()


# --- clubs -----------------------------------------------------------------------------------------


def affiliated_today() -> Any:
    """Affiliations with the federation at hand, or in the region at hand, that count today."""
    scope, day = current_scope(), clock.today()
    here = Affiliation.region_id == scope.organisation_id if scope.kind == "region" else Affiliation.federation_id == scope.organisation_id
    return (here, Affiliation.from_on <= day, or_(Affiliation.until_on.is_(None), Affiliation.until_on >= day))


CLUBS = ListDefinition(
    name="api_clubs",
    model=Affiliation,
    title=_l("Clubs"),
    noun=_l("clubs"),
    permission="clubs.read",
    columns=(
        Column("number", "api_clubs", _l("Club number"), _l("Club"), expression=Affiliation.number, order_by=(Affiliation.number,), default=True),
        Column("name", "api_clubs", _l("Name"), _l("Club"), expression=Organisation.name, order_by=(Organisation.name,), default=True),
    ),
    filters=(
        Filter("number", "api_clubs", _l("Club number"), _l("Club"), "text", text_condition(Affiliation.number)),
        Filter("name", "api_clubs", _l("Name"), _l("Club"), "text", text_condition(Organisation.name)),
        Filter("town", "api_clubs", _l("Town"), _l("Club"), "text", text_condition(Organisation.town)),
    ),
    default_sort="number",
    joins=lambda statement: statement.join(Organisation, Organisation.id == Affiliation.organisation_id),
    base_condition=lambda: _all(affiliated_today()),
)


def _all(conditions: Sequence[Any]) -> Any:
    first, *others = conditions
    for each in others:
        first = first & each
    return first


def _of_club(name: str) -> Any:
    return lambda row: getattr(row.organisation, name)


class ClubApi(CoreRestApi):
    """One row is the affiliation of a club."""

    resource = "clubs"
    title = _l("Clubs")
    description = _l("The clubs that are a member of this federation, or belong to this region, today.")
    permission = "clubs.read"
    definition = CLUBS
    kinds = ("federation", "region")
    fields = (
        ApiField("id", "integer", help=_l("Of the affiliation")),
        ApiField("number", help=_l("Club number")),
        ApiField("from_on", "date"),
        ApiField("until_on", "date"),
        *(ApiField(name, get=_of_club(name)) for name in ("slug", "name", "official_name", "email", "phone", "website", *ADDRESS)),
    )

    def load(self, ids: Sequence[int]) -> Sequence[Any]:
        return db.session.scalars(select(Affiliation).options(joinedload(Affiliation.organisation)).where(is_one_of(Affiliation.id, ids))).all()

    def find(self, pk: int, *, actor: Actor) -> Affiliation:
        query = select(Affiliation).options(joinedload(Affiliation.organisation)).where(Affiliation.id == pk, *affiliated_today())
        found = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
        if found is None:
            raise NotFound(f"club {pk}")
        return found


# --- extra fields ----------------------------------------------------------------------------------


class FieldApi(CoreRestApi):
    """Definitions come from plugins too, so there is no paging and no id: the key names one."""

    resource = "fields"
    title = _l("Extra fields")
    description = _l("The extra fields in use here, which contacts and memberships have in “extra”.")
    permission = "contacts.read"
    is_single = True
    fields = (
        ApiField("target", help=_l("What it is a field of")),
        ApiField("key"),
        ApiField("type"),
        ApiField("label", "object", help=_l("By language"), get=lambda field: dict(field.label)),
        ApiField("help", "object", help=_l("By language"), get=lambda field: dict(field.help)),
        ApiField("choices", "list", get=lambda field: [{"value": value, "label": dict(label)} for value, label in field.choices]),
        ApiField("required", "boolean"),
        ApiField("is_sensitive", "boolean", help=_l("Its values are never given out here")),
    )

    @expose("")
    @needs("contacts.read")
    def show_only(self) -> Any:
        """All of them, per target."""
        self._enter("read")
        actor = current_actor()
        targets = registry().active("field_targets", active_plugins())
        found: list[ExtraField] = [field for target in targets for field in extra_fields.definitions(target.name) if extra_fields.may_see(field, actor)]
        return jsonify({"data": [plain(self.represent(field)) for field in found]})
