"""Rules that fill a group: whoever a question to the contacts finds is in it, with a function.

Exceptions made by hand hold: who was put in by hand stays, who was taken out is not put back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, or_, select

from core import clock
from core.access import Actor, require, system_actor
from core.audit.services import record
from core.contacts.models import Contact
from core.contacts.services import get_contact
from core.db import chunks, db, is_one_of
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.lists.definition import definition_named
from core.lists.filterset import FilterSet
from core.lists.listing import listing_for
from core.lists.saved import saved_filters
from core.tenancy import current_scope
from plugins.groups.models import ClubGroup, GroupException, GroupMember, GroupRule, Season
from plugins.groups.services.catalogue import term_of
from plugins.groups.services.joining import end, put
from plugins.groups.services.reading import counts, get_group, not_over
from plugins.groups.services.seasons import day_of, require_open, today
from plugins.groups.services.sharing import refresh_links

WRITE = "groups.write"
LIST = "contacts"
MOST_RULES = 20


@dataclass
class RuleRun:
    """What a run did; `problem` says why it could not."""

    joined: int = 0
    left: int = 0
    problem: str = ""
    names: list[str] = field(default_factory=list)


def rules_of(group: ClubGroup) -> Sequence[GroupRule]:
    return db.session.scalars(select(GroupRule).where(GroupRule.group_id == group.id).order_by(GroupRule.id)).all()


def get_rule(pk: int) -> GroupRule:
    found = db.session.scalars(select(GroupRule).where(GroupRule.id == pk)).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"group rule {pk}")
    return found


def questions(*, actor: Actor) -> list[tuple[int, str]]:
    """Saved filters of contacts this person can make a rule of."""
    return [(saved.id, saved.name) for saved in saved_filters(LIST, actor=actor)]


def add_rule(group: ClubGroup, saved_id: int, function: str, *, actor: Actor) -> tuple[GroupRule, RuleRun]:
    """Make a rule of a saved filter, and run it. The question is kept as it is now."""
    require(actor, WRITE)
    require_open(group.season)
    saved = next((s for s in saved_filters(LIST, actor=actor) if s.id == saved_id), None)
    if saved is None:
        raise UserMistake(_("Choose one of your saved filters."), field="filter")
    term = term_of("function", function)
    if term is None or not term.is_active:
        raise UserMistake(_("Choose a function: nobody is in a group without one."), field="function")
    if len(rules_of(group)) >= MOST_RULES:
        raise UserMistake(_("This group has %(number)s rules. Remove one first.", number=MOST_RULES))
    _read(saved.query)
    rule = GroupRule(group_id=group.id, name=saved.name, query=saved.query, function=function)
    db.session.add(rule)
    db.session.flush()
    record("group.rule_added", group, actor=actor, changes={"rule": (None, rule.name)})
    return rule, run_rule(rule, actor=actor)


def remove_rule(rule: GroupRule, *, keep_members: bool, actor: Actor) -> None:
    """Remove a rule; whom it put in the group stays by hand, or leaves."""
    require(actor, WRITE)
    group = get_group(rule.group_id)
    require_open(group.season)
    for row in db.session.scalars(select(GroupMember).where(GroupMember.rule_id == rule.id)).all():
        if not keep_members and not row.is_void and (row.until_on is None or row.until_on >= day_of(group.season)):
            end(row, group, actor=actor)
        row.rule_id = None
    db.session.flush()
    record("group.rule_removed", group, actor=actor, changes={"rule": (rule.name, None)})
    db.session.delete(rule)
    db.session.flush()
    refresh_links(group, actor=actor)


def sentences_of(rule: GroupRule) -> list[str]:
    """What a rule asks, in words; what can no longer be asked says so."""
    asked = _parsed(rule.query)
    found = [str(sentence) for sentence in asked.sentences()]
    if asked.search:
        found.insert(0, _("The search for “%(text)s”", text=asked.search))
    return found + [problem.message for problem in asked.problems]


def _parsed(query: str) -> FilterSet:
    """Read as the platform itself, whoever looks: a rule finds the same for everybody."""
    return FilterSet.parse(query, listing_for(definition_named(LIST), actor=system_actor(current_scope().organisation_id)))


def _read(query: str) -> FilterSet:
    asked = _parsed(query)
    if asked.problems:
        raise UserMistake(_("This question can no longer be asked: %(problem)s", problem=asked.problems[0].message), field="filter")
    return asked


def _found(query: str, only: Collection[int] | None = None) -> set[int]:
    """Ids of the contacts a question finds (among them, `only` these)."""
    asked = _read(query)
    definition = asked.listing.definition
    base = definition.base_condition
    statement = select(Contact.id).where(*([base()] if base is not None else []), *asked.conditions())
    if definition.joins is not None:
        statement = definition.joins(statement)
    return set(db.session.scalars(statement.where(is_one_of(Contact.id, list(only))) if only is not None else statement))


def run_rule(rule: GroupRule, *, actor: Actor, only: Collection[int] | None = None) -> RuleRun:
    """Put in whom the rule finds, take out whom it put in and no longer finds. Running twice does nothing more."""
    outcome = RuleRun()
    group = get_group(rule.group_id)
    try:
        require_open(group.season)
        found = _found(rule.query, only)
    except UserMistake as mistake:
        outcome.problem = str(mistake)
        return outcome
    day = day_of(group.season)
    here = _rows(rule, day, only)
    held = {row.contact_id for row in here}
    barred = _barred(rule, only)
    for row in here:
        if row.rule_id == rule.id and row.contact_id not in found:
            end(row, group, actor=actor)
            outcome.left += 1
    for pk in sorted(found - held - barred):
        put(group, get_contact(pk), rule.function, rule_id=rule.id, actor=actor)
        outcome.joined += 1
    if only is None:
        rule.ran_at = clock.now()
    db.session.flush()
    refresh_links(group, actor=actor)
    return outcome


def _rows(rule: GroupRule, day: Any, only: Collection[int] | None) -> Sequence[GroupMember]:
    query = select(GroupMember).where(GroupMember.group_id == rule.group_id, GroupMember.function == rule.function, not_over(day))
    return db.session.scalars(query.where(is_one_of(GroupMember.contact_id, list(only))) if only is not None else query).all()


def _barred(rule: GroupRule, only: Collection[int] | None) -> set[int]:
    e = GroupException
    query = select(e.contact_id).where(e.group_id == rule.group_id, e.function == rule.function)
    return set(db.session.scalars(query.where(is_one_of(e.contact_id, list(only))) if only is not None else query))


def working_rules() -> Sequence[GroupRule]:
    """Rules of groups that can change now: of active seasons that are not over, and of committees."""
    query = (
        select(GroupRule)
        .join(ClubGroup, and_(ClubGroup.organisation_id == GroupRule.organisation_id, ClubGroup.id == GroupRule.group_id))
        .outerjoin(Season, and_(Season.organisation_id == ClubGroup.organisation_id, Season.id == ClubGroup.season_id))
        .where(ClubGroup.removed_at.is_(None), or_(ClubGroup.season_id.is_(None), and_(Season.is_active.is_(True), Season.end_on >= today())))
        .order_by(GroupRule.id)
    )
    return db.session.scalars(query).all()


def follow_contacts(contact_ids: Collection[int], *, actor: Actor) -> None:
    """People were added or changed: every rule looks at them, and nobody else."""
    for rule in working_rules():
        run_rule(rule, actor=actor, only=contact_ids)


def exceptions_of(group: ClubGroup) -> list[tuple[GroupException, Contact]]:
    """People no rule puts in this group."""
    query = (
        select(GroupException, Contact)
        .join(Contact, and_(Contact.organisation_id == GroupException.organisation_id, Contact.id == GroupException.contact_id))
        .where(GroupException.group_id == group.id, Contact.deleted_at.is_(None))
        .order_by(Contact.name_key)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def drop_exception(pk: int, *, actor: Actor) -> ClubGroup:
    """Rules may put this person in again; they are run at once."""
    require(actor, WRITE)
    found = db.session.scalars(select(GroupException).where(GroupException.id == pk)).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"group exception {pk}")
    group = get_group(found.group_id)
    require_open(group.season)
    contact_id = found.contact_id
    db.session.delete(found)
    db.session.flush()
    for rule in rules_of(group):
        run_rule(rule, actor=actor, only=[contact_id])
    return group


def kept_by(rows: Sequence[GroupMember]) -> Mapping[int, str]:
    """Rule id -> its name, of these lines. One query."""
    ids = sorted({row.rule_id for row in rows if row.rule_id is not None})
    found: dict[int, str] = {}
    for part in chunks(ids, 1_000):
        found |= {row.id: row.name for row in db.session.execute(select(GroupRule.id, GroupRule.name).where(is_one_of(GroupRule.id, part)))}
    return found


__all__ = ["RuleRun", "add_rule", "counts", "drop_exception", "exceptions_of", "follow_contacts", "get_rule", "kept_by", "remove_rule", "rules_of", "run_rule"]
