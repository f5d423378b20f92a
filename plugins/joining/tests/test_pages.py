"""The pages: nothing is lost, nothing of another club is touched, a selection becomes a job."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.api import Job, current_organisation, get_contact, switch_module, system_actor
from core.contacts.models import Contact
from core.db import db
from core.jobs.models import JobItem
from core.jobs.runner import work_off
from core.lists.actions import BulkAction
from core.outbox.refusals import note_refusal
from core.testing.factories import make_contact
from plugins.groups.api import get_group, join
from plugins.joining import services
from plugins.joining.models import JoiningAct
from plugins.joining.tests.conftest import TODAY, Choir, Visitor, stand
from plugins.memberships.api import request_membership, types_on_offer

pytestmark = pytest.mark.once

InClub = Callable[[], Any]
JOIN, LEAVE, HEALTH = "/crm/join/", "/crm/leave/", "/health/"


def undo_address(page: str) -> str:
    return re.findall(r'action="/o/club-a(/crm/join/undo/[0-9a-f]{32}[^"]*)"', page)[-1]


def test_joining_by_the_form_with_its_effect_and_its_undo(choir: Choir, admin: Visitor, in_club: InClub) -> None:
    page = admin.get(f"{JOIN}?contact={choir.people[0]}").text
    assert "1 person becomes a member of Federation F (Singing member)" in page and "€18.50 higher" in page
    asked = {"contacts": choir.people, "type": choir.singer, "group-0": choir.group, "function-0": "singer", "functions": ["chair"]}
    part = admin.client.post("/o/club-a" + JOIN, data={**asked, "csrf_token": admin.token, "preview": "1"}, headers={"HX-Target": "effect"}).text
    assert "5 people join Cantabile" in part and "<form" not in part and "5 people get the function Chair" in part
    answer = admin.post(JOIN, **asked)
    assert answer.status_code == 302
    page = admin.get("/crm/contacts/").text
    assert "5 people have joined." in page
    with in_club():
        assert len(stand(choir.people).lines) == 5
    assert admin.post(undo_address(page)).status_code == 302
    assert "Everything is as it was, for 5 people." in admin.get("/crm/contacts/").text
    with in_club():
        assert stand(choir.people).lines == []


def test_a_mistake_keeps_what_was_typed_and_stands_beside_its_field(choir: Choir, admin: Visitor, in_club: InClub) -> None:
    with in_club() as actor:
        services.join_contact(choir.people[0], choir.wish(), batch=services.new_batch(), actor=actor)
    asked = {"contacts": [choir.people[0]], "type": choir.singer, "group-0": choir.group, "function-0": "singer", "from_on": TODAY.isoformat()}
    again = admin.post(JOIN, **asked)
    assert again.status_code == 422
    assert "has all of this already" in again.text.partition('id="contacts-error"')[2][:600]
    assert re.search(rf'selected[^>]* value="{choir.group}"', again.text)
    for wrong, told in (
        ({"contacts": [choir.stranger]}, "Choose contacts from the list."),
        ({"contacts": []}, "Choose at least one contact."),
        ({"type": choir.foreign}, "Choose a membership type from the list."),
        ({"type": 0, "group-0": ""}, "otherwise nothing happens"),
        ({"from_on": "31/02/2026"}, "from_on-error"),
        ({"function-0": ""}, "Choose a function"),
        ({"functions": ["king"]}, "Choose functions from the list."),
    ):
        answer = admin.post(JOIN, **{**asked, **wrong})
        assert (answer.status_code, told in answer.text) == (422, True), told


def test_what_is_of_another_club_is_not_found(choir: Choir, admin: Visitor, in_club: InClub) -> None:
    asked = {"contacts": choir.people[:1], "type": choir.singer, "function-0": "singer"}
    assert admin.post(JOIN, **{**asked, "group-0": choir.foreign_group}).status_code == 404
    assert admin.post(JOIN, **{**asked, "group-0": choir.group, "batch": "x"}).status_code == 404
    assert admin.post("/health/repair/no_group", ids=[choir.people[0]], choice=choir.foreign_group, function="singer").status_code == 404
    assert admin.post("/health/repair/nothing", ids=[choir.people[0]]).status_code == 404
    for path in (JOIN, LEAVE):
        assert admin.get(f"{path}?selection=999").status_code == 404
        assert admin.get(f"{path}?selection=x").status_code == 404
    assert admin.post("/crm/join/undo/" + "0" * 31).status_code == 404
    with in_club():
        assert stand(choir.people).memberships == []


def test_somebody_new_who_resembles_a_contact_is_looked_at_first(choir: Choir, admin: Visitor, in_club: InClub) -> None:
    person = {"first_name": "Ann0", "last_name": "Singer0", "type": choir.singer}
    answer = admin.post(JOIN + "?who=new", **person)
    assert answer.status_code == 422 and "Is this somebody you know already?" in answer.text
    assert admin.post(JOIN + "?who=new", **{**person, "last_name": ""}).status_code == 422
    answer = admin.post(JOIN + "?who=new", **person, anyway="1")
    page = admin.client.get(answer.headers["Location"]).text
    assert "Ann0 Singer0 has joined." in page and "Join or leave" in page
    with in_club():
        assert len(db.session.scalars(select(Contact.id).where(Contact.last_name == "Singer0")).all()) == 2


def test_leaving_by_the_form(choir: Choir, admin: Visitor, in_club: InClub) -> None:
    with in_club() as actor:
        services.join_several(choir.people[:2], choir.wish(), batch=services.new_batch(), actor=actor)
        before = stand(choir.people)
    page = admin.get(f"{LEAVE}?contact={choir.people[0]}").text
    assert "1 membership of Federation F ends" in page and "1 person leaves Cantabile" in page and "€18.50 lower" in page
    early = admin.post(LEAVE, contacts=choir.people[:2], last_day=(TODAY - timedelta(days=3)).isoformat(), reason="moved")
    assert early.status_code == 422 and "began on" in early.text.partition('id="last_day-error"')[2][:600] and 'value="moved"' in early.text
    assert admin.post(LEAVE, contacts=choir.people[:2], last_day=TODAY.isoformat()).status_code == 302
    page = admin.get("/crm/contacts/").text
    assert "2 people have left." in page
    with in_club():
        assert {row.until_on for row in stand(choir.people).lines} == {TODAY}
    admin.post(undo_address(page))
    with in_club():
        assert stand(choir.people) == before


@pytest.fixture
def many(choir: Choir, in_club: InClub) -> list[int]:
    with in_club():
        return [make_contact(f"Many{number:02}", "Singers").id for number in range(12)]


def test_a_selection_is_a_job_that_tells_what_failed_and_can_be_undone(app: Any, choir: Choir, admin: Visitor, in_club: InClub, many: list[int]) -> None:
    with in_club() as actor:
        services.join_contact(many[0], choir.wish(), batch=services.new_batch(), actor=actor)
        before = stand(many)
    chosen = admin.client.post("/o/club-a/crm/contacts/select", data={"csrf_token": admin.token, "ids": many, "action": "join_club"})
    page = admin.client.get(chosen.headers["Location"], follow_redirects=True)
    address = page.request.full_path.removeprefix("/o/club-a")
    assert "12 people of the list" in page.text and "Already a member, and stays so as it is: Many00 Singers" in page.text
    asked = {"type": choir.singer, "group-0": choir.group, "function-0": "singer", "functions": ["chair"]}
    answer = admin.post(address, **asked)
    assert "/jobs/" in answer.headers["Location"]
    assert work_off(app) == 1
    with in_club():
        assert len(stand(many).lines) == 12
        assert [item.label for item in db.session.scalars(select(JobItem).where(JobItem.ok.is_(False)))] == ["Singers Many00"]
        job = db.session.scalars(select(Job.id).where(Job.kind == "bulk_action")).one()
    assert "has all of this already" in admin.client.get(answer.headers["Location"]).text
    assert admin.post(f"/selections/undo/{job}").status_code == 302
    assert work_off(app) == 1
    with in_club():
        assert stand(many) == before


def test_leaving_of_a_selection_as_a_job(app: Any, choir: Choir, admin: Visitor, in_club: InClub, many: list[int]) -> None:
    with in_club() as actor:
        services.join_several(many, choir.wish(functions=()), batch=services.new_batch(), actor=actor)
    answer = admin.post(LEAVE, contacts=many, last_day=TODAY.isoformat())
    assert "/jobs/" in answer.headers["Location"] and work_off(app) == 1
    with in_club():
        assert {row.until_on for row in stand(many).memberships} == {TODAY}
    (job,) = jobs(in_club)
    admin.post(f"/selections/undo/{job}")
    work_off(app)
    with in_club():
        assert {row.until_on for row in stand(many).memberships} == {None}


def jobs(in_club: InClub) -> list[int]:
    with in_club():
        return list(db.session.scalars(select(Job.id).where(Job.kind == "bulk_action")))


def test_an_action_with_a_page_of_its_own_is_never_started_by_the_usual_one(app: Any, choir: Choir, admin: Visitor, in_club: InClub) -> None:
    selected = admin.client.post("/o/club-a/crm/contacts/select", data={"csrf_token": admin.token, "ids": choir.people, "action": "leave_club"})
    pk = re.findall(r"/selections/(\d+)", selected.headers["Location"])[0]
    answer = admin.post(f"/selections/{pk}/leave_club")
    assert answer.headers["Location"].endswith(f"/selections/{pk}?action=leave_club")
    assert jobs(in_club) == []
    with pytest.raises(ValueError, match="give run, endpoint, or both"):
        BulkAction("nothing", "contacts", "Nothing", "contacts.write")


# --- everything right? -----------------------------------------------------------------------------


@pytest.fixture
def troubles(choir: Choir, in_club: InClub) -> Choir:
    """Two sing without a membership, one is a member without a group, two functions are empty, one address does not work."""
    with in_club() as actor:
        for pk in choir.people[:2]:
            join(get_group(choir.group), get_contact(pk), "singer", actor=actor)
        kind = next(one for one in services_types() if one.id == choir.singer)
        request_membership(get_contact(choir.people[2]), kind, from_on=TODAY, actor=actor)
        note_refusal("ann4@home.example", "550 5.1.1 unknown", how="returned")
    return choir


def services_types() -> list[Any]:
    return [kind for _owner, kinds in types_on_offer() for kind in kinds]


@pytest.mark.covers("R153")
def test_every_point_is_repaired_by_its_button_until_all_is_green(troubles: Choir, admin: Visitor, in_club: InClub) -> None:
    page = admin.get(HEALTH).text
    assert "Singer0 Ann0" in page and "Singer2 Ann2" in page and "ann4@home.example" in page and "Everything is right." not in page
    assert re.search(r'Is everything right\?</?[^>]*>?\s*<span class="k-count">6</span>', page) or '<span class="k-count">6</span>' in page
    assert "2 people are in a linked group without a membership." in admin.get("/club/ready/").text
    one, two, three, _four, five = troubles.people
    assert admin.post("/health/repair/no_membership", only=one, choice=troubles.singer).status_code == 302
    assert admin.post("/health/repair/no_membership", ids=[two], choice=troubles.singer, do="repair").status_code == 302
    assert admin.post("/health/repair/no_group", ids=[three], choice=troubles.group, function="singer", do="repair").status_code == 302
    filled = {"holder-club:chair": one, f"holder-group:{troubles.group}:conductor": two}
    assert admin.post("/health/repair/functions", **filled).status_code == 302
    bad = admin.post("/health/repair/addresses", **{f"address-{five}-email_1": "no address", "do": "correct"})
    assert bad.status_code == 422 and f'id="wrong-{five}-email_1"' in bad.text and 'value="no address"' in bad.text
    assert admin.post("/health/repair/addresses", only=f"{five}-email_1").status_code == 302
    page = admin.get(HEALTH).text
    assert "Everything is right. There is nothing to repair." in page
    back = admin.post(undo_address(page))
    assert back.headers["Location"].endswith("/health/")
    assert "ann4@home.example" in admin.get(HEALTH).text
    assert "Everybody in a linked group has a membership." in admin.get("/club/ready/").text


def test_what_is_right_as_it_is_disappears_and_can_be_undone(troubles: Choir, admin: Visitor) -> None:
    assert admin.post("/health/repair/no_group", ids=[troubles.people[2]], do="right").status_code == 302
    row, page = 'Add to group<span class="visually-hidden">: Singer2 Ann2', admin.get(HEALTH).text
    assert row not in page
    admin.post(undo_address(page))
    assert row in admin.get(HEALTH).text


def test_repairs_that_miss_something_say_so_beside_the_point(troubles: Choir, admin: Visitor) -> None:
    for point, data, told in (
        ("no_membership", {"choice": troubles.singer}, "Tick at least one row"),
        ("no_membership", {"ids": [troubles.people[0]], "choice": ""}, "Choose a membership type"),
        ("no_membership", {"ids": [troubles.stranger], "choice": troubles.singer}, "Choose contacts from the list."),
        ("no_group", {"ids": [troubles.people[2]], "choice": troubles.group}, "Choose a group and a function"),
        ("functions", {}, "Choose who takes a function."),
        ("functions", {"holder-club:chair": "abc"}, "Choose who takes a function."),
        ("functions", {"holder-club:chair": troubles.stranger}, "Choose contacts from the list."),
        ("addresses", {"do": "correct"}, "Type the right address"),
        ("addresses", {"do": "again"}, "Tick at least one row"),
    ):
        answer = admin.post(f"/health/repair/{point}", **data)
        assert (answer.status_code, told in answer.text) == (422, True), told


def test_all_rows_also_those_that_are_not_shown_are_a_job(app: Any, choir: Choir, admin: Visitor, in_club: InClub, many: list[int]) -> None:
    with in_club() as actor:
        for pk in many:
            join(get_group(choir.group), get_contact(pk), "singer", actor=actor)
    answer = admin.post("/health/repair/no_membership", all="1", choice=choir.singer)
    assert "/jobs/" in answer.headers["Location"] and work_off(app) == 1
    with in_club():
        assert len(stand(many).memberships) == 12 and services.examine().no_membership == []


def test_who_may_not_may_not_and_a_federation_has_no_such_pages(choir: Choir, login: Callable[[str], Any]) -> None:
    member = login("member.a")
    assert [member.get("/o/club-a" + path).status_code for path in (JOIN, LEAVE, HEALTH)] == [403, 403, 403]
    above = login("admin.f")
    assert [above.get("/o/federation-f" + path).status_code for path in (JOIN, LEAVE, HEALTH)] == [403, 403, 403]
    other = login("admin.b")
    assert [other.get("/o/club-a" + path).status_code for path in (JOIN, LEAVE, HEALTH)] == [404, 404, 404]


def test_without_groups_the_form_does_not_ask_them(choir: Choir, admin: Visitor, in_club: InClub) -> None:
    with in_club():
        club = current_organisation()
        switch_module(club, "groups", on=False, actor=system_actor(club.id))
    assert "group-0" not in admin.get(JOIN).text
    assert admin.post(JOIN, contacts=choir.people[:1], type=choir.singer, **{"group-0": choir.group}).status_code == 302
    assert admin.get(HEALTH).status_code == 200
    with in_club():
        assert (len(stand(choir.people).memberships), stand(choir.people).lines) == (1, [])


def test_acts_over_the_api(choir: Choir, in_club: InClub, caller: Any) -> None:
    with in_club() as actor:
        services.join_contact(choir.people[0], choir.wish(), batch=services.new_batch(), actor=actor)
        act = db.session.scalars(select(JoiningAct)).one().id
    api = caller("admin.a", "joinings:read")
    (found,) = api("GET", "joinings").json["data"]
    assert (found["id"], found["kind"], found["contact_id"], found["undone_at"]) == (act, "joined", choir.people[0], None)
    assert api("GET", f"joinings/{act}").json["id"] == act
    assert api("GET", f"joinings?f.contact.is={choir.people[1]}").json["data"] == []
    assert caller("admin.c", "joinings:read", organisation="foreign_club")("GET", f"joinings/{act}").status_code == 404


@pytest.mark.parametrize("number", ["9999999999", "2147483648", "-1", "0", "abc", "\u0661\u0662"])
def test_what_can_be_no_contact_is_told_beside_the_field(troubles: Choir, admin: Visitor, number: str) -> None:
    for path in ("/crm/join/", "/crm/leave/"):
        answer = admin.post(path, contacts=[number], batch="a" * 32)
        assert answer.status_code == 422 and "Choose at least one contact." in answer.text
    answer = admin.post("/health/repair/no_group", ids=[number], choice=troubles.group, function="singer", do="repair")
    assert answer.status_code == 422 and "Tick at least one row" in answer.text
