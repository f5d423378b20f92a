"""Work of this plugin that the clock starts."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from core.access import acting, system_actor
from core.db import db, transaction
from core.extend.contributions import JobKind, Schedule
from core.i18n import _l
from core.jobs.api import JobRun
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped
from core.web.context import active_plugins
from plugins.groups.models import GroupRule
from plugins.groups.services.rules import get_rule, run_rule, working_rules

#: how often people who are a year older, or were brought in by an import, are looked at again
EVERY = timedelta(hours=6)


def run_all(run: JobRun) -> None:
    """Run the rules of every club that has some, one transaction per rule."""
    with unscoped("which clubs have rules that fill groups"):
        ids = db.session.scalars(select(GroupRule.organisation_id).distinct().order_by(GroupRule.organisation_id)).all()
        clubs = [(club.id, club) for club in db.session.scalars(select(Organisation).where(Organisation.id.in_(ids)))]
    for number, (_pk, club) in enumerate(clubs, start=1):
        with scope(club), acting(system_actor(club.id, language=club.language)) as actor:
            if "groups" in active_plugins(club):
                for pk in [rule.id for rule in working_rules()]:
                    with transaction():
                        run_rule(get_rule(pk), actor=actor)
        run.progress(number, len(clubs))


JOBS = (JobKind("fill_groups", _l("Fill groups by their rules"), run_all, queue="bulk"),)
SCHEDULES = (Schedule("fill_groups", "fill_groups", EVERY),)
