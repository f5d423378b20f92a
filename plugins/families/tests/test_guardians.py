"""What a parent gets for a child outside a page: the file with its data, notifications on the own phone."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from core.db import db
from core.extend.registry import registry
from core.files.models import StoredFile
from core.jobs.models import Job
from core.jobs.runner import work_off
from core.notifications.services import notify
from core.tenancy import scope
from core.testing.factories import PASSWORD, inside
from core.testing.plugin import csrf_of
from core.testing.push_service import Browser, push_service, switch_push_on
from plugins.families.tests.test_families import act, change

DOWNLOAD = "/o/club-a/my/privacy/download"


# --- the data of a child -----------------------------------------------------------------------------


@pytest.fixture
def asked(app, login, kin):
    """A parent who asked for the data of her child; the file is not made yet."""
    client = login("parent.x")
    act(client, kin.lotte)
    answer = client.post(DOWNLOAD, data={"csrf_token": csrf_of(client.get(DOWNLOAD).text), "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    return client


def outcome(app, world):
    """(state, reason) of the job that makes the file, and the files."""
    with app.app_context(), scope(world.club):
        job = db.session.scalars(select(Job).where(Job.kind == "privacy_export")).one()
        files = db.session.scalars(select(StoredFile).where(StoredFile.purpose == "privacy")).all()
        return (job.state, job.reason), [file.id for file in files]


def status_of(client, file_id):
    answer = client.get(f"/o/club-a/files/{file_id}")
    answer.close()
    return answer.status_code


def test_a_parent_gets_the_data_of_a_child_as_long_as_she_acts_for_it(app, world, kin, asked):
    work_off(app)
    state, (file_id,) = outcome(app, world)
    assert state == ("done", None)
    assert status_of(asked, file_id) == 200
    with app.app_context():
        change(world, child=kin.lotte, corrects=False)
    assert status_of(asked, file_id) == 404  # the file is kept for a week, the right was not
    asked.post("/act-for/stop", data={"csrf_token": csrf_of(asked.get("/o/club-a/home/").text)})
    assert status_of(asked, file_id) == 404


@pytest.mark.parametrize("taken", ["sees", "corrects"])
def test_no_file_is_made_when_the_right_was_taken_away_meanwhile(app, world, kin, asked, taken):
    with app.app_context():
        change(world, child=kin.lotte, **{taken: False})
    work_off(app)
    assert outcome(app, world) == (("refused", "forbidden"), [])


# --- on the phone of a parent ------------------------------------------------------------------------


@pytest.fixture
def service():
    with push_service() as answering:
        yield answering


@pytest.fixture
def phone(app, login, kin, service, monkeypatch):
    """The phone of Ann, that shows notifications."""
    switch_push_on(app, monkeypatch)
    browser = Browser(service.address)
    client = login("parent.x")
    page = client.get("/o/club-a/my/preferences/").text
    assert client.post("/o/club-a/my/browsers/", json=browser.given, headers={"X-CSRFToken": csrf_of(page)}).status_code == 201
    return browser


@pytest.fixture
def tell_child(app, world, kin):
    """tell_child(key): notify Lotte, and let the worker send what is to be sent."""

    def tell_it(key):
        with app.test_request_context(), inside(world.club) as actor:
            kind = next(kind for kind in registry().all("notification_kinds") if kind.audience == "contacts" and kind.in_app).key
            notify(kind, contact_ids=[kin.lotte], subject="Practice moved", text="At seven.", url="/o/club-a/home/", unique_key=key, actor=actor)
        work_off(app)

    return tell_it


def test_a_parent_gets_the_notification_of_a_child_on_the_phone(app, world, kin, service, phone, tell_child):
    tell_child("one")
    ((_path, _headers, body),) = service.got
    shown = phone.read(body)
    assert (shown["title"], shown["tag"]) == ("Practice moved", "one")
    assert re.match(r"For Lotte Peeters:\s+At seven\.", shown["body"])


def test_not_when_the_club_switched_her_mails_off_nor_after_access_was_taken_away(app, world, kin, service, phone, tell_child):
    for key, switch in (("mails", "gets_mails"), ("access", "sees")):
        with app.app_context():
            change(world, child=kin.lotte, **{switch: False})
        tell_child(key)
        with app.app_context():
            change(world, child=kin.lotte, **{switch: True})
    assert service.got == []
