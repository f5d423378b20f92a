"""Koepel as an app: what browsers read of it, and that nothing personal is in what they keep."""

from __future__ import annotations

import json
import re

import pytest
from PIL import Image

from core.web.app_icons import FOLDER, pictures
from core.web.installable import WORKER_POLICY, short_name

pytestmark = pytest.mark.once


@pytest.mark.covers("R030")
def test_the_manifest_names_the_organisation_and_its_pictures(client, world):
    general, club, other = (client.get(path) for path in ("/manifest.webmanifest", "/manifest/club-a.webmanifest", "/manifest/nobody.webmanifest"))
    assert [answer.content_type for answer in (general, club, other)] == ["application/manifest+json"] * 3
    assert general.json == other.json  # whether there is such an organisation, nobody learns here
    assert (general.json["name"], general.json["start_url"]) == ("Koepel", "/")
    assert (club.json["name"], club.json["start_url"], club.json["scope"], club.json["display"]) == ("Club A", "/o/club-a/", "/", "standalone")
    assert {(icon["sizes"], icon["purpose"]) for icon in club.json["icons"]} == {(f"{n}x{n}", p) for n in (192, 512) for p in ("any", "maskable")}
    for icon in club.json["icons"]:
        picture = client.get(icon["src"])
        assert (picture.status_code, picture.content_type) == (200, "image/png")
        picture.close()
    assert not general.headers.getlist("Set-Cookie")


def test_the_pictures_are_of_the_size_they_say():
    for name, drawn in pictures().items():
        with Image.open(FOLDER / name) as stored:
            assert stored.size == drawn.size == (int(re.search(r"\d+", name)[0]),) * 2


@pytest.mark.parametrize(
    ("name", "short"),
    [("Koepel", "Koepel"), ("Trefpunt Aarschot", "Aarschot"), ("Zangkoor De Nachtegaal", "De Nachtegaal"), ("Donaudampfschiffahrt", "Donaudampfschif")],
)
def test_a_short_name_ends_with_the_place(name, short):
    assert short_name(name) == short


def test_the_worker_may_do_little_and_is_another_one_in_another_language(client, world):
    answers = {language: client.get(f"/service-worker.js?language={language}") for language in ("nl", "fr", "<x>")}
    for answer in answers.values():
        assert (answer.status_code, answer.content_type, answer.headers["Cache-Control"]) == (200, "text/javascript; charset=utf-8", "no-cache")
        assert answer.headers["Content-Security-Policy"] == WORKER_POLICY
    settings = {language: json.loads(re.match(r"const SETTINGS = (.*);\n", answer.text)[1]) for language, answer in answers.items()}
    assert [settings[language]["offline"] for language in answers] == ["/offline/nl", "/offline/fr", "/offline/en"]
    assert settings["nl"]["cache"] != settings["fr"]["cache"]
    assert all(file.startswith("/static/") and "?v=" in file for file in settings["nl"]["files"])


def test_the_page_without_connection_is_the_same_for_everybody(client, login):
    def stable(visitor):
        return re.sub(r'nonce="[^"]*"', "", visitor.get("/offline/nl").text)

    member = login("member.a")
    assert stable(client) == stable(member)
    assert "csrf" not in stable(member) and "Club A" not in stable(member)
    assert 'lang="fr"' in client.get("/offline/fr").text and 'lang="en"' in client.get("/offline/nonsense").text


def test_the_app_of_a_club_opens_where_one_starts_there(client, login):
    assert login("member.a").get("/o/club-a/").location == "/o/club-a/home/"
    assert login("admin.a").get("/o/club-a/").location == "/o/club-a/dashboard/"
    assert login("admin.a").get("/o/club-b/").status_code == 404
    assert client.get("/o/club-a/").location == "/login/?next=/o/club-a/"


def test_members_have_the_bar_and_whoever_manages_has_the_drawer(login):
    page = login("member.a").get("/o/club-a/home/").text
    bar = re.search(r'<nav class="k-bottomnav.*?</nav>', page, re.DOTALL)[0]
    assert re.findall(r'k-bottomnav-text">([^<]*)<', bar)[0] == "Home" and "More" in bar
    assert 'aria-current="page"' in bar and len(re.findall("<a ", bar)) <= 4
    for path in ("/o/club-a/home/", "/o/club-a/dashboard/"):
        page = login("admin.a").get(path).text
        assert "k-bottomnav" not in page and 'aria-label="Open the menu"' in page


def test_pages_name_their_manifest_and_colours(client, login):
    page = login("member.a").get("/o/club-a/home/").text
    assert 'rel="manifest" href="/manifest/club-a.webmanifest"' in page
    assert page.count('name="theme-color"') == 2 and "data-install hidden" in page
    assert 'rel="manifest" href="/manifest.webmanifest"' in client.get("/login/").text
