"""Settings > Logins: two people may work on it, and a club may ask a second step of its own administrators."""

import html
import re

from core.db import db
from core.factors import duty
from core.organisations.models import Organisation
from core.tenancy import unscoped
from core.testing.plugin import csrf_of

PAGE = "/o/federation-f/settings/logins/"


def opened(client):
    """The form as it is now, as a browser would send it."""
    page = client.get(PAGE).text
    shown = html.unescape(re.search(r'name="started_from"[^>]*value="([^"]*)"', page)[1])
    select = r'<select[^>]*name="{}".*?<option selected value="([^"]*)"'
    chosen = {name: re.search(select.format(name), page, re.DOTALL)[1] for name in ("policy", "address", "second_factor")}
    return {"csrf_token": csrf_of(page), "started_from": shown, **chosen}


def setting(app, world, key, organisation=None):
    with app.app_context(), unscoped("looking at a setting in a test"):
        return db.session.get(Organisation, (organisation or world.federation).id).setting(key)


def test_two_administrators_lose_nothing(app, world, login):
    one, other = login("admin.f"), login("admin.f")
    mine, theirs = opened(one), opened(other)
    assert other.post(PAGE, data={**theirs, "policy": "seed", "by_name": "y"}).status_code == 302
    answer = one.post(PAGE, data={**mine, "second_factor": "everybody"})
    assert answer.status_code == 302, "different things: both hold"
    assert [setting(app, world, key) for key in ("users.password_policy", "users.find_by_name", duty.SETTING)] == ["seed", True, "everybody"]
    mine, theirs = opened(one), opened(other)
    other.post(PAGE, data={**theirs, "by_name": "y", "policy": "seed+"})
    answer = one.post(PAGE, data={**mine, "by_name": "y", "policy": "modern"})
    assert answer.status_code == 409 and "Somebody else changed this meanwhile" in answer.text
    assert setting(app, world, "users.password_policy") == "seed+"
    assert re.search(r'<option selected value="modern"', answer.text), "what was chosen is still there"
    shown = html.unescape(re.search(r'name="started_from"[^>]*value="([^"]*)"', answer.text)[1])
    assert one.post(PAGE, data={**mine, "by_name": "y", "policy": "modern", "started_from": shown}).status_code == 302
    assert setting(app, world, "users.password_policy") == "modern"


def test_nonsense_is_no_rule(app, world, login):
    client = login("admin.f")
    for wrong in ({"second_factor": "nobody"}, {"started_from": "[1"}, {"started_from": "[]", "policy": "x"}):
        answer = client.post(PAGE, data={**opened(client), "policy": "seed", **wrong})
        assert answer.status_code in (409, 422), wrong
    assert setting(app, world, "users.password_policy") is None


def test_a_club_asks_it_of_whoever_runs_it_unless_the_federation_does(app, world, login, send, monkeypatch):
    client, page = login("admin.a"), "/o/club-a/settings/admins/"
    assert send(login("member.a"), "/o/club-a/home/", {"asked": "yes"}, to=f"{page}second-step").status_code == 403
    send(client, page, {"asked": "yes"}, to=f"{page}second-step")
    assert setting(app, world, duty.OWN_SETTING, world.club) is True
    assert "Stop asking it" in client.get(page).text
    monkeypatch.setitem(app.config, "KOEPEL", app.config["KOEPEL"].model_copy(update={"ask_second_factor": True}))
    assert client.get(page).headers["Location"] == "/o/club-a/account/second-factor/"
    assert login("admin.b").get("/o/club-b/settings/admins/").status_code == 200
    assert login("member.a").get("/o/club-a/home/").status_code == 200
