"""Making and changing the words people choose from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select

from core.access import Actor, require
from core.audit.services import record
from core.contacts.names import fold
from core.db import db
from core.errors import NotFound, StaleVersion, UserMistake
from core.i18n import LANGUAGES, _, format_date
from core.organisations.models import Organisation
from core.tenancy import current_scope
from core.web.context import current_organisation
from plugins.groups.models import KINDS, ClubGroup, GroupMember, GroupPrice, GroupTerm
from plugins.groups.services.catalogue import Term, forget_terms, term_of, terms_of

WRITE = "group_terms.write"
LONGEST_NAME = 80
LARGEST_CENTS = 100_000_000


def get_term(kind: str, key: str) -> Term:
    """A term of this organisation, or NotFound."""
    found = term_of(kind, key) if kind in KINDS else None
    if found is None:
        raise NotFound(f"group term {kind} {key}")
    return found


def is_ours(term: Term) -> bool:
    """May the organisation at hand change it? What a federation prescribes, only that federation."""
    return term.owner_id in (None, current_scope().organisation_id)


def add_term(kind: str, values: Mapping[str, Any], *, actor: Actor) -> Term:
    """Make a term; its key follows from its name."""
    require(actor, WRITE)
    if kind not in KINDS or (kind == "option" and current_organisation().kind != "federation"):
        raise NotFound(f"group terms {kind}")
    cleaned = _clean(kind, values)
    position = max((term.position for term in terms_of(kind, even_inactive=True)), default=0) + 10
    row = GroupTerm(kind=kind, key=_free_key(kind, cleaned["name"]), position=position, **cleaned)
    db.session.add(row)
    db.session.flush()
    forget_terms()
    record("group_term.created", row, actor=actor, changes={name: (None, value) for name, value in cleaned.items()})
    return get_term(kind, row.key)


def change_term(term: Term, values: Mapping[str, Any], *, version: int | None = None, actor: Actor) -> Term:
    """Change a term; what a plugin declared keeps its key, and remembers only what is different."""
    require(actor, WRITE)
    if not is_ours(term):
        raise NotFound(f"group term {term.key}")
    if version is not None and version != term.version:
        raise StaleVersion(f"group term {term.key}")
    cleaned = _clean(term.kind, values)
    if not cleaned["is_active"]:
        _refuse_while_required(term, cleaned["is_required"])
    row = _row_of(term)
    changes = {name: (getattr(term, name), value) for name, value in cleaned.items() if getattr(term, name) != value}
    for name, value in cleaned.items():
        setattr(row, name, value)
    db.session.flush()
    forget_terms()
    if changes:
        record("group_term.changed", row, actor=actor, changes=changes)
    return get_term(term.kind, term.key)


def _refuse_while_required(term: Term, is_required: bool) -> None:
    if term.kind == "function" and is_required:
        raise UserMistake(_("Somebody must hold this function in every linked group. Say first that it is not required."), field="is_active")


def remove_term(term: Term, *, actor: Actor) -> None:
    """Remove one that was made here and that nothing uses; what is used is switched off instead."""
    require(actor, WRITE)
    if not is_ours(term):
        raise NotFound(f"group term {term.key}")
    if term.declared_by is not None or _is_used(term):
        raise UserMistake(_("“%(name)s” is in use. Switch it off instead: what has it keeps it, and nobody can choose it any more.", name=term.title))
    row = _row_of(term)
    record("group_term.deleted", row, actor=actor, changes={"name": (term.name, None)})
    db.session.delete(row)
    db.session.flush()
    forget_terms()


def _is_used(term: Term) -> bool:
    if term.kind == "function":
        query = select(GroupMember.id).where(GroupMember.function == term.key)
    elif term.kind == "option":
        return True
    else:
        query = select(ClubGroup.id).where(getattr(ClubGroup, term.kind) == term.key)
    return db.session.scalars(query.limit(1)).first() is not None or current_organisation().kind == "federation"


def move_term(term: Term, *, up: bool, actor: Actor) -> None:
    """One place further to the front or the back among those of this organisation."""
    require(actor, WRITE)
    mine = [t for t in terms_of(term.kind, even_inactive=True) if is_ours(t)]
    at = next((n for n, t in enumerate(mine) if t.key == term.key), None)
    if at is None:
        raise NotFound(f"group term {term.key}")
    to = at - 1 if up else at + 1
    if 0 <= to < len(mine):
        mine[at], mine[to] = mine[to], mine[at]
    for number, each in enumerate(mine):
        if each.position != (number + 1) * 10:
            _row_of(each).position = (number + 1) * 10
    db.session.flush()
    forget_terms()


def _row_of(term: Term) -> GroupTerm:
    """The row of a term; made when a declaration is changed for the first time."""
    if term.id is not None:
        found = db.session.get(GroupTerm, term.id)
        if found is None:
            raise NotFound(f"group term {term.key}")
        return found
    row = GroupTerm(
        kind=term.kind,
        key=term.key,
        name={},
        help={},
        is_required=term.is_required,
        is_active=term.is_active,
        position=term.position,
        per=term.per,
        families_only=term.families_only,
        declared_by=term.declared_by,
    )
    db.session.add(row)
    return row


def _clean(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": _texts(values.get("name") or {}, LONGEST_NAME), "is_active": bool(values.get("is_active", True))}
    if not found["name"]:
        raise UserMistake(_("Fill in a name."), field="name")
    found["is_required"] = kind == "function" and current_organisation().kind == "federation" and bool(values.get("is_required"))
    if kind == "option":
        found["help"] = _texts(values.get("help") or {}, 300)
        found["per"] = values.get("per") if values.get("per") in ("group", "club", "each") else "group"
        found["families_only"] = bool(values.get("families_only"))
    return found


def _texts(texts: Mapping[str, Any], longest: int) -> dict[str, str]:
    cleaned = {language: " ".join(str(texts.get(language) or "").split()) for language in LANGUAGES}
    if any(len(text) > longest for text in cleaned.values()):
        raise UserMistake(_("Use at most %(number)s characters.", number=longest), field="name")
    return {language: text for language, text in cleaned.items() if text}


def _free_key(kind: str, name: Mapping[str, str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "_", fold(name.get("nl") or next(iter(name.values())))).strip("_")[:32]
    base = base if base[:1].isalpha() else f"{kind}_{base}".rstrip("_")
    taken = {term.key for term in terms_of(kind, even_inactive=True)}
    key, number = base, 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    return key


# --- prices ---------------------------------------------------------------------------------------


def prices_of(option: str) -> list[GroupPrice]:
    """The prices the federation at hand stored for an option, the newest first."""
    query = select(GroupPrice).where(GroupPrice.option == option, GroupPrice.organisation_id == current_scope().organisation_id)
    return list(db.session.scalars(query.order_by(GroupPrice.from_on.desc())))


def prices_on(federation: Organisation, day: date) -> dict[str, int]:
    """Option -> cents on a day: what the federation stored, else what its plugin declares."""
    found = {term.key: term.amount_cents for term in terms_of("option", federation, even_inactive=True)}
    query = select(GroupPrice.option, GroupPrice.amount_cents).where(
        GroupPrice.organisation_id == federation.id, GroupPrice.from_on <= day, or_(GroupPrice.until_on.is_(None), GroupPrice.until_on >= day)
    )
    return found | {row.option: row.amount_cents for row in db.session.execute(query)}


def add_price(option: str, *, amount_cents: int | None, from_on: date | None, until_on: date | None = None, actor: Actor) -> GroupPrice:
    """A price from a day on; the one that runs on that day ends the day before."""
    require(actor, WRITE)
    if current_organisation().kind != "federation":
        raise NotFound("prices")
    get_term("option", option)
    db.session.execute(select(Organisation.id).where(Organisation.id == current_scope().organisation_id).with_for_update(key_share=True))
    if amount_cents is None or not 0 <= amount_cents <= LARGEST_CENTS:
        raise UserMistake(_("Fill in the price, for example 25,50. Nothing to pay is 0."), field="amount_cents")
    if from_on is None:
        raise UserMistake(_("Fill in the first day on which this price counts."), field="from_on")
    if until_on is not None and until_on < from_on:
        raise UserMistake(_("The last day lies before the first day."), field="until_on")
    for other in prices_of(option):
        if (other.until_on is not None and other.until_on < from_on) or (until_on is not None and until_on < other.from_on):
            continue
        if other.from_on >= from_on:
            raise UserMistake(
                _("There is a price from %(day)s on already. Remove that one first, or choose other days.", day=format_date(other.from_on)), field="from_on"
            )
        other.until_on = from_on - timedelta(days=1)
    price = GroupPrice(option=option, amount_cents=amount_cents, from_on=from_on, until_on=until_on)
    db.session.add(price)
    db.session.flush()
    record("group_price.created", price, actor=actor, changes={"amount_cents": (None, amount_cents), "from_on": (None, from_on)})
    return price


def remove_price(pk: int, *, actor: Actor) -> None:
    """Remove a price; invoices that were sent keep their amounts."""
    require(actor, WRITE)
    query = select(GroupPrice).where(GroupPrice.id == pk, GroupPrice.organisation_id == current_scope().organisation_id)
    found = db.session.scalars(query).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"group price {pk}")
    record("group_price.deleted", found, actor=actor, changes={"amount_cents": (found.amount_cents, None), "from_on": (found.from_on, None)})
    db.session.delete(found)
    db.session.flush()
