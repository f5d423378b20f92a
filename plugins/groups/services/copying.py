"""Copying groups to another season."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.db import db, insert_rows
from core.errors import NotFound, UserMistake
from core.files import services as files
from core.i18n import _
from plugins.groups.models import ClubGroup, GroupException, GroupMember, GroupRule, Season
from plugins.groups.services.catalogue import terms_of
from plugins.groups.services.groups import PICTURE, refuse_same_name, store_group, take_back_copy
from plugins.groups.services.links import relink_copy
from plugins.groups.services.reading import get_group, members_of
from plugins.groups.services.seasons import require_open

WRITE = "groups.write"


@dataclass(frozen=True)
class Choices:
    """What goes along. Without functions everybody comes along once, with the most usual one."""

    members: bool = True
    functions: bool = True
    picture: bool = True
    extra: bool = True
    links: bool = True


def copy_group(group: ClubGroup, season: Season, choices: Choices, *, actor: Actor) -> ClubGroup:
    """Copy a group to another season. Once: a second time is refused, and nothing is doubled."""
    require(actor, WRITE)
    require_open(season)
    if group.season_id is None:
        raise UserMistake(_("“%(name)s” is a committee: it goes on from season to season, so there is nothing to copy.", name=group.name))
    if group.season_id == season.id:
        raise UserMistake(_("“%(name)s” is in season %(season)s already. Choose another season.", name=group.name, season=season.name))
    db.session.execute(select(Season.id).where(Season.id == season.id).with_for_update(of=Season))
    there = _copy_in(group, season)
    if there is not None and there.removed_at is None:
        raise UserMistake(
            _("“%(name)s” was copied to season %(season)s already, as “%(copy)s”. Nothing was changed.", name=group.name, season=season.name, copy=there.name)
        )
    if there is not None:
        raise UserMistake(_("“%(name)s” was copied to season %(season)s and put away there. Bring it back instead.", name=group.name, season=season.name))
    refuse_same_name(group.name, season, None)
    cleaned = {n: getattr(group, n) for n in ("name", "abbreviation", "type", "composition", "category", "is_shown")} | {"opens": list(group.opens or ())}
    cleaned["extra"] = _plain_extra(group) if choices.extra or choices.links else {}
    made = store_group(cleaned, season, lineage=group.lineage, copied_from=group.id, actor=actor)
    if choices.members:
        _copy_members(group, made, season, choices.functions)
    if choices.picture and group.picture_id is not None:
        _copy_picture(group, made, actor=actor)
    if choices.links:
        relink_copy(group, made, actor=actor)
    record("group.copied", group, actor=actor, changes={"season": (None, season.name)})
    return made


def undo_copy(group: ClubGroup, season: Season, *, actor: Actor) -> None:
    """Take back what copy_group made, as long as nobody worked in it."""
    made = _copy_in(group, season)
    if made is None or made.copied_from != group.id:
        raise NotFound(f"copy of group {group.id}")
    take_back_copy(made, actor=actor)


def _copy_in(group: ClubGroup, season: Season) -> ClubGroup | None:
    pk = db.session.scalars(select(ClubGroup.id).where(ClubGroup.season_id == season.id, ClubGroup.lineage == group.lineage)).one_or_none()
    return get_group(pk, even_removed=True) if pk is not None else None


def _plain_extra(group: ClubGroup) -> dict[str, object]:
    """Values of extra fields; a file stays with the group it was given to."""
    from core.fields.services import definitions  # noqa: PLC0415 -- circular: fields know the targets of plugins

    held = {d.key for d in definitions("group") if d.type == "file"}
    return {key: value for key, value in (group.extra or {}).items() if key not in held}


def _copy_members(group: ClubGroup, made: ClubGroup, season: Season, with_functions: bool) -> None:
    rules = _copy_rules(group, made) if with_functions else {}
    usual = _most_usual(group)
    seen: set[tuple[int, str]] = set()
    rows = []
    for row, contact in members_of(group):
        function = row.function if with_functions else usual
        if (contact.id, function) in seen:
            continue
        seen.add((contact.id, function))
        rule_id = rules.get(row.rule_id) if row.rule_id is not None else None
        rows.append(_member(made.id, contact.id, function, season, rule_id))
    insert_rows(GroupMember, rows)


def _member(group_id: int, contact_id: int, function: str, season: Season, rule_id: int | None) -> dict[str, object]:
    common = {"until_on": None, "left_at": None, "until_before": None, "is_void": False, "import_id": None, "created_at": clock.now(), "version": 1}
    return {"group_id": group_id, "contact_id": contact_id, "function": function, "from_on": season.start_on, "rule_id": rule_id, **common}


def _most_usual(group: ClubGroup) -> str:
    """The function most people have here."""
    counted: dict[str, int] = {}
    for row, _contact in members_of(group):
        counted[row.function] = counted.get(row.function, 0) + 1
    known = [term.key for term in terms_of("function")]
    return max(counted, key=lambda key: counted[key], default=known[-1] if known else "member")


def _copy_rules(group: ClubGroup, made: ClubGroup) -> dict[int, int]:
    """Rules and exceptions go along; returns the new rule of each."""
    found: dict[int, int] = {}
    for rule in db.session.scalars(select(GroupRule).where(GroupRule.group_id == group.id).order_by(GroupRule.id)).all():
        copy = GroupRule(group_id=made.id, name=rule.name, query=rule.query, function=rule.function)
        db.session.add(copy)
        db.session.flush()
        found[rule.id] = copy.id
    for held in db.session.scalars(select(GroupException).where(GroupException.group_id == group.id)).all():
        db.session.add(GroupException(group_id=made.id, contact_id=held.contact_id, function=held.function))
    db.session.flush()
    return found


def _copy_picture(group: ClubGroup, made: ClubGroup, *, actor: Actor) -> None:
    stored = files.get(group.picture_id or 0)
    with files.open_file(stored) as source:
        copy = files.store(source.read(), filename=stored.filename, purpose=PICTURE, actor=actor, subject=made, part="picture")
    made.picture_id = copy.id
    db.session.flush()
