"""Upload, validate, import: as a person does it, over HTTP."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import select

from core.contacts.models import Contact
from core.db import db, transaction
from core.tenancy import unscoped
from core.testing.factories import inside, make_contact
from core.testing.plugin import csrf_of
from core.users.models import OrganisationRole
from tests.core.imports.conftest import BASE, numbers, said

pytestmark = pytest.mark.once

LIST = (
    "Naam;Voornaam;Geboortedatum;E-mail;Postcode;Gemeente;Tel thuis\r\n"
    "Smets;AndrÃ©;02/11/1949;andre.smets@mail.example;3020;Herent;016 00 00 31\r\n"
    "Michiels;Monique;31/02/1951;m.michiels@mail.example;3012;Wilsele;\r\n"
    "Stevens;Karel;19/06/1957;karel.stevens@mail;3001;Heverlee;\r\n"
    "Willems;Frans;08/09/1960;frans.w@mail.example;302;Herent;\r\n"
    "Aerts;Guido;01/02/1955;guido@mail.example;3020;Herent;\r\n"
)


@pytest.mark.covers("R098", "R103")
def test_the_template_holds_the_columns_of_the_club(wizard):
    answer = wizard.client.get(f"{BASE}/template.csv")

    assert answer.headers["Content-Disposition"] == "attachment; filename=contacts.csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    titles, example = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";")
    assert titles[:12] == [
        "Family name", "First name", "Language", "Gender", "Birth date", "Street", "House number", "Box number", "Postcode", "Town", "Country", "Nationality",
    ]  # fmt: skip
    assert len(example) == len(titles)


@pytest.mark.covers("R098")
def test_the_template_itself_can_be_sent_and_its_example_is_no_contact(wizard):
    data = wizard.client.get(f"{BASE}/template.csv").data.decode("utf-8-sig")
    width = len(next(csv.reader(io.StringIO(data), delimiter=";")))

    counts = wizard.import_all(data + "Peeters;Jan" + ";" * (width - 2) + "\r\n")

    assert (counts["new"], wizard.contacts()) == (1, [("Peeters", "Jan")])


@pytest.mark.covers("R099", "R100", "R101", "R102", "R108", "R109", "R110", "R113")
def test_a_list_with_mistakes_is_corrected_in_the_grid_and_imported(wizard, app, world):
    start = wizard.client.get(f"{BASE}/").text
    steps = re.findall(r"<li[^>]*><i>(.*?)</i><span>(.*?)</span></li>", start)
    assert steps == [("1", "Upload"), ("2", "Validate"), ("3", "Bring in")]

    pk = wizard.upload(LIST, "ledenlijst.csv")
    page = wizard.get(pk, "check").text
    assert numbers(page) == [6, 1, 1, 4]
    assert said(page) == ["31 February does not exist", "This address is incomplete. Check what comes after the @.", "Use 4 digits"]
    assert "4 of the 5 rows are shown" in page
    assert "Change to “André”" in page
    assert wizard.count() == 0

    # the column that was not recognised, with the field that is proposed
    assert re.findall(r'<option value="(\w+)" selected>', page) == ["phone"]
    assert wizard.post(pk, "columns", index="6", column="phone").status_code == 302
    assert numbers(wizard.get(pk, "check").text) == [7, 0, 1, 4]

    # one click for a proposal, one by typing, the others in one go with the button
    wizard.post(pk, "check", use="2-1|André")
    answer = wizard.post(pk, "cell", headers={"HX-Request": "true"}, **{"cell-3-2": "28/02/1951"})
    assert answer.status_code == 200
    assert said(answer.text) == []
    assert numbers(answer.text) == [7, 0, 3, 2]
    page = wizard.post(pk, "check", **{"cell-4-3": "karel.stevens@mail.example", "cell-5-4": "3020", "again": "1"})
    page = wizard.get(pk, "check").text
    assert numbers(page) == [7, 0, 5, 0]
    assert "No errors found." in page

    # acts
    page = wizard.get(pk, "acts").text
    assert "Make 5 new contacts" in page and "Update 0 matching contacts" in page
    assert f'href="{BASE}/{pk}/check?show=new"' in page
    assert wizard.count() == 0
    assert wizard.start(pk).location.endswith(f"/import/{pk}")
    assert wizard.count() == 0
    assert "You may close this page" in wizard.get(pk).text
    wizard.work()

    page = wizard.get(pk).text
    assert "Import completed" in page
    assert wizard.run(pk)["counts"]["new"] == 5
    assert wizard.contacts() == [("Smets", "André"), ("Michiels", "Monique"), ("Stevens", "Karel"), ("Willems", "Frans"), ("Aerts", "Guido")]
    with app.app_context(), inside(world.club):
        smets = db.session.scalars(select(Contact).where(Contact.last_name == "Smets")).one()
        assert (smets.phone, smets.email_1, f"{smets.birth_date:%d/%m/%Y}") == ("+32 16 00 00 31", "andre.smets@mail.example", "02/11/1949")


@pytest.mark.covers("R101")
def test_a_column_that_was_linked_once_is_linked_by_itself_next_time(wizard):
    pk = wizard.upload("Naam;Voornaam;Vriend van\nPeeters;Jan;016 22 33 44\n")
    wizard.post(pk, "columns", index="2", column="phone")
    left_out = wizard.upload("Naam;Voornaam;Schoenmaat\nPeeters;Jan;43\n")
    wizard.post(left_out, "columns", index="2", column="-")

    assert numbers(wizard.get(wizard.upload("Naam;Voornaam;Vriend van\nWouters;An;016 22 33 45\n"), "check").text) == [3, 0, 1, 0]
    page = wizard.get(wizard.upload("Naam;Voornaam;Schoenmaat\nWouters;An;40\n"), "check").text
    assert numbers(page) == [2, 1, 1, 0]
    assert "All columns of your file are linked or left out." in page


def test_linking_nothing_says_so_beside_the_column(wizard):
    pk = wizard.upload("Naam;Voornaam;Vriend van\nPeeters;Jan;x\n")

    answer = wizard.post(pk, "columns", index="2", column="")

    assert answer.status_code == 422
    assert "Choose a field from the list." in answer.text
    assert wizard.post(pk, "columns", index="99", column="phone").status_code == 404
    assert wizard.post(pk, "columns", index="2", column="password").status_code == 422


def test_without_a_name_column_nothing_can_be_started(wizard):
    pk = wizard.upload("Straat;Plaats\nKerkstraat;Herent\n")

    assert "No column is linked to Family name, First name yet." in wizard.get(pk, "check").text
    answer = wizard.start(pk, create="1")
    assert answer.status_code == 422
    assert "Link a column to Family name first." in answer.text


def test_ticking_nothing_is_refused_and_says_so(wizard):
    pk = wizard.upload("Naam;Voornaam\nPeeters;Jan\n")

    answer = wizard.start(pk, nothing="1")

    assert answer.status_code == 422
    assert "Tick at least one thing to do." in answer.text


@pytest.mark.covers("R110")
def test_matching_contacts_are_updated_and_what_is_the_same_stays(wizard, app, world):
    with app.app_context(), inside(world.club):
        make_contact("Jan", "Peeters", town="Leuven")
        make_contact("An", "Wouters", town="Herent")

    pk = wizard.upload("Naam;Voornaam;Gemeente\nPeeters;Jan;Herent\nWouters;An;Herent\nNieuw;Els;Herent\n")
    acts = wizard.get(pk, "acts").text
    shown = wizard.client.get(f"{BASE}/{pk}/check?show=update").text
    wizard.start(pk)
    wizard.work()

    assert "Make 1 new contact<" in acts and "Update 1 matching contact<" in acts and "1 contact is known already and stays as it is" in acts
    assert "was: Leuven" in shown and 'value="Nieuw"' not in shown
    counts = wizard.run(pk)["counts"]
    assert (counts["new"], counts["update"], counts["unchanged"], counts["problem"]) == (1, 1, 1, 0)
    with app.app_context(), inside(world.club):
        assert db.session.scalars(select(Contact.town).order_by(Contact.id)).all() == ["Herent", "Herent", "Herent"]


def test_only_what_was_ticked_happens(wizard, app, world):
    with app.app_context(), inside(world.club):
        make_contact("Jan", "Peeters", town="Leuven")

    pk = wizard.upload("Naam;Voornaam;Gemeente\nPeeters;Jan;Herent\nNieuw;Els;Herent\n")
    wizard.start(pk, create="1")
    wizard.work()

    assert wizard.run(pk)["counts"] == {"new": 1, "update": 0, "unchanged": 0, "problem": 0, "passed_over": 1}
    with app.app_context(), inside(world.club):
        assert db.session.scalars(select(Contact.town).order_by(Contact.id)).all() == ["Leuven", "Herent"]


def test_the_same_file_again_makes_nothing(wizard):
    first = wizard.import_all(LIST)
    again = wizard.import_all(LIST)

    assert (first["new"], again["new"], again["update"], again["unchanged"], wizard.count()) == (1, 0, 0, 1, 1)


def test_wrong_rows_are_left_out_and_can_be_downloaded(wizard):
    pk = wizard.upload(LIST)
    wizard.start(pk)
    wizard.work()

    answer = wizard.get(wizard.upload(LIST), "left-out.csv")
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert wizard.contacts() == [("Aerts", "Guido")]
    assert [line[0] for line in lines] == ["Naam", "Smets", "Michiels", "Stevens", "Willems"]
    assert lines[2][-1] == "Geboortedatum: 31 February does not exist."


@pytest.mark.covers("R109")
def test_the_corrected_file_can_be_sent_again(wizard):
    wizard.upload(LIST)

    corrected = LIST.replace("31/02/1951", "28/02/1951").replace("karel.stevens@mail;", "karel@mail.example;")
    counts = wizard.import_all(corrected.replace(";302;", ";3020;").replace("AndrÃ©", "André"))

    assert (counts["new"], counts["problem"]) == (5, 0)


def test_all_odd_characters_are_repaired_in_one_click(wizard):
    pk = wizard.upload("Naam;Voornaam\nSmets;AndrÃ©\nDaniÃ«ls;RenÃ©e\n")
    assert "Correct all 3" in wizard.get(pk, "check").text

    wizard.post(pk, "proposals", tone="odd")

    assert numbers(wizard.get(pk, "check").text) == [2, 0, 2, 0]
    wizard.start(pk)
    wizard.work()
    assert wizard.contacts() == [("Smets", "André"), ("Daniëls", "Renée")]


def test_what_looks_odd_may_be_right(wizard):
    pk = wizard.upload("Naam;Voornaam\nSmets;AndrÃ©\n")

    wizard.post(pk, "check", keep="2-1|AndrÃ©")

    assert numbers(wizard.get(pk, "check").text) == [2, 0, 1, 0]


def test_choices_of_a_wrong_cell_are_one_click_away(wizard):
    pk = wizard.upload("Naam;Voornaam;Geslacht\nSmets;André;Q\n")
    page = wizard.get(pk, "check").text

    offered = re.findall(r'name="use" value="(2-2\|[^"]+)"', page)
    assert len(offered) == 3
    wizard.post(pk, "check", use=offered[0])

    assert numbers(wizard.get(pk, "check").text) == [3, 0, 1, 0]


def test_planted_columns_are_never_imported_and_said(wizard, app, world):
    data = f"Naam;Voornaam;organisation_id;is_admin;password;import_id;version\nPeeters;Jan;{world.other_club.id};1;geheim;99;7\n"
    pk = wizard.upload(data)

    page = wizard.get(pk, "check").text
    assert "Never imported, because a list cannot give rights, passwords or another owner: organisation_id, is_admin, password, import_id, version" in page
    assert wizard.post(pk, "columns", index="2", column="town").status_code == 422
    wizard.start(pk)
    wizard.work()

    assert wizard.contacts() == [("Peeters", "Jan")]
    with app.app_context(), inside(world.club):
        contact = db.session.scalars(select(Contact)).one()
        assert (contact.organisation_id, contact.import_id, contact.version) == (world.club.id, pk, 1)
    with app.app_context(), inside(world.other_club):
        assert db.session.scalars(select(Contact)).all() == []


def test_accents_apostrophes_and_formulas(wizard):
    pk = wizard.upload("Naam;Voornaam;Gemeente\nD’Hondt;Zoë;'s-Gravenvoeren\n=cmd|' /C calc'!A1;Jan;Herent\nO'Neill;Bríd;=1+1\n")

    page = wizard.get(pk, "check").text
    assert said(page) == ["A name does not start with =. Type the name itself.", "This is a formula of a spreadsheet. Type the text itself."]
    wizard.start(pk)
    wizard.work()
    assert wizard.contacts() == [("D’Hondt", "Zoë")]


def test_doubles_in_the_file_and_among_the_contacts_are_named(wizard, app, world):
    with app.app_context(), inside(world.club):
        make_contact("Jan", "Janssens")
        make_contact("Jan", "Janssens")

    page = wizard.get(wizard.upload("Naam;Voornaam\nPeeters;An\nPEETERS;an\nJanssens;Jan\n"), "check").text

    assert numbers(page) == [2, 0, 1, 2]
    assert said(page) == [
        "The same person is in row 2. One row is enough: this one is left out.",
        "There are 2 contacts with this name. Fill in the birth date, so that the right one is found.",
    ]


# --- undo, history, failure ------------------------------------------------------------------


def test_an_import_can_be_undone_except_for_what_was_changed_since(wizard, app, world):
    with app.app_context(), inside(world.club):
        make_contact("Jan", "Peeters", town="Leuven")
    pk = wizard.upload("Naam;Voornaam;Gemeente\nPeeters;Jan;Herent\nNieuw;Els;Herent\nAnders;Bart;Herent\n")
    wizard.start(pk)
    wizard.work()
    with app.app_context(), inside(world.club):
        db.session.scalars(select(Contact).where(Contact.last_name == "Anders")).one().town = "Aarschot"
        db.session.flush()

    assert wizard.post(pk, "undo").status_code == 302
    wizard.work()

    page = wizard.get(pk).text
    assert "The import was undone" in page and "Changed after the import, so left as it is." in page and "Bart" in page
    assert wizard.contacts() == [("Peeters", "Jan"), ("Anders", "Bart")]
    with app.app_context(), inside(world.club):
        assert db.session.scalars(select(Contact.town).where(Contact.deleted_at.is_(None)).order_by(Contact.id)).all() == ["Leuven", "Aarschot"]
    assert "was undone already" in wizard.client.get(wizard.post(pk, "undo").location).text


def test_former_imports_are_listed(wizard):
    assert "No imports yet" in wizard.client.get(f"{BASE}/history").text
    wizard.import_all(LIST)

    page = wizard.client.get(f"{BASE}/history").text
    assert page.count("list.csv") == 1
    assert "Former imports" in wizard.client.get(f"{BASE}/").text


def test_a_started_import_cannot_be_changed_or_started_twice(wizard):
    pk = wizard.upload(LIST)
    wizard.start(pk)

    assert wizard.get(pk, "check").status_code == 302
    assert wizard.post(pk, "check", **{"cell-2-0": "X"}).status_code == 422
    assert wizard.start(pk).status_code == 302
    wizard.work()
    assert wizard.count() == 1


def test_who_lost_the_right_does_not_import(wizard, app, world):
    pk = wizard.upload(LIST)
    wizard.start(pk)
    with app.app_context(), unscoped("taking a role away in a test"), transaction():
        for role in db.session.scalars(select(OrganisationRole).where(OrganisationRole.organisation_id == world.club.id)):
            db.session.delete(role)
    wizard.work()

    assert (wizard.count(), wizard.run(pk)["state"]) == (0, "waiting")


def test_members_and_other_clubs_see_nothing_of_it(wizard, login):
    pk = wizard.upload(LIST)

    assert login("member.a").get(f"{BASE}/").status_code == 403
    other = login("admin.b")
    for path in ("", "/check", "/acts", "/left-out.csv", "/outcome"):
        assert other.get(f"/o/club-b/crm/import/{pk}{path}").status_code == 404
        assert other.get(f"{BASE}/{pk}{path}").status_code == 404
    token = csrf_of(other.get("/o/club-b/crm/import/").text)
    for path in ("check", "cell", "columns", "proposals", "acts", "undo", "again"):
        posted = {"csrf_token": token, "create": "1", "cell-2-0": "x", "index": "0", "column": "-"}
        assert other.post(f"/o/club-b/crm/import/{pk}/{path}", data=posted).status_code == 404
    assert wizard.run(pk)["state"] == "draft"


@pytest.mark.parametrize("path", ["999999999999", "0", "99999"])
def test_unknown_imports_are_not_found(wizard, path):
    assert wizard.client.get(f"{BASE}/{path}").status_code == 404
    assert wizard.client.get(f"{BASE}/{path}/check").status_code == 404


def test_strange_addresses_are_no_mistake_of_ours(wizard):
    pk = wizard.upload(LIST)

    for query in ("show=nonsense", "page=-5", "page=999999", "page=x", "wide=1&page=0", "columns=all"):
        assert wizard.client.get(f"{BASE}/{pk}/check?{query}").status_code == 200
    assert wizard.post(pk, "cell", **{"cell-999-0": "x"}).status_code == 404
    assert wizard.post(pk, "cell", **{"cell-2-99": "x"}).status_code == 404
    assert wizard.post(pk, "cell").status_code == 404
