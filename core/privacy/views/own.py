"""My privacy: what is kept about me, who saw it, what I agree to, and being forgotten."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, request, session, url_for
from flask_login import current_user
from sqlalchemy import select

from core import clock
from core.access import current_actor
from core.audit.history import history_of
from core.contacts.models import Contact
from core.contacts.services import get_contact
from core.db import db, transaction
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.privacy import consents, requests
from core.privacy.forms import EraseForm, PasswordForm
from core.privacy.letters import tell_admins
from core.privacy.package import GUARDIAN, start_own
from core.privacy.seen import exports_with, views_of
from core.privacy.services import holds_of
from core.users.models import UserSession
from core.users.services.invitations import digest
from core.users.services.mailed_links import LIFE, mail_link
from core.users.views.admins import ask_password
from core.users.views.entering import demo_allowed, site_address
from core.users.views.mailed_links import login_address
from core.web.context import current_organisation
from core.web.flashes import done, warn
from core.web.forms import Form
from core.web.security import SESSION_KEY
from core.web.views import CoreView, expose, needs, row_id

CHANGES = 50


class OwnPrivacy(CoreView):
    """Of the person who is logged in, or for whom somebody acts."""

    route_base = "/o/<org>/my/privacy"
    default_view = "show"
    on_behalf = GUARDIAN

    @expose("/")
    @needs("login")
    def show(self) -> Any:
        """Everything at a glance."""
        contact = _me()
        if contact is None:
            return self.render("privacy/nobody.html")
        return self.render(
            "privacy/own.html",
            contact=contact,
            asked=consents.asked(contact),
            said=consents.history(contact),
            request=requests.request_of(contact),
            views=views_of(contact.id)[:20],
            access_url=url_for("AccessPage.show") if "AccessPage.show" in current_app.view_functions else None,
            is_guardian=not consents.is_own(contact, current_actor()),
            form=Form(),
        )

    @expose("/seen")
    @needs("login")
    def seen(self) -> Any:
        """Who saw, changed and took away my details."""
        contact = _me_or_404()
        return self.render(
            "privacy/seen.html", views=views_of(contact.id), lines=history_of("contact", contact.id, limit=CHANGES), exports=exports_with(contact.id)
        )

    @expose("/download", methods=["GET", "POST"])
    @needs("login")
    def download(self) -> Any:
        """A job makes the file; the password is asked, or for who has none a login of a moment ago."""
        contact, form = _me_or_404(), PasswordForm()
        has_password = current_user.password is not None
        if not has_password:
            del form.password
        is_ready = has_password or _has_just_logged_in()
        if not form.validate_on_submit() or not is_ready:
            return self._download_page(form, has_password, is_ready, 422 if form.is_submitted() else 200)
        try:
            if has_password:
                ask_password(form.password.data)
            with transaction():
                job_id = start_own(contact, actor=current_actor()).id
        except UserMistake as mistake:
            form.blame(mistake)
            return self._download_page(form, has_password, is_ready, 422)
        return redirect(url_for("JobView.show", pk=job_id))

    def _download_page(self, form: Any, has_password: bool, is_ready: bool, status: int) -> Any:
        return self.render("privacy/download.html", form=form, has_password=has_password, is_ready=is_ready), status

    @expose("/link", methods=["POST"])
    @needs("login")
    def link(self) -> Any:
        """For who has no password: a link that logs in once more, to the own address."""
        with transaction():
            sent = mail_link(current_user._get_current_object(), "login", address_of=login_address, site=site_address(), demo_allowed=demo_allowed())
        if sent:
            done(_("A link is on its way to your mail. Log in with it and come back here."))
        else:
            warn(_("No link could be sent now. Try again in a quarter of an hour."))
        return redirect(url_for(".download"))

    @expose("/erase", methods=["GET", "POST"])
    @needs("login")
    def erase(self) -> Any:
        """Ask to be forgotten; says first what has to stay."""
        contact, form = _me_or_404(), EraseForm()
        if form.validate_on_submit():
            try:
                with transaction():
                    is_new = requests.pending_request(contact) is None
                    made = requests.ask_erasure(contact, form.reason.data, actor=current_actor())
                    if is_new:
                        tell_admins(made, current_organisation(), site=site_address(), actor=current_actor())
            except UserMistake as mistake:
                form.blame(mistake)
            else:
                done(_("Your request was sent to %(club)s.", club=current_organisation().name))
                return redirect(url_for(".show"))
        page = self.render("privacy/erase.html", form=form, holds=holds_of(contact), organisation=current_organisation(), days=requests.UNDO_DAYS)
        return page, 422 if form.is_submitted() else 200

    @expose("/withdraw", methods=["POST"])
    @needs("login")
    def withdraw(self) -> Any:
        contact = _me_or_404()
        try:
            with transaction():
                found = requests.pending_request(contact)
                if found is None:
                    raise NotFound("request")
                requests.withdraw(found, actor=current_actor())
        except UserMistake as mistake:
            warn(mistake.message)
        else:
            done(_("Your request was withdrawn."))
        return redirect(url_for(".show"))

    @expose("/consents", methods=["POST"])
    @needs("login")
    def consent(self) -> Any:
        """One answer; changing one's mind is the same button."""
        contact = _me_or_404()
        purpose = request.form.get("purpose", type=row_id)
        number = request.form.get("number", type=row_id)
        try:
            with transaction():
                found = consents.get_purpose(purpose or 0)
                agrees = request.form.get("agrees") == "yes"
                consents.give(contact, found, agrees, actor=current_actor(), text_number=number or 0)
                title = str(found)
        except UserMistake as mistake:
            warn(mistake.message)
        else:
            done(
                _("“%(title)s”: you agree. You can change this here at any time.", title=title) if agrees else _("“%(title)s”: you do not agree.", title=title)
            )
        return redirect(url_for(".show", _anchor="consents"))


def _me() -> Contact | None:
    """The person whose page this is; also while in the bin, waiting to be erased."""
    pk = current_actor().contact_id
    try:
        return get_contact(pk, even_in_bin=True) if pk else None
    except NotFound:
        return None


def _me_or_404() -> Contact:
    found = _me()
    if found is None:
        raise NotFound("contact of this login")
    return found


def _has_just_logged_in() -> bool:
    """Was this login opened by a link a moment ago?"""
    opened = db.session.scalar(select(UserSession.created_at).where(UserSession.token_hash == digest(session.get(SESSION_KEY, ""))))
    return opened is not None and opened > clock.now() - LIFE["login"]
