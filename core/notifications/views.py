"""What one was told, and how one wants to be told: pages of everybody's own part."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import Forbidden, UserMistake
from core.extend.registry import registry
from core.i18n import _, _n
from core.notifications import preferences, push, services
from core.users.views.account import device_of
from core.web.flashes import done
from core.web.views import CoreView, expose, needs, row_id

PAGE = 25


def _me() -> int:
    """The login at hand; a key of a program has no browser and no bell."""
    user_id = current_actor().user_id
    if user_id is None:
        raise Forbidden("login")
    return user_id


class NotificationsPage(CoreView):
    """What the person at hand was told here."""

    on_behalf = "see"
    route_base = "/o/<org>/my/notifications"
    default_view = "list"

    @expose("/")
    @needs("login")
    def list(self) -> Any:
        """The newest first, with a dot before what is new."""
        before = request.args.get("before", type=row_id)
        found = services.notifications_of(current_actor(), before=before, limit=PAGE + 1)
        return self.render(
            "notifications/list.html",
            notifications=found[:PAGE],
            drawings={kind.key: kind for kind in registry().all("notification_kinds")},
            new=services.count_unseen(current_actor()),
            older=url_for(".list", before=found[PAGE - 1].id) if len(found) > PAGE else None,
            newest=url_for(".list") if before else None,
        )

    @expose("/<int:pk>/open", methods=["POST"])
    @needs("login")
    def open(self, pk: int) -> Any:
        """Go to the page it is about; from then on it is seen."""
        with transaction():
            url = services.open_notification(pk, actor=current_actor()).url
        return redirect(url or url_for(".list"), 303)

    @expose("/seen", methods=["POST"])
    @needs("login")
    def see_all(self) -> Any:
        """Everything is seen."""
        with transaction():
            number = services.see_all(actor=current_actor())
        done(_n("%(num)s notification is marked as seen.", "%(num)s notifications are marked as seen.", number))
        return redirect(url_for(".list"), 303)


class PreferencesPage(CoreView):
    """How the person at hand wants to be told; language and display."""

    route_base = "/o/<org>/my/preferences"
    default_view = "edit"

    @expose("/", methods=["GET", "POST"])
    @needs("login")
    def edit(self) -> Any:
        """Per kind: in the app, and by mail to which address."""
        actor = current_actor()
        if request.method == "POST":
            with transaction():
                preferences.choose(set(request.form.getlist("ticked")), actor=actor)
            done(_("Your preferences were saved."))
            return redirect(url_for(".edit"), 303)
        config = current_app.config["KOEPEL"]
        has_push = config.has_push and actor.on_behalf_of_id is None
        browsers = push.browsers_of(_me()) if has_push else []
        return self.render(
            "notifications/preferences.html",
            parts=preferences.parts_of(actor),
            push_key=config.push_public_key if has_push else "",
            browsers=[(browser, device_of(browser.user_agent)) for browser in browsers],
        )


class PushView(CoreView):
    """The browsers on which somebody sees notifications. A script of the page of preferences asks for it."""

    on_behalf = ""
    route_base = "/o/<org>/my/browsers"
    default_view = "add"

    @expose("/", methods=["POST"])
    @needs("login")
    def add(self) -> Any:
        """Keep this browser: JSON as its push manager gives it."""
        if not push.is_on():
            return {"message": _("Notifications on this device are switched off here.")}, 404
        try:
            with transaction():
                push.subscribe(_me(), request.get_json(silent=True), user_agent=request.user_agent.string)
        except UserMistake as mistake:
            return {"message": str(mistake.message)}, 422
        return {"message": _("You get notifications on this device.")}, 201

    @expose("/<int:pk>/remove", methods=["POST"])
    @needs("login")
    def remove(self, pk: int) -> Any:
        """Nothing any more on this browser."""
        with transaction():
            push.unsubscribe(_me(), pk)
        done(_("There are no notifications on that device any more."))
        return redirect(url_for("PreferencesPage.edit"), 303)
