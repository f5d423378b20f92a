"""Doing one job that was taken: in its scope, with the rights its person has now, in her language."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask_babel import force_locale
from sqlalchemy import bindparam, select

from core import clock
from core.access import Actor, acting, require, system_actor
from core.db import db
from core.errors import Forbidden, NotFound, UserMistake
from core.extend.registry import registry
from core.jobs.claims import backoff
from core.jobs.failpoints import failpoint
from core.jobs.models import DONE, FAILED, REFUSED, TROUBLED, WAITING, Job
from core.jobs.run import JobRun, LeaseLost
from core.jobs.telling import tell_asker
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped
from core.users.models import OrganisationRole, User
from core.users.permissions import permissions_of
from core.web.context import active_plugins

logger = logging.getLogger(__name__)

#: what a worker has to know of a job
COLUMNS = (
    Job.id, Job.organisation_id, Job.kind, Job.arguments, Job.actor_user_id, Job.language,
    Job.attempts, Job.max_attempts, Job.done, Job.total, Job.note, Job.result, Job.queue, Job.title,
)


@dataclass
class Outcome:
    """How a row ended: the values to write to it."""

    row_id: int
    values: dict[str, Any]


class SwitchedOff(Exception):
    """The plugin of this kind of job is not active in the organisation."""


def perform(claimed: Any, *, worker: str, is_lost: Callable[[], bool], started: Callable[[JobRun], None] = lambda run: None) -> Outcome | None:
    """Do a job; None when another worker has it by now. Needs an application context of its own."""
    failpoint("job.taken")
    run: JobRun | None = None
    try:
        kind = registry().get("jobs", claimed.kind)
    except KeyError:
        return _ended(claimed, None, FAILED, "unknown")
    try:
        organisation, actor = asker(claimed)
        with scope(organisation), acting(actor), force_locale(claimed.language):
            plugin = registry().owner("jobs", claimed.kind)
            if plugin != "core" and organisation.kind != "platform" and plugin not in active_plugins(organisation):
                raise SwitchedOff(plugin)
            if kind.permission:
                require(actor, kind.permission)
            run = JobRun(claimed, organisation, actor, worker=worker, is_lost=is_lost)
            started(run)
            kind.run(run)
        outcome = _ended(claimed, run, DONE, None)
    except LeaseLost:
        outcome = None
        logger.warning("job taken over by another worker", extra={"job": claimed.id, "kind": claimed.kind})
    except SwitchedOff:
        outcome = _ended(claimed, run, REFUSED, "switched_off")
    except Forbidden:
        outcome = _ended(claimed, run, REFUSED, "forbidden")
    except UserMistake as mistake:
        outcome = _ended(claimed, run, FAILED, "mistake", str(mistake.message))
    except NotFound:
        outcome = _ended(claimed, run, FAILED, "gone")
    except Exception:  # a job item: the worker goes on, the text is kept
        logger.exception("job went wrong", extra={"job": claimed.id, "kind": claimed.kind, "attempt": claimed.attempts})
        outcome = _try_again(claimed, run)
    db.session.rollback()
    if outcome is not None:
        if outcome.values["state"] in TROUBLED:
            tell_asker(claimed, outcome.values["reason"], outcome.values["error"])
        failpoint("job.done_unwritten")
    return outcome


@cache
def _asker_query() -> Any:
    """Made once: it is asked for every job."""
    return (
        select(Organisation, User.first_name, User.last_name, OrganisationRole.role_id, OrganisationRole.contact_id)
        .join(OrganisationRole, OrganisationRole.organisation_id == Organisation.id)
        .join(User, User.id == OrganisationRole.user_id)
        .where(Organisation.id == bindparam("organisation"), User.id == bindparam("user"), User.active.is_(True))
    )


def asker(claimed: Any) -> tuple[Organisation, Actor]:
    """The organisation, and the person who asked with the rights held there at this moment."""
    if claimed.actor_user_id is None:
        with unscoped("the organisation of a job"):
            organisation = db.session.get_one(Organisation, claimed.organisation_id)
        return organisation, system_actor(claimed.organisation_id, language=claimed.language)
    with unscoped("what the person who asked for a job may do now"):
        rows = db.session.execute(_asker_query(), {"organisation": claimed.organisation_id, "user": claimed.actor_user_id}).all()
    if not rows:
        raise Forbidden("no role here any more")
    organisation, first_name, last_name = rows[0][:3]
    return organisation, Actor(
        user_id=claimed.actor_user_id,
        name=f"{first_name} {last_name}".strip(),
        organisation_id=claimed.organisation_id,
        permissions=permissions_of(frozenset(row.role_id for row in rows), organisation.kind),
        language=claimed.language,
        contact_id=next((row.contact_id for row in rows if row.contact_id), None),
    )


def _ended(claimed: Any, run: JobRun | None, state: str, reason: str | None, error: str = "") -> Outcome:
    values = {"state": state, "reason": reason, "error": error[:1_000], "finished_at": clock.now()}
    return Outcome(claimed.id, values | _progress(run))


def _try_again(claimed: Any, run: JobRun | None) -> Outcome:
    if claimed.attempts >= claimed.max_attempts:
        return _ended(claimed, run, FAILED, "unexpected")
    values = {"state": WAITING, "reason": "unexpected", "run_at": clock.now() + backoff(claimed.attempts), "sent_to_broker_at": None}
    return Outcome(claimed.id, values | _progress(run))


def _progress(run: JobRun | None) -> dict[str, Any]:
    return {} if run is None else {"done": run.done, "total": run.total, "note": run.note}
