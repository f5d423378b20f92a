"""What groups add to the list of contacts: columns, filters and actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import not_, or_, select, true

from core.access import Actor
from core.contacts.models import Contact
from core.contacts.parsing import parse_date
from core.contacts.services import get_contact
from core.db import db
from core.i18n import _, _l, _n, format_date
from core.lists.actions import BulkAction
from core.lists.columns import Column
from core.lists.filters import Filter
from core.lists.filterset import Criterion, alternatives_of
from plugins.groups import services
from plugins.groups.forms import JoinForm, LeaveGroupForm
from plugins.groups.models import ClubGroup, GroupMember, Season
from plugins.groups.services.catalogue import choices_of, title_of
from plugins.groups.services.joining import take_back_of, undo_leave_all
from plugins.groups.services.reading import counts, groups_of_contacts, join_group, label_of, with_season
from plugins.groups.services.seasons import reference_day, season_titles

LIST = "contacts"
READ, WRITE = "groups.read", "groups.write"
PANEL = _l("Groups")
ICON = "users-group"
m = GroupMember


# --- columns --------------------------------------------------------------------------------------


def load_groups(ids: Sequence[int]) -> Mapping[int, Any]:
    """One query for both columns."""
    return groups_of_contacts(ids)


def _names(lines: Any) -> str:
    return ", ".join(dict.fromkeys(name for name, _function, _season in lines))


def _functions(lines: Any) -> str:
    return ", ".join(f"{title_of('function', function)} ({name})" for name, function, _season in lines)


COLUMNS = (
    Column("group.names", LIST, _l("Groups"), PANEL, load=load_groups, show=_names, export=_names, position=300, permission=READ),
    Column("group.functions", LIST, _l("Functions in groups"), PANEL, load=load_groups, show=_functions, export=_functions, position=301, permission=READ),
)


# --- filters --------------------------------------------------------------------------------------

#: who asks for one of these says which season is meant
_OF_ANY_SEASON = frozenset({"group.season", "group.group"})
_ANY = "group.any"


def one_line(asked: Mapping[str, Sequence[Criterion]]) -> Any:
    """Contacts with one line in a group that meets all that is asked: of the current season or a committee, unless a season or group is asked too."""
    conditions = [alternatives_of(criteria) for name, criteria in asked.items() if name != _ANY]
    if not asked.keys() & _OF_ANY_SEASON:
        conditions.append(or_(ClubGroup.season_id.is_(None), Season.is_current.is_(True)))
    found = (
        join_group(select(m.id).select_from(m))
        .where(m.organisation_id == Contact.organisation_id, m.contact_id == Contact.id, ClubGroup.removed_at.is_(None), counts(reference_day()), *conditions)
        .correlate(Contact)
        .exists()
    )
    return not_(found) if {criterion.value for criterion in asked.get(_ANY, ())} == {False} else found


def _of_season(_operator: str, value: Any) -> Any:
    return ClubGroup.season_id == value


def _of_group(_operator: str, value: Any) -> Any:
    return ClubGroup.id == value


def _with_function(_operator: str, value: Any) -> Any:
    return m.function == value


def _in_any(_operator: str, _value: Any) -> Any:
    return true()


def _groups() -> list[tuple[int, str]]:
    query = with_season().where(ClubGroup.removed_at.is_(None)).order_by(Season.start_on.desc(), ClubGroup.name_key)
    return [(group.id, label_of(group)) for group in db.session.scalars(query)]


def _filter(name: str, label: Any, kind: Any, condition: Any, place: int, **options: Any) -> Filter:
    return Filter(
        f"group.{name}", LIST, label, PANEL, kind, condition, operators=("is",), position=300 + place, icon=ICON, permission=READ, joint=one_line, **options
    )


FILTERS = (
    _filter("group", _l("Group"), "choice", _of_group, 0, choices=_groups),
    _filter("function", _l("Function in the group"), "choice", _with_function, 1, choices=lambda: choices_of("function")),
    _filter("season", _l("Season of the group"), "choice", _of_season, 2, choices=season_titles),
    _filter("any", _l("Is in a group"), "yes_no", _in_any, 3),
)


# --- actions --------------------------------------------------------------------------------------


def _add(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    group = services.get_group(int(values["group"]))
    services.join(group, get_contact(item_id), str(values["function"]), from_on=parse_date(values.get("from_on")), actor=actor)


def _undo_add(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    take_back_of(item_id, int(values["group"]), str(values["function"]), actor=actor)


def _group_named(values: Mapping[str, Any]) -> str:
    number = str(values.get("group") or "")
    return label_of(services.get_group(int(number))) if number.isdecimal() and int(number) in dict(_groups()) else _("the group")


def _explain_add(number: int, values: Mapping[str, Any]) -> str:
    return _n(
        "%(num)s person is put in %(group)s. Who is in it with this function already stays as is.",
        "%(num)s people are put in %(group)s. Who is in it with this function already stays as is.",
        number,
        group=_group_named(values),
    )


def _leave(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    services.leave_all(item_id, int(values["group"]), values.get("function") or None, last_day=parse_date(values.get("last_day")), actor=actor)


def _undo_leave(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    undo_leave_all(item_id, int(values["group"]), values.get("function") or None, actor=actor)


def _explain_leave(number: int, values: Mapping[str, Any]) -> str:
    group, day = _group_named(values), values.get("last_day")
    if day:
        return _n(
            "%(num)s person leaves %(group)s; the last day is %(day)s. The contact stays.",
            "%(num)s people leave %(group)s; the last day is %(day)s. The contacts stay.",
            number,
            group=group,
            day=day if isinstance(day, str) else format_date(day),
        )
    return _n("%(num)s person leaves %(group)s at once. The contact stays.", "%(num)s people leave %(group)s at once. The contacts stay.", number, group=group)


ACTIONS = (
    BulkAction("add_to_group", LIST, _l("Add to group"), WRITE, run=_add, undo=_undo_add, form=JoinForm, explain=_explain_add, icon="users-plus", position=50),
    BulkAction(
        "remove_from_group",
        LIST,
        _l("Remove from group"),
        WRITE,
        run=_leave,
        undo=_undo_leave,
        form=LeaveGroupForm,
        explain=_explain_leave,
        icon="users-minus",
        is_danger=True,
        position=790,
    ),
)
