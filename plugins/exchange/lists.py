"""The queue of a club: what other systems say of its people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from core.api import Actor, BulkAction, Column, Filter, ListDefinition, ListPage, Person, _l, _n, choice_condition, text_condition
from plugins.exchange.catalogue import DETAILS, TYPE, UNTIL
from plugins.exchange.models import WAITING, Proposal
from plugins.exchange.presentation import kind_title, proposal_state, show_value
from plugins.exchange.services.proposals import DECIDE, accept_proposal, refuse_proposal, undo_answer

READ = "exchange_proposals.read"
LIST, ANSWERED = "exchange_proposals", "exchange_answers"
GROUP = _l("Proposal")
p = Proposal


def show_changes(fields: dict[str, Any] | None) -> str:
    """What would change, in one line."""
    order = {name: place for place, name in enumerate((*DETAILS, TYPE, UNTIL))}
    found = sorted((fields or {}).items(), key=lambda item: order.get(item[0], 99))
    return ", ".join(f"{show_value(name, ours)} → {show_value(name, theirs)}" if ours else show_value(name, theirs) for name, (ours, theirs) in found)[:300]


def _person(value: tuple[str, str, dict[str, Any]]) -> Person:
    """On a phone the second line says what it is about."""
    name, kind, fields = value
    initials = "".join(word[:1] for word in name.split()[:2]).upper()
    return Person(name, initials, f"{kind_title(kind)}: {show_changes(fields)}"[:120])


def _day(moment: datetime) -> date:
    return moment.date()


def _columns(name: str) -> tuple[Column, ...]:
    return (
        Column(
            "label", name, _l("Name"), GROUP, expression=(p.label, p.kind, p.fields), kind="person", show=_person, export=lambda value: value[0],
            order_by=(p.label,), default=True, position=1,
        ),  # fmt: skip
        Column("kind", name, _l("What"), GROUP, expression=p.kind, order_by=(p.kind,), show=kind_title, export=kind_title, default=True, position=2),
        Column("fields", name, _l("Difference"), GROUP, expression=p.fields, show=show_changes, export=show_changes, default=True, position=3),
        Column("partner", name, _l("Says"), GROUP, expression=p.partner, order_by=(p.partner,), default=True, position=4),
        Column(
            "made_at", name, _l("Date"), GROUP, expression=p.made_at, order_by=(p.made_at,), kind="date", show=_day, export=_day, default=name == LIST,
            position=5,
        ),  # fmt: skip
        Column(
            "state", name, _l("Status"), GROUP, expression=p.state, order_by=(p.state,), kind="status", show=proposal_state, default=name != LIST, position=6
        ),
    )


def _kinds() -> list[tuple[str, str]]:
    return [(kind, kind_title(kind)) for kind in ("change", "end", "new")]


def _filters(name: str) -> tuple[Filter, ...]:
    return (
        Filter("label", name, _l("Name"), GROUP, "text", text_condition(p.label), position=1),
        Filter("kind", name, _l("What"), GROUP, "choice", choice_condition(p.kind), choices=_kinds, operators=("is",), position=2),
    )


def _definition(name: str, title: Any, **options: Any) -> ListDefinition:
    return ListDefinition(
        name=name,
        model=Proposal,
        title=title,
        noun=_l("proposals"),
        permission=READ,
        columns=_columns(name),
        filters=_filters(name),
        search=lambda text: text_condition(p.label)("contains", text),
        search_hint=_l("Search by name"),
        profile_endpoint="ProposalView.show",
        tabs=("contacts",),
        **options,
    )


WAITING_LIST = _definition(
    LIST,
    _l("Proposals"),
    default_sort="label",
    base_condition=lambda: p.state == WAITING,
    base_reason=_l("Was answered already"),
    empty_title=_l("No proposals"),
    empty_text=_l("When a mother organisation says something else of your members than you do, you decide here what is right."),
)
ANSWERED_LIST = _definition(
    ANSWERED,
    _l("Answered proposals"),
    default_sort="-made_at",
    base_condition=lambda: p.state != WAITING,
    base_reason=_l("Still waits"),
    empty_title=_l("Nothing was answered"),
    empty_text=_l("What you accept or refuse is kept here for three months, so that you can undo it."),
)


class ProposalList(ListPage):
    """What waits for the club."""

    route_base = "/o/<org>/crm/proposals"
    definition = WAITING_LIST


class AnsweredList(ListPage):
    """What the club answered."""

    route_base = "/o/<org>/crm/answered-proposals"
    definition = ANSWERED_LIST


def _accept(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    accept_proposal(item_id, actor=actor)


def _refuse(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    refuse_proposal(item_id, actor=actor)


def _undo(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    undo_answer(item_id, actor=actor)


def _explain_accept(number: int, _values: Mapping[str, Any]) -> str:
    return _n("%(num)s proposal is taken over in your contacts.", "%(num)s proposals are taken over in your contacts.", number)


def _explain_refuse(number: int, _values: Mapping[str, Any]) -> str:
    return _n("%(num)s proposal is refused; your data stays.", "%(num)s proposals are refused; your data stays.", number)


def _explain_undo(number: int, _values: Mapping[str, Any]) -> str:
    return _n("%(num)s proposal waits again.", "%(num)s proposals wait again.", number)


ACTIONS = (
    BulkAction("accept", LIST, _l("Accept proposals"), DECIDE, run=_accept, undo=_undo, explain=_explain_accept, icon="check", position=10),
    BulkAction("refuse", LIST, _l("Refuse proposals"), DECIDE, run=_refuse, undo=_undo, explain=_explain_refuse, icon="x", is_danger=True, position=20),
    BulkAction("undo", ANSWERED, _l("Wait again"), DECIDE, run=_undo, explain=_explain_undo, icon="arrow-back-up", position=10),
)
