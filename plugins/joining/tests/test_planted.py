"""Ids of another club, in the address and in the fields of every form of seasons, groups and joining: nothing is found, nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core.contacts.models import ContactFunction
from core.db import db
from core.jobs.models import JobItem
from core.jobs.runner import work_off
from core.lists.models import SavedFilter
from core.organisations.models import Organisation
from core.outbox.refusals import note_refusal
from core.tenancy import unscoped
from core.testing.factories import inside, make_contact
from core.users.models import User
from plugins.groups.api import ClubGroup, GroupLink, GroupMember, GroupPrice, GroupTerm, Season, add_price, add_term, current_season, get_group, join, terms_of
from plugins.groups.models import GroupException, GroupRule
from plugins.joining import services
from plugins.joining.models import JoiningAct, JoiningException
from plugins.joining.tests.conftest import TODAY, Choir, Visitor
from plugins.memberships.api import Membership

STORED = (
    ClubGroup, GroupException, GroupLink, GroupMember, GroupPrice, GroupRule, GroupTerm, Season, Membership, JoiningAct, JoiningException, ContactFunction,
)  # fmt: skip
#: address below the club, with ids of another club in it
ADDRESSES = (
    "/crm/contacts/{contact}/groups/add", "/groups/{group}/edit", "/groups/{group}/link/{federation}", "/groups/{group}/link/{federation}/end",
    "/groups/{group}/link/{federation}/undo-end", "/groups/{group}/people", "/groups/{group}/remove", "/groups/{group}/restore", "/groups/{group}/rules",
    "/groups/exceptions/{exception}/drop", "/groups/people/{row}/days", "/groups/people/{row}/leave", "/groups/people/{row}/leave-on",
    "/groups/people/{row}/pin", "/groups/people/{row}/undo-leave", "/groups/rules/{rule}/remove", "/groups/rules/{rule}/run", "/settings/groups/type/{term}",
    "/settings/groups/type/{term}/move", "/settings/groups/type/{term}/remove", "/settings/seasons/{season}", "/settings/seasons/{season}/activate",
    "/settings/seasons/{season}/current", "/settings/seasons/{season}/remove",
)  # fmt: skip
#: forms of the club itself (ids in braces with mine_), with ids of another club in the fields; and what the answer is
FIELDS: tuple[tuple[str, dict[str, str], int], ...] = (
    ("/groups/{mine_group}/people", {"contacts": "{contact}", "function": "singer"}, 422),
    ("/groups/{mine_group}/people", {"contacts": "{mine_contact}", "function": "leader"}, 422),
    ("/groups/people/undo-add?rows={row}", {}, 404),
    ("/groups/{mine_group}/rules", {"filter": "{filter}", "function": "singer"}, 422),
    ("/groups/{mine_group}/edit", {"name": "Mine", "type": "{term}"}, 422),
    ("/groups/add?season={season}", {"name": "Planted"}, 404),
    ("/groups/add?season={mine_season}", {"name": "Planted", "type": "{term}"}, 422),
    ("/groups/{mine_group}/link/{federation}", {}, 404),
    ("/groups/{mine_group}/link/{mine_federation}", {"options": "{option}"}, 422),
    ("/crm/contacts/{mine_contact}/groups/add", {"group": "{group}", "function": "singer"}, 422),
    ("/crm/join/", {"contacts": "{contact}", "type": "{mine_type}"}, 422),
    ("/crm/join/", {"contacts": "{mine_contact}", "type": "{type}"}, 422),
    ("/crm/join/", {"contacts": "{mine_contact}", "type": "{mine_type}", "group-0": "{group}", "function-0": "singer"}, 404),
    ("/crm/join/?selection={contact}", {"type": "{mine_type}"}, 404),
    ("/crm/leave/", {"contacts": "{contact}"}, 422),
    ("/crm/join/undo/{batch}", {}, 302),
    ("/health/repair/no_membership", {"ids": "{contact}", "choice": "{mine_type}"}, 422),
    ("/health/repair/no_membership", {"ids": "{mine_contact}", "choice": "{type}"}, 422),
    ("/health/repair/no_group", {"ids": "{contact}", "choice": "{mine_group}", "function": "singer"}, 422),
    ("/health/repair/no_group", {"only": "{mine_contact}", "choice": "{group}", "function": "singer"}, 404),
    ("/health/repair/no_group", {"ids": "{contact}", "do": "right"}, 422),
    ("/health/repair/functions", {"holder-club:chair": "{contact}"}, 422),
    ("/health/repair/functions", {"holder-group:{group}:conductor": "{mine_contact}"}, 404),
    ("/health/repair/addresses", {"only": "{contact}-email_1"}, 404),
    ("/health/repair/addresses", {"address-{contact}-email_1": "new@home.example", "do": "correct"}, 404),
)


def _fill(club: Organisation, group_id: int, user: str, type_id: int) -> dict[str, Any]:
    """One of everything in a club."""
    with inside(club) as actor, unscoped("who asked a saved filter in a test"):
        user_id = db.session.scalars(select(User.id).where(User.username == user)).one()
    with inside(club) as actor:
        group, function = get_group(group_id), terms_of("function")[-1].key
        people = [make_contact("Pia", f"Planted{club.slug}", email_1=f"pia@{club.slug}.example") for _each in range(3)]
        row = join(group, people[0], function, actor=actor)
        rule = GroupRule(group_id=group.id, name="Rule", query="q=zzzz", function=function)
        exception = GroupException(group_id=group.id, contact_id=people[1].id, function=function)
        saved = SavedFilter(list_name="contacts", name="Mine only", query="q=zzzz", user_id=user_id, is_shared=True)
        db.session.add_all([rule, exception, saved])
        term = add_term("type", {"name": {"en": f"Kind of {club.slug}", "nl": f"Soort {club.slug}"}}, actor=actor)
        note_refusal(f"pia@{club.slug}.example", "550", how="refused")
        batch = services.new_batch()
        services.join_contact(people[2].id, services.JoinWish(TODAY, type_id, ((group.id, function),)), batch=batch, actor=actor)
        season = current_season()
        assert season is not None
        db.session.flush()
        return {
            "group": group.id, "contact": people[0].id, "row": row.id, "rule": rule.id, "exception": exception.id, "filter": saved.id, "term": term.key,
            "batch": batch, "season": season.id, "type": type_id,
        }  # fmt: skip


@pytest.fixture
def ids(app: Flask, choir: Choir) -> dict[str, Any]:
    """Of club C as they are called, of club A with mine_ before them; and the price of an option of the other federation."""
    world = choir.world
    with app.test_request_context("/o/club-c/"):
        theirs = _fill(world.foreign_club, choir.foreign_group, "admin.c", choir.foreign)
    with app.test_request_context("/o/club-a/"):
        mine = _fill(world.club, choir.group, "admin.a", choir.own)
    with app.app_context(), inside(world.other_federation) as actor:
        option = add_term("option", {"name": {"en": "Planted option", "nl": "Optie"}}, actor=actor).key
        price = add_price(option, amount_cents=100, from_on=TODAY, actor=actor).id
    with app.app_context(), inside(world.federation) as actor:
        add_term("option", {"name": {"en": "Library", "nl": "Bibliotheek"}}, actor=actor)
    federations = {"federation": world.other_federation.id, "mine_federation": world.federation.id}
    return {**theirs, **{f"mine_{name}": pk for name, pk in mine.items()}, **federations, "option": option, "price": price}


def stored(app: Flask) -> dict[str, list[str]]:
    """Every row of these tables, of all clubs."""
    with app.app_context(), unscoped("comparing rows in a test"):
        db.session.rollback()
        columns = {model: [getattr(model, attribute.key) for attribute in model.__mapper__.column_attrs] for model in STORED}
        return {model.__tablename__: sorted(map(repr, db.session.execute(select(*columns[model])))) for model in STORED}


def test_every_form_refuses_ids_of_another_club(app: Flask, ids: dict[str, Any], admin: Visitor) -> None:
    before = stored(app)
    found = {}
    for address in ADDRESSES:
        path = address.format(**ids)
        found[path] = admin.post(path, name="Planted", function="singer", contacts="1", filter="1", last_day=TODAY.isoformat()).status_code
    assert found == dict.fromkeys(found, 404)
    for address, fields, expected in FIELDS:
        asked = {name.format(**ids): text.format(**ids) for name, text in fields.items()}
        path = address.format(**ids)
        found[f"{path} {asked}"] = answer = admin.post(path, **asked).status_code
        assert answer == expected, (path, asked, answer)
    assert stored(app) == before


def test_every_address_with_an_id_is_asked(app: Flask, ids: dict[str, Any]) -> None:
    """So that a new form of these plugins comes into the list above."""
    of = app.extensions["koepel_view_plugins"]
    site = app.url_map.bind("localhost")
    paths = [*ADDRESSES, *(path.partition("?")[0] for path, _fields, _answer in FIELDS)]
    asked = {site.match("/o/club-a" + path.format(**ids), method="POST")[0] for path in paths}
    there = {
        rule.endpoint for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and of.get(rule.endpoint) in ("groups", "joining") and rule.arguments - {"org", "kind"}
    }  # fmt: skip
    of_lists = {endpoint for endpoint in there if endpoint.startswith(("GroupList.", "FederationGroupList."))}
    of_federation = {"GroupTerms.add_price", "GroupTerms.remove_price"}
    assert there - of_lists - of_federation <= asked


def test_a_federation_does_not_touch_the_words_and_prices_of_another(app: Flask, ids: dict[str, Any], login: Callable[[str], Any]) -> None:
    admin, before = Visitor(login("admin.f"), "/o/federation-f"), stored(app)
    price = {"amount_cents": "1", "from_on": TODAY.isoformat()}
    option = f"/settings/groups/option/{ids['option']}"
    for path in (f"{option}/prices", f"/settings/groups/prices/{ids['price']}/remove", option):
        assert admin.post(path, **price).status_code == 404, path
    assert stored(app) == before


def test_groups_of_another_club_are_not_copied_nor_to_its_season(app: Flask, ids: dict[str, Any], admin: Visitor) -> None:
    before = stored(app)
    chosen = admin.post("/groups/select", ids=[ids["group"]], action="copy_groups")
    own = admin.post("/groups/select", ids=[ids["mine_group"]], action="copy_groups")
    assert own.status_code == 302
    confirm = own.location.removeprefix("/o/club-a").split("?")[0] + "/copy_groups"
    assert admin.post(confirm, season=ids["season"], members="y").status_code == 422
    if chosen.status_code == 302:
        started = admin.post(chosen.location.removeprefix("/o/club-a").split("?")[0] + "/copy_groups", season=ids["mine_season"], members="y")
        with app.app_context():
            work_off(app)
            with unscoped("results of a job in a test"):
                assert set(db.session.scalars(select(JobItem.ok))) <= {False}, started
    assert stored(app) == before
