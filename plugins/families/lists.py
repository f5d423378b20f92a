"""CRM > Families: the list."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, ClassVar

from sqlalchemy import func, select

from core.api import AddEntry, Column, Contact, Filter, ListDefinition, ListPage, _l, fold
from core.lists.conditions import like_pattern
from plugins.families.models import Family, FamilyMember
from plugins.families.services import is_over, members_of, today

LIST, READ = "families", "families.read"
_GROUP = _l("Family")


def number_of_families() -> Any:
    return select(func.count(Family.id))


def _search(text: str) -> Any:
    """The name of the family, or of somebody in it."""
    pattern = like_pattern(fold(text))
    inside = select(FamilyMember.family_id).join(Contact, Contact.id == FamilyMember.contact_id).where(Contact.name_key.like(pattern, escape="/"))
    return Family.name_key.like(pattern, escape="/") | Family.id.in_(inside)


def _by_name(operator: str, value: Any) -> Any:
    return Family.name_key == fold(str(value)) if operator == "is" else Family.name_key.like(like_pattern(fold(str(value))), escape="/")


def _of_contact(_operator: str, value: Any) -> Any:
    return Family.id.in_(select(FamilyMember.family_id).where(FamilyMember.contact_id == int(value)))


def load_members(ids: Sequence[int]) -> dict[int, tuple[str, str, int]]:
    """(parents and others, children, number) of each family, as it is today; one query."""
    day = today()
    found: dict[int, tuple[list[str], list[str]]] = {pk: ([], []) for pk in ids}
    for member in members_of(ids):
        if not is_over(member, day):
            found[member.family_id][member.function.is_child].append(member.contact.full_name)
    return {pk: (", ".join(others), ", ".join(children), len(others) + len(children)) for pk, (others, children) in found.items()}


COLUMNS = (
    Column("name", LIST, _l("Family"), _GROUP, expression=Family.name, order_by=(Family.name_key,), default=True, position=1),
    Column("parents", LIST, _l("Parents and others"), _GROUP, load=load_members, pick=itemgetter(0), default=True, position=2),
    Column("children", LIST, _l("Children"), _GROUP, load=load_members, pick=itemgetter(1), default=True, position=3),
    Column("number", LIST, _l("Number of people"), _GROUP, load=load_members, pick=itemgetter(2), kind="number", position=4),
)
FILTERS = (Filter("name", LIST, _l("Family"), _GROUP, "text", _by_name, operators=("contains", "is"), position=1),)
FAMILIES = ListDefinition(
    name=LIST,
    model=Family,
    title=_l("Families"),
    noun=_l("families"),
    permission=READ,
    export_permission="families.export",
    columns=COLUMNS,
    filters=FILTERS,
    search=_search,
    search_hint=_l("Search a family or somebody in it"),
    default_sort="name",
    profile_endpoint="FamilyView.show",
    edit_endpoint="FamilyView.change",
    edit_permission="families.write",
    add=(AddEntry(_l("Add a family"), "plus", "FamilyView.add", "families.write"),),
    empty_title=_l("No families yet"),
    empty_text=_l("Make a family and put all its members in it, each with the right function. Parents then act for their children with their own login."),
    tabs=("crm",),
)
API_LIST = ListDefinition(
    name="api_families",
    model=Family,
    title=_l("Families"),
    noun=_l("families"),
    permission=READ,
    columns=(Column("id", "api_families", _l("Number"), _GROUP, expression=Family.id, order_by=(Family.id,), default=True),),
    filters=(Filter("contact", "api_families", _l("Number of the contact"), _GROUP, "number", _of_contact, operators=("is",)),),
    default_sort="id",
)


class FamilyList(ListPage):
    """The families of a club."""

    route_base = "/o/<org>/crm/families"
    part_of = "ContactList"
    definition: ClassVar[ListDefinition] = FAMILIES


__all__ = ["API_LIST", "FAMILIES", "FamilyList", "number_of_families"]
