"""What machines that watch an installation get to know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy.exc import OperationalError

from core import db as database_room
from core.db import db, transaction
from core.health import services
from core.jobs import housekeeping
from core.jobs.models import WorkerSign
from core.jobs.services import enqueue
from core.outbox.services import queue_mail
from core.testing.factories import inside

DASHBOARD = "/o/platform/dashboard/"
WELL = {"database": "ok", "disk": "ok", "jobs": "ok", "mails": "ok", "worker": "ok"}


@pytest.fixture
def worker(app, world):
    """A worker that just said that it lives."""
    with app.app_context(), transaction():
        db.session.add(WorkerSign(name="w", kind="worker"))


def checks(client):
    answer = client.get("/readyz")
    return answer.status_code, answer.json["checks"]


def test_alive_asks_nothing(client, queries, world):
    seen = queries()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json, answer.headers["Cache-Control"], len(seen)) == (200, {"status": "ok"}, "no-store", 0)


def test_ready_when_all_is_well(client, worker):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "checks": WELL})
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_a_worker_it_is_not_ready_within_two_minutes(client, worker):
    """A worker that was killed does not sign off: its silence tells."""
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=60), tick=False):
        assert checks(client) == (200, WELL)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=120), tick=False):
        assert checks(client) == (503, {**WELL, "worker": "missing"})


def test_a_worker_that_stops_of_its_own_accord_is_gone_at_once(app, client, worker):
    with app.app_context():
        housekeeping.sign_off("w")
    assert checks(client) == (503, {**WELL, "worker": "missing"})


@pytest.mark.parametrize("what", ["jobs", "mails"])
def test_work_that_waits_too_long_is_told(app, world, client, worker, monkeypatch, what):
    monkeypatch.setitem(app.config, "KOEPEL", app.config["KOEPEL"].model_copy(update={"mail_server": "127.0.0.1"}))
    with app.app_context(), inside(world.club) as actor:
        if what == "jobs":
            enqueue("clean_up", {}, actor=actor)
        else:
            queue_mail(to="ann@members.example", subject="x", text="x", unique_key="k", actor=actor)
    assert checks(client) == (200, WELL)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=110), tick=False), app.app_context():
        housekeeping.sign("w", "worker")
        assert checks(client) == (503, {**WELL, what: "late"})


def test_work_for_later_is_not_late(app, world, client, worker):
    with app.app_context(), inside(world.club) as actor:
        enqueue("clean_up", {}, actor=actor, run_at=datetime.now(UTC) + timedelta(hours=3))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=30), tick=False), app.app_context():
        housekeeping.sign("w", "worker")
        assert checks(client)[1]["jobs"] == "ok"


def test_a_full_disk_and_a_database_that_is_away_are_told_in_one_word(client, worker, monkeypatch):
    monkeypatch.setattr(services, "LEAST_DISK", 10**18)
    assert checks(client) == (503, {**WELL, "disk": "full"})

    def away():
        raise OperationalError("SELECT 1", {}, Exception("password=secret host=10.0.0.1"))

    monkeypatch.setattr(database_room, "is_alive", away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["checks"]["database"]) == (503, "down")
    assert "secret" not in answer.text and "10.0.0.1" not in answer.text


def test_strangers_learn_no_numbers_and_no_names(client, worker):
    assert sorted(client.get("/readyz").json["checks"].values()) == ["ok"] * 5


def test_the_operator_reads_what_runs_and_what_to_do(login, worker, monkeypatch):
    client = login("platform")
    page = client.get(DASHBOARD).text
    assert page.count("In order") == len(WELL) and "Needs attention" not in page

    monkeypatch.setattr(services, "LEAST_DISK", 10**18)
    page = client.get(DASHBOARD).text
    assert page.count("In order") == len(WELL) - 1 and page.count("Needs attention") == 1
    assert "make room, or backups and files will fail" in page
