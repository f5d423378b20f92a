"""What an organisation says of itself, by service and by page."""

import io
from html import unescape
from html.parser import HTMLParser

import pytest
from PIL import Image
from sqlalchemy import select

from core.access import acting, system_actor
from core.audit.models import AuditEntry
from core.contacts.parsing import parse_phone
from core.db import db, transaction
from core.errors import Forbidden, StaleVersion, UserMistake
from core.organisations import details
from core.organisations.models import Organisation
from core.organisations.services.details import save_details
from core.tenancy import scope
from core.testing.plugin import csrf_of
from core.web.accent import contrast

EDIT = "/o/club-a/club/details/edit"


@pytest.mark.parametrize("typed", ["BE 0403.170.701", "be0403170701", "0403 170 701", "403.170.701"])
def test_vat_number_is_stored_one_way(context, typed):
    assert details.clean_vat(typed, "BE") == "BE0403170701"


@pytest.mark.parametrize(
    ("clean", "typed"),
    [
        (details.clean_vat, "BE 0403.170.702"), (details.clean_iban, "BE68 5390 0754 7035"), (details.clean_bic, "KREDBE"),
        (details.clean_website, "javascript:alert(1)"),
        (details.clean_website, "https://user@host.be"), (details.clean_website, "nothing"), (details.clean_accent, "red"), (details.clean_accent, "#ffe600"),
    ],
)  # fmt: skip
def test_wrong_values_are_refused_with_a_sentence(context, clean, typed):
    with pytest.raises(UserMistake, match=r"\w+ .*\."):
        clean(typed, "BE")


def test_colour_that_is_too_light_comes_with_one_that_can_be_read(context):
    with pytest.raises(UserMistake) as refused:
        details.clean_accent("#7fc8a9", "BE")
    offered = str(refused.value).split("needed). ")[1][:7]
    assert contrast(offered, "#ffffff") >= 4.5
    assert details.clean_accent(offered, "BE") == offered


@pytest.mark.covers("R172", "R174", "R175", "R177", "R178", "R179", "R180", "R181", "R183")
def test_details_are_stored_checked_and_recorded(context, world):
    typed = {
        "name": "De Linde", "official_name": "De Linde vzw", "language": "fr", "email": "info@DeLinde.example", "phone": "016 12 34 56",
        "website": "delinde.example",
        "street": "Dorp", "house_number": "1", "postcode": "3020", "town": "Herent", "country": "BE", "vat_number": "0403.170.701",
        "iban": "BE68 5390 0754 7034",
        "invoice_email": "kas@delinde.example", "invoice_street": "Markt", "invoice_house_number": "2", "invoice_postcode": "3000", "invoice_town": "Leuven",
        "invoice_country": "BE", "accent": "#14734a",
    }  # fmt: skip
    with transaction(), scope(world.club):
        club = db.session.get(Organisation, world.club.id)
        save_details(club, typed, actor=system_actor(club.id), version=club.version)

    db.session.expire_all()
    club = db.session.get(Organisation, world.club.id)
    assert (club.name, club.official_name, club.language) == ("De Linde", "De Linde vzw", "fr")
    assert (club.email, club.phone, club.website) == ("info@delinde.example", parse_phone("016 12 34 56"), "https://delinde.example")
    assert (club.vat_number, club.iban, club.invoice_email) == ("BE0403170701", "BE68539007547034", "kas@delinde.example")
    assert club.invoice_address == {"street": "Markt", "house_number": "2", "box": None, "postcode": "3000", "town": "Leuven", "country": "BE"}
    with scope(world.club):
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "organisation.changed")).one()
    assert entry.changes["name"] == ["Club A", "De Linde"]
    assert "accent" not in entry.changes


def test_half_an_invoice_address_is_refused(context):
    _cleaned, mistakes = details.clean_details({"invoice_street": "Markt", "invoice_postcode": "", "invoice_town": "", "invoice_country": "BE"})
    assert [mistake.field for mistake in mistakes] == ["invoice_postcode", "invoice_town"]


def test_somebody_else_s_organisation_cannot_be_changed(context, world):
    actor = system_actor(world.club.id)
    stranger = type(actor)(7, "Eva", world.club.id, frozenset({"organisation.write"}))
    other = db.session.get(Organisation, world.other_club.id)
    with pytest.raises(Forbidden), transaction(), scope(world.club), acting(stranger):
        save_details(other, {"name": "Mine now"}, actor=stranger)
    assert db.session.get(Organisation, world.other_club.id).name == "Club B"


def test_a_version_that_is_not_the_newest_is_refused(context, world):
    club = db.session.get(Organisation, world.club.id)
    with pytest.raises(StaleVersion), transaction(), scope(world.club):
        save_details(club, {"name": "X"}, actor=system_actor(club.id), version=club.version - 1)


# --- the page --------------------------------------------------------------------------------------


def form_of(client, url=EDIT):
    """All fields of the form as a browser would send them back."""
    class Fields(HTMLParser):
        def __init__(self):
            super().__init__()
            self.found, self.select = {}, None

        def handle_starttag(self, tag, attrs):
            known = dict(attrs)
            if tag == "input" and known.get("name") and known.get("type") not in ("checkbox", "file", "radio"):
                self.found.setdefault(known["name"], known.get("value", ""))
            if tag == "select":
                self.select = known.get("name")
            if tag == "option" and "selected" in known and self.select:
                self.found[self.select] = known["value"]

    page = client.get(url)
    assert page.status_code == 200, page.text[-2000:]
    parser = Fields()
    parser.feed(page.text[page.text.index('enctype="multipart') :])
    return parser.found


def test_saving_the_form_untouched_changes_nothing_but_that_it_was_looked_at(login, world, now):
    client = login("admin.a")
    answer = client.post(EDIT, data=form_of(client))
    assert answer.status_code == 302, answer.text[-3000:]
    club = now(world.club)
    assert (club.name, club.town, club.invoice_address) == ("Club A", "Aarschot", None)
    assert club.setting("core.looked_at")["details"].keys() == {"on", "by_id"}, "a number, so that the name goes with its person"


def test_mistakes_stand_beside_their_fields_and_nothing_typed_is_lost(login, world, now):
    client = login("admin.a")
    answer = client.post(EDIT, data={**form_of(client), "name": "", "iban": "BE00", "town": "Herent"})
    assert answer.status_code == 422
    assert 'id="iban-error"' in answer.text and 'id="name-error"' in answer.text
    assert 'value="BE00"' in answer.text and 'value="Herent"' in answer.text
    assert now(world.club).town == "Aarschot"


def test_two_editors_who_change_different_things_both_get_their_way(login, world, now):
    first, second = login("admin.a"), login("admin.a")
    theirs, mine = form_of(first), form_of(second)
    assert first.post(EDIT, data={**theirs, "town": "Herent"}).status_code == 302
    assert second.post(EDIT, data={**mine, "email": "info@club.example"}).status_code == 302
    club = now(world.club)
    assert (club.town, club.email) == ("Herent", "info@club.example")


def test_two_editors_who_change_the_same_see_both_and_choose(login, world, now):
    first, second = login("admin.a"), login("admin.a")
    theirs, mine = form_of(first), form_of(second)
    first.post(EDIT, data={**theirs, "town": "Herent", "postcode": "3020"})

    answer = second.post(EDIT, data={**mine, "town": "Leuven"})
    assert answer.status_code == 409
    assert "changed this meanwhile to “Herent”" in answer.text and 'value="Leuven"' in answer.text
    assert 'value="3020"' in answer.text  # what only the other changed is taken over
    assert now(world.club).town == "Herent"

    version = answer.text.split('name="version"')[1].split('value="')[1].split('"')[0]
    was = unescape(answer.text.split('name="was"')[1].split('value="')[1].split('"')[0])
    again = {**mine, "town": "Leuven", "postcode": "3020", "version": version, "was": was, "csrf_token": csrf_of(answer.text)}
    assert second.post(EDIT, data=again).status_code == 302
    assert now(world.club).town == "Leuven"


def picture(colour="green", kind="PNG"):
    stream = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(stream, kind)
    stream.seek(0)
    return stream


@pytest.mark.covers("R173")
def test_logo_is_kept_shown_replaced_and_removed(login, world, now):
    client = login("admin.a")
    client.post(EDIT, data={**form_of(client), "logo": (picture(), "logo.png")})
    first = now(world.club).setting("core.logo")
    shown = client.get(f"/o/club-a/club/details/logo/{first}", buffered=True)
    assert (shown.status_code, shown.mimetype) == (200, "image/png")
    assert f"/o/club-a/club/details/logo/{first}" in client.get("/o/club-a/club/details/").text
    assert login("member.a").get(f"/o/club-a/club/details/logo/{first}", buffered=True).status_code == 200
    assert login("admin.b").get(f"/o/club-a/club/details/logo/{first}").status_code == 404

    client.post(EDIT, data={**form_of(client), "logo": (picture("red"), "new.png")})
    second = now(world.club).setting("core.logo")
    assert second != first
    assert client.get(f"/o/club-a/club/details/logo/{first}").status_code == 404

    client.post(EDIT, data={**form_of(client), "no_logo": "y"})
    assert now(world.club).setting("core.logo") is None
    assert client.get(f"/o/club-a/club/details/logo/{second}").status_code == 404


def test_logo_that_is_no_picture_is_refused_and_the_rest_not_stored(login, world, now):
    client = login("admin.a")
    answer = client.post(EDIT, data={**form_of(client), "town": "Herent", "logo": (io.BytesIO(b"MZ\x90\x00 not a picture"), "logo.png")})
    assert answer.status_code == 422
    assert 'id="logo-error"' in answer.text
    assert now(world.club).town == "Aarschot"


@pytest.mark.parametrize("url", ["/o/club-a/club/details/", EDIT, "/o/club-a/club/ready/"])
def test_pages_are_for_administrators_of_this_club(login, world, client, url):
    assert login("admin.a").get(url).status_code == 200
    assert login("member.a").get(url).status_code == 403
    assert login("admin.b").get(url).status_code == 404
    assert client.get(url).status_code == 302
