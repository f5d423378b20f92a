"""The mailbox of everybody in the demo; 404 anywhere else."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from core.demo import mails
from core.web.views import CoreView, expose, needs, row_id


class DemoOutbox(CoreView):
    """Nobody has to be logged in: the mails hold the links with which one logs in."""

    route_base = "/demo/outbox"
    default_view = "list"

    @expose("/")
    @needs("public")
    def list(self) -> Any:
        """The newest first."""
        text, before = request.args.get("q", "").strip()[:80], request.args.get("before", type=row_id)
        found = mails.newest(text, before)
        older = url_for(".list", q=text or None, before=found[mails.PAGE - 1].id) if len(found) > mails.PAGE else None
        return self.render("demo/outbox.html", mails=found[: mails.PAGE], q=text, older=older, newest=url_for(".list", q=text or None) if before else None)

    @expose("/<int:pk>")
    @needs("public")
    def show(self, pk: int) -> Any:
        """One mail, as text and as a mail program shows it."""
        return self.render("demo/mail.html", mail=mails.one(pk))
