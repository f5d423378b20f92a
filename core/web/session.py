"""From a request to a scope and an actor, and back; plus login, logout and switching."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from typing import Any

from flask import Flask, abort, current_app, flash, g, redirect, request, session, url_for
from flask_appbuilder.security.sqla.models import Role
from flask_login import current_user, logout_user
from sqlalchemy import bindparam, select
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from core import clock
from core.access import Actor, acting
from core.db import db, transaction
from core.errors import Forbidden, UserMistake
from core.extend.registry import registry
from core.factors import duty
from core.factors.services.passkeys import place_of
from core.i18n import LANGUAGES, _, _l
from core.organisations.models import Organisation
from core.rest.authentication import carries_key, check_caller, limited, opens
from core.tenancy import scope, unscoped
from core.users import throttle
from core.users.models import OrganisationRole
from core.users.permissions import permissions_of
from core.users.services import check_credentials, close_session, organisations_of, set_language, touch_session
from core.users.services.acting import actor_for, is_allowed, person_acted_for, rights_for
from core.users.services.links import within_reach
from core.web.context import active_plugins
from core.web.entering import STEP_KEY, demo_allowed, enter, new_session, safe_next
from core.web.errors import answer_api
from core.web.flashes import done
from core.web.forms import Form
from core.web.security import SESSION_KEY
from core.web.views import CoreView, expose, needs, to_login

THEMES = ("auto", "light", "dark")
#: what is open to somebody who must set up a second step first; logging out is in no organisation
WITHOUT_SECOND_FACTOR = ("SecondFactorPage", "PasskeyPage")


def prepare_requests(app: Flask) -> None:
    """Install what happens before and after each request."""

    @app.url_value_preprocessor
    def take_organisation(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.request_id = uuid.uuid4().hex[:12]  # first of all: what is refused before `enter` has a number too
        g.org_slug = values.pop("org", None) if values else None

    @app.url_defaults
    def give_organisation(endpoint: str, values: dict[str, Any]) -> None:
        if "org" not in values and g.get("org_slug") and app.url_map.is_endpoint_expecting(endpoint, "org"):
            values["org"] = g.org_slug

    @app.before_request
    def enter() -> Any:
        g.stack = ExitStack()
        if request.endpoint is None or request.endpoint.endswith("static"):
            return None
        g.is_logged_in = bool(current_user.is_authenticated)
        refused = check_caller()
        if refused is not None:
            return refused
        if g.is_logged_in and not carries_key():
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
        return to_login()
    held = _held()
    rows = [row for row in held if row[0].slug == slug and row[3] == current_user.id]
    if not rows and request.method == "GET" and not carries_key():
        other = next((row for row in held if row[0].slug == slug), None)
        if other is not None:  # a link in a mail, for another login of this person: ask before going on as that one
            return redirect(url_for("LoginSwitch.ask", user=other[3], organisation=slug, next=request.full_path.rstrip("?")))
    if not rows or not opens(rows[0][0]):
        abort(404)
    organisation = rows[0][0]
    g.organisation, g.roles = organisation, [row[2] for row in rows]
    actor = Actor(
        user_id=current_user.id,
        name=current_user.full_name,
        organisation_id=organisation.id,
        permissions=permissions_of(frozenset(row[2].id for row in rows), organisation.kind),
        language=current_user.language or organisation.language,
        contact_id=next((row[1] for row in rows if row[1]), None),
    )
    g.stack.enter_context(scope(organisation))
    g.must_set_up = not carries_key() and duty.is_open(current_user, g.held, organisation, current_app.config["KOEPEL"])
    if g.must_set_up and (request.endpoint or "").partition(".")[0] not in WITHOUT_SECOND_FACTOR:
        return _to_set_up()
    g.stack.enter_context(acting(limited(_on_behalf(actor, organisation))))
    plugin = current_app.extensions["koepel_view_plugins"].get(request.blueprint)
    if plugin not in (None, "core") and plugin not in active_plugins(organisation):
        abort(404)
    if session.get("org") != slug and request.method == "GET" and not carries_key():
        session["org"] = slug
    return None


def _to_set_up() -> Any:
    """The one page for somebody who must have a second step first; programs are told."""
    if request.path.startswith("/api/"):
        return answer_api(403, _("Set up the second step of your login first."))
    address = url_for("SecondFactorPage.show")
    return ("", 403, {"HX-Redirect": address}) if request.headers.get("HX-Request") else redirect(address, 303)


def _on_behalf(actor: Actor, organisation: Organisation) -> Actor:
    """The actor as whom this login chose to act here (a child); 404 when that was taken away, until one goes back."""
    chosen = None if carries_key() else g.login.on_behalf
    if chosen is None or chosen[0] != organisation.id:
        return actor
    rights = rights_for(actor.contact_id, chosen[1], active_plugins(organisation))
    act = act_of(request.endpoint or "")
    if act == "own" and "see" not in rights:
        return actor
    person = person_acted_for(chosen[1]) if "see" in rights else None
    if person is None or not act:
        g.acting_ended = True
        abort(404)
    if not is_allowed(act, writes=request.method not in ("GET", "HEAD", "OPTIONS"), rights=rights):
        raise Forbidden(f"on behalf: {act}")
    g.acting_for = person.full_name
    return actor_for(person, actor)


def act_of(endpoint: str) -> str:
    """What a page is, for somebody who acts for another: CoreView.on_behalf of its view."""
    name = endpoint.partition(".")[0]
    return next((str(getattr(view, "on_behalf", "correct")) for view in registry().all("views") if view.__name__ == name), "correct")


@cache
def _held_query(alone: bool) -> Any:
    """Made once: every request asks it."""
    is_theirs = OrganisationRole.user_id == bindparam("user_id") if alone else OrganisationRole.user_id.in_(within_reach())
    return (
        select(Organisation, OrganisationRole.contact_id, Role, OrganisationRole.user_id)
        .join(OrganisationRole, OrganisationRole.organisation_id == Organisation.id)
        .join(Role, Role.id == OrganisationRole.role_id)
        .where(is_theirs)
        .order_by(Organisation.name, Organisation.id)
    )


def _held() -> Sequence[Any]:
    """(organisation, contact, role, login) of every role this person has, also of linked logins; the switcher asks for it."""
    alone = carries_key()
    asked = {"user_id": current_user.id} | ({} if alone else {"home_id": g.login.home_user_id})
    with unscoped("which organisation a request is for, and where else its user has a role"):
        held = db.session.execute(_held_query(alone), asked).all()
    g.held = [(row[0], row[2].name) for row in held if row[3] == current_user.id]
    g.held_contacts = sorted({(row[0].id, row[1]) for row in held if row[3] == current_user.id and row[1]})
    g.held_by_linked = [(row[0], row[2].name, row[3]) for row in held if row[3] != current_user.id]
    return held


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
    on_behalf = "own"

    @expose("/")
    @needs("public")
    def home(self) -> Any:
        """The organisation used last, or the login page."""
        if not current_user.is_authenticated:
            return redirect(url_for("SecondStep.ask" if STEP_KEY in session else "SessionView.login"))
        return redirect(_landing() or url_for("SessionView.nowhere"))

    @expose("/login/", methods=["GET", "POST"])
    @needs("public")
    def login(self) -> Any:
        """Name and password; slow after many mistakes. `?locale=fr` says in which language, for this visit."""
        if current_user.is_authenticated:
            return redirect(url_for("SessionView.home"))
        if request.args.get("locale") in LANGUAGES:
            session["language"] = request.args["locale"]
        form = LoginForm()
        if not form.validate_on_submit():
            return _login_page(self, form, 422 if form.is_submitted() else 200)
        name, address = form.username.data.strip(), request.remote_addr or ""
        until = throttle.wait_until(name, address)
        if until is not None:
            seconds = max(1, int((until - clock.now()).total_seconds()) + 1)
            form.form_errors.append(_("There were too many attempts. Wait %(seconds)s seconds and try again.", seconds=seconds))
            return _login_page(self, form, 429)
        with transaction():
            user = check_credentials(name, form.password.data, address, demo_allowed=demo_allowed())
            opened = new_session(user) if user else None
        if user is None or opened is None:
            form.form_errors.append(_("This user name and password do not belong together. Check both and try again."))
            return _login_page(self, form, 422)
        target = safe_next()
        enter(user, opened)
        if not opened.is_whole:
            return redirect(url_for("SecondStep.ask", next=target))
        return redirect(target or _landing() or url_for("SessionView.nowhere"))

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
        return redirect(safe_next() or url_for("SessionView.home"))

    @expose("/theme/", methods=["POST"])
    @needs("public")
    def set_theme(self) -> Any:
        """Light, dark, or as the device says."""
        theme = request.form.get("theme", "")
        if theme in THEMES:
            session["theme"] = theme
        return redirect(safe_next() or url_for("SessionView.home"))


def login_page(view: CoreView, mistake: UserMistake) -> Any:
    """The login page, for somebody whose passkey was not accepted."""
    form = LoginForm(formdata=None)
    form.blame(mistake)
    return _login_page(view, form, mistake.status)


def _login_page(view: CoreView, form: LoginForm, status: int) -> Any:
    doors = {
        "login_link_url": url_for("LoginLinkView.ask"),
        "forgot_url": url_for("AccountFinder.organisation", why="forgotten"),
        "register_url": url_for("AccountFinder.organisation", why="register"),
        "passkey_place": place_of(current_app.config["KOEPEL"].public_url),
    }
    return view.render("koepel/login.html", form=form, next=safe_next(), **doors, **_demo_logins()), status


def _demo_logins() -> dict[str, Any]:
    """Whom a visitor of the demo can be; nothing anywhere else."""
    if current_app.config["KOEPEL"].environment != "demo":
        return {}
    from core.demo.logins import PASSWORD, logins_here  # noqa: PLC0415 -- circular: the demo fills rooms that have pages

    return {"demo_logins": logins_here(), "demo_password": PASSWORD}


def _landing() -> str | None:
    """Start page in the organisation used last, else in the first one."""
    held = organisations_of(current_user.id)
    if not held:
        return None
    chosen, role = next(((o, role) for o, role in held if o.slug == session.get("org")), held[0])
    return landing_page(chosen.slug, role)


def landing_page(slug: str, role: str) -> str:
    """Where somebody starts in an organisation: members at home, those who run it at the dashboard."""
    return url_for("HomeView.show" if role == "member" else "DashboardView.show", org=slug)


def flash_forbidden() -> None:
    flash(_("You do not have the right to do this."), "warning")


def known_role_title(name: str) -> str:
    return str(next((r.title for r in registry().roles if r.name == name), name))
