"""Every act in every state: what it leads to, or why it is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from core.errors import UserMistake
from core.testing.factories import World, inside
from plugins.memberships.services import (
    accept_membership,
    change_membership,
    end_membership,
    get_membership,
    refuse_membership,
    take_back,
    undo_decision,
    undo_ending,
    undo_withdrawal,
    withdraw_membership,
)
from plugins.memberships.tests.conftest import days, read

CLUB, FEDERATION = "club", "federation"
ACTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "accept": (FEDERATION, lambda m, actor: accept_membership(m, actor=actor)),
    "refuse": (FEDERATION, lambda m, actor: refuse_membership(m, reason="Not this year", actor=actor)),
    "undo_decision": (FEDERATION, lambda m, actor: undo_decision(m, actor=actor)),
    "end": (CLUB, lambda m, actor: end_membership(m, last_day=days(0), actor=actor)),
    "undo_end": (CLUB, lambda m, actor: undo_ending(m, actor=actor)),
    "withdraw": (CLUB, lambda m, actor: withdraw_membership(m, actor=actor)),
    "undo_withdraw": (CLUB, lambda m, actor: undo_withdrawal(m, actor=actor)),
    "take_back": (CLUB, lambda m, actor: take_back(m, actor=actor)),
    "change": (CLUB, lambda m, actor: change_membership(m, from_on=days(-5), actor=actor)),
}
#: what was done before -> {act: status it leads to}; every other act is refused
TABLE: dict[tuple[str, ...], dict[str, str]] = {
    (): {"accept": "accepted", "refuse": "refused", "withdraw": "withdrawn", "take_back": "withdrawn", "change": "requested"},
    ("accept",): {"end": "accepted", "undo_decision": "requested", "change": "accepted"},
    ("refuse",): {"undo_decision": "requested", "withdraw": "withdrawn"},
    ("refuse", "withdraw"): {"undo_withdraw": "refused"},
    ("withdraw",): {"undo_withdraw": "requested"},
    ("take_back",): {},
    ("accept", "end"): {"undo_end": "accepted", "change": "accepted"},
    ("accept", "undo_decision"): {"accept": "accepted", "refuse": "refused", "withdraw": "withdrawn", "change": "requested"},
    ("withdraw", "undo_withdraw"): {"accept": "accepted", "refuse": "refused", "withdraw": "withdrawn", "take_back": "withdrawn", "change": "requested"},
}


def do(world: World, pk: int, act: str) -> None:
    side, deed = ACTS[act]
    with inside(world.club if side == CLUB else world.federation) as actor:
        deed(get_membership(pk), actor)


@pytest.mark.covers("R137", "R138", "R143", "R145", "R146")
@pytest.mark.parametrize("before", TABLE, ids=lambda b: "-".join(b) or "requested")
def test_every_act_in_every_state(context: Flask, world: World, ask: Callable[..., int], before: tuple[str, ...]) -> None:
    for act in ACTS:
        pk = ask(from_on=days(-10))
        for earlier in before:
            do(world, pk, earlier)
        status = read(world.club, pk).status
        expected = TABLE[before].get(act)
        if expected is None:
            with pytest.raises(UserMistake):
                do(world, pk, act)
        else:
            do(world, pk, act)
        assert read(world.club, pk).status == (expected or status), act
