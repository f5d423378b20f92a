"""A club with a linked group, functions, types of membership with fees, and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from core.access import Actor
from core.clock import today
from core.contacts.models import ContactFunction
from core.db import db
from core.extend.contributions import FunctionDeclaration
from core.extend.registry import registry
from core.i18n import Words
from core.organisations.models import Organisation
from core.testing.factories import World, inside, make_contact
from core.testing.plugin import csrf_of
from plugins.groups.api import GroupMember, activate, add_group, add_season, add_term, get_season, link_group
from plugins.invoices.api import save_fee
from plugins.joining.services import JoinWish, new_batch
from plugins.memberships.api import Membership
from plugins.memberships.services import add_type

TODAY = today()
YEAR = TODAY.year - (TODAY.month < 9)
FEE = 1_850


@dataclass
class Choir:
    """Ids in club A: types of membership, a linked group and one that is not linked, and five people."""

    world: World
    singer: int = 0
    asked: int = 0
    own: int = 0
    foreign: int = 0
    group: int = 0
    board: int = 0
    foreign_group: int = 0
    people: list[int] = field(default_factory=list)
    stranger: int = 0

    def wish(self, **changed: Any) -> JoinWish:
        usual = {"type_id": self.singer, "places": ((self.group, "singer"),), "functions": ("chair",)}
        return JoinWish(TODAY, **{**usual, **changed})


@pytest.fixture
def functions(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two functions of a club, as a federation declares them; the chair is required."""
    known = [
        FunctionDeclaration("chair", Words(nl="Voorzitter", en="Chair"), required=True, position=10),
        FunctionDeclaration("treasurer", Words(nl="Penningmeester", en="Treasurer"), position=20),
    ]
    with app.app_context():
        here = registry()
    usual = here.active
    monkeypatch.setattr(here, "active", lambda kind, active: known if kind == "functions" else usual(kind, active))


@pytest.fixture
def choir(app: Flask, world: World, functions: None) -> Choir:
    made = Choir(world)
    common = {"duration": "continuous"}
    with app.app_context():
        with inside(world.federation) as actor:
            federation = db.session.get_one(Organisation, world.federation.id)
            federation.settings = {**(federation.settings or {}), "core.reference_day": "04-01"}
            for key, required in (("Conductor", True), ("Singer", False)):
                add_term("function", {"name": {"en": key, "nl": key}, "is_required": required}, actor=actor)
            made.singer = add_type({**common, "name": {"en": "Singing member"}, "acceptance": "always"}, actor=actor).id
            made.asked = add_type({**common, "name": {"en": "Asked member"}, "acceptance": "ask"}, actor=actor).id
            for kind in (made.singer, made.asked):
                save_fee(None, type_id=kind, amount_cents=FEE, from_on=date(2020, 1, 1), until_on=None, actor=actor)
        for club in (world.club, world.foreign_club):
            _seed_club(made, club)
    return made


def _seed_club(made: Choir, club: Organisation) -> None:
    with inside(club) as actor:
        values = {"name": f"{YEAR}-{YEAR + 1}", "start_on": date(YEAR, 9, 1), "end_on": date(YEAR + 1, 8, 31), "is_current": True, "is_active": True}
        season = add_season(values, actor=actor)
        group = add_group({"name": "Cantabile"}, season, actor=actor)
        if club is made.world.foreign_club:
            made.foreign_group, made.stranger = group.id, make_contact("Zoe", "Stranger").id
            made.foreign = add_type({"name": {"en": "Foreign"}, "duration": "continuous"}, actor=actor).id
            return
        made.group, made.board = group.id, add_group({"name": "Board"}, None, actor=actor).id
        made.own = add_type({"name": {"en": "Club member"}, "duration": "continuous"}, actor=actor).id
        made.people = [make_contact(f"Ann{number}", f"Singer{number}", email_1=f"ann{number}@home.example").id for number in range(5)]
        activate(get_season(season.id), on=True, actor=actor)
        link_group(group, db.session.get_one(Organisation, made.world.federation.id), extra={}, actor=actor)


@dataclass(frozen=True)
class Stand:
    """What a club has stored, to compare before and after."""

    memberships: list[Any]
    lines: list[Any]
    functions: list[Any]


def stand(contact_ids: list[int]) -> Stand:
    """Memberships that are not withdrawn, lines that count, functions; by contact."""
    m, line, f = Membership, GroupMember, ContactFunction
    return Stand(
        list(
            db.session.execute(
                select(m.contact_id, m.type_id, m.status, m.from_on, m.until_on).where(m.contact_id.in_(contact_ids), m.status != "withdrawn").order_by(m.id)
            )
        ),
        list(
            db.session.execute(
                select(line.contact_id, line.group_id, line.function, line.from_on, line.until_on)
                .where(line.contact_id.in_(contact_ids), line.is_void.is_(False))
                .order_by(line.id)
            )
        ),
        list(db.session.execute(select(f.contact_id, f.function, f.from_on, f.until_on).where(f.contact_id.in_(contact_ids)).order_by(f.id))),
    )


@pytest.fixture
def in_club(app: Flask, choir: Choir) -> Callable[[], Any]:
    """`with in_club() as actor:` works in club A, in a request and a transaction of its own."""

    @contextmanager
    def enter() -> Iterator[Actor]:
        with app.test_request_context("/o/club-a/"), force_locale("en"), inside(choir.world.club) as actor:
            yield actor

    return enter


class Visitor:
    """Somebody at club A, with a browser."""

    def __init__(self, client: Any, base: str = "/o/club-a") -> None:
        self.client, self.base = client, base
        self.token = csrf_of(client.get(base + "/dashboard/").text)

    def get(self, path: str) -> Any:
        return self.client.get(self.base + path)

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(self.base + path, data={"csrf_token": self.token, "batch": new_batch(), **data})


@pytest.fixture
def admin(choir: Choir, login: Callable[[str], Any]) -> Visitor:
    return Visitor(login("admin.a"))
