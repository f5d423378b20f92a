"""Asking for work, doing it, and what people see of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import delete, select

from core.access import Actor
from core.db import db, transaction
from core.errors import Forbidden
from core.health import services as health
from core.jobs import schedules
from core.jobs.housekeeping import start_schedules
from core.jobs.models import Job, JobItem, ScheduleRun
from core.jobs.retention import RULES
from core.jobs.runner import work_off
from core.jobs.services import enqueue
from core.jobs.telling import tell_crashed
from core.notifications.models import Notification
from core.privacy.retention import apply
from core.tenancy import scope, unscoped
from core.testing.factories import inside
from core.testing.plugin import csrf_of
from core.users.models import OrganisationRole, User
from core.users.permissions import permissions_of
from tests.core.jobs.conftest import ask, effects, states, the_job


def as_admin(app, world, kind, **arguments):
    """Queue a job as admin.a herself; returns its id."""
    with app.app_context():
        with unscoped("arranging a test"):
            user = db.session.scalars(select(User).where(User.username == "admin.a")).one()
            roles = db.session.scalars(select(OrganisationRole.role_id).where(OrganisationRole.user_id == user.id)).all()
        with transaction(), scope(world.club):
            actor = Actor(user.id, "Admin Tester", world.club.id, permissions_of(frozenset(roles), "club"), language="en")
            return enqueue(kind, {"name": "mine", **arguments}, actor=actor).id


def test_a_job_of_a_transaction_that_is_undone_does_not_exist(app, world, kinds):
    def ask_and_fail():
        with inside(world.club) as actor:
            enqueue("sample_effect", {"name": "x"}, actor=actor)
            raise ZeroDivisionError

    with app.app_context(), pytest.raises(ZeroDivisionError):
        ask_and_fail()
    assert (states(app), work_off(app)) == ({}, 0)


def test_the_same_key_is_the_same_job(app, world, kinds):
    with app.app_context():
        with inside(world.club) as actor:
            first = enqueue("sample_effect", {"name": "x"}, actor=actor, unique_key="k").id
            assert enqueue("sample_effect", {"name": "x"}, actor=actor, unique_key="k").id == first
        with inside(world.other_club) as actor:
            assert enqueue("sample_effect", {"name": "x"}, actor=actor, unique_key="k").id != first


def test_a_right_that_was_lost_before_the_job_ran_refuses_it(app, world, kinds):
    pk = as_admin(app, world, "sample_guarded")
    with app.app_context(), unscoped("arranging a test"), transaction():
        user = db.session.scalar(select(User.id).where(User.username == "admin.a"))
        db.session.execute(delete(OrganisationRole).where(OrganisationRole.user_id == user).execution_options(synchronize_session=False))
    work_off(app)
    assert (the_job(app, pk).state, the_job(app, pk).reason, effects(app)) == ("refused", "forbidden", {})


def test_with_the_right_it_runs(app, world, kinds):
    """The positive control of the test above."""
    pk = as_admin(app, world, "sample_guarded")
    work_off(app)
    assert (the_job(app, pk).state, effects(app)) == ("done", {"mine-0": 1})


def test_who_lacks_the_right_cannot_ask(app, world, kinds):
    with app.app_context(), pytest.raises(Forbidden), transaction(), scope(world.club):
        enqueue("sample_guarded", {"name": "x"}, actor=Actor(1, "Nobody", world.club.id))


def test_a_bug_is_tried_five_times_with_growing_pauses(app, world, kinds):
    with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False) as clock:
        (pk,) = ask(app, world, "sample_broken")
        pauses = []
        for _try in range(4):
            assert work_off(app) == 1
            found = the_job(app, pk)
            assert found.state == "waiting"
            pauses.append(found.run_at - datetime.now(UTC))
            assert work_off(app) == 0
            clock.move_to(found.run_at)
        work_off(app)
        found = the_job(app, pk)
    assert pauses == [timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=2), timedelta(hours=24)]
    assert (found.state, found.attempts, found.reason) == ("failed", 5, "unexpected")


def test_a_mistake_of_the_user_is_told_and_not_repeated(app, world, kinds):
    (pk,) = ask(app, world, "sample_mistaken")
    work_off(app)
    found = the_job(app, pk)
    assert (found.state, found.attempts, found.reason, found.error) == ("failed", 1, "mistake", "The file is empty.")


def test_whoever_asked_hears_that_it_did_not_work_once_and_again_after_another_try(app, world, kinds):
    pk = as_admin(app, world, "sample_mistaken")
    work_off(app)
    with app.app_context(), unscoped("looking at notifications in a test"):
        (told,) = db.session.scalars(select(Notification)).all()
        user = db.session.scalar(select(User.id).where(User.username == "admin.a"))
    assert (told.kind, told.user_id, told.url) == ("jobs.failed", user, f"/o/club-a/jobs/{pk}/")
    assert "The file is empty." in told.text
    with app.app_context():
        tell_crashed([pk])
    with app.app_context(), unscoped("looking at notifications in a test"):
        assert len(db.session.scalars(select(Notification)).all()) == 1


# --- the clock -------------------------------------------------------------------------------------


def started(app):
    with app.app_context(), unscoped("looking at jobs in a test"):
        return list(db.session.scalars(select(Job.unique_key).where(Job.kind == "clean_up").order_by(Job.id)))


def test_a_schedule_starts_once_per_period_for_two_workers_and_after_a_long_sleep(app, world):
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=False) as clock, app.app_context():
        for _worker in range(2):
            start_schedules()
        assert started(app) == ["clean_up:2027-03-01T00:00:00+00:00"]
        clock.shift(timedelta(hours=11))
        assert start_schedules() == 0 or started(app) == ["clean_up:2027-03-01T00:00:00+00:00"]
        clock.shift(timedelta(days=3))  # the machine slept over three nights
        for _worker in range(2):
            start_schedules()
        assert started(app) == ["clean_up:2027-03-01T00:00:00+00:00", "clean_up:2027-03-04T00:00:00+00:00"]
        clock.shift(timedelta(days=-2))  # the clock was put back
        start_schedules()
        assert len(started(app)) == 2


def test_two_workers_at_the_same_moment_start_a_schedule_once(app, world, monkeypatch):
    """Both read that it is due before either has written."""
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=False), app.app_context():
        both_saw = schedules.overdue()
        monkeypatch.setattr(schedules, "overdue", lambda: both_saw)
        with transaction():
            assert schedules.start_due() == len(both_saw)
        with transaction():
            assert schedules.start_due() == 0
        assert len(started(app)) == 1
        with unscoped("looking at schedules in a test"):
            assert len(db.session.scalars(select(ScheduleRun)).all()) == len(both_saw)


# --- pages -----------------------------------------------------------------------------------------


def test_the_page_of_a_job_follows_it_until_it_has_ended(app, world, kinds, login):
    client = login("admin.a")
    pk = as_admin(app, world, "sample_effect")
    waiting = client.get(f"/o/club-a/jobs/{pk}/")
    assert waiting.status_code == 200
    assert 'hx-trigger="every 2s"' in waiting.text and '<meta http-equiv="refresh" content="5">' in waiting.text
    work_off(app)
    part = client.get(f"/o/club-a/jobs/{pk}/progress")
    assert (part.status_code, "hx-trigger" in part.text, "<html" in part.text) == (200, False, False)
    assert "1 of 1 done" in part.text


def test_the_list_tells_what_went_wrong_in_words_and_offers_another_try(app, world, kinds, login):
    client = login("admin.a")
    pk = as_admin(app, world, "sample_mistaken")
    work_off(app)
    page = client.get("/o/club-a/jobs/?show=failed").text
    assert "The file is empty." in page and f"/o/club-a/jobs/{pk}/retry" in page
    assert client.post(f"/o/club-a/jobs/{pk}/retry", data={"csrf_token": csrf_of(page)}).status_code == 302
    assert the_job(app, pk).state == "waiting"


def test_items_that_failed_are_shown_with_their_reason(app, world, kinds, login):
    pk = as_admin(app, world, "sample_effect")
    work_off(app)
    with app.app_context(), inside(world.club):
        db.session.add(JobItem(job_id=pk, item_id="7", ok=False, label="Peeters Ann", text="She has no e-mail address."))
        db.session.flush()
    page = login("admin.a").get(f"/o/club-a/jobs/{pk}/").text
    assert "Peeters Ann" in page and "She has no e-mail address." in page and "Done, with 1 problems" in page


def test_a_job_of_somebody_else_is_seen_with_the_right_only_and_never_elsewhere(app, world, kinds, login):
    pk = as_admin(app, world, "sample_effect")
    assert login("admin.a").get(f"/o/club-a/jobs/{pk}/").status_code == 200
    assert login("member.a").get(f"/o/club-a/jobs/{pk}/").status_code == 404
    assert login("admin.b").get(f"/o/club-b/jobs/{pk}/").status_code == 404
    assert login("admin.b").get(f"/o/club-a/jobs/{pk}/").status_code == 404


def test_late_work_shows_a_banner(app, world, kinds, login):
    client = login("admin.a")
    as_admin(app, world, "sample_effect")
    health.forget()
    assert "Jobs and mails are late." not in client.get("/o/club-a/jobs/").text
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        health.forget()
        for path in ("jobs/", "mails/", "dashboard/"):
            assert "Jobs and mails are late." in client.get(f"/o/club-a/{path}").text, path
        assert "Jobs and mails are late." not in login("member.a").get("/o/club-a/home/").text
    health.forget()


def test_old_jobs_are_forgotten(app, world, kinds):
    ask(app, world, "sample_effect")
    work_off(app)
    for days, left in ((29, 1), (31, 0)):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=False), app.app_context():
            assert sum(apply(rule) for rule in RULES[:1]) == 1 - left
        assert sum(states(app).values()) == left
