"""The log of an organisation, and one entry of it."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import redirect, url_for
from sqlalchemy import select

from core.access import current_actor
from core.audit.history import line_of, subject_names, subject_title
from core.audit.log import LOG
from core.audit.models import AuditEntry
from core.db import db, transaction
from core.errors import NotFound
from core.i18n import _
from core.jobs.api import enqueue
from core.lists.views import ListPage
from core.web.flashes import done
from core.web.views import CoreView, expose, needs


class AuditLog(ListPage):
    """Who did what, when; nobody can change it."""

    route_base = "/o/<org>/settings/log"
    definition = LOG
    template: ClassVar[str] = "audit/log.html"


class AuditEntryPage(CoreView):
    route_base = "/o/<org>/settings/log"
    default_view = "check"

    @expose("/<int:pk>")
    @needs("audit.read")
    def show(self, pk: int) -> Any:
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.id == pk)).one_or_none() if pk < 2**63 else None
        if entry is None:
            raise NotFound(f"audit entry {pk}")
        name = subject_names(entry.subject_type, [entry.subject_id]).get(entry.subject_id)
        return self.render("audit/entry.html", line=line_of(entry), kind=subject_title(entry.subject_type), name=name)

    @expose("/check", methods=["POST"])
    @needs("audit.read")
    def check(self) -> Any:
        """Read the whole log and see whether anybody tampered with it; as a job."""
        with transaction():
            job_id = enqueue("check_audit", {}, actor=current_actor(), title=_("Check of the log")).id
        done(_("We are checking the log."))
        return redirect(url_for("JobView.show", pk=job_id))
