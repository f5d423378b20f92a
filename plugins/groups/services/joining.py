"""Putting people in groups and taking them out. Nobody is ever in a group without a function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.contacts.models import Contact
from core.contacts.services import get_contact
from core.db import db
from core.errors import NotFound, UserMistake
from core.i18n import _, format_date
from plugins.groups.models import ClubGroup, GroupException, GroupMember
from plugins.groups.services.catalogue import term_of, title_of
from plugins.groups.services.reading import get_group, label_of
from plugins.groups.services.seasons import day_of, require_open, today
from plugins.groups.services.sharing import refresh_groups, refresh_links

WRITE = "groups.write"


@dataclass
class Joined:
    """What came of joining several: rows made, and what stood in the way per contact."""

    made: list[GroupMember] = field(default_factory=list)
    mistakes: dict[int, str] = field(default_factory=dict)


def join(
    group: ClubGroup, contact: Contact, function: str, *, from_on: date | None = None, until_on: date | None = None, import_id: int | None = None, actor: Actor
) -> GroupMember:
    """Put a contact in a group with a function; another function is another line.

    from_on: today, or the first day of a season that is yet to begin (or is over).
    """
    require(actor, WRITE)
    row = put(group, contact, function, from_on=from_on, until_on=until_on, import_id=import_id, actor=actor)
    refresh_links(group, actor=actor)
    return row


def join_many(group: ClubGroup, contact_ids: Iterable[int], function: str, *, from_on: date | None = None, actor: Actor) -> Joined:
    """Put several contacts in a group; who is in already stays as is, and is told in the outcome."""
    require(actor, WRITE)
    outcome = Joined()
    for pk in dict.fromkeys(contact_ids):
        contact = get_contact(pk)
        try:
            outcome.made.append(put(group, contact, function, from_on=from_on, actor=actor))
        except UserMistake as mistake:
            if mistake.field in ("function", "from_on"):
                raise
            outcome.mistakes[pk] = str(mistake)
    refresh_links(group, actor=actor)
    return outcome


def put(
    group: ClubGroup,
    contact: Contact,
    function: str,
    *,
    from_on: date | None = None,
    until_on: date | None = None,
    rule_id: int | None = None,
    import_id: int | None = None,
    actor: Actor,
) -> GroupMember:
    """Store the line. Asks no right, and tells no federation: who calls this does."""
    require_open(group.season)
    term = term_of("function", function)
    if term is None or not term.is_active:
        raise UserMistake(_("Choose a function: nobody is in a group without one."), field="function")
    first = from_on or default_start(group)
    check_days(group, first, until_on)
    _lock(group)
    for row in _lines(group.id, contact.id, function):
        if (row.until_on is None or row.until_on >= first) and (until_on is None or row.from_on <= until_on):
            raise UserMistake(
                _(
                    "%(name)s is in %(group)s as %(function)s already, since %(day)s.",
                    name=contact.full_name,
                    group=label_of(group),
                    function=term.title.lower(),
                    day=format_date(row.from_on),
                ),
                field="contact",
            )
    row = GroupMember(group_id=group.id, contact_id=contact.id, function=function, from_on=first, until_on=until_on, rule_id=rule_id, import_id=import_id)
    db.session.add(row)
    if rule_id is None:
        allow_again(group.id, contact.id, function)
    db.session.flush()
    _note("group_member.joined", row, group, contact, actor=actor)
    return row


def default_start(group: ClubGroup) -> date:
    season = group.season
    return today() if season is None or season.holds(today()) else season.start_on


def check_days(group: ClubGroup, first: date, last: date | None) -> None:
    season = group.season
    if season is not None and not season.holds(first):
        raise UserMistake(
            _(
                "Season %(name)s runs from %(start)s to %(end)s. Choose a day in it.",
                name=season.name,
                start=format_date(season.start_on),
                end=format_date(season.end_on),
            ),
            field="from_on",
        )
    if last is not None and last < first:
        raise UserMistake(_("The last day lies before the first day."), field="until_on")


def leave(row: GroupMember, *, last_day: date | None = None, actor: Actor) -> GroupMember:
    """Take somebody out of a group. Without a day at once; the line stays in the history.

    When a rule put the person there, it will not do so again.
    """
    require(actor, WRITE)
    group = get_group(row.group_id, even_removed=True)
    end(row, group, last_day=last_day, actor=actor)
    if row.rule_id is not None:
        refuse_rule(group.id, row.contact_id, row.function)
    refresh_links(group, actor=actor)
    return row


def end(row: GroupMember, group: ClubGroup, *, last_day: date | None = None, actor: Actor) -> None:
    """Store the end. Asks no right, and tells no federation: who calls this does."""
    require_open(group.season)
    contact = _holder(row)
    if row.is_void or (row.until_on is not None and row.until_on < day_of(group.season)):
        raise UserMistake(_("%(name)s left this group already.", name=contact.full_name))
    if last_day is not None and last_day < row.from_on:
        raise UserMistake(
            _("%(name)s is in this group since %(day)s. Choose that day or a later one.", name=contact.full_name, day=format_date(row.from_on)),
            field="last_day",
        )
    last = last_day or day_of(group.season) - timedelta(days=1)
    row.until_before, row.left_at = row.until_on, clock.now()
    if last < row.from_on:
        row.is_void = True
    else:
        row.until_on = last
    db.session.flush()
    _note("group_member.left", row, group, contact, actor=actor)


def leave_all(contact_id: int, group_id: int, function: str | None = None, *, last_day: date | None = None, actor: Actor) -> list[GroupMember]:
    """End every line (or those with a function) of a contact in a group."""
    require(actor, WRITE)
    group, contact = get_group(group_id), get_contact(contact_id)
    rows = [row for row in _lines(group.id, contact.id, function) if row.until_on is None or row.until_on >= day_of(group.season)]
    if not rows:
        raise UserMistake(_("%(name)s is not in %(group)s.", name=contact.full_name, group=label_of(group)))
    return [leave(row, last_day=last_day, actor=actor) for row in rows]


def undo_leave(row: GroupMember, *, actor: Actor) -> GroupMember:
    """The person is in the group again as if nothing happened."""
    require(actor, WRITE)
    group = get_group(row.group_id)
    require_open(group.season)
    contact = _holder(row)
    if row.left_at is None:
        raise UserMistake(_("%(name)s did not leave this group.", name=contact.full_name))
    for other in _lines(group.id, contact.id, row.function):
        if other.id != row.id and (other.until_on is None or other.until_on >= row.from_on) and (row.until_before is None or other.from_on <= row.until_before):
            raise UserMistake(_("%(name)s was put in this group again meanwhile.", name=contact.full_name))
    row.until_on, row.until_before, row.left_at, row.is_void = row.until_before, None, None, False
    allow_again(group.id, row.contact_id, row.function)
    db.session.flush()
    _note("group_member.left_undone", row, group, contact, actor=actor)
    refresh_links(group, actor=actor)
    return row


def undo_leave_all(contact_id: int, group_id: int, function: str | None = None, *, actor: Actor) -> None:
    """Take back the latest leave_all of a contact."""
    query = select(GroupMember).where(GroupMember.group_id == group_id, GroupMember.contact_id == contact_id, GroupMember.left_at.is_not(None))
    rows = db.session.scalars(query.where(GroupMember.function == function) if function else query).all()
    latest = max((row.left_at for row in rows if row.left_at is not None), default=None)
    if latest is None:
        raise UserMistake(_("This can no longer be undone: something happened since."))
    for row in rows:
        if row.left_at is not None and latest - row.left_at < timedelta(minutes=1):
            undo_leave(row, actor=actor)


def take_back(row: GroupMember, *, actor: Actor) -> None:
    """Undo joining: the line goes as if it never was."""
    require(actor, WRITE)
    group = get_group(row.group_id, even_removed=True)
    require_open(group.season)
    if row.is_void:
        return
    row.is_void, row.left_at, row.until_before = True, clock.now(), row.until_on
    db.session.flush()
    _note("group_member.joined_undone", row, group, _holder(row), actor=actor)
    refresh_links(group, actor=actor)


def take_back_of(contact_id: int, group_id: int, function: str, *, actor: Actor) -> None:
    """The same, for the newest line of a contact in a group with a function."""
    rows = _lines(group_id, contact_id, function)
    if not rows:
        raise UserMistake(_("This can no longer be undone: something happened since."))
    take_back(rows[-1], actor=actor)


def change_days(row: GroupMember, *, from_on: date, until_on: date | None, actor: Actor) -> GroupMember:
    """Correct when somebody was in a group."""
    require(actor, WRITE)
    group = get_group(row.group_id)
    require_open(group.season)
    check_days(group, from_on, until_on)
    for other in _lines(group.id, row.contact_id, row.function):
        if other.id != row.id and (other.until_on is None or other.until_on >= from_on) and (until_on is None or other.from_on <= until_on):
            raise UserMistake(_("These days overlap another line of the same person with this function."), field="from_on")
    row.from_on, row.until_on = from_on, until_on
    db.session.flush()
    _note("group_member.changed", row, group, _holder(row), actor=actor)
    refresh_links(group, actor=actor)
    return row


# --- exceptions to rules --------------------------------------------------------------------------


def pin(row: GroupMember, *, actor: Actor) -> None:
    """Whoever a rule put here stays by hand, also when the rule no longer finds the person."""
    require(actor, WRITE)
    group = get_group(row.group_id)
    require_open(group.season)
    if row.rule_id is not None:
        row.rule_id = None
        db.session.flush()
        _note("group_member.pinned", row, group, _holder(row), actor=actor)


def refuse_rule(group_id: int, contact_id: int, function: str) -> None:
    """No rule puts this person here again."""
    if exception_of(group_id, contact_id, function) is None:
        db.session.add(GroupException(group_id=group_id, contact_id=contact_id, function=function))
        db.session.flush()


def allow_again(group_id: int, contact_id: int, function: str) -> None:
    found = exception_of(group_id, contact_id, function)
    if found is not None:
        db.session.delete(found)


def exception_of(group_id: int, contact_id: int, function: str) -> GroupException | None:
    e = GroupException
    return db.session.scalars(select(e).where(e.group_id == group_id, e.contact_id == contact_id, e.function == function)).one_or_none()


# --- inside ---------------------------------------------------------------------------------------


def _lines(group_id: int, contact_id: int, function: str | None = None) -> Sequence[GroupMember]:
    m = GroupMember
    query = select(m).where(m.group_id == group_id, m.contact_id == contact_id, m.is_void.is_(False))
    return db.session.scalars((query.where(m.function == function) if function else query).order_by(m.from_on, m.id)).all()


def _holder(row: GroupMember) -> Contact:
    found = db.session.scalars(select(Contact).where(Contact.id == row.contact_id)).one_or_none()
    if found is None:
        raise NotFound(f"contact {row.contact_id}")
    return found


def _lock(group: ClubGroup) -> None:
    """One at a time per group, so that nobody is put in twice."""
    db.session.execute(select(ClubGroup.id).where(ClubGroup.id == group.id).with_for_update(of=ClubGroup))


def _note(action: str, row: GroupMember, group: ClubGroup, contact: Contact, *, actor: Actor) -> None:
    """In the history of the contact and of the group."""
    changes = {"group": (None, label_of(group)), "function": (None, title_of("function", row.function)), "from_on": (None, row.from_on)}
    if row.until_on is not None:
        changes["until_on"] = (None, row.until_on)
    record(action, contact, actor=actor, changes=changes)
    record(action, group, actor=actor, changes={"contact_id": (None, contact.id), **{k: v for k, v in changes.items() if k != "group"}})


__all__ = ["Joined", "join", "join_many", "leave", "leave_all", "pin", "put", "refresh_groups", "take_back", "undo_leave"]
