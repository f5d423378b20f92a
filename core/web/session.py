"""From a request to a scope and an actor, and back; plus login, logout and switching."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from typing import Any

from flask import Flask, abort, current_app, flash, g, redirect, request, session, url_for
from flask_appbuilder.security.sqla.models import Role
from flask_login import current_user, login_user, logout_user
from sqlalchemy import select
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from core import clock
from core.access import Actor, acting
from core.db import db, transaction
from core.extend.registry import registry
from core.i18n import LANGUAGES, _, _l
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped
from core.users import throttle
from core.users.models import OrganisationRole
from core.users.permissions import permissions_of
from core.users.services import check_credentials, close_session, open_session, organisations_of, set_language, touch_session
from core.web.context import active_plugins
from core.web.flashes import done
from core.web.forms import Form
from core.web.security import SESSION_KEY
from core.web.views import CoreView, expose, needs, to_login

THEMES = ("auto", "light", "dark")


def prepare_requests(app: Flask) -> None:
    """Install what happens before and after each request."""

    @app.url_value_preprocessor
    def take_organisation(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.org_slug = values.pop("org", None) if values else None

    @app.url_defaults
    def give_organisation(endpoint: str, values: dict[str, Any]) -> None:
        if "org" not in values and g.get("org_slug") and app.url_map.is_endpoint_expecting(endpoint, "org"):
            values["org"] = g.org_slug

    @app.before_request
    def enter() -> Any:
        g.request_id = uuid.uuid4().hex[:12]
        g.stack = ExitStack()
        if request.endpoint is None or request.endpoint.endswith("static"):
            return None
        g.is_logged_in = bool(current_user.is_authenticated)
        if g.is_logged_in:
            _touch()
        return enter_organisation(g.org_slug) if g.org_slug is not None else _enter_nowhere()

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        stack = g.pop("stack", None)
        if stack is not None:
            stack.close()


def _touch() -> None:
    seen = session.get("seen", 0)
    if clock.now().timestamp() - seen > 600:
        session["seen"] = int(clock.now().timestamp())
        with transaction():
            touch_session(session[SESSION_KEY])


def _enter_nowhere() -> None:
    """Pages outside an organisation know the person, but hold no rights."""
    if current_user.is_authenticated:
        actor = Actor(current_user.id, current_user.full_name, None, language=current_user.language or "nl")
        g.stack.enter_context(acting(actor))


def enter_organisation(slug: str) -> Any:
    """Open the scope of the organisation in the URL for the person of this request.

    Not a member, or no such organisation: both are 404. Anonymous: to the login page.
    """
    if not current_user.is_authenticated:
        if request.path.startswith("/api/"):
            abort(401)
        return to_login()
    with unscoped("which organisation a request is for, and the roles of its user there"):
        rows = db.session.execute(
            select(Organisation, OrganisationRole.contact_id, Role)
            .join(OrganisationRole, OrganisationRole.organisation_id == Organisation.id)
            .join(Role, Role.id == OrganisationRole.role_id)
            .where(Organisation.slug == slug, OrganisationRole.user_id == current_user.id)
        ).all()
    if not rows:
        abort(404)
    organisation = rows[0][0]
    g.organisation, g.roles = organisation, [row[2] for row in rows]
    actor = Actor(
        user_id=current_user.id,
        name=current_user.full_name,
        organisation_id=organisation.id,
        permissions=permissions_of(frozenset(row[2].id for row in rows)),
        language=current_user.language or organisation.language,
        contact_id=next((row[1] for row in rows if row[1]), None),
    )
    g.stack.enter_context(scope(organisation))
    g.stack.enter_context(acting(actor))
    plugin = current_app.extensions["koepel_view_plugins"].get(request.blueprint)
    if plugin not in (None, "core") and plugin not in active_plugins(organisation):
        abort(404)
    if session.get("org") != slug and request.method == "GET":
        session["org"] = slug
    return None


class LoginForm(Form):
    username = StringField(_l("User name or e-mail address"), [DataRequired(_l("Fill in your user name or e-mail address.")), Length(max=254)])
    password = PasswordField(_l("Password"), [DataRequired(_l("Fill in your password.")), Length(max=200)])


class PreferenceForm(Form):
    """Carries only the CSRF token of the small forms in the menu."""

    agreed = BooleanField()


class SessionView(CoreView):
    """Logging in and out, and the small choices of the menu."""

    route_base = ""
    default_view = "home"

    @expose("/")
    @needs("public")
    def home(self) -> Any:
        """The organisation used last, or the login page."""
        if not current_user.is_authenticated:
            return redirect(url_for("SessionView.login"))
        return redirect(_landing() or url_for("SessionView.nowhere"))

    @expose("/login/", methods=["GET", "POST"])
    @needs("public")
    def login(self) -> Any:
        """Name and password; slow after many mistakes."""
        if current_user.is_authenticated:
            return redirect(url_for("SessionView.home"))
        form = LoginForm()
        if not form.validate_on_submit():
            return self._login_page(form, 422 if form.is_submitted() else 200)
        name, address = form.username.data.strip(), request.remote_addr or ""
        until = throttle.wait_until(name, address)
        if until is not None:
            seconds = max(1, int((until - clock.now()).total_seconds()) + 1)
            form.form_errors.append(_("There were too many attempts. Wait %(seconds)s seconds and try again.", seconds=seconds))
            return self._login_page(form, 429)
        config = current_app.config["KOEPEL"]
        with transaction():
            user = check_credentials(name, form.password.data, address, demo_allowed=not config.is_production)
            token = open_session(user, hours=config.session_hours, user_agent=request.user_agent.string) if user else None
        if user is None:
            form.form_errors.append(_("This user name and password do not belong together. Check both and try again."))
            return self._login_page(form, 422)
        session.clear()
        session[SESSION_KEY], session["seen"] = token, int(clock.now().timestamp())
        login_user(user)
        return redirect(_safe_next() or _landing() or url_for("SessionView.nowhere"))

    def _login_page(self, form: LoginForm, status: int) -> Any:
        return self.render("koepel/login.html", form=form, next=_safe_next()), status

    @expose("/logout/", methods=["POST"])
    @needs("login")
    def logout(self) -> Any:
        """End the login here and on the server."""
        with transaction():
            close_session(session.get(SESSION_KEY, ""))
        logout_user()
        session.clear()
        done(_("You are logged out."))
        return redirect(url_for("SessionView.login"))

    @expose("/welcome/")
    @needs("login")
    def nowhere(self) -> Any:
        """For somebody with a login but no role anywhere yet."""
        return self.render("koepel/nowhere.html")

    @expose("/language/", methods=["POST"])
    @needs("public")
    def set_language(self) -> Any:
        """Choose the language of the pages."""
        language = request.form.get("language", "")
        if language in LANGUAGES:
            session["language"] = language
            if current_user.is_authenticated:
                with transaction():
                    set_language(current_user._get_current_object(), language, actor=Actor(current_user.id, "", None))
        return redirect(_safe_next() or url_for("SessionView.home"))

    @expose("/theme/", methods=["POST"])
    @needs("public")
    def set_theme(self) -> Any:
        """Light, dark, or as the device says."""
        theme = request.form.get("theme", "")
        if theme in THEMES:
            session["theme"] = theme
        return redirect(_safe_next() or url_for("SessionView.home"))


def _safe_next() -> str | None:
    """The address to return to, if it is a path on this site."""
    target = request.form.get("next") or request.args.get("next") or ""
    is_path = target.startswith("/") and not target.startswith(("//", "/\\")) and not any(ord(c) < 32 or c == "\\" for c in target)
    return target if is_path else None


def _landing() -> str | None:
    """Start page in the organisation used last, else in the first one."""
    held = organisations_of(current_user.id)
    if not held:
        return None
    chosen = next((o for o, _role in held if o.slug == session.get("org")), held[0][0])
    return landing_page(chosen.slug)


def landing_page(slug: str) -> str:
    return url_for("DashboardView.show", org=slug)


def flash_forbidden() -> None:
    flash(_("You do not have the right to do this."), "warning")


def known_role_title(name: str) -> str:
    return str(next((r.title for r in registry().roles if r.name == name), name))
