"""Addresses that do not work: refused at once, or the mail comes back; shown, not tried again, forgotten when corrected."""

from __future__ import annotations

import mailbox

import pytest
from sqlalchemy import select

from core.contacts.services import get_contact, problems_of, save_contact
from core.db import db
from core.outbox.bounces import read_report, read_reports, split
from core.outbox.commands import bounces
from core.outbox.models import AddressRefusal, OutboxMessage
from core.outbox.refusals import is_about_address
from core.outbox.services import queue_mail
from core.tenancy import unscoped
from core.testing.factories import inside, make_contact
from core.testing.plugin import csrf_of
from tests.core.outbox.conftest import deliver, the_mail

REPORT = """From: MAILER-DAEMON@mx.example\r
To: koepel@localhost.example\r
Subject: Undelivered Mail Returned to Sender\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: text/plain\r
\r
It could not be delivered.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example\r
\r
Final-Recipient: rfc822; %(to)s\r
Action: failed\r
Status: %(status)s\r
Diagnostic-Code: smtp; 550 %(status)s No such user here\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: <%(id)s@localhost.example>\r
To: %(to)s\r
\r
--b--\r
"""


def refusals(app):
    with app.app_context(), unscoped("looking at addresses in a test"):
        return {(row.address, row.organisation_id): row for row in db.session.scalars(select(AddressRefusal))}


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (550, "5.1.1 No such user here", True),
        (550, "no such user", True),
        (553, "mailbox name not allowed", True),
        (550, "5.7.1 We do not like your server", False),
        (552, "5.2.2 Mailbox full", False),
        (550, "5.2.1 Mailbox disabled", True),
        (554, "transaction failed", False),
        (450, "4.1.1 later", False),
    ],
)
def test_only_answers_about_the_address_mark_it(code, said, expected):
    assert is_about_address(code, said) is expected


def test_a_refused_address_is_marked_shown_and_not_tried_again_until_it_is_corrected(app, world, login, server, use, post):
    use(server.port)
    server.unknown = {"gone@members.example"}
    with app.app_context(), inside(world.club):
        contact = make_contact("Ann", "Maes", email_1="Gone@members.example", birth_date=None).id
    post(to="gone@members.example")
    deliver(app)
    assert set(refusals(app)) == {("gone@members.example", world.club.id)}, "of this club only"
    second = post(to="gone@members.example")
    assert (the_mail(app, second).state, the_mail(app, second).reason) == ("failed", "refused")
    admin = login("admin.a")
    profile = admin.get(f"/o/club-a/crm/contacts/{contact}").text
    assert "No such user here" in profile
    assert "E-mail address does not work" in profile
    assert "Ann" in admin.get("/o/club-a/crm/contacts/?f.problem.is=refused").text
    with app.app_context(), inside(world.club) as actor:
        save_contact(get_contact(contact), {"email_1": "here@members.example"}, actor=actor)
        assert "E-mail address does not work" not in problems_of([contact])[contact]
    assert refusals(app) == {}


def test_it_works_again_when_somebody_says_so_but_not_somebody_elsewhere(app, world, login):
    with app.app_context(), inside(world.club):
        row = AddressRefusal(address="gone@members.example", said="550", how="refused")
        db.session.add(row)
        db.session.flush()
        pk = row.id
    other, admin = login("admin.b"), login("admin.a")
    data = {"csrf_token": csrf_of(other.get("/o/club-b/my/preferences/").text)}
    assert other.post(f"/o/club-b/mails/addresses/{pk}/works-again", data=data).status_code == 404
    data = {"csrf_token": csrf_of(admin.get("/o/club-a/my/preferences/").text)}
    assert admin.post(f"/o/club-a/mails/addresses/{pk}/works-again", data=data).status_code == 303
    assert refusals(app) == {}


def test_a_shared_address_stays_marked_while_somebody_else_has_it(app, world):
    with app.app_context(), inside(world.club) as actor:
        ids = [make_contact(email_1="family@members.example").id for _each in range(2)]
        db.session.add(AddressRefusal(address="family@members.example", said="550", how="refused"))
        db.session.flush()
        save_contact(get_contact(ids[0]), {"email_1": "own@members.example"}, actor=actor)
        assert db.session.scalars(select(AddressRefusal)).one()
        save_contact(get_contact(ids[1]), {"email_1": "own2@members.example"}, actor=actor)
        assert db.session.scalars(select(AddressRefusal)).all() == []


def test_a_link_to_log_in_with_is_tried_all_the_same(app, world):
    with app.app_context(), inside(world.club) as actor:
        db.session.add(AddressRefusal(address="a@members.example", said="550", how="refused"))
        db.session.flush()
        assert queue_mail(to="a@members.example", subject="s", text="t", unique_key="k", actor=actor, even_if_refused=True).state == "waiting"


# --- mails that come back ------------------------------------------------------------------------------


@pytest.fixture
def sent(app, server, use, post):
    """A mail that was sent: its row."""
    use(server.port)
    pk = post(to="back@members.example")
    deliver(app)
    return the_mail(app, pk)


def report(mail, *, to=None, status="5.1.1", number=None):
    return (REPORT % {"to": to or mail.to_address, "status": status, "id": number or mail.message_id}).encode()


def test_a_mail_that_comes_back_marks_its_address_once(app, sent):
    with app.app_context():
        assert [read_report(report(sent)) for _each in range(2)] == ["noted", "noted"]
    row = refusals(app)["back@members.example", sent.organisation_id]
    assert (row.how, row.times, row.said) == ("returned", 1, "550 5.1.1 No such user here")
    with app.app_context(), unscoped("looking at a mail in a test"):
        assert db.session.get(OutboxMessage, sent.id).reason == "returned"


def test_a_report_that_is_made_up_marks_nothing(app, sent):
    with app.app_context():
        made_up = [report(sent, number="0" * 32), report(sent, to="victim@members.example"), b"Subject: hello\r\n\r\nno report", b"", b"\xff\xfe\x00"]
        assert [read_report(one) for one in made_up] == ["unknown"] * 5
        assert read_report(report(sent, status="5.2.2")) == "passes", "a full mailbox passes"
    assert refusals(app) == {}


def test_several_reports_come_in_one_go(app, sent):
    box = b"From MAILER-DAEMON Mon\n" + report(sent).replace(b"\r\n", b"\n") + b"From MAILER-DAEMON Mon\n" + b"Subject: x\n\nhello\n"
    with app.app_context():
        count = read_reports(split(box))
    assert (count.noted, count.passes, count.unknown) == (1, 0, 1)


def test_the_command_reads_a_folder_once(app, sent, tmp_path):
    folder = mailbox.Maildir(str(tmp_path / "mail"))
    folder.add(report(sent))
    runner = app.test_cli_runner()
    assert runner.invoke(bounces, [str(tmp_path / "mail")]).output.startswith("1 noted, 0")
    assert runner.invoke(bounces, [str(tmp_path / "mail")]).output.startswith("0 noted, 0 not for good, 0")
    assert runner.invoke(bounces, input=report(sent)).output.startswith("1 noted")
