""" "Register here" and "Forgotten user name or password": the organisation, the person, the mail."""

from __future__ import annotations

import secrets
from typing import Any

from flask import abort, redirect, request, session, url_for

from core.db import transaction
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.organisations.models import Organisation
from core.users.finding import rules_of
from core.users.forms import PersonSearchForm
from core.users.limits import SEARCHES, allow
from core.users.services.lookup import Postman, clean, find_places, look_up, note_name, place_of, request_by_handle
from core.users.views.entering import demo_allowed, same_time_for_everybody, site_address
from core.users.views.links import link_address
from core.users.views.mailed_links import password_address
from core.web.views import CoreView, expose, needs

#: in the cookie: makes handles of hits worthless in another browser
NONCE = "finder"
REASONS = ("register", "forgotten")


def postman() -> Postman:
    return Postman(invitation=link_address, password=password_address, site=site_address(), demo_allowed=demo_allowed())


def is_allowed() -> bool:
    """One search more from this internet address? Counted, also when nothing is found."""
    with transaction():
        return allow(f"search:{request.remote_addr}", SEARCHES)


class AccountFinder(CoreView):
    """Nobody is logged in here; what may be told is a federation's choice."""

    route_base = "/account"
    default_view = "organisation"

    @expose("/<why>/")
    @needs("public")
    def organisation(self, why: str) -> Any:
        """Find the club by a part of its name, its town or its abbreviation."""
        if why not in REASONS:
            abort(404)
        text = request.args.get("q", "")[:80]
        return self.render("users/find_organisation.html", why=why, q=text, places=find_places(text))

    @expose("/<why>/<slug>", methods=["GET", "POST"])
    @needs("public")
    def person(self, why: str, slug: str) -> Any:
        """Who it is. In strict mode the answer is the same whether such a person exists or not."""
        place, form = self._place(why, slug), PersonSearchForm()
        if not form.validate_on_submit():
            return self._page(why, place, form, 422 if form.is_submitted() else 200)
        rules = rules_of(place)
        try:
            typed = clean(form.first_name.data or "", form.last_name.data or "", form.email.data or "", rules)
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(why, place, form, 422)
        if not is_allowed():
            form.form_errors.append(_("You searched several times already. Wait ten minutes and try again."))
            return self._page(why, place, form, 429)
        if rules.hits:
            session.setdefault(NONCE, secrets.token_urlsafe(12))
        with same_time_for_everybody(), transaction():
            note_name(typed, place, request.remote_addr or "")
            found = look_up(typed, place, rules, nonce=session.get(NONCE, ""), postman=postman())
        if not rules.hits:
            return redirect(url_for(".sent", why=why, slug=slug))
        return self.render("users/found.html", why=why, place=place, typed=typed, found=found)

    @expose("/<why>/<slug>/sent")
    @needs("public")
    def sent(self, why: str, slug: str) -> Any:
        return self.render("users/find_sent.html", why=why, place=self._place(why, slug), address="", is_hit=False)

    @expose("/<why>/<slug>/request", methods=["POST"])
    @needs("public")
    def request_login(self, why: str, slug: str) -> Any:
        """The button beside a hit. Whether a mail really goes is decided by how many went lately."""
        place = self._place(why, slug)
        try:
            with transaction():
                address = request_by_handle(request.form.get("handle", "")[:600], place, rules_of(place), nonce=session.get(NONCE, ""), postman=postman())
        except NotFound:
            return redirect(url_for(".person", why=why, slug=slug))
        return self.render("users/find_sent.html", why=why, place=place, address=address, is_hit=True)

    def _place(self, why: str, slug: str) -> Organisation:
        if why not in REASONS:
            abort(404)
        try:
            return place_of(slug)
        except NotFound:
            abort(404)

    def _page(self, why: str, place: Organisation, form: PersonSearchForm, status: int) -> Any:
        return self.render("users/find_person.html", why=why, place=place, form=form, rules=rules_of(place)), status
