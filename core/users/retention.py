"""Forgetting links and counts past their time, and closing logins nobody uses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from flask import current_app
from flask_babel import force_locale
from sqlalchemy import and_, func, or_, select

from core import clock
from core.access import system_actor
from core.db import db
from core.extend.contributions import RetentionRule
from core.factors.models import LoginStep
from core.i18n import _, _l
from core.organisations.models import Organisation
from core.outbox.api import queue_mail
from core.tenancy import scope
from core.users.models import Invitation, LoginAttempt, LoginLink, Tally, User, UserLinkRequest, UserSession
from core.users.services.sessions import end_sessions

KEEP_STEPS = timedelta(days=1)
KEEP_COUNTS = timedelta(days=2)
KEEP_LINKS = timedelta(days=30)
#: an open login nobody used
KEEP_SESSIONS = timedelta(days=90)
KEEP_ATTEMPTS = timedelta(days=180)
#: a login nobody uses: a mail, and half a year later it is closed
WARN_MONTHS, BLOCK_MONTHS = 18, 24
WARNED_FOR = timedelta(days=30)


def _older(column: Any, keep: timedelta) -> Any:
    return lambda: select(column.class_.id).where(column < clock.now() - keep)


def _sessions() -> Any:
    now = clock.now()
    return select(UserSession.id).where(or_(UserSession.expires_at < now, UserSession.last_seen_at < now - KEEP_SESSIONS))


# --- logins nobody uses -------------------------------------------------------------------------------


def _last_use() -> Any:
    return func.coalesce(User.last_login, User.created_on)


def _moment(months: int) -> Any:
    return (clock.now() - relativedelta(months=months)).replace(tzinfo=None)


def _to_warn() -> Any:
    """In the month after the term, so that each gets one mail."""
    until = _moment(WARN_MONTHS)
    return select(User.id).where(User.active.is_(True), User.password.is_not(None), and_(_last_use() < until, _last_use() >= until - WARNED_FOR))


def _warn(ids: list[int]) -> None:
    """Say that the login closes, unless it is used; the mail comes from the platform."""
    platform = db.session.scalars(select(Organisation).where(Organisation.kind == "platform").order_by(Organisation.id)).first()
    if platform is None:
        return
    site = str(current_app.config["KOEPEL"].public_url).rstrip("/")
    for user in db.session.scalars(select(User).where(User.id.in_(ids))):
        with force_locale(user.language or platform.language), scope(platform):
            text = _(
                "Hello %(name)s\n\nYou have not logged in to Koepel for a long time. In half a year your login is closed.\n\n"
                "Do you want to keep it? Log in once: %(url)s\n",
                name=user.first_name,
                url=f"{site}/login/",
            )
            last = user.last_login or user.created_on
            key = f"unused:{user.id}:{last:%Y-%m-%d}"
            queue_mail(to=user.address, subject=_("Your login is closed in half a year"), text=text, unique_key=key, actor=system_actor(platform.id))


def _to_block() -> Any:
    return select(User.id).where(User.active.is_(True), _last_use() < _moment(BLOCK_MONTHS))


def _block(ids: list[int]) -> None:
    for user in db.session.scalars(select(User).where(User.id.in_(ids))):
        user.active = False
        end_sessions(user)
    db.session.flush()


def _names(ids: list[int]) -> dict[int, str]:
    return {row.id: row.username for row in db.session.execute(select(User.id, User.username).where(User.id.in_(ids)))}


RULES = (
    RetentionRule(
        "login_links", _l("Links to log in with"), _l("30 days after they stopped working"), _older(LoginLink.expires_at, KEEP_LINKS), LoginLink, position=30
    ),
    RetentionRule(
        "link_requests", _l("Requests to link logins"), _l("30 days after they stopped working"), _older(UserLinkRequest.expires_at, KEEP_LINKS),
        UserLinkRequest, position=30,
    ),
    RetentionRule(
        "invitations", _l("Invitations"), _l("30 days after they stopped working"), _older(Invitation.expires_at, KEEP_LINKS), Invitation, position=31
    ),
    RetentionRule("sessions", _l("Open logins"), _l("Until they end, at most 90 days unused"), _sessions, UserSession, position=32),
    RetentionRule("login_steps", _l("Logins that stayed half done"), _l("1 day"), _older(LoginStep.expires_at, KEEP_STEPS), LoginStep, position=32),
    RetentionRule("tallies", _l("How often something was asked"), _l("2 days"), _older(Tally.changed_at, KEEP_COUNTS), Tally, position=33),
    RetentionRule("login_attempts", _l("Failed logins"), _l("180 days"), _older(LoginAttempt.last_failed_at, KEEP_ATTEMPTS), LoginAttempt, position=34),
    RetentionRule(
        "unused_logins_warned", _l("Logins nobody uses: a mail"), _l("After 18 months without a login"), _to_warn, User, forget=_warn, label=_names, position=35
    ),
    RetentionRule(
        "unused_logins", _l("Logins nobody uses: closed"), _l("After 24 months without a login"), _to_block, User, forget=_block, label=_names, position=36
    ),
)
