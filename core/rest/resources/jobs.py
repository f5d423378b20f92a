"""Work in the background, and how far it is."""

from __future__ import annotations

from typing import Any

from core.access import Actor
from core.i18n import _l
from core.jobs.models import STATES, Job
from core.jobs.reasons import explain
from core.jobs.services import title_of, visible_job
from core.lists.columns import Column
from core.lists.conditions import choice_condition
from core.lists.definition import ListDefinition
from core.lists.filters import Filter
from core.rest.fields import ApiField
from core.rest.resource import CoreRestApi

LIST = "api_jobs"
JOBS = ListDefinition(
    name=LIST,
    model=Job,
    title=_l("Jobs"),
    noun=_l("jobs"),
    permission="jobs.read",
    columns=(Column("id", LIST, _l("Number"), _l("Job"), expression=Job.id, order_by=(Job.id,), default=True),),
    filters=(Filter("state", LIST, _l("State"), _l("Job"), "choice", choice_condition(Job.state), choices=lambda: [(state, state) for state in STATES]),),
    default_sort="-id",
)


class JobApi(CoreRestApi):
    resource = "jobs"
    title = _l("Jobs")
    description = _l("Work in the background: exports, imports, and actions on many rows at once.")
    permission = "jobs.read"
    definition = JOBS
    fields = (
        ApiField("id", "integer"),
        ApiField("kind"),
        ApiField("title", get=title_of),
        ApiField("state", choices=STATES),
        ApiField("done", "integer"),
        ApiField("total", "integer"),
        ApiField("reason", help=_l("Why it did not work, in words"), get=explain),
        ApiField("asked_by", get=lambda job: job.actor_name),
        ApiField("file_id", "integer", help=_l("The file that was made, for the resource files"), get=lambda job: (job.result or {}).get("file_id")),
        ApiField("created_at", "instant"),
        ApiField("finished_at", "instant"),
    )

    def find(self, pk: int, *, actor: Actor) -> Any:
        return visible_job(pk, actor=actor)
