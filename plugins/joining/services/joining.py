"""Joining: the membership, the groups and the functions of one or more contacts, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plugins.groups.api as groups
import plugins.memberships.api as memberships
from core.api import Actor, Contact, NotFound, UserMistake, _, get_contact, require, save_contact
from core.contacts.services import give_function
from plugins.joining.services.acts import refuse_second_time, remember
from plugins.joining.services.wishes import WRITE, JoinWish, check, has_groups, kind_of


def join_contact(contact_id: int, wish: JoinWish, *, batch: str, is_new: bool = False, actor: Actor) -> dict[str, Any]:
    """Give a contact all that is wished; what the contact has already stays as it is.

    A mistake when there is nothing left to do. Returns what was done.
    """
    require(actor, WRITE)
    check(wish)
    refuse_second_time(batch, contact_id)
    contact = get_contact(contact_id)
    already: list[str] = []
    done: dict[str, Any] = {"contact": True} if is_new else {}
    for name, act in (("memberships", _ask), ("lines", _place), ("functions", _give)):
        made = act(contact, wish, already, actor)
        if made:
            done[name] = made
    if not done:
        raise UserMistake(_("%(name)s has all of this already: %(what)s", name=contact.full_name, what=" ".join(already)), field="contacts")
    remember("joined", batch, contact_id, done, actor=actor)
    return done


def join_new(values: Mapping[str, Any], wish: JoinWish, *, batch: str, actor: Actor) -> Contact:
    """The same for somebody who becomes a contact first."""
    require(actor, WRITE)
    check(wish)
    contact = save_contact(None, values, actor=actor)
    join_contact(contact.id, wish, batch=batch, is_new=True, actor=actor)
    return contact


def join_several(contact_ids: Sequence[int], wish: JoinWish, *, batch: str, actor: Actor) -> int:
    """The same for a few contacts: a mistake with one is a mistake, and says whose it is."""
    for pk in contact_ids:
        try:
            join_contact(pk, wish, batch=batch, actor=actor)
        except UserMistake as mistake:
            name = get_contact(pk).full_name
            said = str(mistake.message)
            text = said if name in said or len(contact_ids) == 1 else f"{name}: {said}"
            raise UserMistake(text, field=mistake.field) from None
    return len(contact_ids)


def _ask(contact: Contact, wish: JoinWish, already: list[str], actor: Actor) -> list[int]:
    kind = kind_of(wish)
    if kind is None:
        return []
    outcome = memberships.request_memberships([memberships.Wish(contact.id, kind, from_on=wish.from_on, extra=wish.extra)], actor=actor)
    if outcome.doubles:
        already += [str(mistake.message) for mistake in outcome.mistakes.values()]
    elif outcome.mistakes:
        raise outcome.mistakes[0]
    return list(outcome.made.values())


def _place(contact: Contact, wish: JoinWish, already: list[str], actor: Actor) -> list[int]:
    if wish.places and not has_groups():
        raise NotFound("groups")
    made = []
    for group_id, function in wish.places:
        group = groups.get_group(group_id)
        try:
            made.append(groups.join(group, contact, function, from_on=first_in(group, wish), actor=actor).id)
        except UserMistake as mistake:
            if mistake.field != "contact":
                raise UserMistake(mistake.message, field="places") from None
            already.append(str(mistake.message))
    return made


def first_in(group: Any, wish: JoinWish) -> Any:
    """The first day in a group: that of the membership, when the season of the group has it."""
    return wish.from_on if group.season is None or group.season.holds(wish.from_on) else None


def _give(contact: Contact, wish: JoinWish, already: list[str], actor: Actor) -> list[int]:
    made = []
    for function in wish.functions:
        try:
            made.append(give_function(contact, function, from_on=wish.from_on, actor=actor).id)
        except UserMistake as mistake:
            if mistake.field != "function":
                raise
            already.append(str(mistake.message))
    return made


__all__ = ["first_in", "join_contact", "join_new", "join_several"]
