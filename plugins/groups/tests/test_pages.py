"""The pages of groups, over HTTP: what people do with them, and planted ids."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.contacts.services import get_contact
from core.db import db
from core.jobs.runner import work_off
from core.lists.models import SavedFilter
from core.organisations.models import Organisation
from core.tenancy import unscoped
from core.testing.factories import World, inside, make_contact
from core.testing.plugin import csrf_of
from core.users.models import OrganisationRole, User
from plugins.groups import services
from plugins.groups.models import GroupMember
from plugins.groups.tests.conftest import START, Choir, new_group

pytestmark = pytest.mark.once


class Browser:
    """A logged-in person at club A, or somewhere else."""

    def __init__(self, client: FlaskClient, base: str = "/o/club-a") -> None:
        self.client, self.base = client, base
        self.token = ""

    def page(self, path: str) -> str:
        answer = self.client.get(self.base + path)
        assert answer.status_code == 200, (path, answer.status_code)
        return str(answer.text)

    def post(self, path: str, **data: Any) -> Any:
        if not self.token:
            self.token = csrf_of(self.client.get(self.base + "/dashboard/").text)
        return self.client.post(self.base + path, data={"csrf_token": self.token, **data})


@pytest.fixture
def browser(login: Callable[[str], FlaskClient]) -> Callable[..., Browser]:
    return lambda username="admin.a", base="/o/club-a": Browser(login(username), base)


@pytest.fixture
def group(app: Flask, world: World, choir: Choir) -> int:
    """A group of the present season with a conductor and a singer."""
    with app.app_context(), inside(world.club) as actor:
        made = new_group(choir.present, "Adults", actor=actor)
        services.join(made, get_contact(choir.people[0]), "conductor", actor=actor)
        services.join(made, get_contact(choir.people[1]), "singer", actor=actor)
        return made.id


@pytest.mark.covers("R210", "R216", "R218")
def test_a_season_and_a_group_are_made_and_the_picker_switches(browser: Callable[..., Browser], choir: Choir) -> None:
    admin = browser()
    page = admin.page("/settings/seasons/add")
    assert f'value="{START + 1}-{START + 2}"' in page
    wrong = admin.post("/settings/seasons/add", name=f"{START + 1}-{START + 2}", start_on=f"{START + 1}-10-01", end_on="")
    assert wrong.status_code == 422
    assert "A season has an end" in wrong.text
    assert f'value="{START + 1}-10-01"' in wrong.text
    season = {"name": f"{START + 1}-{START + 2}", "start_on": f"{START + 1}-10-01", "end_on": f"{START + 2}-09-30"}
    assert admin.post("/settings/seasons/add", **season, is_active="y").status_code == 302
    assert "Cantabile" not in admin.page("/groups/")
    assert "Cantabile" in admin.page(f"/groups/?f.season.is={choir.former}")
    added = admin.post(f"/groups/add?season={choir.present}", name="Teens", type="mixed_choir", is_shown="y")
    assert added.status_code == 302, added.text[-3000:]
    assert "Mixed choir" in admin.page("/groups/")
    twice = admin.post(f"/groups/add?season={choir.present}", name="teens")
    assert twice.status_code == 422
    assert "There is a group" in twice.text


@pytest.mark.covers("R090", "R231", "R232")
def test_people_are_added_from_group_and_profile_and_removed(browser: Callable[..., Browser], group: int, choir: Choir) -> None:
    admin = browser()
    answer = admin.post(f"/groups/{group}/people", contacts=[choir.people[1], choir.people[2]], function="singer")
    assert answer.status_code == 302
    page = admin.page(f"/groups/{group}")
    assert "1 person was added" in page
    assert "is in Adults" in page
    without = admin.post(f"/groups/{group}/people", contacts=[choir.people[3]])
    assert without.status_code == 422
    assert "nobody is in a group without one" in without.text
    assert admin.post(f"/crm/contacts/{choir.people[3]}/groups/add", group=group, function="singer").status_code == 302
    tab = admin.page(f"/crm/contacts/{choir.people[3]}/groups")
    assert "Adults" in tab
    line = re.search(r"/groups/people/(\d+)/leave\"", tab)
    assert line is not None
    early = admin.post(f"/groups/people/{line[1]}/leave-on", last_day="2001-01-01")
    assert early.status_code == 422
    assert "Choose that day or a later one" in early.text
    assert admin.post(f"/groups/people/{line[1]}/leave", **{"from": "contact"}).status_code == 302
    assert "left this group" in admin.page(f"/crm/contacts/{choir.people[3]}/groups")
    assert admin.post(f"/groups/people/{line[1]}/undo-leave").status_code == 302
    assert "is in the group again" in admin.page(f"/groups/{group}")


@pytest.mark.covers("R229")
def test_a_required_function_that_becomes_empty_is_told(
    browser: Callable[..., Browser], group: int, app: Flask, world: World, federation: Organisation
) -> None:
    with app.app_context(), inside(world.club) as actor:
        services.link_group(services.get_group(group), federation, extra={"rehearsal_day": "Monday"}, actor=actor)
        pk = db.session.scalars(select(GroupMember.id).where(GroupMember.function == "conductor")).one()
    admin = browser()
    admin.post(f"/groups/people/{pk}/leave")
    assert "asks for a conductor" in admin.page(f"/groups/{group}")
    federal = browser("admin.f", "/o/federation-f")
    wrong = federal.post("/settings/groups/function/conductor", **{"name-nl": "Dirigent", "is_required": "y"})
    assert wrong.status_code == 422
    assert "Say first that it is not required" in wrong.text


@pytest.mark.covers("R217")
def test_groups_are_copied_by_a_bulk_action_and_that_is_undone(browser: Callable[..., Browser], choir: Choir, app: Flask, world: World) -> None:
    admin = browser()
    for _time in range(2):
        chosen = admin.post("/groups/select", ids=[choir.group], action="copy_groups")
        started = admin.post(
            chosen.location.removeprefix("/o/club-a").split("?")[0] + "/copy_groups", season=choir.present, members="y", functions="y", links="y"
        )
        assert started.status_code == 302, started.text[-2000:]
        job = started.location.removeprefix("/o/club-a")
        with app.app_context():
            work_off(app)
    assert "was copied to season" in admin.page(job)
    assert admin.page("/groups/").count("Cantabile") == admin.page(f"/groups/?f.season.is={choir.former}").count("Cantabile")


@pytest.mark.covers("R221", "R226")
def test_the_grey_box_is_changed_and_the_federation_reads_its_history(browser: Callable[..., Browser], group: int, federation: Organisation) -> None:
    admin = browser()
    empty = admin.post(f"/groups/{group}/link/{federation.id}")
    assert empty.status_code == 422
    assert "Fill in Rehearsal day" in empty.text
    assert admin.post(f"/groups/{group}/link/{federation.id}", **{"extra-rehearsal_day": "Monday"}, options="bibliotheek").status_code == 302
    page = admin.page(f"/groups/{group}")
    assert "Linked groups" in page
    assert "Monday" in page
    assert "50" in page
    federal = browser("admin.f", "/o/federation-f")
    found = re.search(r"/federation/groups/(\d+)\"", federal.page("/federation/groups/"))
    assert found is not None
    read = federal.page(f"/federation/groups/{found[1]}")
    assert "Monday" in read
    assert "Ann0 Singer0" in read
    assert "Ann1 Singer1" not in read
    assert federal.client.get(f"/o/federation-f/groups/{group}").status_code == 404
    assert browser("admin.g", "/o/federation-g").client.get(f"/o/federation-g/federation/groups/{found[1]}").status_code == 404


def test_members_see_their_own_groups_with_names_only(browser: Callable[..., Browser], group: int, choir: Choir, app: Flask, world: World) -> None:
    with app.app_context(), inside(world.club) as actor:
        get_contact(choir.people[0]).email_1 = "ann0@example.org"
        other = new_group(choir.present, "Closed", actor=actor).id
        db.session.flush()
        with unscoped("arranging a test"):
            user = db.session.scalars(select(User.id).where(User.username == "member.a")).one()
            db.session.scalars(select(OrganisationRole).where(OrganisationRole.user_id == user)).one().contact_id = choir.people[1]
            db.session.flush()
    member = browser("member.a")
    assert "Adults" in member.page("/my/groups/")
    page = member.page(f"/my/groups/{group}")
    assert "Ann0 Singer0" in page
    assert "ann0@example.org" not in page
    assert member.client.get(f"/o/club-a/my/groups/{other}").status_code == 404
    assert member.client.get(f"/o/club-a/groups/{group}").status_code == 403
    with app.app_context(), inside(world.club) as actor:
        services.change_group(services.get_group(group), {"opens": ["email"]}, actor=actor)
    assert "ann0@example.org" in member.page(f"/my/groups/{group}")


@pytest.mark.covers("R211")
def test_seasons_that_overlap_are_refused_beside_the_day_and_nothing_typed_is_lost(browser: Callable[..., Browser], world: World) -> None:
    free = browser("admin.c", "/o/club-c")  # no federation prescribes its days
    first = {"name": "One", "start_on": "2030-09-01", "end_on": "2031-08-31", "is_active": "y"}
    assert free.post("/settings/seasons/add", **first).status_code == 302
    for changed, field in (({"start_on": "2031-08-31", "end_on": "2032-08-30"}, "start_on"), ({"start_on": "2029-09-01", "end_on": "2030-09-01"}, "end_on")):
        wrong = free.post("/settings/seasons/add", **{**first, "name": "Two", **changed})
        assert wrong.status_code == 422
        assert "These days overlap season One, from 01/09/2030 to 31/08/2031." in wrong.text.partition(f'id="{field}-error"')[2][:400]
        assert [f'value="{value}"' in wrong.text for value in ("Two", *changed.values())] == [True] * 3
    twice = free.post("/settings/seasons/add", **{**first, "name": "one", "start_on": "2032-09-01", "end_on": "2033-08-31"})
    assert "There is a season One already." in twice.text.partition('id="name-error"')[2][:400]


def test_what_does_not_fit_comes_back_beside_its_field(browser: Callable[..., Browser], group: int, choir: Choir, app: Flask, world: World) -> None:
    with app.app_context(), inside(world.club) as actor:
        other = new_group(choir.present, "Teens", actor=actor).id
        row = db.session.scalars(select(GroupMember.id).where(GroupMember.contact_id == choir.people[1])).one()
        with unscoped("arranging a test"):
            user = db.session.scalars(select(User.id).where(User.username == "admin.a")).one()
        db.session.add(SavedFilter(list_name="contacts", name="Everybody", query="", user_id=user))
        db.session.flush()
    admin = browser()
    version = re.search(r'name="version"[^>]*value="(\d+)"', admin.page(f"/groups/{other}/edit"))
    assert version is not None
    for path, typed, field, message in (
        (f"/crm/contacts/{choir.people[1]}/groups/add", {"group": group, "function": "singer"}, "", "is in Adults"),
        (f"/groups/{other}/edit", {"name": "adults", "abbreviation": "KEPT", "version": version[1]}, "name", "There is a group"),
        (f"/groups/people/{row}/days", {"from_on": f"{START}-12-01", "until_on": f"{START}-11-01"}, "until_on", "before"),
        (f"/groups/people/{row}/days", {"from_on": "", "until_on": f"{START}-11-01"}, "from_on", "Fill in the first day"),
        (f"/groups/{group}/rules", {"filter": "", "function": "singer"}, "filter", "Choose one of your saved filters"),
    ):
        answer = admin.post(path, **typed)
        assert answer.status_code == 422, path
        where = answer.text.partition(f'id="{field}-error"')[2][:500] if field else answer.text
        assert message in where, (path, field)
    assert 'value="KEPT"' in admin.post(f"/groups/{other}/edit", name="adults", abbreviation="KEPT", version=version[1]).text
    kept = admin.post(f"/settings/seasons/{choir.present}/remove")
    assert kept.status_code == 302
    assert "has groups. They would be lost with it, so it stays." in admin.page("/settings/seasons/")


def test_planted_ids_of_others_change_nothing(
    browser: Callable[..., Browser], group: int, choir: Choir, app: Flask, world: World, federation: Organisation
) -> None:
    with app.app_context(), inside(world.foreign_club):
        stranger = make_contact("Bert").id
    admin, other = browser(), browser("admin.c", "/o/club-c")
    planted = admin.post(f"/groups/{group}/people", contacts=[stranger], function="singer")
    assert planted.status_code == 422
    assert "Choose contacts from the list" in planted.text
    assert admin.post(f"/groups/{group}/link/{world.other_federation.id}", **{"extra-rehearsal_day": "Monday"}).status_code == 404
    assert admin.post(f"/groups/add?season={choir.present}", name="New", type="nowhere").status_code == 422
    assert other.post(f"/crm/contacts/{stranger}/groups/add", group=group, function="member").status_code == 422
    assert other.post(f"/groups/add?season={choir.present}", name="New").status_code == 404
    assert other.post(f"/groups/{group}/edit", name="Stolen").status_code == 404
    with app.app_context(), inside(world.club):
        row = db.session.scalars(select(GroupMember.id)).first()
    for path in (f"/groups/people/{row}/leave", f"/groups/people/undo-add?rows={row}", f"/settings/seasons/{choir.present}/remove"):
        assert other.post(path).status_code == 404, path


def test_contact_list_organigram_settings_and_rest(browser: Callable[..., Browser], group: int, choir: Choir, caller: Any) -> None:
    admin = browser()
    admin.post("/crm/contacts/columns", columns=["name", "group.names", "group.functions"])
    assert "Conductor (Adults)" in admin.page("/crm/contacts/")
    found = admin.page(f"/crm/contacts/?f.group.group.is={group}&f.group.function.is=conductor&f.group.season.is={choir.present}")
    assert "Ann0" in found
    assert "Ann1" not in found
    assert "Ann2" in admin.page("/crm/contacts/?f.group.any.is=no")
    assert "Singer0" in admin.page("/organigram/")
    for path in (
        "/settings/groups/",
        "/settings/groups/?kind=function",
        "/settings/groups/category/add",
        f"/settings/seasons/{choir.present}",
        f"/groups/{group}/rules",
    ):
        admin.page(path)
    listed = caller("admin.a", "group-members:read")("GET", f"group-members?f.group.is={group}")
    assert listed.status_code == 200, listed.text
    assert len(listed.json["data"]) == 2
