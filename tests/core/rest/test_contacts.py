"""Contacts over REST: what is read, added, changed and binned, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from core.contacts.models import Contact
from core.db import db
from core.rest.models import RestCall
from core.tenancy import scope
from core.testing.factories import inside, make_contact

BOTH = ("contacts:read", "contacts:write")


def stored(app, world, pk):
    with app.app_context(), scope(world.club):
        return db.session.scalars(select(Contact).where(Contact.id == pk)).one()


def test_show_gives_every_declared_field_and_nothing_else(caller, ann):
    answer = caller("admin.a", "contacts:read")("GET", f"contacts/{ann}")
    assert answer.status_code == 200
    assert (answer.json["first_name"], answer.json["last_name"], answer.json["town"], answer.json["version"]) == ("Ann", "Peeters", "Aarschot", 1)
    assert answer.headers["ETag"] == '"1"'
    assert "name_key" not in answer.json and "organisation_id" not in answer.json and "search_text" not in answer.json


def test_show_is_conditional(caller, ann):
    call = caller("admin.a", "contacts:read")
    assert call("GET", f"contacts/{ann}", If_None_Match='"1"').status_code == 304
    assert call("GET", f"contacts/{ann}", If_None_Match='"2"').status_code == 200


def test_create_stores_through_the_service(app, world, caller):
    answer = caller("admin.a", *BOTH)("POST", "contacts", {"first_name": "Jan", "last_name": "Maes", "birth_date": "1950-03-02", "mobile_1": "0470 12 34 56"})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/o/club-a/contacts/{answer.json['id']}"
    contact = stored(app, world, answer.json["id"])
    assert (contact.birth_date, contact.mobile_1, contact.name_key) == (date(1950, 3, 2), "+32 470 12 34 56", "maes jan")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"first_name": "Jan"}, "last_name"),
        ({"first_name": "Jan", "last_name": None}, "last_name"),
        ({"first_name": "Jan", "last_name": "Maes", "email_1": "nonsense"}, "email_1"),
        ({"first_name": "Jan", "last_name": "Maes", "is_admin": True}, "is_admin"),
        ({"first_name": "Jan", "last_name": "Maes", "organisation_id": 2}, "organisation_id"),
        ({"first_name": "Jan", "last_name": "Maes", "id": 7}, "id"),
        ({"first_name": "Jan", "last_name": "Maes", "version": 7}, "version"),
        ({"first_name": 3, "last_name": "Maes"}, "first_name"),
        ({"first_name": True, "last_name": "Maes"}, "first_name"),
        ({"first_name": ["Jan"], "last_name": "Maes"}, "first_name"),
        ({"first_name": "Jan\x00", "last_name": "Maes"}, "first_name"),
        ({"first_name": "Jan", "last_name": "Maes", "birth_date": "2/3/1950"}, "birth_date"),
        ({"first_name": "Jan", "last_name": "Maes", "birth_date": "1950-02-30"}, "birth_date"),
        ({"first_name": "Jan", "last_name": "Maes", "gender": "Q"}, "gender"),
        ({"first_name": "x" * 5000, "last_name": "Maes"}, "first_name"),
        ({"first_name": "Jan", "last_name": "Maes", "extra": {"unknown": 1}}, "extra-unknown"),
        ({"first_name": "Jan", "last_name": "Maes", "extra": {"a": {"b": 1}}}, "extra.a"),
        ({"first_name": "Jan", "last_name": "Maes", "extra": []}, "extra"),
        ([], None),
        ("text", None),
    ],
)
def test_what_is_wrong_is_refused_with_its_field_and_nothing_is_stored(app, world, caller, body, field):
    answer = caller("admin.a", *BOTH)("POST", "contacts", body)
    assert (answer.status_code, answer.json.get("field")) == (422, field)
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    with app.app_context(), scope(world.club):
        assert db.session.scalars(select(Contact)).all() == []


def test_body_must_be_json(caller):
    call = caller("admin.a", *BOTH)
    assert call.client.post(f"{call.base}/contacts", data="a=b", headers={"Authorization": f"Bearer {call.key}"}).status_code == 415
    broken = call.client.post(f"{call.base}/contacts", data="{", content_type="application/json", headers={"Authorization": f"Bearer {call.key}"})
    assert (broken.status_code, broken.json["message"]) == (400, "The body is not JSON that can be read.")


def test_change_needs_the_version_that_was_read(app, world, caller, ann):
    call = caller("admin.a", *BOTH)
    assert call("PATCH", f"contacts/{ann}", {"town": "Leuven"}).status_code == 428
    assert call("PATCH", f"contacts/{ann}", {"town": "Leuven"}, If_Match='"9"').status_code == 412
    assert stored(app, world, ann).town == "Aarschot"
    changed = call("PATCH", f"contacts/{ann}", {"town": "Leuven"}, If_Match='"1"')
    assert (changed.status_code, changed.json["town"], changed.json["first_name"], changed.headers["ETag"]) == (200, "Leuven", "Ann", '"2"')
    assert call("PATCH", f"contacts/{ann}", {"town": "Gent"}, If_Match='"1"').status_code == 412
    assert stored(app, world, ann).town == "Leuven"


def test_change_can_empty_a_field_but_not_a_required_one(app, world, caller, ann):
    call = caller("admin.a", *BOTH)
    assert call("PATCH", f"contacts/{ann}", {"town": None}, If_Match="*").json["town"] is None
    assert call("PATCH", f"contacts/{ann}", {"last_name": None}, If_Match="*").status_code == 422


def test_remove_puts_in_the_bin(app, world, caller, ann):
    call = caller("admin.a", *BOTH)
    assert call("DELETE", f"contacts/{ann}").status_code == 428
    assert call("DELETE", f"contacts/{ann}", If_Match='"1"').status_code == 204
    assert stored(app, world, ann).deleted_at is not None
    assert call("GET", f"contacts/{ann}").status_code == 404
    assert call("GET", "contacts").json["data"] == []


def test_an_idempotency_key_makes_one_contact(app, world, caller):
    call, body = caller("admin.a", *BOTH), {"first_name": "Jan", "last_name": "Maes"}
    first = call("POST", "contacts", body, Idempotency_Key="order-1")
    again = call("POST", "contacts", body, Idempotency_Key="order-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    other = call("POST", "contacts", {"first_name": "Els", "last_name": "Maes"}, Idempotency_Key="order-1")
    assert other.status_code == 422
    call("POST", "contacts", body, Idempotency_Key="order-2")
    with app.app_context(), scope(world.club):
        assert sorted(db.session.scalars(select(Contact.first_name))) == ["Jan", "Jan"]


def test_a_call_that_failed_may_be_sent_again_with_the_same_key(app, world, caller):
    call = caller("admin.a", *BOTH)
    assert call("POST", "contacts", {"first_name": "Jan", "last_name": "Maes", "email_1": "nonsense"}, Idempotency_Key="k").status_code == 422
    with app.app_context(), scope(world.club):
        assert db.session.scalars(select(RestCall)).all() == []
    assert call("POST", "contacts", {"first_name": "Jan", "last_name": "Maes"}, Idempotency_Key="k").status_code == 201


def test_list_pages_by_keyset_and_finds_everybody_once(app, world, caller):
    with app.app_context(), inside(world.club):
        wanted = sorted(make_contact("P", f"N{number:03d}").id for number in range(60))
    call = caller("admin.a", "contacts:read")
    found, url = [], f"{call.base}/contacts?size=25"
    pages = 0
    while url:
        answer = call("GET", url)
        assert answer.status_code == 200
        found += [row["id"] for row in answer.json["data"]]
        url = answer.json["page"]["next"]
        pages += 1
    assert (found, pages, answer.json["page"]["total"]) == (wanted, 3, 60)


def test_list_costs_the_same_for_one_row_and_for_many(app, world, caller, queries):
    call = caller("admin.a", "contacts:read")
    counts = []
    for number in (1, 40):
        with app.app_context(), inside(world.club):
            for _each in range(number):
                make_contact()
        call("GET", "contacts?size=100")
        seen = queries()
        assert len(call("GET", "contacts?size=100").json["data"]) == (1 if number == 1 else 41)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 14


def test_filters_search_and_order_are_those_of_the_page(app, world, caller):
    with app.app_context(), inside(world.club):
        for first, town in (("An", "Gent"), ("Bo", "Aalst"), ("Cé", "Gent")):
            make_contact(first, "Maes", town=town)
    call = caller("admin.a", "contacts:read")

    def names(query):
        return [row["first_name"] for row in call("GET", f"contacts?{query}").json["data"]]

    assert names("f.town.is=Gent") == ["An", "Cé"]
    assert names("f.town.is=Gent&sort=-name") == ["Cé", "An"]
    assert names("q=ce+maes") == ["Cé"]


@pytest.mark.parametrize(
    "query",
    [
        "f.name_key.contains=a",
        "f.organisation_id.is=2",
        "f.import_id.is=1",
        "f.search_text.contains=a",
        "f.version.is=1",
        "f.town.like=a",
        "f.birth_date.on=nonsense",
        "sort=name_key",
        "sort=organisation.name",
        "sort=remarks",
        "size=100000000",
        "size=abc",
        "page=2",
        "at=made-up",
        "town=Gent",
        "_flt_0_town=Gent",
    ],
)
def test_a_question_that_is_not_understood_is_refused(caller, ann, query):
    answer = caller("admin.a", "contacts:read")("GET", f"contacts?{query}")
    assert answer.status_code == 400
    assert "data" not in answer.json


def test_a_cursor_of_another_club_is_refused(app, world, caller):
    for place in (world.club, world.other_club):
        with app.app_context(), inside(place):
            for _each in range(30):
                make_contact()
    theirs = caller("admin.b", "contacts:read", organisation="other_club")("GET", "contacts").json["page"]["next"]
    mine = theirs.replace("club-b", "club-a")
    assert caller("admin.a", "contacts:read")("GET", mine).status_code == 400
