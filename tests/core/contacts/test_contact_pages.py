"""The pages of contacts, as somebody uses them: every workflow over HTTP, and what each page may cost."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.contacts.models import Contact, ContactFunction
from core.contacts.services import get_contact, save_contact
from core.db import db
from core.fields.services import create_field
from core.files.models import StoredFile
from core.files.services import path_of
from core.tenancy import scope
from core.testing.factories import World, inside, make_contact
from core.testing.plugin import csrf_of

pytestmark = pytest.mark.once

CRM = "/o/club-a/crm/contacts"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
FIELD = {
    "label": {"en": "Field"},
    "in_list": True,
    "in_import": True,
    "in_export": True,
    "sees": ["club"],
    "edits": ["club"],
    "purpose": "To know.",
    "legal_basis": "contract",
    "retention_months": "12",
}


@pytest.fixture
def admin(login: Callable[[str], FlaskClient]) -> FlaskClient:
    return login("admin.a")


@pytest.fixture
def person(app: Flask, world: World) -> int:
    with app.app_context(), inside(world.club) as actor:
        values = {
            "first_name": "Godelieve",
            "last_name": "Peeters",
            "birth_date": "14/05/1954",
            "email_1": "g@mail.example",
            "mobile_1": "0470123456",
            "gender": "F",
        }
        address = {"street": "Kerkstraat", "house_number": "12", "postcode": "3020", "town": "Herent", "nationality": "BE", "country": "BE", "language": "nl"}
        return save_contact(None, {**values, **address}, actor=actor).id


@pytest.fixture
def make_field(app: Flask, world: World) -> Callable[..., str]:
    def make(kind: str, label: str, owner: Any = None, **more: Any) -> str:
        with app.app_context(), inside(owner or world.club) as actor:
            return create_field("contact", {**FIELD, "type": kind, "label": {"en": label}, **more}, actor=actor).key

    return make


def stored(app: Flask, world: World, pk: int) -> Contact:
    with app.app_context(), scope(world.club):
        found = db.session.scalars(select(Contact).where(Contact.id == pk)).one()
        db.session.expunge(found)
        return found


def filled(html: str) -> dict[str, str]:
    """What the browser would send of the form as it stands (texts, selects, hidden fields)."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag and 'type="radio"' not in tag and 'type="file"' not in tag and 'type="search"' not in tag:
            found[name[1]] = (value[1] if value else "").replace("&#34;", '"').replace("&quot;", '"').replace("&#39;", "'").replace("&amp;", "&")
    for name, inside_ in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'<option[^>]*selected[^>]*value="([^"]*)"|<option[^>]*value="([^"]*)"[^>]*selected', inside_)
        found[name] = (chosen[1] or chosen[2] or "") if chosen else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', html, re.DOTALL):
        found[name] = text.strip()
    return found


def send(client: FlaskClient, url: str, **changes: Any) -> Any:
    """Open a form, change something, send it."""
    return client.post(url, data={**filled(client.get(url).text), **changes}, content_type="multipart/form-data", buffered=True)


def post(client: FlaskClient, page: str, url: str, **values: Any) -> Any:
    return client.post(url, data={"csrf_token": csrf_of(client.get(page).text), **values})


# --- seeing ----------------------------------------------------------------------------------------


@pytest.mark.covers("R075", "R076")
def test_profile_shows_what_is_known(admin: FlaskClient, person: int) -> None:
    page = admin.get(f"{CRM}/{person}").text

    facts = dict(re.findall(r"<dt>([^<]*)</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL))
    plain = {label: " ".join(re.sub(r"<[^>]*>", " ", text).split()) for label, text in facts.items()}
    assert re.fullmatch(r"14/05/1954 \(\d\d\)", plain["Birth date"])
    assert {name: plain[name] for name in ("Gender", "Nationality", "Language", "E-mail address 1", "Mobile 1", "Home address")} == {
        "Gender": "Woman",
        "Nationality": "BE - Belgium",
        "Language": "Dutch",
        "E-mail address 1": "g@mail.example",
        "Mobile 1": "+32 470 12 34 56",
        "Home address": "Kerkstraat 12 3020 Herent, Belgium",
    }
    assert page.count("<h1") == 1


@pytest.mark.covers("R078")
def test_a_missing_first_address_is_said(app: Flask, world: World, admin: FlaskClient) -> None:
    with app.app_context(), inside(world.club):
        pk = make_contact("Jos", "Maes").id
    assert "without it there can be no login and no mail" in admin.get(f"{CRM}/{pk}").text


@pytest.mark.parametrize("path", ["{pk}", "{pk}/edit", "{pk}/history", "99999", "0", "99999999999999"])
def test_contacts_of_another_club_are_not_found(login: Callable[[str], FlaskClient], person: int, path: str) -> None:
    assert login("admin.b").get(f"/o/club-b/crm/contacts/{path.format(pk=person)}").status_code == 404


@pytest.mark.parametrize(("who", "code"), [("member.a", 403), ("admin.a", 200)])
def test_members_do_not_see_contacts(login: Callable[[str], FlaskClient], person: int, who: str, code: int) -> None:
    assert {login(who).get(f"{CRM}/{path}").status_code for path in (person, f"{person}/edit", "add")} == {code}


# --- adding ----------------------------------------------------------------------------------------


@pytest.mark.covers("R073")
def test_adding_opens_the_new_profile_and_can_be_undone(app: Flask, world: World, admin: FlaskClient) -> None:
    answer = send(admin, f"{CRM}/add", first_name="Jos", last_name="Maes", email_1="jos@mail.example")

    assert answer.status_code == 302
    pk = int(answer.location.rpartition("/")[2])
    page = admin.get(answer.location).text
    assert "Jos Maes was added." in page
    undo = re.search(r'action="([^"]*/delete)"', page)
    assert undo is not None
    assert post(admin, answer.location, undo[1]).status_code == 302
    assert stored(app, world, pk).deleted_at is not None


def test_every_mistake_is_beside_its_field_and_nothing_is_lost(app: Flask, world: World, admin: FlaskClient, make_field: Callable[..., str]) -> None:
    key = make_field("number", "Shoe size")
    answer = send(admin, f"{CRM}/add", last_name="Maes", birth_date="31/02/1990", email_1="jos@", town="Herent", **{f"extra-{key}": "big"})

    assert answer.status_code == 422
    assert set(re.findall(r'id="([^"]*)-error"', answer.text)) == {"first_name", "birth_date", "email_1", f"extra-{key}"}
    kept = filled(answer.text)
    assert [kept[name] for name in ("last_name", "birth_date", "email_1", "town", f"extra-{key}")] == ["Maes", "31/02/1990", "jos@", "Herent", "big"]


@pytest.mark.covers("R071")
def test_somebody_who_looks_known_is_only_added_when_that_is_meant(admin: FlaskClient, person: int) -> None:
    first = send(admin, f"{CRM}/add", first_name="godelieve", last_name="PEETERS")
    assert first.status_code == 422
    assert f"{CRM}/{person}" in first.text

    again = admin.post(f"{CRM}/add", data={**filled(first.text), "anyway": "1"})
    assert again.status_code == 302


@pytest.mark.covers("R074")
def test_several_contacts_are_added_at_once_or_not_at_all(app: Flask, world: World, admin: FlaskClient) -> None:
    wrong = send(admin, f"{CRM}/add-several", **{"0-first_name": "An", "0-last_name": "Maes", "3-first_name": "Bo", "3-email_1": "x"})
    assert wrong.status_code == 422
    assert set(re.findall(r'id="(\d-[a-z_0-9]*)-error"', wrong.text)) == {"3-last_name", "3-email_1"}

    right = admin.post(f"{CRM}/add-several", data={**filled(wrong.text), "3-last_name": "Claes", "3-email_1": "bo@mail.example"})
    assert right.status_code == 302
    with app.app_context(), scope(world.club):
        assert sorted(db.session.scalars(select(Contact.last_name))) == ["Claes", "Maes"]


# --- changing --------------------------------------------------------------------------------------


@pytest.mark.covers("R083", "R084")
def test_name_first_name_and_birth_date_can_be_changed_by_the_club(app: Flask, world: World, admin: FlaskClient, person: int) -> None:
    answer = send(admin, f"{CRM}/{person}/edit", first_name="Lieve", last_name="Pieters", birth_date="1955-05-14")

    assert (answer.status_code, answer.location) == (302, f"{CRM}/{person}")
    found = stored(app, world, person)
    assert (found.first_name, found.last_name, found.birth_date.isoformat(), found.mobile_1) == ("Lieve", "Pieters", "1955-05-14", "+32 470 12 34 56")
    history = admin.get(f"{CRM}/{person}/history").text
    assert "Godelieve" in history
    assert "Lieve" in history


def test_a_form_saved_as_it_was_changes_nothing(app: Flask, world: World, admin: FlaskClient, person: int, make_field: Callable[..., str]) -> None:
    for kind in ("text", "number", "date", "yes_no", "email", "national_number", "file"):
        make_field(kind, f"Field {kind}")
    before = stored(app, world, person)

    assert send(admin, f"{CRM}/{person}/edit").status_code == 302

    after = stored(app, world, person)
    assert (after.version, after.extra) == (before.version, {})


def test_two_editors_at_once_see_both_versions_and_pick(
    app: Flask, world: World, admin: FlaskClient, login: Callable[[str], FlaskClient], person: int, make_field: Callable[..., str]
) -> None:
    key = make_field("text", "Shirt size")
    mine = filled(admin.get(f"{CRM}/{person}/edit").text)
    assert send(admin, f"{CRM}/{person}/edit", town="Leuven", street="Dorp", **{f"extra-{key}": "M"}).status_code == 302

    both = admin.post(f"{CRM}/{person}/edit", data={**mine, "town": "Aarschot", "mobile_2": "0471 12 34 56", f"extra-{key}": "XL"})

    assert both.status_code == 409
    assert set(re.findall(r'name="pick-([^"]*)"', both.text)) == {"town", "street", "mobile_2", f"extra.{key}"}
    assert "Aarschot" in both.text
    assert "Leuven" in both.text
    form = filled(both.text)
    undecided = admin.post(f"{CRM}/{person}/merge", data={**form, "pick-street": "theirs", "pick-mobile_2": "mine"})
    assert undecided.status_code == 409
    merged = admin.post(
        f"{CRM}/{person}/merge", data={**form, "pick-street": "theirs", "pick-mobile_2": "mine", "pick-town": "mine", f"pick-extra.{key}": "mine"}
    )
    assert merged.status_code == 302
    found = stored(app, world, person)
    assert (found.town, found.street, found.mobile_2, found.extra) == ("Aarschot", "Dorp", "+32 471 12 34 56", {key: "XL"})


# --- extra fields ----------------------------------------------------------------------------------


@pytest.mark.covers("R085", "R086", "R087")
def test_extra_fields_of_club_and_federation_are_on_form_and_profile(
    app: Flask, world: World, admin: FlaskClient, person: int, make_field: Callable[..., str]
) -> None:
    diploma = make_field("choice", "Type of diploma", world.federation, choices=[{"label": {"en": "Initiator"}}, {"label": {"en": "Trainer A"}}])
    plays = make_field("multi_choice", "Plays", choices=[{"label": {"en": "Padel"}}, {"label": {"en": "Walking"}}])
    answer = send(admin, f"{CRM}/{person}/edit", **{f"extra-{diploma}": "trainer_a", f"extra-{plays}": ["padel", "walking"]})

    assert answer.status_code == 302
    assert stored(app, world, person).extra == {diploma: "trainer_a", plays: ["padel", "walking"]}
    page = admin.get(f"{CRM}/{person}").text
    assert "Fields of Federation F" in page
    assert "Trainer A" in page
    assert "Padel, Walking" in page


@pytest.mark.covers("R086")
def test_a_medical_certificate_is_kept_replaced_given_out_and_removed(
    app: Flask, world: World, admin: FlaskClient, login: Callable[[str], FlaskClient], person: int, make_field: Callable[..., str]
) -> None:
    key = make_field("file", "Medical certificate")
    edit = f"{CRM}/{person}/edit"
    assert send(admin, edit, **{f"extra-{key}": (io.BytesIO(PDF), "attest.pdf")}).status_code == 302
    first = stored(app, world, person).extra[key]
    link = f"/o/club-a/files/{first}"
    assert admin.get(link, buffered=True).data == PDF
    assert login("member.a").get(link, buffered=True).status_code == 404
    assert login("admin.b").get(f"/o/club-b/files/{first}", buffered=True).status_code == 404
    assert "attest.pdf" in admin.get(f"{CRM}/{person}").text

    assert send(admin, edit).status_code == 302  # as it was
    assert stored(app, world, person).extra[key] == first
    assert send(admin, edit, **{f"extra-{key}": (io.BytesIO(PDF + b"%%EOF"), "newer.pdf")}).status_code == 302
    second = stored(app, world, person).extra[key]
    assert admin.get(link, buffered=True).status_code == 404

    with app.app_context(), scope(world.club):
        file = db.session.get_one(StoredFile, second)
        path = path_of(file)
        assert (file.subject_type, file.subject_id, file.part, path.is_file(), file.expires_at is not None) == ("contact", person, key, True, True)
    assert send(admin, edit, **{f"extra-{key}-clear": "y"}).status_code == 302
    assert stored(app, world, person).extra == {}
    assert not path.exists()


def test_a_file_that_was_sent_survives_a_mistake_elsewhere(app: Flask, world: World, admin: FlaskClient, person: int, make_field: Callable[..., str]) -> None:
    key = make_field("file", "Medical certificate")
    wrong = send(admin, f"{CRM}/{person}/edit", email_1="x", **{f"extra-{key}": (io.BytesIO(PDF), "attest.pdf")})
    assert wrong.status_code == 422
    assert "attest.pdf" in wrong.text

    assert admin.post(f"{CRM}/{person}/edit", data={**filled(wrong.text), "email_1": "g@mail.example"}).status_code == 302
    assert list(stored(app, world, person).extra) == [key]


def test_a_hostile_file_or_number_is_refused_beside_the_field(
    app: Flask, world: World, admin: FlaskClient, person: int, make_field: Callable[..., str]
) -> None:
    key = make_field("file", "Medical certificate")
    with app.app_context(), inside(world.club) as actor:
        other = save_contact(None, {"first_name": "An", "last_name": "Maes"}, actor=actor).id
    assert send(admin, f"{CRM}/{other}/edit", **{f"extra-{key}": (io.BytesIO(PDF), "attest.pdf")}).status_code == 302
    theirs = stored(app, world, other).extra[key]

    for changes in ({f"extra-{key}": (io.BytesIO(b"<script>"), "attest.pdf")}, {f"extra-{key}-kept": str(theirs)}, {f"extra-{key}-kept": "x"}):
        answer = send(admin, f"{CRM}/{person}/edit", **changes)
        assert (answer.status_code, re.findall(r'id="(extra-[^"]*)-error"', answer.text)) == (422, [f"extra-{key}"])
    assert stored(app, world, person).extra == {}


@pytest.mark.covers("R081")
def test_a_national_number_is_masked_everywhere_and_shown_on_demand(
    app: Flask, world: World, admin: FlaskClient, login: Callable[[str], FlaskClient], person: int, make_field: Callable[..., str]
) -> None:
    key = make_field("national_number", "National number")
    assert send(admin, f"{CRM}/{person}/edit", **{f"extra-{key}": "85.07.30-033.29"}).status_code == 422
    assert send(admin, f"{CRM}/{person}/edit", **{f"extra-{key}": "85.07.30-033.28"}).status_code == 302
    pages = [admin.get(url).text for url in (f"{CRM}/{person}", f"{CRM}/{person}/edit", f"{CRM}/{person}/history", f"{CRM}/?columns=name,extra.{key}")]
    assert [number for page in pages for number in re.findall(r"85.07.30.033.28|85073003328", page)] == []

    shown = post(admin, f"{CRM}/{person}", f"{CRM}/{person}/reveal/{key}")
    assert (shown.status_code, "85.07.30-033.28" in shown.text) == (200, True)
    assert "85.07.30-033.28" not in admin.get(f"{CRM}/{person}").text
    assert admin.get(f"{CRM}/{person}/reveal/{key}").status_code == 405
    assert login("member.a").post(f"{CRM}/{person}/reveal/{key}").status_code in (400, 403)
    assert "Protected value shown" in admin.get(f"{CRM}/{person}/history").text

    assert send(admin, f"{CRM}/{person}/edit").status_code == 302  # left empty: as it is
    assert list(stored(app, world, person).extra) == [key]
    assert send(admin, f"{CRM}/{person}/edit", **{f"extra-{key}-clear": "y"}).status_code == 302
    assert stored(app, world, person).extra == {}


# --- bin and functions -----------------------------------------------------------------------------


@pytest.mark.covers("R089")
def test_a_contact_goes_to_the_bin_and_comes_back(app: Flask, world: World, admin: FlaskClient, person: int) -> None:
    assert post(admin, f"{CRM}/{person}", f"{CRM}/{person}/delete").status_code == 302
    assert "was put in the bin" in admin.get(f"{CRM}/").text
    page = admin.get(f"{CRM}/{person}")
    assert (page.status_code, "In the bin" in page.text) == (200, True)

    assert post(admin, f"{CRM}/{person}", f"{CRM}/{person}/restore").status_code == 302
    assert stored(app, world, person).deleted_at is None


def test_changing_what_somebody_binned_brings_it_back_only_when_meant(app: Flask, world: World, admin: FlaskClient, person: int) -> None:
    typed = {**filled(admin.get(f"{CRM}/{person}/edit").text), "town": "Leuven"}
    assert post(admin, f"{CRM}/{person}", f"{CRM}/{person}/delete").status_code == 302

    asked = admin.post(f"{CRM}/{person}/edit", data=typed)
    assert asked.status_code == 422
    assert admin.post(f"{CRM}/{person}/edit", data={**filled(asked.text), "bring_back": "1"}).status_code == 302
    found = stored(app, world, person)
    assert (found.town, found.deleted_at) == ("Leuven", None)


@pytest.mark.covers("R184", "R185")
def test_a_contact_gets_a_function_and_it_ends(app: Flask, world: World, admin: FlaskClient, person: int, functions: None) -> None:
    page = "/o/club-a/club/contacts/add"
    answer = send(admin, page, contact=str(person), function="chair")
    assert answer.status_code == 302
    assert "Chair" in admin.get("/o/club-a/club/contacts/").text
    with app.app_context(), scope(world.club):
        row = db.session.scalars(select(ContactFunction)).one()
    assert post(admin, page, f"/o/club-a/club/contacts/{row.id}/end").status_code == 302
    with app.app_context(), scope(world.club):
        assert db.session.scalars(select(ContactFunction)).one().until_on is not None


@pytest.mark.parametrize(
    ("contact", "function", "wrong"), [("", "chair", "contact"), ("99999", "chair", "contact"), ("{pk}", "", "function"), ("{pk}", "pope", "function")]
)
def test_a_function_needs_a_contact_and_a_known_function(admin: FlaskClient, person: int, functions: None, contact: str, function: str, wrong: str) -> None:
    answer = send(admin, "/o/club-a/club/contacts/add", contact=contact.format(pk=person), function=function)
    assert (answer.status_code, re.findall(r'id="([a-z_]*)-error"', answer.text)) == (422, [wrong])


# --- what pages cost -------------------------------------------------------------------------------


def test_profile_and_form_cost_few_queries_however_many_fields(
    app: Flask, world: World, admin: FlaskClient, person: int, make_field: Callable[..., str], queries: Callable[[], list[str]]
) -> None:
    for number in range(3):
        make_field("text", f"Text {number}")
    with app.app_context(), inside(world.club) as actor:
        contact = get_contact(person)
        save_contact(contact, {"extra": {f"text_{n}": "x" for n in range(3)}}, actor=actor)
    for url in (f"{CRM}/{person}", f"{CRM}/{person}/edit"):
        admin.get(url)

    def cost(url: str) -> int:
        seen = queries()
        assert admin.get(url).status_code == 200
        return len(seen)

    few = [cost(f"{CRM}/{person}"), cost(f"{CRM}/{person}/edit")]
    for number in range(3, 9):
        make_field("text", f"Text {number}")
    for url in (f"{CRM}/{person}", f"{CRM}/{person}/edit"):
        admin.get(url)
    assert [cost(f"{CRM}/{person}"), cost(f"{CRM}/{person}/edit")] == few
    assert few[0] <= 20
    assert few[1] <= 12
