"""What becomes of a mail, whatever the mail server does. Real sockets, on loopback."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core.db import db, transaction
from core.errors import UserMistake
from core.jobs.housekeeping import free_lost
from core.jobs.runner import work_off
from core.organisations.models import Organisation
from core.outbox import delivery
from core.outbox.message import file_name
from core.outbox.services import get_message, queue_mail, send_again
from core.tenancy import unscoped
from core.testing.factories import inside
from core.testing.plugin import csrf_of
from tests.core.outbox.conftest import all_mails, deliver, free_port, the_mail


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2027, 3, 1, 9, tzinfo=UTC), tick=False) as frozen:
        yield frozen


def test_a_mail_is_sent_once_and_its_text_is_wiped(app, server, use, post):
    use(server.port)
    pk = post(to="ann@members.example", subject="Rehearsal", text="On Sunday.")
    assert deliver(app) == 1
    assert deliver(app) == 0
    (mail,) = server.received
    found = the_mail(app, pk)
    assert (mail["To"], mail["Subject"], mail["From"], mail["Reply-To"], mail["Auto-Submitted"]) == (
        "ann@members.example", "Rehearsal", 'Club A <koepel@localhost.example>', None, "auto-generated",
    )
    assert (mail.get_content().strip(), mail["Message-ID"]) == ("On Sunday.", f"<{found.message_id}@localhost.example>")
    assert (found.state, found.text, found.reason, found.sent_at is not None) == ("done", "", None, True)


def test_a_mail_per_person(app, server, use, post):
    """Nobody sees the address of another."""
    use(server.port)
    for name in ("an", "bo", "ce"):
        post(to=f"{name}@members.example")
    deliver(app)
    assert [to for _sender, to in server.envelopes] == [["an@members.example"], ["bo@members.example"], ["ce@members.example"]]
    assert [mail["Bcc"] for mail in server.received] == [None, None, None]


def test_nothing_is_sent_for_what_did_not_happen(app, world, server, use):
    use(server.port)

    def queue_and_fail():
        with inside(world.club) as actor:
            queue_mail(to="ann@members.example", subject="x", text="x", unique_key="k", actor=actor)
            raise ZeroDivisionError

    with app.app_context(), pytest.raises(ZeroDivisionError):
        queue_and_fail()
    assert (deliver(app), all_mails(app), server.received) == (0, [], [])


def test_a_server_that_is_down_costs_no_try_and_nothing_is_lost(app, server, use, post, clock):
    use(free_port())
    pk = post()
    for _round in range(8):
        assert deliver(app) == 1
        found = the_mail(app, pk)
        assert (found.state, found.reason, found.attempts, found.unsure) == ("waiting", "unreachable", 0, 0)
        clock.move_to(found.run_at)
    use(server.port)
    assert deliver(app) == 1
    assert (the_mail(app, pk).state, len(server.received)) == ("done", 1)


def test_the_others_wait_while_the_server_is_down(app, use, post, clock):
    """One refused connection, not one per mail."""
    use(free_port())
    for _number in range(5):
        post()
    source = delivery.Postman()
    assert source.pauses is False
    deliver(app)
    assert [mail.state for mail in all_mails(app)] == ["waiting"] * 5


def test_4xx_is_tried_five_times_with_growing_pauses(app, server, use, post, clock):
    use(server.port)
    server.mode = "later"
    pk = post()
    pauses = []
    for _round in range(4):
        assert deliver(app) == 1
        found = the_mail(app, pk)
        assert (found.state, found.reason, found.error) == ("waiting", "later", "451 4.7.1 Greylisted, come back later")
        pauses.append(found.run_at - datetime.now(UTC))
        clock.move_to(found.run_at)
    deliver(app)
    assert pauses == [timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=2), timedelta(hours=24)]
    assert (the_mail(app, pk).state, the_mail(app, pk).attempts, server.received) == ("failed", 5, [])


def test_4xx_then_up_is_sent(app, server, use, post, clock):
    use(server.port)
    server.mode = "later"
    pk = post()
    deliver(app)
    server.mode = "up"
    clock.move_to(the_mail(app, pk).run_at)
    deliver(app)
    assert (the_mail(app, pk).state, len(server.received)) == ("done", 1)


@pytest.mark.parametrize("mode", ["never", "unknown"])
def test_5xx_is_final_shown_and_stops_nobody_else(app, server, use, post, clock, mode):
    use(server.port)
    if mode == "never":
        server.mode = "never"
    else:
        server.unknown = {"gone@members.example"}
    pk = post(to="gone@members.example")
    deliver(app)
    server.mode = "up"
    other = post(to="bo@members.example")
    deliver(app)
    found = the_mail(app, pk)
    assert (found.state, found.reason, found.attempts) == ("failed", "rejected", 1)
    assert found.error == {"never": "554 5.7.1 We do not want this", "unknown": "550 5.1.1 No such user here"}[mode]
    assert (the_mail(app, other).state, [to for _s, to in server.envelopes]) == ("done", [["bo@members.example"]])
    assert deliver(app) == 0


def test_a_line_that_breaks_after_the_mail_went_over_gives_one_duplicate_at_most(app, server, use, post, clock):
    use(server.port)
    server.mode = "drop"
    pk = post()
    deliver(app)
    found = the_mail(app, pk)
    assert (found.state, found.reason) == ("waiting", "unsure")
    for _round in range(4):
        clock.shift(timedelta(days=2))
        deliver(app)
    assert (the_mail(app, pk).state, the_mail(app, pk).reason) == ("failed", "unsure")
    assert [mail["Message-ID"] for mail in server.received] == [f"<{found.message_id}@localhost.example>"] * 2


def test_a_server_that_is_slow_is_waited_for_but_not_for_ever(app, server, use, post, monkeypatch):
    use(server.port)
    server.mode = "slow"
    monkeypatch.setattr(delivery, "TIMEOUT", 0.5)
    pk = post()
    begun = time.monotonic()
    deliver(app)
    assert time.monotonic() - begun < 2.5
    assert (the_mail(app, pk).state, the_mail(app, pk).reason) == ("waiting", "unsure")


def test_a_page_answers_quickly_while_the_mail_server_is_down_or_slow(app, world, login, server, use, post):
    """Nothing of a request waits for SMTP: the mail is a row."""
    use(free_port())
    client = login("admin.a")
    pk = post(to="gone@members.example")
    deliver(app)
    begun = time.monotonic()
    page = client.get("/o/club-a/mails/")
    answer = client.post(f"/o/club-a/mails/{pk}/send-again", data={"csrf_token": csrf_of(page.text)})
    assert (page.status_code, answer.status_code) == (200, 302)
    assert time.monotonic() - begun < 1.5
    assert the_mail(app, pk).state == "waiting"


def test_a_worker_that_dies_between_server_and_database_sends_at_most_twice(app, server, use, post, clock):
    """What is left of such a death: the row says running, and one try nobody knows the end of."""
    use(server.port)
    pk = post()
    with app.app_context():
        for round_number in range(2):
            with unscoped("arranging a test"), transaction():
                mail = get_message(pk)
                mail.state, mail.worker, mail.lease_until, mail.unsure = "running", "gone:1", datetime.now(UTC) - timedelta(seconds=1), round_number + 1
            free_lost()
            db.session.rollback()
            expected = ("waiting", None) if round_number == 0 else ("failed", "unsure")
            found = the_mail(app, pk)
            assert (found.state, found.reason) == expected
    assert deliver(app) == 0


# --- bad addresses and headers (security) ------------------------------------------------------------

HOSTILE = "a\r\nBcc: victim@members.example"


def test_no_header_can_be_smuggled_in(app, world, server, use, post):
    use(server.port)
    with app.app_context(), unscoped("arranging a test"), transaction():
        club = db.session.get(Organisation, world.club.id)
        club.name, club.email = 'Club "A"\r\nBcc: victim@members.example', "club@members.example"
    post(subject=f"Hello {HOSTILE}", reply_to="board@members.example\r\nBcc: victim@members.example")
    post(subject="x", reply_to="board@members.example")
    deliver(app)
    assert [to for _sender, to in server.envelopes] == [["ann@members.example"]] * 2
    first, second = server.received
    assert (first["Bcc"], first["Cc"], first["Subject"]) == (None, None, "Hello a Bcc: victim@members.example")
    assert [address.addr_spec for address in first["From"].addresses] == ["koepel@localhost.example"]
    assert (first["Reply-To"], second["Reply-To"]) == (None, "board@members.example")


def test_names_of_attachments_smuggle_no_headers(app, server, use, post):
    assert file_name(f"{HOSTILE}.pdf") == "a Bcc: victim@members.example.pdf"
    assert file_name("../../etc/passwd") == "passwd"
    assert file_name('a"; filename="b.exe') == "a'; filename='b.exe"
    assert file_name("") == "file"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "é@members.example",
        "a@b",
        "a b@members.example",
        "a@members.example, b@members.example",
        "a@members.example\nb@members.example",
        "<a@members.example>",
        "x" * 300 + "@members.example",
    ],
)
def test_a_bad_address_is_one_failed_row(app, server, use, post, address):
    use(server.port)
    bad = post(to=address)
    good = [post(to=f"m{number}@members.example") for number in range(3)]
    deliver(app)
    assert (the_mail(app, bad).state, the_mail(app, bad).reason) == ("failed", "address")
    assert [the_mail(app, pk).state for pk in good] == ["done"] * 3
    assert len(server.received) == 3
    with app.app_context(), unscoped("looking at a mail in a test"):
        assert get_message(bad).attempts == 0


# --- what people see -----------------------------------------------------------------------------------


def test_the_list_tells_each_state_in_words(app, world, login, server, use, post, clock):
    use(server.port)
    post(to="sent@members.example")
    deliver(app)
    server.mode = "never"
    refused = post(to="refused@members.example")
    deliver(app)
    server.mode = "later"
    post(to="later@members.example")
    deliver(app)
    client = login("admin.a")
    page = client.get("/o/club-a/mails/").text
    refusal = ("The mail server of the receiver refused this mail.", "554 5.7.1 We do not want this")
    for text in ("sent@members.example", "Sent", *refusal, "The mail server asks us to try again later.", "We try again on"):
        assert text in page, text
    failed = client.get("/o/club-a/mails/?show=failed").text
    assert ("refused@members.example" in failed, "sent@members.example" in failed) == (True, False)
    server.mode = "up"
    client.post(f"/o/club-a/mails/{refused}/send-again", data={"csrf_token": csrf_of(page)})
    deliver(app)
    assert the_mail(app, refused).state == "done"


def test_mails_of_another_club_are_not_there(app, world, login, post):
    pk = post(subject="Canary")
    client = login("admin.b")
    assert "Canary" not in client.get("/o/club-b/mails/").text
    assert client.get(f"/o/club-b/mails/{pk}/").status_code == 404
    token = csrf_of(client.get("/o/club-b/api-keys/add").text)
    assert client.post(f"/o/club-b/mails/{pk}/send-again", data={"csrf_token": token}).status_code == 404
    assert login("admin.a").get(f"/o/club-a/mails/{pk}/").status_code == 200


def test_the_text_of_a_mail_is_shown_nowhere_in_production(app, world, login, post, monkeypatch):
    pk = post(text="Log in with this link: https://koepel.example/secret")
    client = login("admin.a")
    assert "koepel.example/secret" in client.get(f"/o/club-a/mails/{pk}/").text
    monkeypatch.setitem(app.config, "KOEPEL", app.config["KOEPEL"].model_copy(update={"environment": "production"}))
    assert client.get(f"/o/club-a/mails/{pk}/").status_code == 404
    assert "koepel.example/secret" not in client.get("/o/club-a/mails/").text


def test_a_mail_that_was_sent_is_not_sent_again(app, world, server, use, post):
    use(server.port)
    pk = post()
    work_off(app, mails=True)
    with app.app_context(), pytest.raises(UserMistake), inside(world.club) as actor:
        send_again(get_message(pk), actor=actor)
