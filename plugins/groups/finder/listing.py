"""The published groups of a federation, kept in memory as long as nothing of them changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import and_, func, or_, select, true

from core import clock
from core.db import db
from core.errors import NotFound
from core.extend.registry import registry
from core.fields.expressions import is_true
from core.fields.extra_field import ExtraField
from core.fields.models import FieldDefinition
from core.organisations.models import Affiliation, Organisation, PluginActivation
from core.tenancy import scope, unscoped
from core.web.context import active_plugins, federation_setting
from plugins.groups.finder.places import Place, places_of
from plugins.groups.hookspecs import GroupFinderDeclaration
from plugins.groups.models import GroupLink, GroupTerm
from plugins.groups.services.asked import fields_asked_by
from plugins.groups.services.catalogue import Term, terms_of
from plugins.groups.services.links import links_count

MODULE = "groups"
#: the federation closed its page, or not
SETTING = "groups.finder"
#: in app.extensions: federation id -> Listing
KEPT = "koepel_group_finder"
#: federations whose groups are kept in memory at most
MOST = 20


@dataclass(frozen=True)
class Published:
    """A published group: what strangers may know of it, and nothing else.

    number: the same in every season, so that its address stays. values: by role of the declaration.
    """

    number: int
    club_id: int
    club: str
    name: str
    type: str | None
    composition: str | None
    words: Mapping[str, Mapping[str, str]]
    values: Mapping[str, Any]
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Listing:
    """The published groups in the order of their names, with the words and fields to show them."""

    stamp: Any
    groups: tuple[Published, ...]
    types: tuple[Term, ...]
    compositions: tuple[Term, ...]
    fields: Mapping[str, ExtraField]


@dataclass(frozen=True)
class Finder:
    """The page of one federation. hidden: clubs that switched groups off for themselves."""

    slug: str
    name: str
    accent: str
    language: str
    says: GroupFinderDeclaration
    listing: Listing
    hidden: frozenset[int]

    @property
    def groups(self) -> list[Published]:
        return [group for group in self.listing.groups if group.club_id not in self.hidden]


def declaration_of(federation: Organisation) -> GroupFinderDeclaration | None:
    """What the rules of a federation say of its page; None: it has none."""
    return next((item for plugin, item in registry().plugins.collect("register_group_finders") if plugin == federation.federation_plugin), None)


def is_open(federation: Organisation) -> bool:
    """Did the federation leave its page open? It is, as long as it says nothing."""
    return federation_setting(federation, SETTING, True) is not False


def find_federation(slug: str) -> tuple[Organisation, frozenset[int]]:
    """A federation by the name in the address, and who switched groups off for themselves."""
    switched_off = and_(PluginActivation.plugin == MODULE, PluginActivation.active.is_(False))
    matches = or_(PluginActivation.for_clubs.is_(False), PluginActivation.organisation_id == Organisation.id)
    with unscoped("the federation whose groups a stranger looks for"):
        rows = db.session.execute(
            select(Organisation, PluginActivation.organisation_id)
            .outerjoin(PluginActivation, switched_off & matches)
            .where(Organisation.slug == slug, Organisation.kind == "federation", Organisation.closed_on.is_(None))
        ).all()
    if not rows:
        raise NotFound("finder")
    return rows[0][0], frozenset(off for _federation, off in rows if off is not None)


def open_finder(slug: str) -> Finder:
    """The page of a federation for somebody without a login; NotFound when there is none."""
    federation, hidden = find_federation(slug)
    says = declaration_of(federation)
    active = active_plugins(federation)
    if says is None or not is_open(federation) or not {MODULE, federation.federation_plugin} <= active or federation.id in hidden:
        raise NotFound("finder")
    with scope(federation):
        listing = listing_of(federation, says)
    return Finder(federation.slug, federation.name, federation.accent, federation.language, says, listing, hidden)


def listing_of(federation: Organisation, says: GroupFinderDeclaration) -> Listing:
    """What is published now; inside scope(federation). One query as long as nothing changed since the last time."""
    kept: dict[int, Listing] = current_app.extensions.setdefault(KEPT, {})
    stamp = (clock.today(), *db.session.execute(_stamp(federation, says)).one())
    found = kept.get(federation.id)
    if found is None or found.stamp != stamp:
        found = _read(federation, says, stamp)
        if len(kept) >= MOST:
            kept.clear()
        kept[federation.id] = found
    return found


def number_published(federation: Organisation, says: GroupFinderDeclaration) -> int:
    """How many strangers can find; inside scope(federation)."""
    return len(listing_of(federation, says).groups)


def _published(federation: Organisation, says: GroupFinderDeclaration) -> Any:
    """Condition: published, linked today in a season of today, by a club that is affiliated today."""
    day = clock.today()
    affiliated = select(Affiliation.organisation_id).where(
        Affiliation.federation_id == federation.id, Affiliation.from_on <= day, or_(Affiliation.until_on.is_(None), Affiliation.until_on >= day)
    )
    return and_(
        GroupLink.federation_id == federation.id,
        links_count(day),
        is_true(GroupLink.shared, says.published),
        GroupLink.organisation_id.in_(affiliated),
        Organisation.closed_on.is_(None),
    )


def _stamp(federation: Organisation, says: GroupFinderDeclaration) -> Any:
    """One row that differs as soon as a group, its club, a word or a field does."""
    terms = select(func.count(GroupTerm.id), func.sum(GroupTerm.version), func.max(GroupTerm.created_at)).where(GroupTerm.organisation_id == federation.id)
    field = FieldDefinition
    fields = select(func.count(field.id), func.sum(field.version), func.max(field.changed_at)).where(field.organisation_id == federation.id)
    groups = (
        select(func.count(GroupLink.id), func.sum(GroupLink.id), func.sum(GroupLink.version), func.max(GroupLink.changed_at), func.sum(Organisation.version))
        .join(Organisation, Organisation.id == GroupLink.organisation_id)
        .where(_published(federation, says))
    )
    parts = [part.subquery() for part in (groups, terms, fields)]
    return select(*(column for part in parts for column in part.c)).select_from(parts[0].join(parts[1], true()).join(parts[2], true()))


def _read(federation: Organisation, says: GroupFinderDeclaration, stamp: Any) -> Listing:
    fields = {field.key: field for field in fields_asked_by(federation) if not field.is_sensitive and field.type != "file"}
    link = GroupLink
    rows = (
        db.session.execute(
            select(link.lineage, link.organisation_id, Organisation.name.label("club"), link.name, link.type, link.composition, link.words, link.shared)
            .join(Organisation, Organisation.id == link.organisation_id)
            .where(_published(federation, says))
            .order_by(link.name_key, Organisation.name, link.lineage, link.season_start.desc())
        ).all()
        if says.published in fields  # a federation that switched that field off publishes nothing
        else ()
    )
    once: dict[int, Published] = {}
    for row in rows:
        once.setdefault(row.lineage, _publish(row, says, fields))
    types, compositions = (tuple(terms_of(kind, federation, even_inactive=True)) for kind in ("type", "composition"))
    return Listing(stamp, tuple(once.values()), types, compositions, fields)


def _publish(row: Any, says: GroupFinderDeclaration, fields: Mapping[str, ExtraField]) -> Published:
    shared = row.shared or {}
    values = {role: shared[key] for role, key in says.shown.items() if key in fields and shared.get(key) not in (None, "", [])}
    words = {kind: dict(words) for kind, words in (row.words or {}).items() if kind in ("type", "composition")}
    places = places_of(str(values.get("postcode", "")), str(values.get("town", "")))
    return Published(row.lineage, row.organisation_id, row.club, row.name, row.type, row.composition, words, values, places)
