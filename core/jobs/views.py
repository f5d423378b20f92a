"""Pages about jobs: how far one is, and what ran lately."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.health.services import jobs_are_late
from core.i18n import _
from core.jobs import services
from core.jobs.models import FAILED, REFUSED, RUNNING, WAITING
from core.jobs.presentation import present
from core.web.flashes import done
from core.web.views import CoreView, expose, needs, row_id

PAGE = 50


class JobView(CoreView):
    route_base = "/o/<org>/jobs"
    default_view = "list"

    @expose("/")
    @needs("jobs.read")
    def list(self) -> Any:
        """What ran lately in this organisation."""
        show, before = request.args.get("show", ""), request.args.get("before", type=row_id)
        jobs = services.recent_jobs(trouble=show == "failed", busy=show == "busy", before=before, limit=PAGE + 1)
        counts = services.count_by_state()
        busy, trouble = counts.get(WAITING, 0) + counts.get(RUNNING, 0), counts.get(FAILED, 0) + counts.get(REFUSED, 0)
        failures = services.failures_of(jobs[:PAGE])
        return self.render(
            "jobs/list.html",
            jobs=[present(job, actor=current_actor(), failed=failures.get(job.id, 0)) for job in jobs[:PAGE]],
            views=[
                {"title": _("All"), "url": url_for("JobView.list"), "current": show not in ("busy", "failed"), "count": sum(counts.values())},
                {"title": _("Busy"), "url": url_for("JobView.list", show="busy"), "current": show == "busy", "count": busy},
                {"title": _("Failed"), "url": url_for("JobView.list", show="failed"), "current": show == "failed", "count": trouble},
            ],
            older=url_for("JobView.list", show=show or None, before=jobs[PAGE - 1].id) if len(jobs) > PAGE else None,
            newest=url_for("JobView.list", show=show or None) if before else None,
            late=jobs_are_late(),
            show=show,
        )

    @expose("/<int:pk>/")
    @needs("login")
    def show(self, pk: int) -> Any:
        """How far a job is; follows it by itself."""
        return self._page("jobs/show.html", pk)

    @expose("/<int:pk>/progress")
    @needs("login")
    def progress(self, pk: int) -> Any:
        """The part of the page that changes."""
        return self._page("jobs/_progress.html", pk, is_update=True)

    def _page(self, template: str, pk: int, **more: Any) -> Any:
        job = services.visible_job(pk, actor=current_actor())
        items = services.count_items(job)
        failed = services.failed_items(job) if job.has_ended and items.get(False) else []
        return self.render(template, job=present(job, actor=current_actor(), failed=items.get(False, 0)), failed=failed, late=jobs_are_late(), **more)

    @expose("/<int:pk>/retry", methods=["POST"])
    @needs("login")
    def retry(self, pk: int) -> Any:
        """Try again what did not work."""
        with transaction():
            job = services.visible_job(pk, actor=current_actor())
            services.retry(job, actor=current_actor())
        done(_("We are trying again."))
        return redirect(url_for("JobView.show", pk=pk))
