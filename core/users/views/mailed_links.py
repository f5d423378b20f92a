"""A link by mail: to log in without a password, or to choose another one."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.db import transaction
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.users.forms import AddressForm, NewPasswordForm
from core.users.limits import SEARCHES, allow
from core.users.policy import policy_of
from core.users.services.mailed_links import Purpose, choose_password, mail_links, owner_of, use_login_link
from core.users.views.entering import demo_allowed, enter, new_session, private, same_time_for_everybody, site_address
from core.web.flashes import done
from core.web.forms import Form
from core.web.views import CoreView, expose, needs


def password_address(token: str) -> str:
    return f"{site_address()}/new-password/{token}"


def login_address(token: str) -> str:
    return f"{site_address()}/login-link/{token}"


class LoginLinkView(CoreView):
    """Asking for a link to log in with, and using it. The answer never tells whether somebody is known."""

    route_base = "/login-link"
    default_view = "ask"

    @expose("/", methods=["GET", "POST"])
    @needs("public")
    def ask(self) -> Any:
        return ask_for_link(self, "login", url_for(".sent"))

    @expose("/sent")
    @needs("public")
    def sent(self) -> Any:
        return self.render("users/link_sent.html", purpose="login")

    @expose("/<token>", methods=["GET", "POST"])
    @needs("public")
    def use(self, token: str) -> Any:
        """GET shows a button, because programs that look at mail open links; POST logs in."""
        form = Form()
        try:
            owner = owner_of(token, "login", demo_allowed=demo_allowed())
            if not form.validate_on_submit():
                return private(self.render("users/login_link.html", form=form, owner=owner))
            with transaction():
                user = use_login_link(token, demo_allowed=demo_allowed())
                secret = new_session(user)
        except NotFound:
            return private(self.render("users/dead_link.html"), 404)
        enter(user, secret)
        return redirect(url_for("SessionView.home"))


class NewPasswordView(CoreView):
    """Asking for a link to choose another password with, and using it."""

    route_base = "/new-password"
    default_view = "ask"

    @expose("/", methods=["GET", "POST"])
    @needs("public")
    def ask(self) -> Any:
        return ask_for_link(self, "password", url_for(".sent"))

    @expose("/sent")
    @needs("public")
    def sent(self) -> Any:
        return self.render("users/link_sent.html", purpose="password")

    @expose("/<token>", methods=["GET", "POST"])
    @needs("public")
    def use(self, token: str) -> Any:
        form = NewPasswordForm()
        try:
            if not form.validate_on_submit():
                return self._page(token, form)
            with transaction():
                user = choose_password(token, form.new.data or "", form.again.data or "", demo_allowed=demo_allowed())
                secret = new_session(user)
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(token, form)
        except NotFound:
            return private(self.render("users/dead_link.html"), 404)
        enter(user, secret)
        done(_("Your password was changed. Everywhere else you are logged out."))
        return redirect(url_for("SessionView.home"))

    def _page(self, token: str, form: NewPasswordForm) -> Any:
        owner = owner_of(token, "password", demo_allowed=demo_allowed())
        html = self.render("users/new_password.html", form=form, owner=owner, rules=policy_of(owner).rules())
        return private(html, 422 if form.is_submitted() else 200)


def ask_for_link(view: CoreView, purpose: Purpose, sent_url: str) -> Any:
    """The form that asks for the address; the same answer for everybody."""
    form = AddressForm()
    if form.validate_on_submit() and (form.name.data or "").strip():
        with same_time_for_everybody(), transaction():
            if is_allowed := allow(f"search:{request.remote_addr}", SEARCHES):
                address_of = login_address if purpose == "login" else password_address
                mail_links(form.name.data or "", purpose, address_of=address_of, site=site_address(), demo_allowed=demo_allowed())
        if is_allowed:
            return redirect(sent_url)
        form.form_errors.append(_("You asked several times already. Wait ten minutes and try again."))
        return view.render("users/ask_link.html", form=form, purpose=purpose), 429
    if form.is_submitted():
        form.blame(UserMistake(_("Fill in your e-mail address or your user name."), field="name"))
    return view.render("users/ask_link.html", form=form, purpose=purpose), 422 if form.is_submitted() else 200
