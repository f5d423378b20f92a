"""What memberships add to the list of contacts: columns, filters and actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from sqlalchemy import and_, exists, not_

from core.access import Actor
from core.contacts.models import Contact
from core.contacts.parsing import parse_date
from core.contacts.services import get_contact
from core.fields import lists as field_lists
from core.fields import services as fields
from core.i18n import _, _l, _n, format_date
from core.lists.actions import BulkAction
from core.lists.columns import Column, Status
from core.lists.conditions import date_condition, text_condition
from core.lists.filters import Filter
from core.lists.filterset import Criterion, alternatives_of
from plugins.memberships import services
from plugins.memberships.forms import EndOfForm, add_form, extra_of, first_day, last_day
from plugins.memberships.lists.parts import ICON, state_condition, type_choices
from plugins.memberships.lists.words import federation_status, no_membership, show_type
from plugins.memberships.models import Membership
from plugins.memberships.services.reading import Current, counts_on, not_over, today

LIST = "contacts"
READ, WRITE = "memberships.read", "memberships.write"
GROUP = _l("Membership (federation)")
m = Membership


# --- columns ---------------------------------------------------------------------------------------


def show_status(value: Any) -> Status:
    return federation_status(value.state, value.federation) if isinstance(value, Current) else no_membership()


def load_status(ids: Sequence[int]) -> Mapping[int, Any]:
    """One query for all columns below; False stands for "none", so that the column says that too."""
    current = services.current_of(ids)
    return {pk: current.get(pk) or False for pk in ids}


def _column(name: str, label: Any, attribute: str, place: int, **options: Any) -> Column:
    return Column(
        f"membership.{name}", LIST, label, GROUP, load=load_status, pick=_picker(attrgetter(attribute)), position=200 + place, permission=READ, **options
    )


def _picker(get: Any) -> Any:
    return lambda value: get(value) if value else None


COLUMNS = (
    Column(
        "membership.status",
        LIST,
        _l("Current federation membership"),
        GROUP,
        load=load_status,
        kind="status",
        show=show_status,
        export=lambda value: str(show_status(value)),
        default=True,
        position=200,
        permission=READ,
    ),
    _column("type", _l("Membership type"), "type_name", 1, show=show_type, export=show_type),
    _column("from_on", _l("Membership start date"), "from_on", 2, kind="date"),
    _column("until_on", _l("Membership end date"), "until_on", 3, kind="date"),
    _column("season", _l("Membership season"), "season", 4),
)


def columns_here() -> list[Column]:
    """A column per extra field of memberships, from the same load."""
    return [
        Column(
            f"membership.{d.key}",
            LIST,
            d.title,
            GROUP,
            load=load_status,
            pick=_picker(_value_of(d.key)),
            show=_shower(d),
            position=210 + number,
            permission=READ,
        )
        for number, d in enumerate(fields.definitions("membership"))
        if d.in_list and not fields.is_sensitive(d) and d.type != "file"
    ]


def _value_of(key: str) -> Any:
    return lambda value: value.extra.get(key)


def _shower(definition: Any) -> Any:
    return lambda value: fields.show(definition, value)


# --- filters ---------------------------------------------------------------------------------------

#: filters about days: who uses one asks about memberships of any time, otherwise about those of now
_OF_ANY_TIME = frozenset(f"membership.{name}" for name in ("from_on", "until_on", "season", "had_on"))
_CURRENT = "membership.current"


def one_membership(asked: Mapping[str, Sequence[Criterion]]) -> Any:
    """Contacts with one membership that meets all that is asked of memberships.

    Type, sport and the like mean the membership of now (also asked for, or yet to begin), unless
    days are asked too.
    """
    conditions = [alternatives_of(criteria) for name, criteria in asked.items() if name != _CURRENT]
    wanted = {criterion.value for criterion in asked.get(_CURRENT, ())}
    has_current = _exists(counts_on(today()))
    if wanted == {False}:
        return and_(not_(has_current), _exists(*conditions)) if conditions else not_(has_current)
    if wanted == {True}:
        return _exists(counts_on(today()), *conditions)
    if "membership.status" not in asked:
        conditions.append(m.status == "accepted" if asked.keys() & _OF_ANY_TIME else not_over(today()))
    return _exists(*conditions)


def _exists(*conditions: Any) -> Any:
    return exists().where(m.organisation_id == Contact.organisation_id, m.contact_id == Contact.id, *conditions)


def _current(_operator: str, value: Any) -> Any:
    return counts_on(today()) if value else not_(counts_on(today()))


def _had_on(_operator: str, value: Any) -> Any:
    return counts_on(value)


def _of_type(_operator: str, value: Any) -> Any:
    return m.type_id == value


def _state_choices() -> list[tuple[str, str]]:
    return [("active", _("Active")), ("later", _("Later")), ("requested", _("Requested")), ("refused", _("Refused")), ("ended", _("Ended"))]


def _filter(name: str, label: Any, kind: Any, condition: Any, place: int, **options: Any) -> Filter:
    return Filter(f"membership.{name}", LIST, label, GROUP, kind, condition, position=200 + place, icon=ICON, permission=READ, joint=one_membership, **options)


FILTERS = (
    _filter("type", _l("Membership type"), "choice", _of_type, 0, choices=type_choices, operators=("is",)),
    _filter("current", _l("Has a current membership"), "yes_no", _current, 1),
    _filter("status", _l("Status of the membership"), "choice", state_condition, 2, choices=_state_choices, operators=("is",)),
    _filter("from_on", _l("Membership start date"), "date", date_condition(m.from_on), 3, operators=("on", "from", "until")),
    _filter("until_on", _l("Membership end date"), "date", date_condition(m.until_on), 4, operators=("on", "from", "until")),
    _filter("had_on", _l("Had a membership on"), "date", _had_on, 5, operators=("on",)),
    _filter("season", _l("Membership season"), "text", text_condition(m.season), 6, operators=("contains", "is")),
)


def filters_here() -> list[Filter]:
    """A filter per extra field of memberships, about the same membership as the others."""
    made = field_lists.filters(LIST, "membership", m.extra)
    return [
        replace(
            f,
            name=f"membership.{f.name.removeprefix('extra.')}",
            panel=GROUP,
            icon=ICON,
            position=210 + number,
            permission=READ,
            joint=one_membership,
            operators=tuple(o for o in f.allowed_operators if o != "empty"),
        )
        for number, f in enumerate(made)
    ]


# --- actions ---------------------------------------------------------------------------------------


def _add(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    kind = services.get_type(int(values["type"]))
    services.request_membership(get_contact(item_id), kind, from_on=parse_date(values.get("from_on")), extra=extra_of(values), actor=actor)


def _undo_add(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    services.take_back_latest(item_id, int(values["type"]), actor=actor)


def _explain_add(number: int, values: Mapping[str, Any]) -> str:
    day = format_date(first_day(values))
    owner = next((o for o, kinds in services.types_on_offer() if any(k.id == values.get("type") for k in kinds)), None)
    if owner is None or owner.kind == "club":
        return _n("%(num)s person becomes a member from %(day)s.", "%(num)s people become members from %(day)s.", number, day=day)
    return _n(
        "A membership from %(day)s is asked at %(federation)s for %(num)s person. Who is a member already is left as is.",
        "A membership from %(day)s is asked at %(federation)s for %(num)s people. Who is a member already is left as is.",
        number,
        day=day,
        federation=owner.name,
    )


def _end(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    services.end_all(item_id, last_day=parse_date(values.get("last_day")), reason=values.get("reason") or "", type_id=values.get("type") or None, actor=actor)


def _undo_end(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    services.undo_end_all(item_id, last_day=parse_date(values.get("last_day")), type_id=values.get("type") or None, actor=actor)


def _explain_end(number: int, values: Mapping[str, Any]) -> str:
    return _n(
        "The memberships of %(num)s person end on %(day)s. The contact stays.",
        "The memberships of %(num)s people end on %(day)s. The contacts stay.",
        number,
        day=format_date(last_day(values)),
    )


ACTIONS = (
    BulkAction(
        "add_memberships", LIST, _l("Add memberships"), WRITE, run=_add, undo=_undo_add, form=add_form, explain=_explain_add, icon="id-badge-2", position=40
    ),
    BulkAction(
        "end_memberships",
        LIST,
        _l("End memberships"),
        WRITE,
        run=_end,
        undo=_undo_end,
        form=EndOfForm,
        explain=_explain_end,
        icon="user-minus",
        is_danger=True,
        position=800,
    ),
)
