"""Logging in: the second step after a password, and passkeys, with which one step is enough."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flask import current_app, redirect, request, session, url_for
from flask_login import current_user

from core.db import transaction
from core.errors import UserMistake
from core.factors import services
from core.factors.forms import AnswerForm, CodeForm
from core.factors.services import passkeys, steps
from core.factors.services.passkeys import Place
from core.i18n import _
from core.users.limits import Limit, allow
from core.users.models import User
from core.users.views.entering import site_address
from core.web.entering import QUESTION_KEY, STEP_KEY, demo_allowed, enter, safe_next, whole_session
from core.web.flashes import warn
from core.web.views import CoreView, expose, needs

#: questions to devices from one internet address
QUESTIONS = (Limit(60, timedelta(minutes=10)),)


def place() -> Place | None:
    return passkeys.place_of(current_app.config["KOEPEL"].public_url)


def question(made: tuple[str, str]) -> Any:
    """What the script on the page asks the device; the cookie keeps which question it was."""
    options, session[QUESTION_KEY] = json.loads(made[0]), made[1]
    return {"options": options}


def half_logged_in() -> User | None:
    """Whose password was right in this browser a moment ago."""
    token = session.get(STEP_KEY)
    return steps.user_of_step(token) if token else None


class SecondStep(CoreView):
    """Nobody is logged in here; that the password was right is in a step on the server, and its secret in the cookie."""

    route_base = "/login"
    default_view = "ask"
    on_behalf = "own"

    @expose("/second-step", methods=["GET", "POST"])
    @needs("public")
    def ask(self) -> Any:
        """A code of the app, one on paper, or a passkey."""
        user, form = half_logged_in(), CodeForm()
        if user is None:
            return self._too_late()
        if not form.validate_on_submit():
            return self._page(user, form, 422 if form.is_submitted() else 200)
        with transaction():
            problem = services.check_code(user, form.code.data or "", request.remote_addr or "", site=site_address())
            opened = whole_session(user) if problem is None and steps.use_up(session[STEP_KEY], "second") else None
        return self._next(user, form, problem, opened)

    @expose("/second-step/passkey", methods=["POST"])
    @needs("public")
    def use(self) -> Any:
        user, form, here = half_logged_in(), AnswerForm(), place()
        if user is None or here is None:
            return self._too_late()
        with transaction():
            problem = services.check_passkey(user, session.pop(QUESTION_KEY, ""), form.answer.data or "", here, request.remote_addr or "")
            opened = whole_session(user) if problem is None and steps.use_up(session[STEP_KEY], "second") else None
        return self._next(user, CodeForm(formdata=None), problem, opened)

    def _next(self, user: User, form: CodeForm, problem: UserMistake | None, opened: Any) -> Any:
        if problem is not None:
            form.blame(problem)
            return self._page(user, form, problem.status)
        if opened is None:
            return self._too_late()
        enter(user, opened)
        return redirect(safe_next() or url_for("SessionView.home"))

    def _page(self, user: User, form: CodeForm, status: int) -> Any:
        factors = services.factors_of(user)
        return self.render("factors/second_step.html", form=form, factors=factors, place=place(), next=safe_next()), status

    def _too_late(self) -> Any:
        session.pop(STEP_KEY, None)
        warn(_("That took too long. Log in again."))
        return redirect(url_for("SessionView.login", next=safe_next()))

    @expose("/passkey/question", methods=["POST"])
    @needs("public")
    def question(self) -> Any:
        """For the script: what a device has to sign. After a password, only devices of that person will do."""
        here = place()
        if here is None:
            return {"message": _("Passkeys cannot be used at this address.")}, 422
        with transaction():
            made = passkeys.ask_known(half_logged_in(), here) if allow(f"question:{request.remote_addr}", QUESTIONS) else None
        if made is None:
            return {"message": _("There were too many attempts. Wait a few minutes and try again.")}, 429
        return question(made)

    @expose("/passkey", methods=["POST"])
    @needs("public")
    def log_in(self) -> Any:
        """A passkey alone: the device looked who holds it."""
        if current_user.is_authenticated:
            return redirect(url_for("SessionView.home"))
        form, here = AnswerForm(), place()
        if here is None or not form.validate_on_submit():
            return redirect(url_for("SessionView.login"))
        with transaction():
            found = services.log_in_with_passkey(
                session.pop(QUESTION_KEY, ""), form.answer.data or "", here, request.remote_addr or "", demo_allowed=demo_allowed()
            )
            opened = whole_session(found) if isinstance(found, User) else None
        if isinstance(found, UserMistake) or opened is None:
            return self._login_again(found)
        enter(found, opened)
        return redirect(safe_next() or url_for("SessionView.home"))

    def _login_again(self, mistake: Any) -> Any:
        from core.web.session import login_page  # noqa: PLC0415 -- circular: the login page shows the door of passkeys

        return login_page(self, mistake)
