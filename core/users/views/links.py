"""Invitations: showing a link once, and opening it."""

from __future__ import annotations

from typing import Any

from flask import current_app, make_response, redirect, render_template, session, url_for
from flask_login import current_user

from core.access import current_actor
from core.db import transaction
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.organisations.models import Organisation
from core.users.forms import MemberLoginForm, NewLoginForm
from core.users.policy import policy_of_organisation
from core.users.services.invitations import Link, Offer, accept_with_login, accept_with_new_login, has_login, mail_admin_link, offer_of
from core.users.services.members import MEMBER, join_with_login, join_with_new_login, person_of, suggest_username
from core.users.views.entering import enter, new_session, private, site_address
from core.web.context import current_organisation
from core.web.flashes import done
from core.web.session import known_role_title, landing_page
from core.web.views import CoreView, expose, needs


def link_address(token: str) -> str:
    """The address of an invitation, also in a job."""
    return f"{site_address()}/invitation/{token}"


def mail_link(link: Link, organisation: Organisation) -> None:
    """Mail a link to the one it is for. Inside transaction()."""
    mail_admin_link(link, organisation, address_of=link_address, site=site_address(), actor=current_actor())


def link_page(link: Link, *, back: str, title: str = "") -> Any:
    """The page that shows a link, this once: only its mail has it too, until that is sent."""
    sends = bool(current_app.config["KOEPEL"].mail_server)
    if not title:
        title = _("A mail goes to %(name)s", name=link.full_name) if sends else _("Send this link to %(name)s", name=link.full_name)
    context = {"link": link, "address": link_address(link.token), "title": title, "back": back, "organisation": current_organisation(), "sends": sends}
    html = render_template("users/link.html", **context)
    response = make_response(html)
    response.headers["Cache-Control"] = "no-store"
    return response


class InvitationView(CoreView):
    """What the holder of a link sees. Opening it changes nothing, because mail programs open links too."""

    route_base = "/invitation"
    default_view = "show"

    @expose("/<token>", methods=["GET", "POST"])
    @needs("public")
    def show(self, token: str) -> Any:
        try:
            offer = offer_of(token)
            form = MemberLoginForm() if offer.role_name == MEMBER else NewLoginForm()
            if not form.is_submitted():
                return self._page(token, offer, form)
            return self._take(token, offer, form)
        except NotFound:
            return private(self.render("users/dead_link.html"), 404)

    def _take(self, token: str, offer: Offer, form: Any) -> Any:
        if not form.validate():
            return self._page(token, offer, form, 422)
        slug, name, role = offer.organisation.slug, offer.organisation.name, offer.role_name
        try:
            if current_user.is_authenticated:
                with transaction():
                    (join_with_login if role == MEMBER else accept_with_login)(token, current_user._get_current_object())
                session["org"] = slug
            else:
                with transaction():
                    user = self._new_login(token, role, form)
                    secret = new_session(user)
                enter(user, secret)
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(token, offer_of(token), form, 422)
        done(_("Welcome to %(name)s.", name=name))
        return redirect(landing_page(slug, role))

    def _new_login(self, token: str, role: str, form: Any) -> Any:
        if role == MEMBER:
            return join_with_new_login(token, form.username.data or "", form.new.data or "", form.again.data or "")
        return accept_with_new_login(token, form.new.data or "")

    def _page(self, token: str, offer: Offer, form: Any, status: int = 200) -> Any:
        context = {
            "form": form,
            "offer": offer,
            "rules": policy_of_organisation(offer.organisation, role=offer.role_name).rules(),
            "login_url": url_for("SessionView.login", next=url_for(".show", token=token)),
        }
        if offer.role_name == MEMBER:
            context["person"] = person_of(offer)
            if not form.is_submitted():
                form.username.data = suggest_username(offer)
            return private(self.render("users/credentials.html", **context), status)
        context |= {"role": known_role_title(offer.role_name), "is_known": has_login(offer.invitation.email)}
        return private(self.render("users/invitation.html", **context), status)
