"""One-click repairs of what the page finds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from core.api import (
    Actor,
    Contact,
    NotFound,
    Record,
    UserMistake,
    _,
    db,
    get_contact,
    insert_rows,
    is_one_of,
    now,
    record_many,
    require,
    reserve_ids,
    save_contact,
)
from core.contacts.services import today
from core.outbox.api import AddressRefusal
from core.outbox.refusals import EMAILS, works_again
from plugins.joining.models import JoiningException
from plugins.joining.services.acts import check_batch, refuse_second_time, remember
from plugins.joining.services.health import CAN_BE_RIGHT
from plugins.joining.services.joining import join_contact
from plugins.joining.services.wishes import WRITE, JoinWish


def say_right(point: str, contact_ids: Sequence[int], *, batch: str, actor: Actor) -> int:
    """These contacts are right as they are: the point no longer shows them. Returns how many."""
    require(actor, WRITE)
    if point not in CAN_BE_RIGHT:
        raise NotFound(f"point {point}")
    wanted = list(dict.fromkeys(contact_ids))
    known = set(db.session.scalars(select(Contact.id).where(is_one_of(Contact.id, wanted), Contact.deleted_at.is_(None))))
    if known != set(wanted):
        raise NotFound("contacts")
    there = set(db.session.scalars(select(JoiningException.contact_id).where(JoiningException.point == point, is_one_of(JoiningException.contact_id, wanted))))
    fresh = [pk for pk in wanted if pk not in there]
    if not fresh:
        raise UserMistake(_("This was done already."))
    ids = list(reserve_ids(JoiningException, len(fresh)))
    common = {"point": point, "batch": check_batch(batch), "created_at": now()}
    insert_rows(JoiningException, [{"id": pk, "contact_id": contact, **common} for pk, contact in zip(ids, fresh, strict=True)])
    records = [Record("joining_exception.created", "joining_exception", pk, {"contact_id": (None, contact)}) for pk, contact in zip(ids, fresh, strict=True)]
    record_many(records, actor=actor)
    return len(fresh)


def fill_vacancies(chosen: Mapping[str, int], *, batch: str, actor: Actor) -> int:
    """Put a contact in each function: {"club:chair": 3, "group:7:conductor": 4}."""
    places: dict[int, list[tuple[int, str]]] = defaultdict(list)
    functions: dict[int, list[str]] = defaultdict(list)
    for key, pk in chosen.items():
        kind, _colon, rest = key.partition(":")
        group, _colon, function = rest.partition(":")
        if kind == "group" and group.isdecimal() and function:
            places[pk].append((int(group), function))
        elif kind == "club":
            functions[pk].append(rest)
        else:
            raise NotFound(f"function {key}")
    for pk in {**places, **functions}:
        wish = JoinWish(today(), None, tuple(places[pk]), tuple(functions[pk]))
        join_contact(pk, wish, batch=batch, actor=actor)
    return len(chosen)


def try_again(keys: Sequence[str], *, batch: str, actor: Actor) -> int:
    """These addresses work: mails are sent to them again. Keys are those of BrokenAddress."""
    require(actor, WRITE)
    by_contact: dict[int, list[AddressRefusal]] = defaultdict(list)
    seen: set[int] = set()
    for key in keys:
        contact, _attribute, refusal = refused(key)
        if refusal.id not in seen:
            seen.add(refusal.id)
            by_contact[contact.id].append(refusal)
    for pk, found in by_contact.items():
        refuse_second_time(batch, pk)
        done = {"refusals": [_kept(refusal) for refusal in found]}
        for refusal in found:
            works_again(refusal.id, actor=actor)
        remember("repaired", batch, pk, done, actor=actor)
    return len(seen)


def correct_addresses(typed: Mapping[str, str], *, batch: str, actor: Actor) -> int:
    """Write down other addresses; a mistake is about the field "address-<key>"."""
    require(actor, WRITE)
    by_contact: dict[int, dict[str, tuple[str, str]]] = defaultdict(dict)
    for key, text in typed.items():
        contact, attribute, _refusal = refused(key)
        by_contact[contact.id][attribute] = (key, text)
    for pk, wanted in by_contact.items():
        refuse_second_time(batch, pk)
        contact = get_contact(pk)
        done: dict[str, Any] = {"addresses": {}, "refusals": []}
        for attribute, (key, text) in wanted.items():
            old, refusal = getattr(contact, attribute), refused(key)[2]
            kept = _kept(refusal)
            try:
                save_contact(contact, {attribute: text}, actor=actor)
            except UserMistake as mistake:
                raise UserMistake(mistake.message, field=f"address-{key}") from None
            if getattr(contact, attribute) == old:
                raise UserMistake(_("This is the address that does not work. Type another one."), field=f"address-{key}")
            done["addresses"][attribute] = [old, getattr(contact, attribute)]
            done["refusals"].append(kept)
        remember("repaired", batch, pk, done, actor=actor)
    return len(typed)


def refused(key: str) -> tuple[Contact, str, AddressRefusal]:
    """(contact, attribute, what is known) of a key of BrokenAddress; any other does not exist."""
    number, _dash, attribute = key.partition("-")
    if not number.isdecimal() or attribute not in EMAILS:
        raise NotFound(f"address {key}")
    contact = get_contact(int(number))
    address = (getattr(contact, attribute) or "").lower()
    found = db.session.scalars(select(AddressRefusal).where(AddressRefusal.address == address)).one_or_none()
    if found is None:
        raise NotFound(f"address {key}")
    return contact, attribute, found


def _kept(refusal: AddressRefusal) -> dict[str, str]:
    return {"address": refusal.address, "said": refusal.said, "how": refusal.how}
