"""One's own second step and passkeys."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, request, session, url_for
from flask_login import current_user

from core.access import current_actor
from core.db import transaction
from core.errors import NotFound, UserMistake
from core.factors import services
from core.factors.forms import AppForm, OwnPasswordForm, PasskeyForm
from core.factors.models import AuthenticatorApp
from core.factors.services import codes, passkeys
from core.factors.views.second_step import place, question
from core.i18n import _
from core.users.models import User
from core.users.views.admins import ask_password
from core.users.views.entering import private, site_address
from core.web.entering import QUESTION_KEY
from core.web.flashes import done
from core.web.security import SESSION_KEY
from core.web.views import CoreView, expose, needs

PENDING_KEY = "app_to_confirm"


def me() -> User:
    user: User = current_user._get_current_object()
    return user


def must() -> bool:
    """Is this the only page this person may open until there is a second step?"""
    return bool(g.get("must_set_up"))


def _shown_secret() -> dict[str, str]:
    """The secret on the page, encrypted, kept in this session from when it is shown until its first code was right."""
    return session.setdefault(PENDING_KEY, codes.sealed_secret())  # type: ignore[no-any-return]


class OwnPage(CoreView):
    """What the pages of this room share."""

    part_of = "AccountPage"
    on_behalf = "own"

    def codes_page(self, made: list[str], text: str) -> Any:
        """The recovery codes, this once; or back, when there were some already."""
        done(text)
        if not made:
            return redirect(url_for("AccountPage.show"))
        return private(self.render("factors/codes.html", codes=made, was_must=must()))


class SecondFactorPage(OwnPage):
    route_base = "/o/<org>/account/second-factor"
    default_view = "show"

    @expose("/", methods=["GET", "POST"])
    @needs("login")
    def show(self) -> Any:
        """Set up an app: a picture to scan, and its first code."""
        user, form = me(), AppForm()
        if codes.app_of(user) is not None:
            return redirect(url_for("AccountPage.show"))
        if not form.validate_on_submit():
            return self._page(form, 422 if form.is_submitted() else 200)
        try:
            ask_password(form.password.data)
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(form, 422)
        with transaction():
            problem, made = services.confirm_app(
                user, form.code.data or "", request.remote_addr or "", sealed=_shown_secret(), token=session.get(SESSION_KEY, ""), site=site_address(),
                actor=current_actor(),
            )  # fmt: skip
        if problem is not None:
            form.blame(problem)
            return self._page(form, problem.status)
        session.pop(PENDING_KEY, None)
        return self.codes_page(made, _("From now on a code of your app is asked when you log in."))

    def _page(self, form: AppForm, status: int) -> Any:
        import segno  # noqa: PLC0415 -- slow import, only needed here

        app = AuthenticatorApp(user_id=me().id, secret=_shown_secret())  # not stored before its first code was right
        picture = segno.make(codes.address_for_app(app, me()), error="m").svg_data_uri(scale=5, border=3, light="#fff", dark="#000")
        secret = codes.secret_of(app)
        spelled = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        return private(self.render("factors/set_up.html", form=form, picture=picture, secret=spelled, must=must(), place=place()), status)

    @expose("/codes", methods=["GET", "POST"])
    @needs("login")
    def remake(self) -> Any:
        """Ten new recovery codes."""
        if not me().has_second_factor:
            raise NotFound("second factor")
        form = OwnPasswordForm()
        try:
            if form.validate_on_submit():
                ask_password(form.password.data)
                with transaction():
                    made = services.remake_codes(me(), site=site_address(), actor=current_actor())
                return self.codes_page(made, _("The former recovery codes do not work any more."))
        except UserMistake as mistake:
            form.blame(mistake)
        return self.render("factors/remake.html", form=form), 422 if form.is_submitted() else 200

    @expose("/remove", methods=["GET", "POST"])
    @needs("login")
    def remove(self) -> Any:
        """Take the app away."""
        if codes.app_of(me()) is None:
            raise NotFound("app")
        form = OwnPasswordForm()
        try:
            if form.validate_on_submit():
                ask_password(form.password.data)
                with transaction():
                    services.remove_app(me(), site=site_address(), actor=current_actor())
                done(_("The app was removed."))
                return redirect(url_for("AccountPage.show"))
        except UserMistake as mistake:
            form.blame(mistake)
        return self.render("factors/remove.html", form=form, passkey=None), 422 if form.is_submitted() else 200


class PasskeyPage(OwnPage):
    route_base = "/o/<org>/account/passkeys"
    default_view = "add"

    @expose("/add", methods=["GET", "POST"])
    @needs("login")
    def add(self) -> Any:
        """The form; a script asks `question` first, and sends what the device answered here."""
        form, here = PasskeyForm(), place()
        if here is None or not form.validate_on_submit():
            return self._page(form, 422 if form.is_submitted() else 200)
        try:
            with transaction():
                made = services.add_passkey(
                    me(),
                    session.pop(QUESTION_KEY, ""),
                    form.answer.data or "",
                    here,
                    token=session.get(SESSION_KEY, ""),
                    site=site_address(),
                    actor=current_actor(),
                )
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(form, 422)
        return self.codes_page(made, _("The passkey was added. You can log in with it from now on."))

    def _page(self, form: PasskeyForm, status: int) -> Any:
        return self.render("factors/add_passkey.html", form=form, place=place(), must=must()), status

    @expose("/question", methods=["POST"])
    @needs("login")
    def question(self) -> Any:
        """For the script: name and password are right, so what must the device sign?"""
        form, here = PasskeyForm(), place()
        try:
            if here is None or not form.validate_on_submit():
                raise UserMistake(_("Passkeys cannot be used at this address."))
            ask_password(form.password.data)
            with transaction():
                made = passkeys.ask_new(me(), form.name.data or "", here)
        except UserMistake as mistake:
            return {"message": str(mistake.message), "field": mistake.field}, 422
        return question(made)

    @expose("/<int:pk>/remove", methods=["GET", "POST"])
    @needs("login")
    def remove(self, pk: int) -> Any:
        passkey, form = passkeys.passkey_of(me(), pk), OwnPasswordForm()
        try:
            if form.validate_on_submit():
                ask_password(form.password.data)
                with transaction():
                    services.remove_passkey(me(), pk, site=site_address(), actor=current_actor())
                done(_("The passkey was removed."))
                return redirect(url_for("AccountPage.show"))
        except UserMistake as mistake:
            form.blame(mistake)
        return self.render("factors/remove.html", form=form, passkey=passkey), 422 if form.is_submitted() else 200
