"""The other resources: organisation, clubs, fields, jobs, files; and the document that describes them all."""

from __future__ import annotations

import json
import re

import pytest

from core.contacts.models import Contact
from core.db import db
from core.extend.contributions import FieldTarget
from core.extend.registry import Owned, registry
from core.fields.models import FieldDefinition
from core.fields.services.values import PURPOSE as FIELD_FILE
from core.files.services import store
from core.jobs.services import enqueue
from core.testing.factories import inside, make_contact


def test_organisation(caller):
    found = caller("admin.a", "organisation:read")("GET", "organisation").json
    assert (found["slug"], found["kind"], found["town"]) == ("club-a", "club", "Aarschot")
    assert not {"settings", "iban", "id", "federation_plugin"} & found.keys()


def test_clubs_of_a_federation_and_of_a_region(caller):
    def names(username, place):
        return [row["name"] for row in caller(username, "clubs:read", organisation=place)("GET", "clubs").json["data"]]

    assert names("admin.f", "federation") == ["Club A", "Club B"]
    assert names("staff.r", "region") == ["Club A"]
    assert names("admin.g", "other_federation") == ["Club C"]


def test_a_club_of_another_federation_does_not_exist(caller):
    theirs = caller("admin.g", "clubs:read", organisation="other_federation")("GET", "clubs").json["data"][0]["id"]
    assert caller("admin.f", "clubs:read", organisation="federation")("GET", f"clubs/{theirs}").status_code == 404
    outside_the_region = caller("admin.f", "clubs:read", organisation="federation")("GET", "clubs?f.name.is=Club+B").json["data"][0]["id"]
    assert caller("staff.r", "clubs:read", organisation="region")("GET", f"clubs/{outside_the_region}").status_code == 404


def test_a_club_has_no_clubs(login):
    assert login("admin.a").get("/api/v1/o/club-a/clubs").status_code in (403, 404)


def test_extra_fields_and_their_values(app, world, caller, ann):
    with app.app_context(), inside(world.club):
        for key, sensitive in (("shirt", False), ("secret_number", True)):
            db.session.add(
                FieldDefinition(
                    target="contact",
                    key=key,
                    type="text",
                    label={"nl": key},
                    purpose="A test",
                    legal_basis="consent",
                    is_active=True,
                    is_sensitive=sensitive,
                    sees=["club"],
                    edits=["club"],
                )
            )
        db.session.flush()
    call = caller("admin.a", "contacts:read", "contacts:write", "fields:read")
    assert [(field["key"], field["is_sensitive"]) for field in call("GET", "fields").json["data"]] == [("shirt", False), ("secret_number", True)]
    changed = call("PATCH", f"contacts/{ann}", {"extra": {"shirt": "XL", "secret_number": "85-03-11"}}, If_Match="*")
    assert (changed.status_code, changed.json["extra"]) == (200, {"shirt": "XL"})
    assert "85-03-11" not in call("GET", f"contacts/{ann}").text
    assert [row["id"] for row in call("GET", "contacts?f.extra.shirt.is=XL").json["data"]] == [ann]
    assert call("GET", "contacts?f.extra.secret_number.contains=85").status_code == 400


def test_extra_fields_of_what_a_module_brings_are_listed_too(app, world, caller, monkeypatch):
    with app.app_context(), inside(world.club):
        song = FieldTarget("song", "Song", lambda: Contact.extra, "contacts.read")
        monkeypatch.setitem(registry()._items["field_targets"], "song", Owned("core", song))
        why = {"purpose": "A test", "legal_basis": "consent", "is_active": True, "sees": ["club"], "edits": ["club"]}
        db.session.add(FieldDefinition(target="song", key="pitch", type="text", label={"nl": "Toon"}, **why))
        db.session.flush()
    call = caller("admin.a", "fields:read")
    assert [(field["target"], field["key"]) for field in call("GET", "fields").json["data"]] == [("song", "pitch")]


def test_jobs(app, world, caller):
    with app.app_context(), inside(world.club) as actor:
        pk = enqueue("clean_up", {"secret": "argument"}, actor=actor, title="Old jobs").id
    call = caller("admin.a", "jobs:read")
    found = call("GET", "jobs?f.state.is=waiting").json["data"]
    assert [(job["id"], job["title"], job["state"]) for job in found] == [(pk, "Old jobs", "waiting")]
    assert "secret" not in call("GET", f"jobs/{pk}").text
    assert call("GET", "jobs?f.state.is=done").json["data"] == []
    assert caller("admin.b", "jobs:read", organisation="other_club")("GET", f"jobs/{pk}").status_code == 404


def test_files_are_given_to_who_may_see_what_they_belong_to(app, world, caller, ann):
    with app.app_context(), inside(world.club) as actor:
        contact = make_contact("Bo", "Maes")
        file = store(b"hello", filename="note.txt", purpose=FIELD_FILE, actor=actor, subject=contact, part="note").id
        db.session.add(
            FieldDefinition(
                target="contact",
                key="note",
                type="file",
                label={"nl": "Note"},
                purpose="A test",
                legal_basis="consent",
                is_active=True,
                sees=["club"],
                edits=["club"],
            )
        )
        db.session.flush()
        contact.extra = {"note": file}
        db.session.flush()
    call = caller("admin.a", "files:read", "contacts:read")
    assert call("GET", f"files/{file}").json["filename"] == "note.txt"
    content = call("GET", f"files/{file}/content")
    assert (content.status_code, content.data, content.headers["X-Content-Type-Options"]) == (200, b"hello", "nosniff")
    assert content.headers["Content-Disposition"].startswith("attachment")
    assert content.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    content.close()
    assert caller("admin.a", "files:read")("GET", f"files/{file}/content").status_code == 404  # the scope of what it belongs to is lacking
    assert caller("admin.b", "files:read", "contacts:read", organisation="other_club")("GET", f"files/{file}/content").status_code == 404


# --- the document ----------------------------------------------------------------------------------------


@pytest.fixture
def document(login):
    return login("admin.a").get("/api/v1/openapi.json").json


def test_the_document_names_every_route(app, document):
    routes = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/o/"):
            path = re.sub(r"<(?:int:)?pk>", "{id}", rule.rule.replace("<org>", "{org}"))
            routes |= {(path, method.lower()) for method in rule.methods - {"HEAD", "OPTIONS"}}
    described = {(path, method) for path, item in document["paths"].items() for method in item if method != "parameters"}
    assert described == routes


def test_the_document_is_whole(document):
    assert document["openapi"] == "3.1.0"
    names = set(document["components"]["schemas"])
    assert set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document))) <= names
    operations = [op for item in document["paths"].values() for method, op in item.items() if method != "parameters"]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert all(operation["responses"] for operation in operations)
    for path, item in document["paths"].items():
        declared = {parameter["name"] for parameter in item["parameters"] if parameter["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path)), path


def test_the_document_says_what_a_contact_takes(document):
    schemas = document["components"]["schemas"]
    assert schemas["ContactsNew"]["required"] == ["first_name", "last_name"]
    assert schemas["ContactsNew"]["additionalProperties"] is False
    assert "version" not in schemas["ContactsNew"]["properties"] and schemas["Contacts"]["properties"]["version"]["readOnly"] is True
    assert {"f.town.contains", "sort", "size", "at", "q"} <= {p["name"] for p in document["paths"]["/api/v1/o/{org}/contacts"]["get"]["parameters"]}


def test_answers_are_as_the_document_says(caller, ann, document):
    """Each field that is given out is described, and of the type described."""
    row = caller("admin.a", "contacts:read")("GET", f"contacts/{ann}").json
    properties = document["components"]["schemas"]["Contacts"]["properties"]
    assert set(row) == set(properties)
    kinds = {"string": str, "integer": int, "object": dict, "null": type(None), "array": list, "boolean": bool, "number": float}
    for name, value in row.items():
        allowed = properties[name]["type"]
        assert isinstance(value, tuple(kinds[kind] for kind in ([allowed] if isinstance(allowed, str) else allowed))), name


def test_the_page_for_people_lists_the_resources(login):
    page = login("admin.a").get("/o/club-a/api/")
    assert page.status_code == 200
    for text in ("GET /contacts", "PATCH /contacts/{id}", "contacts:write", "f.town.…", "Idempotency-Key"):
        assert text in page.text, text
    assert "GET /clubs" not in page.text
