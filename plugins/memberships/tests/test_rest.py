"""Memberships over the REST API."""

from __future__ import annotations

from core.testing.factories import inside, make_contact
from plugins.memberships.tests.conftest import days

BOTH = ("memberships:read", "memberships:write")


def contact_of(app, place):
    with app.app_context(), inside(place):
        return make_contact("Ann", "Peeters", town="Aarschot").id


def test_asking_accepting_and_ending(app, world, types, caller):
    club, federation = caller("admin.a", *BOTH), caller("admin.f", *BOTH, "members:read", organisation="federation")
    contact = contact_of(app, world.club)
    asked = club("POST", "memberships", {"contact_id": contact, "type_id": types.sporting, "from_on": days(-3).isoformat()}, Idempotency_Key="m1")
    assert (asked.status_code, asked.json["status"], asked.json["contact_id"]) == (201, "requested", contact)
    pk = asked.json["id"]
    assert club("POST", f"memberships/{pk}/accept").status_code == 403
    assert [row["id"] for row in federation("GET", "memberships?f.status.is=requested").json["data"]] == [pk]
    accepted = federation("POST", f"memberships/{pk}/accept")
    assert (accepted.status_code, accepted.json["status"], accepted.json["state"]) == (200, "accepted", "active")
    assert [row["last_name"] for row in federation("GET", "members").json["data"]] == ["Peeters"]
    ended = club("POST", f"memberships/{pk}/end", {"last_day": days(5).isoformat(), "reason": "Moved"})
    assert (ended.json["until_on"], ended.json["end_reason"]) == (days(5).isoformat(), "Moved")
    assert club("POST", f"memberships/{pk}/end", {"last_day": "soon"}).status_code == 422
    again = club("POST", "memberships", {"contact_id": contact, "type_id": types.sporting, "from_on": days(-3).isoformat()}, Idempotency_Key="m1")
    assert (again.json["id"], again.headers["Idempotent-Replayed"]) == (pk, "true")


def test_refusing_needs_a_reason(app, world, ask, caller):
    with app.app_context():
        pk = ask()
    federation = caller("admin.f", *BOTH, organisation="federation")
    assert federation("POST", f"memberships/{pk}/refuse", {}).json["field"] == "reason"
    assert federation("POST", f"memberships/{pk}/refuse", {"reason": "Not yet", "status": "accepted"}).status_code == 422
    assert federation("POST", f"memberships/{pk}/refuse", {"reason": "Not yet"}).json["status"] == "refused"


def test_withdrawing(app, world, ask, caller):
    with app.app_context():
        pk = ask()
    assert caller("admin.a", *BOTH)("POST", f"memberships/{pk}/withdraw").json["status"] == "withdrawn"


def test_foreign_contacts_types_and_memberships_do_not_exist(app, world, types, ask, caller):
    club = caller("admin.a", *BOTH)
    mine, theirs = contact_of(app, world.club), contact_of(app, world.other_club)
    assert club("POST", "memberships", {"contact_id": theirs, "type_id": types.sporting}).status_code == 422
    assert club("POST", "memberships", {"contact_id": mine, "type_id": types.foreign}).status_code == 422
    assert club("POST", "memberships", {"contact_id": mine, "type_id": types.sporting, "extra": {"made_up": 1}}).json["field"] == "extra-made_up"
    with app.app_context():
        foreign = ask(club=world.other_club)
    for method, path in (("GET", ""), ("POST", "/end"), ("POST", "/withdraw")):
        assert club(method, f"memberships/{foreign}{path}").status_code == 404
    assert caller("admin.g", *BOTH, organisation="other_federation")("POST", f"memberships/{foreign}/accept").status_code == 404
    assert club("POST", "memberships", {"contact_id": mine, "type_id": types.sporting}).status_code == 201


def test_a_list_of_memberships_costs_the_same_for_few_and_many(app, world, ask, caller, queries):
    call = caller("admin.a", "memberships:read")
    counts = []
    for number in (1, 20):
        with app.app_context():
            for _each in range(number):
                ask()
        call("GET", "memberships")
        seen = queries()
        assert len(call("GET", "memberships").json["data"]) == (1 if number == 1 else 21)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_types(types, caller):
    call = caller("admin.a", "membership-types:read")
    assert {row["id"] for row in call("GET", "membership-types").json["data"]} == {types.sporting, types.other, types.own}
    assert call("GET", f"membership-types/{types.foreign}").status_code == 404
