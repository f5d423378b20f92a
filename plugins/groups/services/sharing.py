"""What a federation reads of a linked group, kept in step with the group and its members."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, select

from core import clock
from core.access import Actor
from core.contacts.models import Contact
from core.db import db, is_one_of
from core.fields import services as fields
from core.organisations.models import Organisation
from core.web.context import current_organisation, federations_of
from plugins.groups.models import ClubGroup, GroupLink, GroupLinkEvent, GroupMember, Season
from plugins.groups.services.asked import fields_asked_by
from plugins.groups.services.catalogue import required_functions, term_of
from plugins.groups.services.reading import counts, get_group
from plugins.groups.services.seasons import day_of

#: attributes whose change is told in the history
TOLD = ("name", "abbreviation", "type", "composition", "category", "season_name", "season_start", "season_end", "options")
_WORDS = ("type", "composition", "category")


def links_of(group_id: int, *, even_ended: bool = False) -> Sequence[GroupLink]:
    """The links of a group with federations."""
    query = select(GroupLink).where(GroupLink.group_id == group_id)
    if not even_ended:
        query = query.where(GroupLink.unlinked_on.is_(None))
    return db.session.scalars(query.order_by(GroupLink.id)).all()


def refresh_links(group: ClubGroup, *, actor: Actor) -> None:
    """Bring what the federations read of a group up to date; nothing happens for a group without links."""
    links = links_of(group.id)
    if not links:
        return
    known = {federation.id: federation for federation in federations_of(current_organisation())}
    for link in links:
        federation = known.get(link.federation_id) if link.federation_id is not None else None
        if federation is not None:
            store(link, snapshot(group, federation), actor=actor)


def refresh_groups(group_ids: Iterable[int], *, actor: Actor) -> None:
    """The same for several groups, by id; those without links cost one query together."""
    ids = sorted(set(group_ids))
    linked = select(GroupLink.group_id).where(is_one_of(GroupLink.group_id, ids), GroupLink.unlinked_on.is_(None)).distinct()
    for pk in db.session.scalars(linked).all() if ids else ():
        refresh_links(get_group(pk, even_removed=True), actor=actor)


def refresh_season(season: Season, *, actor: Actor) -> None:
    """The days or the name of a season changed."""
    refresh_groups(db.session.scalars(select(ClubGroup.id).where(ClubGroup.season_id == season.id)).all(), actor=actor)


def refresh_contacts(contact_ids: Collection[int], *, actor: Actor) -> None:
    """Details changed of people who may hold a function the federation asks for."""
    query = select(GroupMember.group_id).where(is_one_of(GroupMember.contact_id, list(contact_ids))).distinct()
    refresh_groups(db.session.scalars(query).all(), actor=actor)


def snapshot(group: ClubGroup, federation: Organisation) -> dict[str, Any]:
    """What this federation may read of a group, as it is now."""
    season = group.season
    people = _people(group)
    functions: dict[str, int] = {}
    for function, _person in people:
        functions[function] = functions.get(function, 0) + 1
    asked = {term.key for term in required_functions(federation)}
    extra = group.extra or {}
    return {
        "name": group.name,
        "name_key": group.name_key,
        "abbreviation": group.abbreviation,
        "type": group.type,
        "composition": group.composition,
        "category": group.category,
        "words": {kind: dict(term.name) for kind in _WORDS if (key := getattr(group, kind)) and (term := term_of(kind, key)) is not None},
        "lineage": group.lineage,
        "season_name": season.name if season is not None else None,
        "season_start": season.start_on if season is not None else None,
        "season_end": season.end_on if season is not None else None,
        "shared": {d.key: extra[d.key] for d in fields_asked_by(federation) if d.key in extra and not fields.is_sensitive(d) and d.type != "file"},
        "holders": [_holder(function, person) for function, person in people if function in asked],
        "functions": functions,
        "member_count": len({person.id for _function, person in people}),
    }


def _people(group: ClubGroup) -> list[tuple[str, Any]]:
    c = Contact
    query = (
        select(GroupMember.function, c.id, c.first_name, c.last_name, c.email_1, c.mobile_1, c.phone)
        .join(c, and_(c.organisation_id == GroupMember.organisation_id, c.id == GroupMember.contact_id))
        .where(GroupMember.group_id == group.id, c.deleted_at.is_(None), counts(day_of(group.season)))
        .order_by(c.name_key, GroupMember.id)
    )
    return [(row.function, row) for row in db.session.execute(query)]


def _holder(function: str, person: Any) -> dict[str, Any]:
    return {
        "contact_id": person.id,
        "function": function,
        "name": f"{person.first_name} {person.last_name}",
        "email": person.email_1,
        "phone": person.mobile_1 or person.phone,
    }


def store(link: GroupLink, values: Mapping[str, Any], *, actor: Actor, act: str = "changed") -> GroupLink:
    """Write what differs into a link, and tell in its history what a federation wants to know.

    The history names functions, not people: it outlives what the club may keep of a person.
    """
    changes = _told(link, values)
    is_new = link.id is None
    different = [name for name, value in values.items() if getattr(link, name) != value]
    for name in different:
        setattr(link, name, values[name])
    if is_new:
        db.session.add(link)
    if different or is_new:
        link.changed_at = clock.now()
        db.session.flush()
    if changes or act != "changed":
        who = {"actor_name": actor.name[:160], "actor_id": actor.user_id}
        db.session.add(GroupLinkEvent(federation_id=link.federation_id, link_id=link.id, act=act, changes=changes, **who))
        db.session.flush()
    return link


def _told(link: GroupLink, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    found = {
        name: [_plain(getattr(link, name)), _plain(values[name])] for name in TOLD if name in values and (getattr(link, name) or None) != (values[name] or None)
    }
    if "shared" in values:
        before, after = link.shared or {}, values["shared"]
        found |= {f"shared.{key}": [before.get(key), after.get(key)] for key in sorted({*before, *after}) if before.get(key) != after.get(key)}
    if "holders" in values:
        before_held, after_held = _held(link.holders), _held(values["holders"])
        changed = sorted({function for function, _pk in before_held ^ after_held})
        if changed:
            found["holders"] = [None, changed]
    return found


def _held(holders: Sequence[Mapping[str, Any]] | None) -> set[tuple[str, int]]:
    return {(holder["function"], holder["contact_id"]) for holder in holders or ()}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def history_of(link_id: int, *, limit: int = 200) -> Sequence[GroupLinkEvent]:
    """What changed of a linked group, the newest first; for the club and the federation."""
    return db.session.scalars(select(GroupLinkEvent).where(GroupLinkEvent.link_id == link_id).order_by(GroupLinkEvent.id.desc()).limit(limit)).all()
