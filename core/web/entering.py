"""Logging somebody in: the login on the server, and the cookie that holds it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request, session
from flask_login import login_user

from core import clock
from core.factors.services import steps
from core.users.models import User
from core.users.services import open_session
from core.web.security import SESSION_KEY

#: in the cookie: a login of which the second step is still to come, and the question a device was asked
STEP_KEY, QUESTION_KEY = "step", "question"


@dataclass(frozen=True)
class Opened:
    """A login on the server; not whole while a code or a passkey is still to come."""

    secret: str
    is_whole: bool = True


def new_session(user: User) -> Opened:
    """Open a login, or half of one when this user has a second step; inside transaction().

    Every door uses it: password, mailed link, new password, invitation.
    """
    return Opened(steps.begin("second", user), is_whole=False) if user.has_second_factor else whole_session(user)


def whole_session(user: User) -> Opened:
    """Open a login for somebody of whom nothing more is asked; inside transaction()."""
    return Opened(open_session(user, hours=current_app.config["KOEPEL"].session_hours, user_agent=request.user_agent.string))


def enter(user: User, opened: Opened) -> None:
    """Let this browser hold the login, or half of it; whoever was logged in before is not any more."""
    session.clear()
    if not opened.is_whole:
        session[STEP_KEY] = opened.secret
        return
    session[SESSION_KEY], session["seen"] = opened.secret, int(clock.now().timestamp())
    login_user(user)


def safe_next() -> str | None:
    """The address to return to, if it is a path on this site."""
    target = request.form.get("next") or request.args.get("next") or ""
    is_path = target.startswith("/") and not target.startswith(("//", "/\\")) and not any(ord(c) < 32 or c == "\\" for c in target)
    return target if is_path else None


def demo_allowed() -> bool:
    return not current_app.config["KOEPEL"].is_production
