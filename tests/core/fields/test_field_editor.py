"""Settings > Extra fields, as an administrator uses it; and what may never happen to a field."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.db import db
from core.errors import NotFound, StaleVersion, UserMistake
from core.extend.manifest import Manifest
from core.extend.registry import registry
from core.fields import services
from core.fields.declarations import FieldDeclaration
from core.fields.models import FieldDefinition
from core.tenancy import scope
from core.testing.factories import World, inside, make_contact
from core.testing.plugin import csrf_of

pytestmark = pytest.mark.once

PAGE = "/o/club-a/settings/extra-fields"
FORM = {
    "type": "text",
    "label-nl": "Noodcontact",
    "label-en": "Emergency contact",
    "help-en": "Who do we call?",
    "sees": ["member", "club"],
    "edits": ["club"],
    "in_list": "y",
    "in_export": "y",
    "purpose": "To reach somebody.",
    "legal_basis": "contract",
    "retention_months": "24",
}
SIZES = [{"label": {"en": "Small"}}, {"label": {"en": "Large"}}]


@pytest.fixture
def admin(login: Callable[[str], FlaskClient]) -> FlaskClient:
    return login("admin.a")


def post(client: FlaskClient, url: str, page: str = f"{PAGE}/add", **values: Any) -> Any:
    return client.post(url, data={"csrf_token": csrf_of(client.get(page).text), **values})


def only_field(app: Flask, world: World) -> FieldDefinition:
    with app.app_context(), scope(world.club):
        found = db.session.scalars(select(FieldDefinition)).one()
        db.session.expunge(found)
        return found


def undo(client: FlaskClient, page: str) -> Any:
    html = client.get(page).text
    link = re.search(r'<div class="k-flash".*?action="([^"]*)"', html, re.DOTALL)
    assert link is not None
    return client.post(link[1].replace("&amp;", "&"), data={"csrf_token": csrf_of(html)})


@pytest.mark.covers("R086")
def test_a_field_is_made_and_can_be_undone(app: Flask, world: World, admin: FlaskClient) -> None:
    answer = post(admin, f"{PAGE}/add?target=contact", **FORM)

    made = only_field(app, world)
    assert (answer.status_code, answer.location) == (302, f"{PAGE}/{made.id}")
    assert (made.key, made.type, made.label, made.help, made.is_active) == (
        "emergency_contact",
        "text",
        {"nl": "Noodcontact", "en": "Emergency contact"},
        {"en": "Who do we call?"},
        True,
    )
    assert (made.sees, made.edits, made.in_list, made.in_import, made.retention_months) == (["member", "club"], ["club"], True, False, 24)
    assert undo(admin, answer.location).status_code == 302
    with app.app_context(), scope(world.club):
        assert db.session.scalars(select(FieldDefinition)).all() == []


@pytest.mark.covers("R082")
@pytest.mark.parametrize(("missing", "where"), [("purpose", "purpose"), ("legal_basis", "legal_basis"), ("retention_months", "retention_months")])
def test_without_a_reason_no_field_is_used(app: Flask, world: World, admin: FlaskClient, missing: str, where: str) -> None:
    answer = post(admin, f"{PAGE}/add", **{**FORM, missing: ""})

    assert (answer.status_code, re.findall(r'id="([a-z_]*)-error"', answer.text)) == (422, [where])
    assert 'value="Noodcontact"' in answer.text

    assert post(admin, f"{PAGE}/add", **{**FORM, missing: "", "later": "1"}).status_code == 302
    made = only_field(app, world)
    assert made.is_active is False
    refused = post(admin, f"{PAGE}/{made.id}/switch", on="1")
    assert refused.status_code == 302
    assert only_field(app, world).is_active is False


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"label-nl": "", "label-en": " "}, "label"),
        ({"label-en": "x" * 61}, "label"),
        ({"type": "nonsense"}, "type"),
        ({"type": "choice"}, "choices"),
        ({"type": "choice", "choice-1-nl": "Same", "choice-2-nl": "same"}, "choices"),
        ({"edits": []}, "edits"),
        ({"type": "date", "is_sensitive": "y"}, "is_sensitive"),
    ],
)
def test_mistakes_are_beside_what_is_wrong(admin: FlaskClient, changes: dict[str, Any], where: str) -> None:
    answer = post(admin, f"{PAGE}/add", **{**FORM, **changes})
    assert (answer.status_code, re.findall(r'id="([a-z_]*)-error"', answer.text)) == (422, [where])


def test_answers_get_stable_values_and_more_rows_are_given(app: Flask, world: World, admin: FlaskClient) -> None:
    choices = {"choice-1-nl": "Klein", "choice-1-en": "Small", "choice-2-nl": "Groot maat"}
    more = post(admin, f"{PAGE}/add", **{**FORM, "type": "choice", **choices, "more": "1"})
    assert (more.status_code, more.text.count('-value" value=')) == (200, 6)

    assert post(admin, f"{PAGE}/add", **{**FORM, "type": "choice", **choices}).status_code == 302
    made = only_field(app, world)
    assert [choice["value"] for choice in made.choices] == ["small", "groot_maat"]
    renamed = {
        "choice-1-value": "small",
        "choice-1-nl": "Heel klein",
        "choice-2-value": "groot_maat",
        "choice-2-nl": "Groot",
        "choice-3-value": "forged",
        "choice-3-nl": "Nieuw",
    }
    assert post(admin, f"{PAGE}/{made.id}", f"{PAGE}/{made.id}", **{**FORM, "type": "choice", "version": "1", **renamed}).status_code == 302
    assert [(choice["value"], choice["label"]["nl"]) for choice in only_field(app, world).choices] == [
        ("small", "Heel klein"),
        ("groot_maat", "Groot"),
        ("nieuw", "Nieuw"),
    ]


def test_a_change_is_stored_and_undone(app: Flask, world: World, admin: FlaskClient) -> None:
    post(admin, f"{PAGE}/add", **FORM)
    page = f"{PAGE}/{only_field(app, world).id}"
    assert post(admin, page, page, **{**FORM, "label-en": "In an emergency", "required": "y", "version": "1"}).status_code == 302
    assert (only_field(app, world).label["en"], only_field(app, world).required) == ("In an emergency", True)

    assert undo(admin, page).status_code == 302
    changed = only_field(app, world)
    assert (changed.label["en"], changed.required, changed.key) == ("Emergency contact", False, "emergency_contact")


def test_two_editors_of_a_field_are_told(app: Flask, world: World, admin: FlaskClient) -> None:
    post(admin, f"{PAGE}/add", **FORM)
    page = f"{PAGE}/{only_field(app, world).id}"
    assert post(admin, page, page, **{**FORM, "label-en": "Theirs", "version": "1"}).status_code == 302

    answer = post(admin, page, page, **{**FORM, "label-en": "Mine", "version": "1"})

    assert answer.status_code == 409
    assert 'value="Mine"' in answer.text
    assert "“Theirs”" in answer.text
    assert only_field(app, world).label["en"] == "Theirs"


def test_fields_are_ordered_with_buttons_and_that_is_undone(app: Flask, world: World, admin: FlaskClient) -> None:
    for name in ("One", "Two", "Three"):
        post(admin, f"{PAGE}/add", **{**FORM, "label-en": name, "label-nl": ""})

    def order() -> list[str]:
        with app.app_context(), scope(world.club):
            return [field.key for field in services.definitions("contact") if field.owner_id == world.club.id]

    with app.app_context(), scope(world.club):
        pk = db.session.scalars(select(FieldDefinition.id).where(FieldDefinition.key == "three")).one()
    moved = post(admin, f"{PAGE}/{pk}/move", direction="up")
    assert (moved.status_code, order()) == (302, ["one", "three", "two"])
    assert undo(admin, PAGE + "/").status_code == 302
    assert order() == ["one", "two", "three"]
    post(admin, f"{PAGE}/{pk}/move", direction="down")
    assert order() == ["one", "two", "three"]


def test_switching_off_keeps_what_was_filled_in(app: Flask, world: World, admin: FlaskClient) -> None:
    post(admin, f"{PAGE}/add", **FORM)
    made = only_field(app, world)
    with app.app_context(), inside(world.club):
        pk = make_contact(extra={made.key: "Els"}).id
    assert post(admin, f"{PAGE}/{made.id}/switch", on="0").status_code == 302
    assert "Els" not in admin.get(f"/o/club-a/crm/contacts/{pk}").text

    assert post(admin, f"{PAGE}/{made.id}/undo-switch").status_code == 302
    assert "Els" in admin.get(f"/o/club-a/crm/contacts/{pk}").text


def test_only_a_field_nobody_filled_in_can_be_removed_or_change_its_kind(app: Flask, world: World, admin: FlaskClient) -> None:
    post(admin, f"{PAGE}/add", **FORM)
    made = only_field(app, world)
    with app.app_context(), inside(world.club):
        make_contact(extra={made.key: "Els"})
    page = f"{PAGE}/{made.id}"
    assert "Filled in 1 time." in admin.get(page).text
    assert post(admin, f"{page}/delete").status_code == 302
    assert post(admin, page, page, **{**FORM, "type": "number", "version": "1"}).status_code == 422
    assert only_field(app, world).type == "text"


def test_an_answer_that_was_chosen_cannot_go(context: Flask, world: World, make_field: Callable[..., str]) -> None:
    key = make_field("choice", "Size", choices=SIZES)
    with inside(world.club) as actor:
        make_contact(extra={key: "small"})
        row = db.session.scalars(select(FieldDefinition)).one()
        with pytest.raises(UserMistake, match="“Small” was chosen 1 times"):
            services.change_field(row, {"choices": [{"value": "large", "label": {"en": "Large"}}]}, actor=actor)
        db.session.rollback()


def test_keys_are_never_shared_so_that_clubs_and_federations_can_meet(context: Flask, world: World, make_field: Callable[..., str]) -> None:
    keys = [make_field(label="Size", owner=owner) for owner in (world.club, world.club, world.other_club, world.federation)]
    assert keys == ["size", "size_2", "size_3", "size_4"]
    assert make_field(label="4 ever: 'x' OR 1=1") == "f_4_ever_x_or_1_1"
    assert make_field(label="日本語") == "field"


# --- who --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "slug", "code"), [("member.a", "club-a", 403), ("admin.b", "club-b", 404), ("admin.b", "club-a", 404), ("admin.f", "federation-f", 404)]
)
def test_fields_of_another_organisation_are_not_found(
    app: Flask, world: World, admin: FlaskClient, login: Callable[[str], FlaskClient], who: str, slug: str, code: int
) -> None:
    post(admin, f"{PAGE}/add", **FORM)
    pk = only_field(app, world).id
    assert login(who).get(f"/o/{slug}/settings/extra-fields/{pk}").status_code == code


@pytest.mark.covers("R085")
def test_a_federation_field_is_shown_to_clubs_but_not_theirs_to_change(
    app: Flask, world: World, admin: FlaskClient, login: Callable[[str], FlaskClient]
) -> None:
    federation = login("admin.f")
    page = "/o/federation-f/settings/extra-fields"
    assert post(federation, f"{page}/add", f"{page}/add", **{**FORM, "federation_reads": "y"}).status_code == 302

    html = admin.get(f"{PAGE}/of/contact/emergency_contact").text
    assert "Federation F" in html
    assert "To reach somebody." in html
    assert 'name="label-nl"' not in html
    assert post(admin, f"{PAGE}/of/contact/emergency_contact/switch", on="0").status_code == 404
    assert "2 clubs see your change at once." in federation.get(f"{page}/{field_id(app, world)}").text


def field_id(app: Flask, world: World) -> int:
    with app.app_context(), scope(world.federation):
        return db.session.scalars(select(FieldDefinition.id)).one()


def test_a_federation_adapts_what_its_plugin_declared(
    context: Flask, world: World, declare: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry().plugins.manifests, "levels", Manifest("levels", "Levels", "1"))
    declare("levels", FieldDeclaration("level", "contact", "choice", {"en": "Level", "nl": "Niveau"}, choices=[("a", {"en": "A"})], purpose="x"))
    with inside(world.federation) as actor:
        field = services.field_here("contact", "level")
        services.adapt_field(field, {"label": {"en": "Grade"}, "required": True, "type": "text", "choices": []}, actor=actor)
    with scope(world.club):
        field = services.definition("contact", "level")
        assert (field.title, field.required, field.type, [value for value, _label in field.choices]) == ("Grade", True, "choice", ["a"])
        assert services.may_adapt(field) is False
    with inside(world.other_federation):
        assert services.field_here("contact", "level").title == "Level"
    with inside(world.club) as actor, pytest.raises(NotFound):
        services.adapt_field(services.field_here("contact", "level"), {"required": False}, actor=actor)
    with inside(world.federation) as actor:
        row = services.switch_declared(services.field_here("contact", "level"), False, actor=actor)
        with pytest.raises(StaleVersion):
            services.change_field(row, {"required": False}, actor=actor, version=1)
    with scope(world.club):
        assert [field.key for field in services.definitions("contact") if field.key == "level"] == []


def test_nothing_changes_by_a_link(app: Flask, world: World, admin: FlaskClient) -> None:
    post(admin, f"{PAGE}/add", **FORM)
    pk = only_field(app, world).id
    assert {admin.get(f"{PAGE}/{pk}/{act}").status_code for act in ("switch", "undo-switch", "undo", "move", "delete")} == {405}
    assert admin.post(f"{PAGE}/{pk}/delete").status_code == 400
