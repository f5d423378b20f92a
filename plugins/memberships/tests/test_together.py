"""Two people at the same moment: nothing is lost, and nobody is a member twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from core.contacts.services import get_contact
from core.db import db
from core.errors import StaleVersion, UserMistake
from core.testing.factories import World, inside, make_contact
from plugins.memberships.models import Membership
from plugins.memberships.services import accept_membership, history_of, refuse_membership, request_membership, withdraw_membership
from plugins.memberships.tests.conftest import Types, load_type, read


def together(app: Flask, *deeds: Callable[[], Any]) -> list[str]:
    """Do these at once, each in its own transaction; "done" or what stood in the way."""
    ready = threading.Barrier(len(deeds))
    answers = [""] * len(deeds)

    def run(place: int, deed: Callable[[], Any]) -> None:
        with app.app_context():
            ready.wait(10)
            try:
                deed()
                answers[place] = "done"
            except (UserMistake, StaleVersion) as refused:
                answers[place] = type(refused).__name__
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_accepting_and_withdrawing_at_once_leaves_one_answer(app: Flask, world: World, ask: Callable[..., int]) -> None:
    for _ in range(3):
        with app.app_context():
            pk = ask()

        def accept(pk: int = pk) -> None:
            with inside(world.federation) as actor:
                accept_membership(pk, actor=actor)

        def withdraw(pk: int = pk) -> None:
            with inside(world.club) as actor:
                withdraw_membership(pk, actor=actor)

        answers = together(app, accept, withdraw)
        with app.app_context():
            stored = read(world.club, pk)
            with inside(world.club):
                acts = [event.act for event in history_of(stored)]
        assert sorted(answers) == ["UserMistake", "done"]
        assert (stored.status, acts) == (("accepted", ["accepted", "requested"]) if answers[0] == "done" else ("withdrawn", ["withdrawn", "requested"]))


def test_two_deciders_at_once_decide_once(app: Flask, world: World, ask: Callable[..., int]) -> None:
    with app.app_context():
        pk = ask()

    def accept() -> None:
        with inside(world.federation) as actor:
            accept_membership(pk, actor=actor)

    def refuse() -> None:
        with inside(world.federation) as actor:
            refuse_membership(pk, reason="No", actor=actor)

    answers = together(app, accept, refuse, accept, refuse)
    assert sorted(answers) == ["UserMistake", "UserMistake", "UserMistake", "done"]
    with app.app_context(), inside(world.club):
        assert len(history_of(db.session.get(Membership, pk))) == 2


@pytest.mark.covers("R133")
def test_the_same_membership_asked_twice_at_once_is_made_once(app: Flask, world: World, types: Types) -> None:
    with app.app_context(), inside(world.club):
        contact_id = make_contact().id

    def ask_it() -> None:
        with inside(world.club) as actor:
            request_membership(get_contact(contact_id), load_type(types.sporting), actor=actor)

    assert sorted(together(app, ask_it, ask_it)) == ["UserMistake", "done"]
