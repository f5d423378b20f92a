"""The work of a bulk action, and the way back to the list it came from."""

from __future__ import annotations

from flask import url_for

from core.i18n import _
from core.jobs.api import JobRun
from core.lists.definition import list_endpoint
from core.selections import bulk
from core.web.context import addresses_of


def run(job: JobRun) -> None:
    """Do it, and say where its rows are."""
    bulk.run(job)
    with addresses_of(job.organisation):
        url = url_for(list_endpoint(job.arguments["list"]))
    job.keep_result({**(job.result or {}), "url": url, "label": _("Back to the list")})
