"""My login > link users: other logins of the same person, and going from one to the other."""

from __future__ import annotations

from typing import Any

from flask import abort, g, redirect, request, session, url_for
from flask_login import current_user, login_user, logout_user

from core import clock
from core.db import db, transaction
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.users import throttle
from core.users.forms import LinkedPasswordForm, LinkForm
from core.users.models import User
from core.users.services import accounts, close_session, turn_session
from core.users.services.linking import Site, asked_by, behind, check_other, confirm, link_logins, mail_request, suggestions, unlink
from core.users.services.links import links_of, may_go
from core.users.views.entering import demo_allowed, enter, new_session, private, same_time_for_everybody, site_address
from core.web.entering import safe_next
from core.web.flashes import done
from core.web.forms import Form
from core.web.security import SESSION_KEY
from core.web.session import landing_page
from core.web.views import CoreView, expose, needs


def _site() -> Site:
    site = site_address()
    return Site(confirm=lambda token: f"{site}/link-login/{token}", my_links=f"{site}/link-login/", site=site)


def _me() -> User:
    return current_user._get_current_object()  # type: ignore[no-any-return]


def is_at_home() -> bool:
    """Is this the login that proved itself here, and not one it went on as?"""
    return bool(g.login.home_user_id == current_user.id)


def go_on_as(user: User, *, home_user_id: int, slug: str, on_behalf: tuple[int, int] | None = None) -> None:
    """Give this browser another login or another person to act for, with a new secret; pages that are open keep no right to post."""
    with transaction():
        secret = turn_session(session.get(SESSION_KEY, ""), user, home_user_id=home_user_id, on_behalf=on_behalf)
    kept = {name: session[name] for name in ("language", "theme") if name in session}
    session.clear()
    session.update(kept)
    session[SESSION_KEY], session["seen"], session["org"] = secret, int(clock.now().timestamp()), slug
    g.pop("csrf_token", None)
    login_user(user)


def _with_second_step(target: User) -> Any:
    """A login with a second step is not opened by a link: this browser leaves the one at hand, and its code is asked."""
    language = session.get("language")
    with transaction():
        close_session(session.get(SESSION_KEY, ""))
        opened = new_session(target)
    logout_user()
    enter(target, opened)
    if language:
        session["language"] = language
    return redirect(url_for("SecondStep.ask", next=safe_next()))


class LinkedLogins(CoreView):
    """Other logins of this person, with suggestions."""

    route_base = "/o/<org>/account/linked"
    default_view = "show"
    on_behalf = "own"

    @expose("/")
    @needs("login")
    def show(self) -> Any:
        """Who is linked, who could be, and "another user"."""
        found = suggestions(_me(), demo_allowed=demo_allowed()) if is_at_home() else []
        return self.render("users/linked.html", linked=links_of(current_user.id), suggestions=found, is_at_home=is_at_home(), user=current_user)

    @expose("/add", methods=["GET", "POST"])
    @needs("login")
    def add(self) -> Any:
        """By typing the login details of the other user, once."""
        return self._typed(LinkForm(), None)

    @expose("/suggested", methods=["GET", "POST"])
    @needs("login")
    def suggested(self) -> Any:
        """A suggestion: only its password is asked, or a mail is sent to its address."""
        try:
            other = behind(request.values.get("handle", "")[:600], _me())
        except NotFound:
            return redirect(url_for(".show"))
        return self._typed(LinkedPasswordForm(), other)

    def _typed(self, form: Any, suggested: User | None) -> Any:
        if not is_at_home():
            return redirect(url_for(".show"))
        if not form.validate_on_submit():
            return self._page(form, suggested, 422 if form.is_submitted() else 200)
        name = suggested.username if suggested else (form.username.data or "").strip()
        address = request.remote_addr or ""
        if throttle.wait_until(name, address) is not None:
            form.form_errors.append(_("There were too many attempts. Wait half a minute and try again."))
            return self._page(form, suggested, 429)
        with transaction():
            other = check_other(name, form.password.data or "", address, demo_allowed=demo_allowed())
        try:
            if other is None:
                raise UserMistake(_("This user name and password do not belong together. Check both and try again."))
            with transaction():
                link_logins(_me(), other, "password", site=_site())
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(form, suggested, 422)
        done(_("%(name)s is linked. Choose it in the menu to go on as that user.", name=other.username))
        return redirect(url_for(".show"))

    def _page(self, form: Any, suggested: User | None, status: int) -> Any:
        handle = request.values.get("handle", "")[:600] if suggested else ""
        return self.render("users/link_add.html", form=form, handle=handle), status

    @expose("/mail", methods=["POST"])
    @needs("login")
    def mail(self) -> Any:
        """The same answer whether a mail goes or was sent lately."""
        try:
            other = behind(request.form.get("handle", "")[:600], _me())
        except NotFound:
            return redirect(url_for(".show"))
        if is_at_home():
            with same_time_for_everybody(), transaction():
                mail_request(_me(), other, site=_site())
        return self.render("users/link_mailed.html")

    @expose("/<int:pk>/unlink", methods=["POST"])
    @needs("login")
    def unlink(self, pk: int) -> Any:
        with transaction():
            linked = unlink(pk, _me(), site=_site())
        done(_("%(name)s is not linked any more.", name=linked.username))
        return redirect(url_for(".show"))


class LinkConfirmation(CoreView):
    """What the holder of a mailed link sees. Opening it links nothing; only who asked can press the button."""

    route_base = "/link-login"
    default_view = "mine"
    on_behalf = "own"

    @expose("/")
    @needs("login")
    def mine(self) -> Any:
        """Where mails about linked users lead: the list, in the organisation used last."""
        held = accounts.organisations_of(current_user.id)
        chosen = next((place for place, _role in held if place.slug == session.get("org")), held[0][0] if held else None)
        return redirect(url_for("LinkedLogins.show", org=chosen.slug) if chosen else url_for("SessionView.nowhere"))

    @expose("/<token>", methods=["GET", "POST"])
    @needs("public")
    def show(self, token: str) -> Any:
        form = Form()
        try:
            asked = asked_by(token)
            is_asker = current_user.is_authenticated and current_user.id == asked.asker.id
            if not is_asker or not form.validate_on_submit():
                return private(self.render("users/link_confirm.html", form=form, asked=asked, is_asker=is_asker, here=request.path))
            with transaction():
                other = confirm(token, _me(), site=_site())
        except NotFound:
            return private(self.render("users/dead_link.html"), 404)
        except UserMistake as mistake:
            form.blame(mistake)
            return private(self.render("users/link_confirm.html", form=form, asked=asked, is_asker=True, here=request.path), 422)
        done(_("%(name)s is linked. Choose it in the menu to go on as that user.", name=other.username))
        return redirect(url_for(".mine"))


class LoginSwitch(CoreView):
    """Going on as a linked login, without logging out."""

    route_base = "/switch-user"
    default_view = "ask"
    on_behalf = "own"

    @expose("/", methods=["GET", "POST"])
    @needs("login")
    def ask(self) -> Any:
        """GET asks, for a page that belongs to a linked login; POST goes."""
        target, slug = self._target()
        if request.method == "GET":
            place = next(place for place, _role in accounts.organisations_of(target.id) if place.slug == slug)
            return self.render("users/switch.html", target=target, place=place, next=safe_next() or "")
        if target.has_second_factor and target.id != g.login.home_user_id:
            return _with_second_step(target)
        role = next(role for place, role in accounts.organisations_of(target.id) if place.slug == slug)
        go_on_as(target, home_user_id=g.login.home_user_id, slug=slug)
        done(_("You go on as %(name)s.", name=target.full_name))
        return redirect(safe_next() or landing_page(slug, role))

    def _target(self) -> tuple[User, str]:
        """The login and the organisation that were chosen; 404 when they are not linked (any more)."""
        number, slug = request.values.get("user", ""), request.values.get("organisation", "")
        target = db.session.get(User, int(number)) if number.isdecimal() and len(number) < 10 else None
        if target is None or not may_go(g.login.home_user_id, target) or (target.is_demo and not demo_allowed()):
            abort(404)
        if slug not in {place.slug for place, _role in accounts.organisations_of(target.id)}:
            abort(404)
        return target, slug
