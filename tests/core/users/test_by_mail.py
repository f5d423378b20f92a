"""One walk with mails that really went over the wire: invited, in, forgotten, in again."""

from __future__ import annotations

import re
import socket
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from core.db import db
from core.jobs.runner import work_off
from core.organisations.models import Organisation
from core.tenancy import scope
from core.testing.factories import inside, make_contact
from core.users.models import OrganisationRole
from tests.core.users.test_lookup import SEED, request_login, search, switch
from tests.core.users.test_members_in import invite_all


class Mailbox:
    """Takes every mail."""

    def __init__(self):
        self.received = []

    async def handle_DATA(self, _server, _session, envelope):
        self.received.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 Taken"


@pytest.fixture
def mailbox(app, monkeypatch):
    handler = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    mail = app.extensions["mail"]
    monkeypatch.setattr(mail, "server", "127.0.0.1")
    monkeypatch.setattr(mail, "port", port)
    monkeypatch.setattr(mail, "suppress", False)
    yield handler.received
    controller.stop()


def link_in(message):
    """The link in a mail; in its text and in its page it is the same."""
    text = message.get_body(("plain",)).get_content()
    link = re.search(r"http://[^/]+(/(?:invitation|new-password|login-link)/[\w-]+)", text)
    assert link[0] in message.get_body(("html",)).get_content()
    return link[1]


@pytest.mark.covers("R001", "R002", "R009", "R017", "R018", "R021", "R205", "R208")
def test_invited_in_forgotten_and_in_again(app, world, login, send, mailbox):
    switch(app, world, SEED)
    with app.app_context(), inside(world.club):
        pk = make_contact("Lea", "Lens", email_1="lea@home.example", email_2="lea@work.example", language="en").id
    invite_all(login("admin.a"), send, [pk])
    work_off(app, mails=True)
    (receivers, invitation) = mailbox.pop()
    assert (receivers, invitation["Subject"], mailbox) == (["lea@home.example"], "Your Koepel account", [])
    assert "Club A" in invitation["From"]

    lea = app.test_client()
    answer = send(lea, link_in(invitation), {"username": "lea.lens", "new": "blauw-huis-73", "again": "blauw-huis-73"})
    assert answer.location == "/o/club-a/home/" and lea.get("/o/club-a/home/").status_code == 200

    later = app.test_client()
    sent = request_login(later, search(app, "Lea", "Lens", client=later))
    assert "(l...a@home.example)" in sent.text
    work_off(app, mails=True)
    (receivers, forgotten) = mailbox.pop()
    assert (receivers, mailbox) == (["lea@home.example"], []) and "lea.lens" in forgotten.get_body(("plain",)).get_content()
    assert send(later, link_in(forgotten), {"new": "rood-huis-74", "again": "rood-huis-74"}).status_code == 302
    assert (lea.get("/o/club-a/home/").status_code, later.get("/o/club-a/home/").status_code) == (302, 200)

    phone = app.test_client()
    send(phone, "/login-link/", {"name": "lea@home.example"})
    work_off(app, mails=True)
    (receivers, by_link) = mailbox.pop()
    assert receivers == ["lea@home.example"]
    assert send(phone, link_in(by_link), {}).status_code == 302
    assert phone.get("/o/club-a/home/").status_code == 200
    with app.app_context(), scope(db.session.get(Organisation, world.club.id)):
        assert db.session.scalars(select(OrganisationRole.contact_id).where(OrganisationRole.contact_id == pk)).all() == [pk]
