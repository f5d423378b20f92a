"""What joining or leaving will do, said before it is done. Nothing is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

import plugins.groups.api as groups
import plugins.memberships.api as memberships
from core.api import Actor, Contact, Organisation, UserMistake, _, _n, chunks, current_organisation, db, federations_of, fold, format_date, is_one_of
from core.contacts.attributes import ATTRIBUTES
from core.contacts.services import check_values, functions_here
from core.organisations.services.readiness import reference_day
from plugins.joining.services.effects import Effect, counted, names_of, say_cost, say_mistakes
from plugins.joining.services.joining import first_in
from plugins.joining.services.leaving import Parts, parts_of
from plugins.joining.services.wishes import AT_ONCE, JoinWish, check, has_groups, kind_of

#: somebody who is no contact yet
NEWCOMER = -1


def people_of(contact_ids: Sequence[int]) -> dict[int, Any]:
    """Contacts by id, by name; those that are gone are left out."""
    found: dict[int, Any] = {}
    columns = (Contact.id, Contact.first_name, Contact.last_name, Contact.name_key, Contact.birth_date)
    for part in chunks(list(dict.fromkeys(contact_ids)), 5_000):
        query = select(*columns).where(is_one_of(Contact.id, part), Contact.deleted_at.is_(None)).order_by(Contact.name_key, Contact.id)
        found |= {row.id: row for row in db.session.execute(query)}
    return found


def newcomer(values: Mapping[str, Any], *, actor: Actor) -> Any:
    """Somebody who is typed now, as if a contact."""
    cleaned, _mistakes = check_values(None, values, actor=actor)
    facts: dict[str, Any] = dict.fromkeys(attribute.name for attribute in ATTRIBUTES)
    facts |= {"first_name": "", "last_name": "", **{name: value for name, value in cleaned.items() if value is not None}}
    return SimpleNamespace(**{"extra": {}, **facts, "id": NEWCOMER, "name_key": fold(f"{facts['last_name']} {facts['first_name']}")})


def foresee_joining(contact_ids: Sequence[int], wish: JoinWish, *, new: Mapping[str, Any] | None = None, actor: Actor) -> Effect:
    """What joining will do to these contacts, or to somebody new."""
    effect = Effect()
    people = people_of(contact_ids) if new is None else {NEWCOMER: newcomer(new, actor=actor)}
    if not people:
        effect.say(_("Choose who joins."), "info-circle")
        return effect
    try:
        check(wish)
        kind = kind_of(wish)
    except UserMistake as mistake:
        effect.say(str(mistake.message), "info-circle", "warn")
        return effect
    if new is not None:
        effect.say(_("A new contact is made."), "user-plus")
    if kind is not None:
        _foresee_membership(effect, people, kind, wish, actor)
    if has_groups():
        for group_id, function in wish.places:
            _foresee_place(effect, people, groups.get_group(group_id), function, wish)
    titles = {function.key: str(function.title) for function in functions_here()}
    for key in wish.functions:
        effect.say(
            _n("%(num)s person gets the function %(function)s.", "%(num)s people get the function %(function)s.", len(people), function=titles[key]), "star"
        )
    return effect


def _foresee_membership(effect: Effect, people: Mapping[int, Any], kind: Any, wish: JoinWish, actor: Actor) -> None:
    owner: Organisation = next(o for o, kinds in memberships.types_on_offer() if any(k.id == kind.id for k in kinds))
    ids = list(people)
    wishes = [memberships.Wish(pk, kind, from_on=wish.from_on, extra=wish.extra) for pk in ids]
    found = memberships.foresee_memberships(wishes, newcomers={NEWCOMER: people[NEWCOMER]} if NEWCOMER in people else None, actor=actor)
    _say_memberships(effect, found, kind, owner)
    if found.doubles:
        names = names_of(_name(people[ids[place]]) for place in sorted(found.doubles))
        effect.say(_("Already a member, and stays so as it is: %(names)s.", names=names), "info-circle", "warn")
    wrong = {_name(people[ids[place]]): str(mistake.message) for place, mistake in found.mistakes.items() if place not in found.doubles}
    say_mistakes(effect, wrong, only=len(people) <= AT_ONCE)
    if owner.kind == "federation":
        say_cost(effect, owner, joining=[counted(people[ids[place]], kind.id, one) for place, one in found.expected.items()])


def _say_memberships(effect: Effect, found: Any, kind: Any, owner: Organisation) -> None:
    by_outcome: dict[tuple[bool, date, date | None], int] = defaultdict(int)
    for one in found.expected.values():
        by_outcome[one.is_accepted, one.from_on, one.until_on] += 1
    for (is_accepted, first, until), number in by_outcome.items():
        values = {"type": memberships.title_of(kind), "name": owner.name, "day": format_date(first)}
        if is_accepted:
            text = _n(
                "%(num)s person becomes a member of %(name)s (%(type)s) from %(day)s.", "%(num)s people become members of %(name)s (%(type)s) from %(day)s.",
                number, **values,
            )  # fmt: skip
        else:
            text = _n(
                "A membership from %(day)s (%(type)s) is asked at %(name)s for %(num)s person. It waits until the federation decides.",
                "A membership from %(day)s (%(type)s) is asked at %(name)s for %(num)s people. It waits until the federation decides.",
                number, **values,
            )  # fmt: skip
        if until is not None:
            text += " " + _("It ends on %(day)s.", day=format_date(until))
        effect.say(text, "id-badge-2" if is_accepted else "clock")


def _foresee_place(effect: Effect, people: Mapping[int, Any], group: Any, function: str, wish: JoinWish) -> None:
    line = groups.GroupMember
    first = first_in(group, wish) or (group.season.nearest(wish.from_on) if group.season is not None else wish.from_on)
    query = select(line.contact_id).where(line.group_id == group.id, line.function == function, groups.not_over(first)).distinct()
    inside = set(db.session.scalars(query)) & set(people)
    number = len(people) - len(inside)
    values = {"group": groups.label_of(group), "function": groups.title_of("function", function).lower(), "day": format_date(first)}
    if number:
        text = _n(
            "%(num)s person joins %(group)s as %(function)s from %(day)s.", "%(num)s people join %(group)s as %(function)s from %(day)s.", number, **values
        )
        linked = {link.federation_id for link in groups.links_of(group.id)}
        readers = [federation.name for federation in federations_of(current_organisation()) if federation.id in linked]
        effect.say(text + (" " + _("%(federation)s sees that: the group is linked.", federation=", ".join(readers)) if readers else ""), "users-group")
    if inside:
        names = names_of(_name(people[pk]) for pk in people if pk in inside)
        effect.say(_("Already in %(group)s, and stays so as it is: %(names)s.", group=values["group"], names=names), "info-circle", "warn")


# --- leaving ----------------------------------------------------------------------------------------


def foresee_leaving(contact_ids: Sequence[int], last_day: date) -> Effect:
    """What leaving will do to these contacts."""
    effect = Effect()
    people = people_of(contact_ids)
    if not people:
        effect.say(_("Choose who leaves."), "info-circle")
        return effect
    parts = parts_of(list(people), last_day)
    too_early = {pk: day for pk in people if (day := parts[pk].began(last_day)) is not None}
    leaving = {pk: found for pk, found in parts.items() if found and pk not in too_early}
    _say_ends(effect, leaving, last_day)
    nothing = [_name(people[pk]) for pk in people if not parts[pk]]
    if nothing:
        effect.say(_("Has nothing that ends after this day: %(names)s.", names=names_of(nothing)), "alert-circle", "bad")
    wrong = {_name(people[pk]): _("began on %(day)s. Choose that day or a later one.", day=format_date(day)) for pk, day in too_early.items()}
    say_mistakes(effect, wrong, only=len(people) <= AT_ONCE)
    return effect


def _say_ends(effect: Effect, leaving: Mapping[int, Parts], last_day: date) -> None:
    by_owner: dict[int | None, list[Any]] = defaultdict(list)
    for parts in leaving.values():
        for row in parts.memberships:
            by_owner[row.federation_id].append(row)
    federations = {federation.id: federation for federation in federations_of(current_organisation())}
    for owner, rows in by_owner.items():
        name = federations[owner].name if owner in federations else current_organisation().name
        ending = sum(row.status == "accepted" for row in rows)
        if ending:
            effect.say(
                _n(
                    "%(num)s membership of %(name)s ends on %(day)s.",
                    "%(num)s memberships of %(name)s end on %(day)s.",
                    ending,
                    name=name,
                    day=format_date(last_day),
                ),
                "id-badge-2",
            )
        if ending < len(rows):
            effect.say(
                _n("%(num)s request at %(name)s is withdrawn.", "%(num)s requests at %(name)s are withdrawn.", len(rows) - ending, name=name), "id-badge-2"
            )
    by_group: dict[int, list[Any]] = defaultdict(list)
    for parts in leaving.values():
        for line, group in parts.lines:
            by_group[group.id].append((line, group))
    for found in by_group.values():
        number = len({line.contact_id for line, _group in found})
        effect.say(_n("%(num)s person leaves %(group)s.", "%(num)s people leave %(group)s.", number, group=groups.label_of(found[0][1])), "users-group")
    _say_vacated(effect, by_group)
    functions = sum(len(parts.functions) for parts in leaving.values())
    if functions:
        effect.say(_n("%(num)s function ends.", "%(num)s functions end.", functions), "star")
    if leaving:
        effect.say(_("The contacts stay, with their history: they can join again later."), "user")
    for owner, rows in by_owner.items():
        if owner in federations:
            say_cost(effect, federations[owner], leaving=_gone(rows, last_day, federations[owner]))


def _gone(rows: Sequence[Any], last_day: date, federation: Organisation) -> Collection[int]:
    """Who no longer counts on the day of the next invoice."""
    day = reference_day(federation)
    return {row.contact_id for row in rows} if day is None or last_day < day else set()


def _say_vacated(effect: Effect, by_group: Mapping[int, Sequence[tuple[Any, Any]]]) -> None:
    """Functions a federation asks in a linked group, which nobody holds afterwards."""
    for group_id, found in by_group.items():
        linked = {link.federation_id for link in groups.links_of(group_id)}
        group = found[0][1]
        going = {line.id for line, _group in found}
        for federation in federations_of(current_organisation()):
            for term in groups.required_functions(federation) if federation.id in linked else ():
                holders = [line for line, _contact in groups.members_of(group) if line.function == term.key]
                if holders and all(line.id in going for line in holders):
                    text = _("Then nobody is %(function)s of %(group)s, which %(federation)s asks: put somebody else in that function.")
                    values = {"function": term.title.lower(), "group": groups.label_of(group), "federation": federation.name}
                    effect.say(text % values, "alert-triangle", "warn")


def _name(person: Any) -> str:
    return f"{person.first_name} {person.last_name}".strip() or _("The new person")


__all__ = ["foresee_joining", "foresee_leaving", "people_of"]
