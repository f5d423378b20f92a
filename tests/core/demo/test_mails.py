"""The mails of the demo: anybody may read them there, nobody anywhere else, and none of them leaves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from core.db import db, transaction
from core.demo.mode import MARK
from core.organisations.models import Organisation
from core.organisations.services import create_organisation, set_setting
from core.tenancy import unscoped
from core.testing.factories import World
from tests.core.outbox.conftest import MailServer, deliver, post, server, the_mail, use

__all__ = ["post", "server", "use"]  # fixtures of the outbox

LETTER = '<p>Hello</p><a href="http://localhost/invitation/abc">Choose</a><script>alert(1)</script>"x"'


@pytest.fixture
def environment(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """environment("demo"): what the setting of the installation says."""

    def choose(name: str) -> None:
        monkeypatch.setitem(app.config, "KOEPEL", app.config["KOEPEL"].model_copy(update={"environment": name}))

    return choose


@pytest.fixture
def seeded(app: Flask, world: World) -> Callable[[str | None], None]:
    """seeded("small"): the database says that it holds the demo."""

    def mark(scale: str | None) -> None:
        with app.app_context(), transaction(), unscoped("pretending in a test to be the demo"):
            found = db.session.query(Organisation).filter_by(kind="platform").one_or_none() or create_organisation(kind="platform", name="P", slug="platform")
            set_setting(found, MARK, scale)

    return mark


def test_the_mails_are_there_in_the_demo_and_404_anywhere_else(app, client, post, environment, seeded):
    pk = post(to="ann@members.example", subject="Your account", text="Open http://localhost/invitation/abc\n<b>now</b>", html=LETTER)
    pages = ("/demo/outbox/", f"/demo/outbox/{pk}")

    def answers():
        return [client.get(page).status_code for page in pages], "/demo/outbox/" in client.get("/login/").text

    assert answers() == ([404, 404], False)
    seeded("small")
    environment("production")
    assert answers()[0] == [404, 404]
    environment("test")
    assert answers()[0] == [404, 404]
    seeded(None)
    environment("demo")
    assert answers()[0] == [404, 404]  # somebody tries Koepel with people of his own
    seeded("small")
    assert answers()[0] == [200, 200]
    assert client.get("/demo/outbox/999999999999").status_code == 404


def test_a_mail_is_shown_as_text_with_its_links_and_in_a_frame_without_rights(app, client, post, environment, seeded):
    environment("demo")
    seeded("small")
    pk = post(to="ann@members.example", subject="Your account", text="Open http://localhost/invitation/abc\n<b>now</b>", html=LETTER)
    post(to="bo@members.example", subject="100% other")
    page = client.get(f"/demo/outbox/{pk}")
    assert '<a href="http://localhost/invitation/abc" rel="' in page.text and "&lt;b&gt;now" in page.text
    assert 'sandbox="allow-top-navigation-by-user-activation" srcdoc="&lt;base target=' in page.text
    assert "<script>alert" not in page.text and "allow-scripts" not in page.text and '"x"' not in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "Your account" in client.get("/demo/outbox/?q=ANN@").text
    assert "Your account" not in client.get("/demo/outbox/?q=%25").text and "100% other" in client.get("/demo/outbox/?q=%25").text


def test_no_mail_leaves_the_demo(app: Flask, server: MailServer, use, post, environment, seeded):
    use(server.port)
    environment("demo")
    seeded("small")
    pk = post()
    deliver(app)
    held = the_mail(app, pk)
    assert (server.received, held.state, held.attempts, held.text, held.reason) == ([], "waiting", 0, "On Sunday.", None)
    seeded(None)  # the positive control: the same installation, with people of its own
    other = post(to="bo@members.example")
    deliver(app)
    assert [mail["To"] for mail in server.received] == ["bo@members.example"]
    assert the_mail(app, other).state == "done"
