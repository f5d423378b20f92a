"""Leaving: what a contact has ends on one day. The contact itself stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager

import plugins.groups.api as groups
import plugins.memberships.api as memberships
from core.api import Actor, ContactFunction, UserMistake, _, db, format_date, get_contact, is_one_of, require
from core.contacts.services import end_function, today, undo_giving
from plugins.joining.services.acts import refuse_second_time, remember
from plugins.joining.services.wishes import WRITE, has_groups

M, L, F = memberships.Membership, groups.GroupMember, ContactFunction


@dataclass
class Parts:
    """All that a contact still has after a day."""

    memberships: list[Any] = field(default_factory=list)
    #: (line, group)
    lines: list[tuple[Any, Any]] = field(default_factory=list)
    functions: list[Any] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.memberships or self.lines or self.functions)

    def began(self, last_day: date) -> date | None:
        """The first day of something that runs already and began after `last_day`: then that day cannot be the last."""
        rows = [*(m for m in self.memberships if m.status == "accepted"), *(line for line, _group in self.lines), *self.functions]
        return max((row.from_on for row in rows if last_day < row.from_on <= today()), default=None)


def parts_of(contact_ids: Sequence[int], last_day: date) -> dict[int, Parts]:
    """What ends when these contacts leave: three queries, whatever their number."""
    found = {pk: Parts() for pk in contact_ids}
    for row in _memberships(contact_ids, last_day):
        found[row.contact_id].memberships.append(row)
    for line, group in _lines(contact_ids, last_day) if has_groups() else ():
        found[line.contact_id].lines.append((line, group))
    for row in db.session.scalars(select(F).where(is_one_of(F.contact_id, list(contact_ids)), *_goes_on(F, last_day)).order_by(F.id)):
        found[row.contact_id].functions.append(row)
    return found


def leave_contact(contact_id: int, *, last_day: date | None = None, reason: str = "", batch: str, actor: Actor) -> dict[str, Any]:
    """End all that a contact has; `last_day` (today) is the last day it counts. Returns what was done.

    What has not begun by then is taken back. A mistake when there is nothing, or when the contact joined later.
    """
    require(actor, WRITE)
    refuse_second_time(batch, contact_id)
    contact, last = get_contact(contact_id), last_day or today()
    parts = parts_of([contact_id], last)[contact_id]
    if not parts:
        raise UserMistake(_("%(name)s has no membership, group or function after %(day)s.", name=contact.full_name, day=format_date(last)), field="contacts")
    began = parts.began(last)
    if began is not None:
        raise UserMistake(_("%(name)s began on %(day)s. Choose that day or a later one.", name=contact.full_name, day=format_date(began)), field="last_day")
    done = {
        **_end_memberships(parts.memberships, last, reason, actor),
        **_end_lines(parts.lines, last, actor),
        **_end_functions(parts.functions, last, actor),
    }
    kept = {name: rows for name, rows in done.items() if rows}
    remember("left", batch, contact_id, kept, actor=actor)
    return kept


def leave_several(contact_ids: Iterable[int], *, last_day: date | None, reason: str, batch: str, actor: Actor) -> int:
    """The same for a few contacts, all or nothing."""
    ids = list(contact_ids)
    for pk in ids:
        leave_contact(pk, last_day=last_day, reason=reason, batch=batch, actor=actor)
    return len(ids)


def _end_memberships(rows: Sequence[Any], last: date, reason: str, actor: Actor) -> dict[str, list[Any]]:
    ended, withdrawn = [], []
    for row in rows:
        if row.status == "accepted" and row.from_on <= last:
            memberships.end_membership(row.id, last_day=last, reason=reason, actor=actor)
            ended.append(row.id)
        else:
            memberships.withdraw_membership(row.id, actor=actor)
            withdrawn.append(row.id)
    return {"ended": ended, "withdrawn": withdrawn}


def _end_lines(rows: Sequence[tuple[Any, Any]], last: date, actor: Actor) -> dict[str, list[Any]]:
    for line, _group in rows:
        if line.from_on <= last:
            groups.leave(line, last_day=last, actor=actor)
        else:
            groups.take_back(line, actor=actor)
    return {"left": [line.id for line, _group in rows]}


def _end_functions(rows: Sequence[Any], last: date, actor: Actor) -> dict[str, list[Any]]:
    ended: list[Any] = []
    dropped: list[Any] = []
    for row in rows:
        if row.from_on <= last:
            ended.append([row.id, _text(row.until_on)])
            end_function(row, last_day=last, actor=actor)
        else:
            dropped.append([row.function, _text(row.from_on), _text(row.until_on)])
            undo_giving(row, actor=actor)
    return {"functions_ended": ended, "functions_dropped": dropped}


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _goes_on(model: Any, last_day: date) -> tuple[Any, ...]:
    """SQL conditions: it is not over, and would go on after this day."""
    return (or_(model.until_on.is_(None), (model.until_on > last_day) & (model.until_on >= today())),)


def _memberships(contact_ids: Sequence[int], last_day: date) -> Iterable[Any]:
    query = select(M).join(M.kind).options(contains_eager(M.kind)).where(is_one_of(M.contact_id, list(contact_ids)))
    return db.session.scalars(query.where(M.status.in_(("requested", "accepted")), *_goes_on(M, last_day)).order_by(M.id))


def _lines(contact_ids: Sequence[int], last_day: date) -> Iterable[tuple[Any, Any]]:
    """Lines in groups somebody can still work in, of a season that goes on after this day."""
    group, season = groups.ClubGroup, groups.Season
    query = groups.join_group(select(L, group).select_from(L)).options(contains_eager(group.season))
    query = query.where(is_one_of(L.contact_id, list(contact_ids)), L.is_void.is_(False), group.removed_at.is_(None), *_goes_on(L, last_day))
    open_season = or_(group.season_id.is_(None), season.is_active.is_(True) & (season.end_on > last_day))
    return [(row[0], row[1]) for row in db.session.execute(query.where(open_season).order_by(L.id))]
