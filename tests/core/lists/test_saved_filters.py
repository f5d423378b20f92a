"""A question kept under a name: saved, run, shared, renamed, removed and brought back."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import update

from core.db import db, transaction
from core.lists.models import SavedFilter
from core.tenancy import unscoped
from core.testing.factories import inside, make_contact, make_user
from core.testing.plugin import csrf_of
from core.users.services import give_role

LIST = "/o/club-a/crm/contacts/"


@pytest.fixture
def club(world, app):
    with app.app_context():
        with inside(world.club):
            make_contact("Jan", "Peeters", town="Herent")
            make_contact("An", "Wouters", town="Leuven")
        with transaction(), unscoped("a second administrator"):
            give_role(make_user("second.a"), world.club, "club_admin")
    return world


def save(client, name="Herent people", query="f.town.is=Herent", **more):
    token = csrf_of(client.get(LIST).text)
    return client.post(f"{LIST}saved", data={"csrf_token": token, "name": name, "query": query, **more})


def menu(client) -> list[tuple[str, str]]:
    """(name, address) in the menu of the search bar."""
    page = client.get(f"{LIST}saved", headers={"HX-Request": "true", "HX-Target": "saved-menu"}).text
    return [(name, unescape(url)) for url, name in re.findall(r'href="([^"]*\?[^"]*)"[^>]*>([^<]+)<', page)]


@pytest.mark.covers("R123", "R124")
def test_a_filter_is_saved_under_a_name_and_run_again(club, login):
    client = login("admin.a")
    assert "Save filter" in client.get(f"{LIST}?f.town.is=Herent").text
    assert menu(client) == []

    answer = save(client, sort="-town")
    assert answer.location == f"{LIST}?f.town.is=Herent&sort=-town"

    assert menu(client) == [("Herent people", f"{LIST}?f.town.is=Herent&sort=-town")]
    page = client.get(menu(client)[0][1]).text
    assert "Peeters Jan" in page and "Wouters An" not in page


def test_own_filters_are_ones_own_and_shared_ones_are_for_all(club, login):
    mine, other = login("admin.a"), login("second.a")

    save(mine, "Mine")
    save(mine, "Ours", shared="1")

    assert [name for name, _url in menu(mine)] == ["Mine", "Ours"]
    assert [name for name, _url in menu(other)] == ["Ours"]
    assert [name for name, _url in menu(login("admin.b"))] == [] if login("admin.b").get(f"{LIST}saved").status_code == 200 else True
    assert login("admin.b").get(f"{LIST}saved").status_code == 404
    assert "Ours" not in login("admin.b").get("/o/club-b/crm/contacts/saved").text


def test_what_cannot_be_saved_is_said_and_nothing_is_lost(club, login):
    client = login("admin.a")
    save(client)

    for name, query, message in (
        ("", "f.town.is=Herent", "Give the filter a name."),
        ("   ", "f.town.is=Herent", "Give the filter a name."),
        ("x" * 81, "f.town.is=Herent", "Use at most 80 characters for the name."),
        ("Nothing", "", "Search or filter first; then you can save that."),
        ("Half", "f.nonsense.is=1", "“nonsense” is not something you can filter on here."),
        ("herent PEOPLE", "f.town.is=Herent", "There is a filter of this name already. Choose another name."),
    ):
        answer = save(client, name, query)
        assert (answer.status_code, message in unescape(answer.text)) == (422, True), name
    assert len(menu(client)) == 1


def test_renaming_sharing_and_removing_with_a_way_back(club, login):
    client, other = login("admin.a"), login("second.a")
    save(client)
    save(client, "Leuven people", "f.town.is=Leuven")
    page = client.get(f"{LIST}saved").text
    assert "Town is Herent" in page
    pk = re.search(r"/saved/(\d+)/remove", page)[1]
    token = csrf_of(page)

    wrong = client.post(f"{LIST}saved/{pk}", data={"csrf_token": token, "name": "leuven people"})
    assert (wrong.status_code, "There is a filter of this name already." in wrong.text) == (422, True)
    client.post(f"{LIST}saved/{pk}", data={"csrf_token": token, "name": "From Herent", "shared": "1"})
    assert [name for name, _url in menu(other)] == ["From Herent"]

    client.post(f"{LIST}saved/{pk}/remove", data={"csrf_token": token})
    after = client.get(f"{LIST}saved").text
    assert "The filter “From Herent” was removed." in after and f'action="{LIST}saved/{pk}/restore"' in after
    assert [name for name, _url in menu(client)] == ["Leuven people"]

    client.post(f"{LIST}saved/{pk}/restore", data={"csrf_token": token})
    assert [name for name, _url in menu(client)] == ["From Herent", "Leuven people"]


def test_somebody_elses_own_filter_cannot_be_touched(club, login):
    client, other = login("admin.a"), login("second.a")
    save(client)
    pk = re.search(r"/saved/(\d+)/remove", client.get(f"{LIST}saved").text)[1]
    token = csrf_of(other.get(LIST).text)

    for path in ("", "/remove", "/restore"):
        assert other.post(f"{LIST}saved/{pk}{path}", data={"csrf_token": token, "name": "Stolen"}).status_code == 404
        assert client.post(f"/o/club-a/crm/bin/saved/{pk}{path}", data={"csrf_token": csrf_of(client.get(LIST).text), "name": "Elsewhere"}).status_code == 404
    assert [name for name, _url in menu(client)] == ["Herent people"]


def test_a_filter_that_is_gone_is_told_when_it_is_run(club, login, app):
    client = login("admin.a")
    save(client)
    with app.app_context(), inside(club.club):
        db.session.execute(update(SavedFilter).values(query="f.gone.is=1"))

    page = client.get(menu(client)[0][1])
    assert (page.status_code, "“gone” is not something you can filter on here." in page.text) == (200, True)
    assert client.get(f"{LIST}saved").status_code == 200
