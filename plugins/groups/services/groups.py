"""Making, changing and putting away groups."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.contacts.names import fold
from core.db import db
from core.errors import NotFound, StaleVersion, UserMistake
from core.files import services as files
from core.i18n import _
from core.web.context import current_organisation
from plugins.groups.models import ClubGroup, GroupLink, GroupMember, Season
from plugins.groups.models.groups import OPEN_DETAILS
from plugins.groups.services.asked import clean_extra, own_fields
from plugins.groups.services.catalogue import term_of
from plugins.groups.services.reading import get_group
from plugins.groups.services.seasons import require_open
from plugins.groups.services.sharing import refresh_links

WRITE = "groups.write"
PICTURE = "group_picture"
LONGEST_NAME, LONGEST_SHORT = 120, 20


def add_group(values: Mapping[str, Any], season: Season | None, *, actor: Actor) -> ClubGroup:
    """Make a group in a season, or a committee (None)."""
    require(actor, WRITE)
    if current_organisation().kind != "club":
        raise NotFound("groups")
    require_open(season)
    cleaned = clean_group(values, season, None, actor=actor)
    return store_group(cleaned, season, actor=actor)


def store_group(cleaned: Mapping[str, Any], season: Season | None, *, lineage: int = 0, copied_from: int | None = None, actor: Actor) -> ClubGroup:
    """Store what was checked; a new lineage starts with the group itself."""
    group = ClubGroup(season_id=season.id if season is not None else None, lineage=lineage, copied_from=copied_from, **cleaned)
    group.refold()
    db.session.add(group)
    db.session.flush()
    if not lineage:
        group.lineage = group.id
        db.session.flush()
    record("group.created", group, actor=actor, changes={name: (None, value) for name, value in cleaned.items() if value not in (None, [], {})})
    return get_group(group.id)


def change_group(group: ClubGroup, values: Mapping[str, Any], *, version: int | None = None, actor: Actor) -> ClubGroup:
    """Change what is given; a linked federation reads it at once."""
    require(actor, WRITE)
    require_open(group.season)
    if version is not None and group.version != version:
        raise StaleVersion(f"group {group.id}")
    cleaned = clean_group(values, group.season, group, actor=actor)
    return apply(group, cleaned, actor=actor)


def apply(group: ClubGroup, cleaned: Mapping[str, Any], *, actor: Actor) -> ClubGroup:
    """Set what differs, note it, and let linked federations know."""
    changes = {name: (getattr(group, name), value) for name, value in cleaned.items() if getattr(group, name) != value}
    if not changes:
        return group
    for name in changes:
        setattr(group, name, cleaned[name])
    group.refold()
    group.changed_at = clock.now()
    try:
        db.session.flush()
    except StaleDataError as error:
        raise StaleVersion("group") from error
    record("group.changed", group, actor=actor, changes=changes)
    refresh_links(group, actor=actor)
    return group


def clean_group(values: Mapping[str, Any], season: Season | None, group: ClubGroup | None, *, actor: Actor) -> dict[str, Any]:
    """What to store of what was filled in."""
    name = " ".join(str(values.get("name", group.name if group else "") or "").split())
    if not name:
        raise UserMistake(_("Give the group a name."), field="name")
    if len(name) > LONGEST_NAME:
        raise UserMistake(_("Use at most %(number)s characters.", number=LONGEST_NAME), field="name")
    refuse_same_name(name, season, group)
    short = " ".join(str(values.get("abbreviation", group.abbreviation if group else "") or "").split())
    if len(short) > LONGEST_SHORT:
        raise UserMistake(_("Use at most %(number)s characters.", number=LONGEST_SHORT), field="abbreviation")
    found: dict[str, Any] = {"name": name, "abbreviation": short or None}
    for kind in ("type", "composition", "category"):
        if kind in values:
            found[kind] = _clean_term(kind, values[kind], getattr(group, kind) if group else None)
    if "is_shown" in values:
        found["is_shown"] = bool(values["is_shown"])
    if "opens" in values:
        found["opens"] = [name for name in OPEN_DETAILS if name in (values["opens"] or ())]
    if "extra" in values or group is None:
        found["extra"] = clean_extra(own_fields(), values.get("extra") or {}, group.extra if group else None, actor=actor)
    return found


def refuse_same_name(name: str, season: Season | None, group: ClubGroup | None) -> None:
    query = select(ClubGroup.id).where(ClubGroup.name_key == fold(name), ClubGroup.removed_at.is_(None))
    query = query.where(ClubGroup.season_id == season.id if season is not None else ClubGroup.season_id.is_(None))
    if any(pk != (group.id if group is not None else None) for pk in db.session.scalars(query)):
        if season is None:
            raise UserMistake(_("There is a committee “%(name)s” already. Choose another name.", name=name), field="name")
        raise UserMistake(_("There is a group “%(name)s” in season %(season)s already. Choose another name.", name=name, season=season.name), field="name")


def _clean_term(kind: str, key: Any, stored: str | None) -> str | None:
    if not key:
        return None
    term = term_of(kind, str(key))
    if key != stored and (term is None or not term.is_active):
        raise UserMistake(_("Choose one of the list."), field=kind)
    return str(key)


# --- putting away ---------------------------------------------------------------------------------


def put_away(group: ClubGroup, *, actor: Actor) -> None:
    """Take a group out of all lists; it can be brought back. One that is linked stays."""
    require(actor, WRITE)
    require_open(group.season)
    linked = db.session.scalars(select(GroupLink.id).where(GroupLink.group_id == group.id, GroupLink.unlinked_on.is_(None)).limit(1)).first()
    if linked is not None:
        raise UserMistake(_("“%(name)s” is linked to a federation. End the link first.", name=group.name))
    group.removed_at = clock.now()
    db.session.flush()
    record("group.removed", group, actor=actor)


def bring_back(group: ClubGroup, *, actor: Actor) -> None:
    """Undo putting away."""
    require(actor, WRITE)
    if group.removed_at is None:
        return
    refuse_same_name(group.name, group.season, group)
    group.removed_at = None
    db.session.flush()
    record("group.brought_back", group, actor=actor)


def take_back_copy(group: ClubGroup, *, actor: Actor) -> None:
    """Undo copying, as long as nobody worked in the copy: the group goes away altogether."""
    require(actor, WRITE)
    latest = group.created_at + timedelta(minutes=1)
    rows = db.session.execute(select(GroupMember.version, GroupMember.created_at).where(GroupMember.group_id == group.id)).all()
    if group.version > 2 or any(row.version > 1 or row.created_at > latest for row in rows):
        raise UserMistake(_("“%(name)s” was changed since. Look at it, and put it away if it is not needed.", name=group.name))
    for link in db.session.scalars(select(GroupLink).where(GroupLink.group_id == group.id)):
        db.session.delete(link)
    files.remove_of(group)
    record("group.copy_undone", group, actor=actor)
    db.session.flush()
    db.session.delete(group)
    db.session.flush()


# --- picture --------------------------------------------------------------------------------------


def set_picture(group: ClubGroup, source: IO[bytes] | bytes | None, filename: str = "", *, actor: Actor) -> None:
    """Give a group another picture, or (None) none."""
    require(actor, WRITE)
    require_open(group.season)
    before = group.picture_id
    files.remove_of(group, parts=["picture"])
    new = files.store(source, filename=filename, purpose=PICTURE, actor=actor, subject=group, part="picture") if source is not None else None
    group.picture_id = new.id if new is not None else None
    group.changed_at = clock.now()
    db.session.flush()
    record("group.changed", group, actor=actor, changes={"picture_id": (before, group.picture_id)})
