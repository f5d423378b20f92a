"""The page on which one sees what became of the mails."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.health.services import jobs_are_late
from core.i18n import _
from core.jobs.models import DONE, FAILED, RUNNING, WAITING
from core.outbox import refusals, services
from core.outbox.presentation import present
from core.web.flashes import done
from core.web.views import CoreView, expose, needs, row_id

PAGE = 50
VIEWS = {"waiting": WAITING, "sent": DONE, "failed": FAILED}


class OutboxView(CoreView):
    route_base = "/o/<org>/mails"
    default_view = "list"

    @expose("/")
    @needs("mails.read")
    def list(self) -> Any:
        """The mails of this organisation, the newest first."""
        show, before = request.args.get("show", ""), request.args.get("before", type=row_id)
        mails = services.recent_messages(state=VIEWS.get(show), before=before, limit=PAGE + 1)
        counts = services.count_by_state()
        waiting = counts.get(WAITING, 0) + counts.get(RUNNING, 0)
        titles = {
            "": (_("All"), sum(counts.values())),
            "waiting": (_("Waiting"), waiting),
            "sent": (_("Sent"), counts.get(DONE, 0)),
            "failed": (_("Failed"), counts.get(FAILED, 0)),
        }
        current = show if show in VIEWS else ""
        views = [
            {"title": title, "url": url_for("OutboxView.list", show=name or None), "current": current == name, "count": count}
            for name, (title, count) in titles.items()
        ]
        return self.render(
            "outbox/list.html",
            mails=[present(mail, actor=current_actor()) for mail in mails[:PAGE]],
            views=views,
            older=url_for("OutboxView.list", show=show or None, before=mails[PAGE - 1].id) if len(mails) > PAGE else None,
            newest=url_for("OutboxView.list", show=show or None) if before else None,
            has_server=bool(current_app.config["KOEPEL"].mail_server),
            shows_texts=_shows_texts(),
            late=jobs_are_late(),
            show=show,
        )

    @expose("/<int:pk>/")
    @needs("mails.read")
    def show(self, pk: int) -> Any:
        """The text of a mail, only where nothing is real: mails hold links with which one logs in."""
        if not _shows_texts():
            abort(404)
        mail = services.get_message(pk)
        return self.render("outbox/show.html", mail=present(mail, actor=current_actor()), text=mail.text)

    @expose("/<int:pk>/send-again", methods=["POST"])
    @needs("mails.write")
    def send_again(self, pk: int) -> Any:
        """Send a mail now that failed or waits."""
        with transaction():
            services.send_again(services.get_message(pk), actor=current_actor())
        done(_("The mail goes out in a moment."))
        return redirect(url_for("OutboxView.list"))

    @expose("/addresses/<int:pk>/works-again", methods=["POST"])
    @needs("contacts.write")
    def works_again(self, pk: int) -> Any:
        """Try an address again that did not work."""
        contact = request.args.get("contact", type=row_id)
        with transaction():
            address = refusals.works_again(pk, actor=current_actor()).address
        done(_("Mail to %(address)s is tried again from now on.", address=address))
        return redirect(url_for("ContactProfile.show", pk=contact) if contact else url_for(".list"), 303)


def _shows_texts() -> bool:
    return not current_app.config["KOEPEL"].is_production
