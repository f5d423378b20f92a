"""Is everything right? Who sings without a membership, who is a member without a group, which function nobody
holds, which address does not work. At most eight queries, whatever the number of members.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, case, func, or_, select

import plugins.groups.api as groups
import plugins.memberships.api as memberships
from core.api import Contact, ContactFunction, Organisation, current_organisation, db, federations_of, in_own_language, is_one_of
from core.contacts.services import functions_here, today
from core.outbox.api import AddressRefusal
from core.outbox.refusals import EMAILS
from plugins.joining.models import JoiningException
from plugins.joining.services.wishes import has_groups

NO_MEMBERSHIP, NO_GROUP, FUNCTIONS, ADDRESSES = "no_membership", "no_group", "functions", "addresses"
POINTS = (NO_MEMBERSHIP, NO_GROUP, FUNCTIONS, ADDRESSES)
#: people a point may be right for as it is
CAN_BE_RIGHT = (NO_MEMBERSHIP, NO_GROUP)

M, L, G, S, K = memberships.Membership, groups.GroupMember, groups.ClubGroup, groups.Season, groups.GroupLink


@dataclass
class Person:
    """Somebody about whom something is not right; `detail` are groups or types, `owners` the federations that ask."""

    id: int
    first_name: str
    last_name: str
    detail: list[str] = field(default_factory=list)
    owners: set[int] = field(default_factory=set)

    @property
    def name(self) -> str:
        return f"{self.last_name} {self.first_name}"


@dataclass(frozen=True)
class Vacancy:
    """A function nobody holds. `key` names it in a form; `suggested` held it before, or holds it in another group."""

    key: str
    title: str
    where: str
    suggested: Any = None


@dataclass(frozen=True)
class BrokenAddress:
    """An address of a contact that does not work."""

    contact_id: int
    name: str
    attribute: str
    address: str
    said: str
    refusal_id: int

    @property
    def key(self) -> str:
        return f"{self.contact_id}-{self.attribute}"


@dataclass
class Health:
    """What is not right, by point."""

    no_membership: list[Person] = field(default_factory=list)
    no_group: list[Person] = field(default_factory=list)
    functions: list[Vacancy] = field(default_factory=list)
    addresses: list[BrokenAddress] = field(default_factory=list)

    def rows(self, point: str) -> list[Any]:
        found: list[Any] = getattr(self, point)
        return found

    @property
    def total(self) -> int:
        return sum(len(self.rows(point)) for point in POINTS)

    @property
    def is_well(self) -> bool:
        return not self.total


def examine() -> Health:
    """Look at everything, in the club at hand."""
    links = _links() if has_groups() else []
    return Health(
        _without_membership() if has_groups() else [],
        _without_group({link.federation_id for link in links}) if links else [],
        [*_club_vacancies(), *_group_vacancies(links)],
        _broken_addresses(),
    )


def _is_now(query: Any) -> Any:
    """Lines in groups of the current season, and in committees, that count now."""
    return query.where(G.removed_at.is_(None), or_(G.season_id.is_(None), S.is_current.is_(True)), groups.counts(groups.reference_day()))


def _excepted(point: str) -> Any:
    return select(JoiningException.id).where(JoiningException.point == point, JoiningException.contact_id == Contact.id).correlate(Contact).exists()


def _in_group_only(*columns: Any) -> Any:
    """Those in a group without a membership (of the federation the group is linked to, if it is), asked for or running."""
    of_group = or_(K.id.is_(None), M.federation_id == K.federation_id)
    member = select(M.id).where(M.contact_id == Contact.id, memberships.not_over(today()), of_group).correlate(Contact, K).exists()
    query = (
        groups.join_group(select(*columns).select_from(L))
        .join(Contact, and_(Contact.organisation_id == L.organisation_id, Contact.id == L.contact_id))
        .outerjoin(K, and_(K.organisation_id == G.organisation_id, K.group_id == G.id, K.unlinked_on.is_(None)))
        .where(Contact.deleted_at.is_(None), ~member, ~_excepted(NO_MEMBERSHIP))
    )
    return _is_now(query)


def _without_membership() -> list[Person]:
    query = _in_group_only(Contact.id, Contact.first_name, Contact.last_name, G.name, K.federation_id)
    return _people(db.session.execute(query.distinct().order_by(Contact.last_name, Contact.first_name, Contact.id, G.name)))


def stand_of_links() -> tuple[int, bool]:
    """How many people are in a linked group without a membership, and has the club members at all? One query."""
    number = _in_group_only(func.count(func.distinct(Contact.id))).where(K.id.is_not(None)).scalar_subquery()
    row = db.session.execute(select(number, select(M.id).exists())).one()
    return int(row[0]), bool(row[1])


def _without_group(federation_ids: set[int]) -> list[Person]:
    """A member of a federation to which the club has linked groups, and in no group."""
    inside = _is_now(groups.join_group(select(L.id).select_from(L)).where(L.contact_id == Contact.id)).correlate(Contact).exists()
    query = (
        select(Contact.id, Contact.first_name, Contact.last_name, memberships.MembershipType.name, M.federation_id)
        .select_from(M)
        .join(Contact, and_(Contact.organisation_id == M.organisation_id, Contact.id == M.contact_id))
        .join(memberships.MembershipType, memberships.MembershipType.id == M.type_id)
        .where(is_one_of(M.federation_id, sorted(federation_ids)), memberships.counts_on(today()), Contact.deleted_at.is_(None))
        .where(~inside, ~_excepted(NO_GROUP))
        .order_by(Contact.last_name, Contact.first_name, Contact.id)
    )
    return _people(db.session.execute(query))


def _people(rows: Iterable[Any]) -> list[Person]:
    found: dict[int, Person] = {}
    for pk, first, last, detail, owner in rows:
        person = found.setdefault(pk, Person(pk, first, last))
        text = detail if isinstance(detail, str) else in_own_language(detail, "")
        if text not in person.detail:
            person.detail.append(text)
        if owner is not None:
            person.owners.add(owner)
    return list(found.values())


def usual_function() -> str:
    """What most people in groups are, as the likely function of one more; empty when there is nobody."""
    query = select(L.function).where(L.is_void.is_(False)).group_by(L.function).order_by(func.count().desc(), L.function).limit(1)
    return db.session.scalar(query) or ""


# --- functions ------------------------------------------------------------------------------------


def _club_vacancies() -> list[Vacancy]:
    """Required functions of the club that nobody holds today; one query tells that, and who held them last."""
    required = [function for function in functions_here() if function.required]
    f, day = ContactFunction, today()
    is_held = case((and_(f.from_on <= day, or_(f.until_on.is_(None), f.until_on >= day)), True), else_=False)
    query = (
        select(f.function, is_held.label("is_held"), Contact.id, Contact.first_name, Contact.last_name)
        .join(Contact, and_(Contact.organisation_id == f.organisation_id, Contact.id == f.contact_id))
        .where(f.function.in_([function.key for function in required]), Contact.deleted_at.is_(None))
        .order_by(is_held.desc(), f.from_on.desc(), f.id.desc())
    )
    last = _by_function(query) if required else {}
    name = current_organisation().name
    return [Vacancy(f"club:{one.key}", str(one.title), name, last.get(one.key)) for one in required if one.key not in last or not last[one.key].is_held]


def _links() -> Sequence[Any]:
    """Linked groups of now, a row per function somebody holds in them."""
    held = and_(L.organisation_id == G.organisation_id, L.group_id == G.id, groups.counts(groups.reference_day()))
    query = (
        select(K.federation_id, G.id, G.name, S.name.label("season"), L.function)
        .select_from(K)
        .join(G, and_(G.organisation_id == K.organisation_id, G.id == K.group_id))
        .outerjoin(S, and_(S.organisation_id == G.organisation_id, S.id == G.season_id))
        .outerjoin(L, held)
        .where(K.unlinked_on.is_(None), G.removed_at.is_(None), or_(G.season_id.is_(None), S.is_current.is_(True)))
        .distinct()
        .order_by(G.name, G.id)
    )
    return db.session.execute(query).all()


def _group_vacancies(links: Sequence[Any]) -> list[Vacancy]:
    held: dict[tuple[int, int], set[str]] = {}
    named: dict[int, str] = {}
    for row in links:
        held.setdefault((row.id, row.federation_id), set()).add(row.function)
        named[row.id] = f"{row.name} ({row.season})" if row.season else row.name
    required = {federation.id: groups.required_functions(federation) for federation in _asking(held)}
    open_places = {
        f"group:{pk}:{term.key}": (pk, term) for (pk, owner), functions in held.items() for term in required.get(owner, ()) if term.key not in functions
    }
    if not open_places:
        return []
    before = _by_function(
        groups.join_group(select(L.function, Contact.id, Contact.first_name, Contact.last_name).select_from(L))
        .join(Contact, and_(Contact.organisation_id == L.organisation_id, Contact.id == L.contact_id))
        .where(L.function.in_({term.key for _pk, term in open_places.values()}), L.is_void.is_(False), Contact.deleted_at.is_(None))
        .order_by(L.from_on.desc(), L.id.desc())
        .limit(200)
    )
    return [Vacancy(key, term.title, named[pk], before.get(term.key)) for key, (pk, term) in open_places.items()]


def _asking(held: dict[tuple[int, int], set[str]]) -> list[Organisation]:
    owners = {owner for _pk, owner in held}
    return [federation for federation in federations_of(current_organisation()) if federation.id in owners]


def _by_function(query: Any) -> dict[str, Any]:
    """Function -> who held it last."""
    found: dict[str, Any] = {}
    for row in db.session.execute(query):
        found.setdefault(row.function, row)
    return found


# --- addresses ------------------------------------------------------------------------------------


def _broken_addresses() -> list[BrokenAddress]:
    r = AddressRefusal
    same = or_(*(func.lower(getattr(Contact, name)) == r.address for name in EMAILS))
    columns = (Contact.id, Contact.first_name, Contact.last_name, *(getattr(Contact, name) for name in EMAILS))
    query = select(r.id.label("refusal_id"), r.address, r.said, *columns).join(Contact, and_(Contact.organisation_id == r.organisation_id, same))
    found = []
    for row in db.session.execute(query.where(Contact.deleted_at.is_(None)).order_by(Contact.name_key, Contact.id)):
        attribute = next(name for name in EMAILS if (getattr(row, name) or "").lower() == row.address)
        found.append(BrokenAddress(row.id, f"{row.last_name} {row.first_name}", attribute, row.address, row.said, row.refusal_id))
    return found
