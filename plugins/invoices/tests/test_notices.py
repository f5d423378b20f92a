"""Who manages a club hears of a new invoice and of one that is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import time_machine
from sqlalchemy import select

from core.access import system_actor
from core.db import db, transaction
from core.jobs.api import enqueue
from core.jobs.runner import work_off
from core.notifications.models import Notification
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped
from plugins.invoices.notices import JOB
from plugins.invoices.tests.conftest import sent


def told(app, kind):
    with app.app_context(), unscoped("looking at notifications in a test"):
        return list(db.session.scalars(select(Notification).where(Notification.kind == kind).order_by(Notification.id)))


def test_a_new_invoice_and_a_late_one_are_told_once_to_who_manages_the_club(app, members):
    invoices = sent(app, members)
    work_off(app)
    new = told(app, "invoices.new")
    clubs = {members.world.club.id, members.world.other_club.id}
    assert {row.organisation_id for row in new} == clubs
    assert all(row.user_id and row.url.endswith(str(number)) for row in new for number in [row.unique_key.split(":")[1]])
    (due_on,) = {invoice.due_on for invoice in invoices}
    for number, day in enumerate((due_on, due_on + timedelta(days=1), due_on + timedelta(days=2))):
        with time_machine.travel(datetime(day.year, day.month, day.day, 9, tzinfo=UTC)):
            look(app, number)
        assert len(told(app, "invoices.overdue")) == (0 if day == due_on else 2)


def look(app, number):
    """What the clock starts every day."""
    with app.app_context():
        with unscoped("arranging a test"):
            platform = db.session.scalars(select(Organisation).where(Organisation.kind == "platform")).one()
        with transaction(), scope(platform):
            enqueue(JOB, {}, actor=system_actor(platform.id), unique_key=str(number))
    work_off(app)
