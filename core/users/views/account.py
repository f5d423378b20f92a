"""One's own login: another password, and where one is logged in."""

from __future__ import annotations

import re
from typing import Any

from flask import current_app, g, redirect, request, session, url_for
from flask_login import current_user

from core import clock
from core.access import current_actor
from core.db import transaction
from core.errors import UserMistake
from core.factors import duty
from core.factors.services import factors_of
from core.factors.services.passkeys import place_of
from core.i18n import _
from core.users.forms import PasswordForm
from core.users.policy import policy_of
from core.users.services import change_password, end_other_sessions, end_session, findable, open_session, sessions_of
from core.users.services.links import links_of
from core.users.views.admins import ask_password
from core.web.context import current_organisation
from core.web.flashes import done
from core.web.security import SESSION_KEY
from core.web.views import CoreView, expose, needs

_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_DEVICES = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Macintosh", "Mac"), ("Linux", "Linux"))


def device_of(user_agent: str) -> str:
    """ "Firefox, Windows" out of what a browser says of itself."""
    found = [next((name for mark, name in marks if mark in user_agent), "") for marks in (_BROWSERS, _DEVICES)]
    return ", ".join(part for part in found if part) or re.sub(r"[/\s].*", "", user_agent)[:40] or _("Unknown device")


class AccountPage(CoreView):
    route_base = "/o/<org>/account"
    default_view = "show"
    on_behalf = "own"

    @expose("/")
    @needs("login")
    def show(self) -> Any:
        config = current_app.config["KOEPEL"]
        open_ones = sessions_of(current_user.id, token=session.get(SESSION_KEY, ""), idle_hours=config.session_idle_hours)
        user = current_user._get_current_object()
        is_demo = duty.is_exempt(user, config) and duty.is_asked(g.held, current_organisation())
        return self.render(
            "users/account.html",
            user=user,
            findable=findable.of(current_actor()),
            factors=factors_of(user),
            passkey_place=place_of(config.public_url),
            is_exempt=is_demo,
            linked=links_of(user.id),
            has_contact=current_actor().contact_id is not None,
            sessions=[(one, device_of(one.user_agent)) for one in open_ones],
        )

    @expose("/password", methods=["GET", "POST"])
    @needs("login")
    def password(self) -> Any:
        """Asks the present one, and ends all logins but this."""
        form = PasswordForm()
        if not form.validate_on_submit():
            return self._password_page(form, 422 if form.is_submitted() else 200)
        user = current_user._get_current_object()
        try:
            ask_password(form.password.data)
            with transaction():
                change_password(user, form.new.data or "")
                token = open_session(user, hours=current_app.config["KOEPEL"].session_hours, user_agent=request.user_agent.string)
        except UserMistake as mistake:
            form.blame(mistake)
            return self._password_page(form, 422)
        session[SESSION_KEY], session["seen"] = token, int(clock.now().timestamp())
        done(_("Your password was changed. Everywhere else you are logged out."))
        return redirect(url_for(".show"))

    def _password_page(self, form: PasswordForm, status: int) -> Any:
        return self.render("users/password.html", form=form, rules=policy_of(current_user._get_current_object()).rules()), status

    @expose("/sessions/<int:pk>/end", methods=["POST"])
    @needs("login")
    def end(self, pk: int) -> Any:
        with transaction():
            end_session(current_user.id, pk)
        done(_("That device is logged out."))
        return redirect(url_for(".show"))

    @expose("/sessions/end-others", methods=["POST"])
    @needs("login")
    def end_others(self) -> Any:
        with transaction():
            end_other_sessions(current_user.id, token=session.get(SESSION_KEY, ""))
        done(_("You are logged out everywhere but here."))
        return redirect(url_for(".show"))
