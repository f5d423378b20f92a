""" "Am I in order?": the points, confirming them, and the stand of all clubs."""

import re
from datetime import date

import pytest
from flask import g
from sqlalchemy import select

from core.access import system_actor
from core.contacts.models import ContactFunction
from core.db import db, transaction
from core.errors import NotFound
from core.organisations.checks import looked_at
from core.organisations.jobs import refresh_readiness, remind
from core.organisations.models import ClubReadiness, Organisation
from core.organisations.services.details import save_details
from core.organisations.services.readiness import confirm, next_time, readiness_of, reference_day, refresh, stand_of_clubs
from core.outbox.models import OutboxMessage
from core.tenancy import scope, unscoped
from core.testing.factories import inside, make_contact
from core.testing.plugin import csrf_of
from core.users.models import User


@pytest.mark.parametrize(
    ("today", "expected"),
    [(date(2027, 3, 11), date(2027, 4, 1)), (date(2027, 4, 1), date(2027, 4, 1)), (date(2027, 4, 2), date(2028, 4, 1))],
)
def test_reference_day_is_the_next_one(today, expected):
    assert next_time("04-01", today) == expected


def set_day(world, day="04-01"):
    with transaction():
        federation = db.session.get(Organisation, world.federation.id)
        federation.settings = {**federation.settings, "core.reference_day": day}


#: the points the core asks; modules ask more
OURS = ("details", "functions", "invoice_email")


def states(world, app):
    with app.test_request_context(), scope(world.club):
        g.org_slug = "club-a"
        (found,) = readiness_of(db.session.get(Organisation, world.club.id))
        return {check.name: check.state for check in found.checks if check.name in OURS}


@pytest.mark.covers("R189")
def test_points_close_one_by_one(context, world, app, functions):
    set_day(world)
    assert reference_day(db.session.get(Organisation, world.federation.id)) == date(2027, 4, 1)
    assert states(world, app) == {"details": "open", "functions": "open", "invoice_email": "open"}

    with inside(world.club) as actor:
        club = db.session.get(Organisation, world.club.id)
        save_details(club, {"email": "info@a.example", "street": "Dorp", "postcode": "3200", "invoice_email": "kas@a.example", "country": "BE"}, actor=actor)
        chair = make_contact()
        db.session.add(ContactFunction(contact_id=chair.id, function="chair"))
        db.session.flush()
    assert states(world, app) == {"details": "ok", "functions": "ok", "invoice_email": "ok"}


def test_what_was_confirmed_holds_for_one_year(context, world):
    with inside(world.club):
        by = db.session.scalars(select(User).where(User.username == "admin.a")).one()
    club = Organisation(id=world.club.id, settings={"core.looked_at": {"details": {"on": "2026-04-02", "by_id": by.id}}})
    assert looked_at(club, "details", date(2027, 4, 1)) == "On 02/04/2026, by Admin Tester"
    assert looked_at(club, "details", date(2027, 4, 2)) is None
    assert looked_at(club, "invoice_email", date(2027, 4, 1)) is None


def test_only_points_that_ask_for_it_can_be_confirmed(context, world, app, functions):
    with app.test_request_context(), inside(world.club) as actor:
        g.org_slug = "club-a"
        club = db.session.get(Organisation, world.club.id)
        club.invoice_email = "kas@a.example"
        assert confirm(club, "invoice_email", actor=actor).name == "invoice_email"
        for name in ("functions", "details", "nonsense"):  # the details are not complete, so they cannot be confirmed
            with pytest.raises(NotFound):
                confirm(club, name, actor=actor)


def test_page_has_one_link_per_open_point_and_a_button_to_confirm(login, world, app, functions):
    with app.app_context():
        set_day(world)
        with inside(world.club):
            db.session.get(Organisation, world.club.id).invoice_email = "kas@a.example"
    client = login("admin.a")
    page = client.get("/o/club-a/club/ready/")
    assert "In order for 01/04/2027?" in page.text and "127 days left" in page.text
    before = points(page)
    for link in ("/o/club-a/club/details/", "/o/club-a/club/contacts/"):
        assert f'href="{link}"' in page.text
    client.post("/o/club-a/club/ready/confirm", data={"csrf_token": csrf_of(page.text), "check": "invoice_email"})
    after = client.get("/o/club-a/club/ready/")
    assert points(after) == (before[0] + 1, before[1]) and "On 25/11/2026, by Admin Tester" in after.text


def test_dashboards_show_it(login, world, functions):
    assert points(login("admin.a").get("/o/club-a/dashboard/"))[0] == 0
    page = login("admin.f").get("/o/federation-f/dashboard/").text
    assert "clubs not in order yet" in page


def points(page):
    """(done, total) as the page says it."""
    done, total = re.search(r"(\d+) of (\d+) points are in order", page.text).groups()
    return int(done), int(total)


class Run:
    """What the job is given."""

    def __init__(self):
        self.steps = []

    def progress(self, done, total, note=""):
        self.steps.append((done, total))


def test_job_looks_at_every_club_and_the_federation_sees_it(context, world, functions):
    run = Run()
    with unscoped("a job of the platform"):
        refresh_readiness(run)
    assert run.steps[-1] == (3, 3)
    with scope(world.federation):
        assert stand_of_clubs() == {"clubs": 2, "ready": 0, "started": 0, "open": 2}
        rows = db.session.scalars(select(ClubReadiness).order_by(ClubReadiness.organisation_id)).all()
        assert [(row.organisation_id, row.done, row.total == len(row.missing)) for row in rows] == [(world.club.id, 0, True), (world.other_club.id, 0, True)]
        assert [item["name"] for item in rows[0].missing if item["name"] in OURS] == ["details", "functions", "invoice_email"]
    with scope(world.region):
        assert stand_of_clubs()["clubs"] == 1
    with scope(world.other_federation):
        assert [row.organisation_id for row in db.session.scalars(select(ClubReadiness))] == [world.foreign_club.id]


def test_saving_details_refreshes_the_stand(context, world):
    with inside(world.club) as actor:
        club = db.session.get(Organisation, world.club.id)
        save_details(club, {"email": "a@a.example", "street": "D", "postcode": "3200", "invoice_email": "k@a.example", "country": "BE"}, actor=actor)
    with scope(world.federation):
        row = db.session.scalars(select(ClubReadiness)).one()
        assert [item["name"] for item in row.missing if item["name"] in OURS] == []
        assert stand_of_clubs()["open"] == 1


def test_clubs_are_reminded_once_a_day_of_what_is_missing(context, world):
    with inside(world.club):
        club = db.session.get(Organisation, world.club.id)
        club.email, club.language = "info@a.example", "en"  # its federation speaks Dutch
        refresh(club)
    for _twice in (1, 2):
        with transaction(), scope(world.federation):
            assert remind(world.club.id, {}, actor=system_actor(world.federation.id, language="en")) == "info@a.example"
    with scope(world.federation):
        mail = db.session.scalars(select(OutboxMessage)).one()
    assert mail.to_address == "info@a.example"
    assert mail.text.startswith("Hello") and "- Invoice e-mail" in mail.text
    with scope(world.federation):
        row = db.session.scalars(select(ClubReadiness)).one()
    assert {item["own_title"] for item in row.missing} != {item["title"] for item in row.missing}
