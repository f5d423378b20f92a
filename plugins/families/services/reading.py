"""Who is in which family, who may act for whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased, joinedload

from core.api import Contact, LookedAfter, NotFound, Organisation, active_plugins, age_on, current_organisation, db, is_one_of
from core.api import today as local_day
from plugins.families.models import Family, FamilyFunction, FamilyMember, ParentRight

PLUGIN = "families"
ADULT = 18
#: switch of a ParentRight -> what the core calls it
ACTS = {"sees": "see", "corrects": "correct", "answers": "answer"}


def today() -> date:
    return local_day(current_organisation().time_zone)


def functions(*, only_active: bool = False) -> Sequence[FamilyFunction]:
    """The family functions of the club at hand, in order."""
    query = select(FamilyFunction).order_by(FamilyFunction.position, FamilyFunction.id)
    return db.session.scalars(query.where(FamilyFunction.is_active.is_(True)) if only_active else query).all()


def get_function(pk: int) -> FamilyFunction:
    return _one(FamilyFunction, pk)  # type: ignore[no-any-return]


def get_family(pk: int) -> Family:
    return _one(Family, pk)  # type: ignore[no-any-return]


def get_member(pk: int) -> FamilyMember:
    return _one(FamilyMember, pk)  # type: ignore[no-any-return]


def _one(model: Any, pk: int) -> Any:
    found = db.session.scalars(select(model).where(model.id == pk)).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"{model.__tablename__} {pk}")
    return found


def is_over(member: FamilyMember, day: date) -> bool:
    return member.until_on is not None and member.until_on < day


def members_of(family_ids: Iterable[int]) -> Sequence[FamilyMember]:
    """Members with their contact and function, those of today first, parents before children; people in the bin are left out."""
    day = today()
    query = (
        select(FamilyMember)
        .join(Contact, Contact.id == FamilyMember.contact_id)
        .join(FamilyFunction, FamilyFunction.id == FamilyMember.function_id)
        .options(joinedload(FamilyMember.contact), joinedload(FamilyMember.function))
        .where(is_one_of(FamilyMember.family_id, list(family_ids)), Contact.deleted_at.is_(None), Contact.erased_at.is_(None))
        .order_by(FamilyFunction.is_child, FamilyFunction.position, Contact.name_key, FamilyMember.id)
    )
    return sorted(db.session.scalars(query).all(), key=lambda member: is_over(member, day))


def families_of(contact_id: int) -> Sequence[Family]:
    """The families somebody is or was in."""
    ids = select(FamilyMember.family_id).where(FamilyMember.contact_id == contact_id)
    return db.session.scalars(select(Family).where(Family.id.in_(ids)).order_by(Family.name_key, Family.id)).all()


# --- parents and children ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """A parent who has (or could have) access to a child, with what was set for the two."""

    parent: Contact
    child: Contact
    function: str
    right: ParentRight
    is_open: bool

    @property
    def acts(self) -> frozenset[str]:
        return acts_of(self.right) if self.is_open else frozenset()


def acts_of(right: ParentRight) -> frozenset[str]:
    return frozenset(act for name, act in ACTS.items() if getattr(right, name)) if right.sees else frozenset()


def usual(parent_id: int, child_id: int) -> ParentRight:
    """What holds as long as the club set nothing; not stored."""
    return ParentRight(parent_id=parent_id, child_id=child_id, sees=True, corrects=True, answers=True, gets_mails=True, after_18=False)


def is_young(child: Contact, right: ParentRight, day: date) -> bool:
    """Is there still access? Without a birth date nobody can tell, so there is none."""
    return right.after_18 or (child.birth_date is not None and age_on(child.birth_date, day) < ADULT)


@cache
def _sides() -> tuple[Any, ...]:
    """Both members of a pair, their functions and contacts; made once, because every page asks for a pair."""
    return tuple(aliased(model) for model in (FamilyMember, FamilyFunction, Contact) for _side in ("parent", "child"))


def _pairs(*conditions: Any, day: date) -> Sequence[Any]:
    """(organisation, parent, child, function, right) of parents and children of one family on a day; in any scope."""
    parent, child, as_parent, as_child, who, whom = _sides()
    same = and_(child.organisation_id == parent.organisation_id, child.family_id == parent.family_id)
    query = (
        select(Organisation, who, whom, as_parent, ParentRight)
        .select_from(parent)
        .join(child, same)
        .join(as_parent, and_(as_parent.id == parent.function_id, as_parent.organisation_id == parent.organisation_id))
        .join(as_child, and_(as_child.id == child.function_id, as_child.organisation_id == child.organisation_id))
        .join(who, and_(who.id == parent.contact_id, who.organisation_id == parent.organisation_id))
        .join(whom, and_(whom.id == child.contact_id, whom.organisation_id == child.organisation_id))
        .join(Organisation, Organisation.id == parent.organisation_id)
        .outerjoin(
            ParentRight,
            and_(
                ParentRight.organisation_id == parent.organisation_id, ParentRight.parent_id == parent.contact_id, ParentRight.child_id == child.contact_id
            ),
        )
        .where(as_parent.opens_account.is_(True), as_parent.is_active.is_(True), as_child.is_child.is_(True), as_child.is_active.is_(True))
        .where(_holds(parent, day), _holds(child, day), parent.contact_id != child.contact_id)
        .where(who.deleted_at.is_(None), who.erased_at.is_(None), whom.deleted_at.is_(None), whom.erased_at.is_(None))
        .where(*[condition(parent, child) for condition in conditions])
        .order_by(whom.name_key, who.name_key, as_parent.position)
    )
    return db.session.execute(query).all()


def _holds(member: Any, day: date) -> Any:
    return and_(member.from_on <= day, or_(member.until_on.is_(None), member.until_on >= day))


def _as_pairs(rows: Sequence[Any], day: date) -> list[Pair]:
    """One pair for a parent and a child, also when they share two families."""
    found: dict[tuple[int, int], Pair] = {}
    for _organisation, parent, child, function, right in rows:
        right = right or usual(parent.id, child.id)
        found.setdefault((parent.id, child.id), Pair(parent, child, function.title, right, is_young(child, right, day)))
    return list(found.values())


def parents_of(child_id: int, day: date | None = None) -> list[Pair]:
    """Everybody with a function that opens the account of this child, and what each may do."""
    day = day or today()
    return _as_pairs(_pairs(lambda _parent, child: child.contact_id == child_id, day=day), day)


def also_told(contact_ids: Sequence[int]) -> dict[int, list[int]]:
    """The parents who get the mails of these children, by child; one query."""
    day = today()
    found: dict[int, list[int]] = {}
    for pair in _as_pairs(_pairs(lambda _parent, child: is_one_of(child.contact_id, list(contact_ids)), day=day), day):
        if pair.acts and pair.right.gets_mails:
            found.setdefault(pair.child.id, []).append(pair.parent.id)
    return found


def children_of(parent_id: int) -> list[Pair]:
    day = today()
    return _as_pairs(_pairs(lambda parent, _child: parent.contact_id == parent_id, day=day), day)


def acts_for(contact_id: int, for_id: int) -> frozenset[str] | None:
    """What a parent may do in the name of a child today; None when that is nothing."""
    day = today()
    rows = _pairs(lambda parent, child: and_(parent.contact_id == contact_id, child.contact_id == for_id), day=day)
    return next((pair.acts for pair in _as_pairs(rows, day)), None) or None


def looked_after(contacts: Sequence[tuple[int, int]]) -> list[LookedAfter]:
    """The children of these contacts, in clubs that use families. Every page asks; most people are in no family, which is a small question."""

    def is_one(member: Any) -> Any:
        return or_(*(_is(member, organisation_id, pk) for organisation_id, pk in contacts))

    if db.session.scalar(select(FamilyMember.id).where(is_one(FamilyMember)).limit(1)) is None:
        return []
    day = local_day()
    rows = _pairs(lambda parent, _child: is_one(parent), day=day)
    found = []
    for organisation, _parent, child, _function, right in rows:
        right = right or usual(0, child.id)
        if right.sees and is_young(child, right, day) and PLUGIN in active_plugins(organisation):
            found.append(LookedAfter(organisation.id, organisation.slug, child.id, child.full_name, organisation.name))
    return found


def _is(member: Any, organisation_id: int, contact_id: int) -> Any:
    return and_(member.organisation_id == organisation_id, member.contact_id == contact_id)
