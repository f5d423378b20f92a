"""Linking a group to a federation the club belongs to, and what it orders with that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.db import db
from core.errors import NotFound, StaleVersion, UserMistake
from core.i18n import _, format_money
from core.organisations.models import Organisation
from core.tenancy import current_scope
from core.web.context import current_organisation, federations_of
from plugins.groups.models import ClubGroup, GroupLink, GroupMember
from plugins.groups.services.asked import clean_extra, fields_asked_by
from plugins.groups.services.catalogue import Term, required_functions, terms_of
from plugins.groups.services.reading import counts, get_group
from plugins.groups.services.seasons import day_of, require_open, today
from plugins.groups.services.sharing import links_of, snapshot, store
from plugins.groups.services.terms import prices_on

WRITE = "groups.write"


def federation_here(pk: int) -> Organisation:
    """A federation the club belongs to today; a mistake for any other, which it does not know."""
    found = next((f for f in federations_of(current_organisation()) if f.id == pk), None)
    if found is None or current_organisation().kind != "club":
        raise UserMistake(_("Your club does not belong to this federation, so a group cannot be linked to it."), field="federation")
    return found


def link_of(group: ClubGroup, federation: Organisation) -> GroupLink | None:
    """The link of a group with a federation, also one that ended."""
    return next((link for link in links_of(group.id, even_ended=True) if link.federation_id == federation.id), None)


def link_group(
    group: ClubGroup, federation: Organisation, *, extra: Mapping[str, Any], options: Sequence[str] = (), version: int | None = None, actor: Actor
) -> GroupLink:
    """Link a group, or change what is shared and ordered. The federation reads it from now on.

    extra: values of the fields the federation asks; those not given stay as they are.
    """
    require(actor, WRITE)
    require_open(group.season)
    federation_here(federation.id)
    link = link_of(group, federation)
    if version is not None and link is not None and link.version != version:
        raise StaleVersion(f"group link {link.id}")
    cleaned = clean_extra(fields_asked_by(federation), extra, group.extra, actor=actor)
    ordered = _clean_options(options, federation, group, link)
    if cleaned != (group.extra or {}):
        changes = {
            f"extra.{k}": ((group.extra or {}).get(k), cleaned.get(k)) for k in {*(group.extra or {}), *cleaned} if (group.extra or {}).get(k) != cleaned.get(k)
        }
        group.extra, group.changed_at = cleaned, clock.now()
        db.session.flush()
        record("group.changed", group, actor=actor, changes=changes)
    is_new = link is None or link.unlinked_on is not None
    values = snapshot(group, federation) | {"options": ordered, "unlinked_on": None}
    if link is None:
        link = GroupLink(organisation_id=group.organisation_id, federation_id=federation.id, group_id=group.id, linked_on=today(), version=1)
    store(link, values, actor=actor, act="linked" if is_new else "changed")
    record("group.linked" if is_new else "group.link_changed", group, actor=actor, changes={"federation": (None, federation.name), "options": (None, ordered)})
    return link


def unlink(group: ClubGroup, federation: Organisation, *, actor: Actor) -> GroupLink:
    """End a link; the federation keeps what it read until today."""
    require(actor, WRITE)
    require_open(group.season)
    link = link_of(group, federation)
    if link is None or link.unlinked_on is not None:
        raise UserMistake(_("This group is not linked to %(federation)s.", federation=federation.name))
    store(link, {"unlinked_on": today()}, actor=actor, act="unlinked")
    record("group.unlinked", group, actor=actor, changes={"federation": (federation.name, None)})
    return link


def undo_unlink(group: ClubGroup, federation: Organisation, *, actor: Actor) -> GroupLink:
    """The link goes on as it was."""
    link = link_of(group, federation_here(federation.id))
    if link is None or link.unlinked_on is None:
        raise UserMistake(_("This link is there again already."))
    return link_group(group, federation, extra={}, options=link.options, actor=actor)


def _clean_options(options: Sequence[str], federation: Organisation, group: ClubGroup, link: GroupLink | None) -> list[str]:
    known = {term.key: term for term in terms_of("option", federation) if term.per != "each"}
    kept = set(link.options or ()) if link is not None else set()
    found = [key for key in dict.fromkeys(options) if key in known or key in kept]
    if len(found) != len(set(options)):
        raise UserMistake(_("Choose one of the list."), field="options")
    only = next((known[key] for key in found if key in known and known[key].families_only), None)
    if only is not None and only.key not in kept and not has_family(group, federation):
        raise UserMistake(_("“%(option)s” is for clubs with more than one linked group. Link the other groups first.", option=only.title), field="options")
    return found


def has_family(group: ClubGroup, federation: Organisation) -> bool:
    """Is there another linked group of this club in the same season?"""
    query = select(func.count(GroupLink.id)).join(ClubGroup, (ClubGroup.organisation_id == GroupLink.organisation_id) & (ClubGroup.id == GroupLink.group_id))
    season = ClubGroup.season_id == group.season_id if group.season_id is not None else ClubGroup.season_id.is_(None)
    return bool(
        db.session.scalar(query.where(GroupLink.federation_id == federation.id, GroupLink.unlinked_on.is_(None), GroupLink.group_id != group.id, season))
    )


def missing_functions(group: ClubGroup) -> list[tuple[Organisation, Term]]:
    """Functions a linked federation requires and nobody holds now."""
    links = {link.federation_id for link in links_of(group.id)}
    if not links:
        return []
    query = select(GroupMember.function).where(GroupMember.group_id == group.id, counts(day_of(group.season))).distinct()
    held = set(db.session.scalars(query))
    return [(f, term) for f in federations_of(current_organisation()) if f.id in links for term in required_functions(f) if term.key not in held]


def linked_groups(federation: Organisation, day: date | None = None) -> list[GroupLink]:
    """Links with a federation that count on a day (today), of the scope at hand: the club's own, or all its clubs'."""
    when = day or clock.today()
    return list(
        db.session.scalars(
            select(GroupLink).where(GroupLink.federation_id == federation.id, links_count(when)).order_by(GroupLink.organisation_id, GroupLink.name_key)
        )
    )


def links_count(day: date) -> Any:
    """SQL condition: a link counts on a day, and its season too."""
    link = GroupLink
    return (
        (link.linked_on <= day)
        & or_(link.unlinked_on.is_(None), link.unlinked_on > day)
        & or_(link.season_start.is_(None), (link.season_start <= day) & (link.season_end >= day))
    )


# --- what is charged ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Charge:
    """What a club ordered of one option, for the invoice run of its federation.

    quantity: number of groups, or 1 for an option that is charged once per club.
    """

    option: str
    name: Mapping[str, str]
    unit_cents: int
    quantity: int
    per: str
    groups: tuple[str, ...]


def charges_of(federation: Organisation, club_id: int, day: date) -> list[Charge]:
    """What a club owes its federation for options of the season of `day`, in the order of the options.

    Two queries; inside scope(federation) or scope(club). An option that was ordered and switched
    off since is still charged. A link made after `day` in the season of `day` is not.

    Example:
        lines = [FeeLine(c.name, c.unit_cents, (), c.option, {...}, quantity=c.quantity) for c in charges_of(federation, club.id, day)]
    """
    return charges_by_club(federation, day, [club_id]).get(club_id, [])


def charges_by_club(federation: Organisation, day: date, club_ids: Sequence[int] | None = None) -> dict[int, list[Charge]]:
    """The same for many clubs at once."""
    if current_scope().federation_id is None and current_scope().kind != "club":
        raise NotFound("charges")
    query = select(GroupLink.organisation_id, GroupLink.name, GroupLink.options).where(GroupLink.federation_id == federation.id, links_count(day))
    if club_ids is not None:
        query = query.where(GroupLink.organisation_id.in_(club_ids))
    terms, prices = terms_of("option", federation, even_inactive=True), prices_on(federation, day)
    unasked = [term.key for term in terms if term.per == "each" and term.is_active]
    ordered: dict[int, dict[str, list[str]]] = {}
    for row in db.session.execute(query.order_by(GroupLink.organisation_id, GroupLink.name_key)):
        for key in [*(key for key in row.options or () if key not in unasked), *unasked]:
            ordered.setdefault(row.organisation_id, {}).setdefault(key, []).append(row.name)
    if not ordered:
        return {}
    return {
        club: [
            Charge(t.key, t.name, prices.get(t.key, 0), 1 if t.per == "club" else len(chosen[t.key]), t.per, tuple(chosen[t.key]))
            for t in terms
            if t.key in chosen
        ]
        for club, chosen in ordered.items()
    }


def relink_copy(source: ClubGroup, copy: ClubGroup, *, actor: Actor) -> int:
    """Link a copied group to the federations of its source, with the same orders; returns how many."""
    number = 0
    for link in links_of(source.id):
        federation = federation_here(link.federation_id or 0)
        offered = {term.key for term in terms_of("option", federation)}
        made = GroupLink(organisation_id=copy.organisation_id, federation_id=federation.id, group_id=copy.id, linked_on=_first_day(copy), version=1)
        values = snapshot(copy, federation) | {"options": [key for key in link.options or () if key in offered]}
        store(made, values, actor=actor, act="linked")
        record("group.linked", copy, actor=actor, changes={"federation": (None, federation.name)})
        number += 1
    return number


def _first_day(group: ClubGroup) -> date:
    """A copied link counts from today, or from the first day of its season when that is earlier."""
    return min(today(), group.season.start_on) if group.season is not None else today()


def group_of(link: GroupLink) -> ClubGroup:
    return get_group(link.group_id, even_removed=True)


def charges_for(link: GroupLink, federation: Organisation) -> list[str]:
    """What was ordered with a link, with its price today."""
    day = link.season_start if link.season_start is not None and link.season_start > today() else today()
    prices = prices_on(federation, day)
    chosen = [term for term in terms_of("option", federation, even_inactive=True) if term.key in (link.options or ())]
    return [f"{term.title}: {format_money(prices.get(term.key, 0))}" for term in chosen]
