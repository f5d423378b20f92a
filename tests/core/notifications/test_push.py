"""Web push: kept browsers, a local push service, ones that are gone, and addresses that are refused."""

from __future__ import annotations

import pytest
import requests
from sqlalchemy import select

from core.db import db
from core.errors import UserMistake
from core.jobs.runner import work_off
from core.notifications.api import notify
from core.notifications.endpoints import PrivateAddress, PushSession, check_endpoint, is_public
from core.notifications.models import PushSubscription
from core.testing.factories import inside
from core.testing.plugin import csrf_of
from core.testing.push_service import Browser, push_service, switch_push_on

pytestmark = pytest.mark.usefixtures("kinds")


@pytest.fixture
def service():
    with push_service() as answering:
        yield answering


@pytest.fixture
def keys(app, monkeypatch):
    return switch_push_on(app, monkeypatch)


def subscribe(client, given):
    page = client.get("/o/club-a/my/preferences/").text
    return client.post("/o/club-a/my/browsers/", json=given, headers={"X-CSRFToken": csrf_of(page)})


def tell(app, world, contact_id, key="k"):
    with app.app_context(), inside(world.club) as actor:
        notify("test.quiet", contact_ids=[contact_id], subject="Hello", text="Come", url="/o/club-a/home/", unique_key=key, actor=actor)


def kept(app):
    with app.app_context():
        return [row.endpoint for row in db.session.scalars(select(PushSubscription))]


def test_a_notification_reaches_the_browser_after_the_request_and_once(app, world, member, login, service, keys):
    browser = Browser(service.address)
    assert subscribe(login("member.a"), browser.given).status_code == 201
    tell(app, world, member[0])
    assert service.got == [], "never inside the request"
    work_off(app)
    ((path, headers, body),) = service.got
    assert (path, headers["authorization"][:5]) == ("/push/1", "vapid")
    assert browser.read(body) == {"title": "Hello", "body": "Come", "url": "/o/club-a/home/", "tag": "k"}
    work_off(app)
    assert len(service.got) == 1


@pytest.mark.parametrize(("status", "left"), [(410, 0), (404, 0), (500, 1), (302, 1)])
def test_a_browser_that_is_gone_is_forgotten_and_a_redirect_is_not_followed(app, world, member, login, service, keys, status, left):
    service.status = status
    subscribe(login("member.a"), Browser(service.address).given)
    tell(app, world, member[0])
    work_off(app)
    assert len(service.got) == 1
    assert len(kept(app)) == left


def test_nothing_is_offered_or_kept_without_keys(app, login, service):
    client = login("member.a")
    assert "data-push" not in client.get("/o/club-a/my/preferences/").text
    assert subscribe(client, Browser(service.address).given).status_code == 404


def test_a_browser_can_be_switched_off_but_not_that_of_somebody_else(app, world, member, login, service, keys):
    client, other = login("member.a"), login("admin.a")
    subscribe(client, Browser(service.address).given)
    with app.app_context():
        pk = db.session.scalars(select(PushSubscription.id)).one()
    address, data = f"/o/club-a/my/browsers/{pk}/remove", {"csrf_token": csrf_of(other.get("/o/club-a/my/preferences/").text)}
    assert other.post(address, data=data).status_code == 404
    assert client.post(address, data={"csrf_token": csrf_of(client.get("/o/club-a/my/preferences/").text)}).status_code == 303
    assert kept(app) == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.com/1", "https://127.0.0.1/1", "https://[::1]/1", "https://localhost/1", "https://push.internal/1", "https://2130706433/1",
        "https://push.example.com:8443/1", "https://user@push.example.com/1", "https://push.example.com/\n1", "ftp://push.example.com/1", "", None, 7,
        "https://10.0.0.1/1", "https://0x7f.1/1", "https://" + "a" * 1_000 + ".com/",
    ],
)  # fmt: skip
def test_addresses_that_are_none_of_a_push_service_are_refused(context, endpoint):
    with pytest.raises(UserMistake):
        check_endpoint(endpoint)
    assert check_endpoint("https://updates.push.services.example/wpush/v2/abc")


@pytest.mark.parametrize("given", [None, [], {"endpoint": "https://push.example.com/1"}, {"endpoint": "https://push.example.com/1", "keys": {"p256dh": "x"}}])
def test_nonsense_from_a_browser_is_a_message(app, world, member, login, keys, given):
    assert subscribe(login("member.a"), given).status_code == 422
    assert kept(app) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1%eth0", "::ffff:127.0.0.1", "224.0.0.1", "2002:7f00:1::"])
def test_private_networks_are_no_public_addresses(address):
    assert not is_public(address)
    assert is_public("93.184.216.34")


def test_a_name_that_leads_into_our_network_is_not_talked_to(service):
    with pytest.raises((PrivateAddress, requests.RequestException)):
        PushSession().post(service.address, data=b"x", timeout=2)
    assert service.got == []
