"""Settings > Admins: who administers this organisation."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import redirect, request, url_for
from flask_login import current_user

from core.access import current_actor
from core.contacts.services import find_choices, get_contact
from core.db import transaction
from core.errors import NotFound, UserMistake
from core.factors import duty
from core.i18n import _
from core.users.forms import AppointForm, RemoveForm
from core.users.services import password_problem
from core.users.services.admins import MOST_ADMINS, admin_role, admins_of, appoint, ask_second_step, open_invitations, remove_admin
from core.users.services.invitations import invite_admin, withdraw
from core.users.services.parts import holders_of, parts_here
from core.users.services.roles import put_back, receipt_of
from core.users.views.links import link_page, mail_link
from core.web.context import current_organisation
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs


def ask_password(typed: str | None) -> None:
    """Who gives power away types the own password; UserMistake when it is wrong. In a transaction of its own."""
    with transaction():
        problem = password_problem(current_user._get_current_object(), typed or "", request.remote_addr or "")
    if problem is not None:
        raise problem


class AdminsPage(CoreView):
    route_base = "/o/<org>/settings/admins"
    default_view = "list"

    @expose("/")
    @needs("users.manage")
    def list(self) -> Any:
        organisation = current_organisation()
        admins, invitations = admins_of(organisation), open_invitations(organisation)
        return self.render(
            "users/admins.html",
            admins=admins,
            invitations=invitations,
            parts=holders_of(organisation),
            may_give=bool(parts_here(organisation)),
            most=MOST_ADMINS,
            is_full=len(admins) + len(invitations) >= MOST_ADMINS,
            must=duty.is_asked_at(organisation),
            may_choose=organisation.kind in ("club", "region") and not duty.is_asked_from_above(organisation),
        )

    @expose("/second-step", methods=["POST"])
    @needs("users.manage")
    def second_step(self) -> Any:
        """Ask a second step of whoever runs this club or region, or stop asking it."""
        wanted = request.form.get("asked") == "yes"
        with transaction():
            ask_second_step(current_organisation(), wanted, actor=current_actor())
        done(_("From now on a second step is asked of everybody who has a part in running this.") if wanted else _("A second step is not asked any more."))
        return redirect(url_for(".list"))

    @expose("/add", methods=["GET", "POST"])
    @needs("users.manage")
    def add(self) -> Any:
        """Choose a contact: one with a login is administrator at once, others get a mail with a link."""
        form = AppointForm(request.args) if request.method == "GET" else AppointForm()
        if not form.validate_on_submit():
            return self._add_page(form, 422 if form.is_submitted() else 200)
        try:
            ask_password(form.password.data)
            with transaction():
                contact = chosen_contact(form.contact.data)
                name = contact.full_name
                user = appoint(contact, current_organisation(), actor=current_actor())
                made = None if user else self._invite(contact)
        except UserMistake as mistake:
            form.blame(UserMistake(mistake.message, field="contact") if mistake.field in ("email", "first_name", "last_name") else mistake)
            return self._add_page(form, 422)
        if made is not None:
            return link_page(made, back=url_for(".list"))
        done(_("%(name)s is an administrator now.", name=name))
        return redirect(url_for(".list"))

    def _invite(self, contact: Any) -> Any:
        if not contact.email_1:
            raise UserMistake(_("%(name)s has no e-mail address 1, so there can be no login. Fill it in first.", name=contact.full_name), field="contact")
        link = invite_admin(
            current_organisation(),
            first_name=contact.first_name,
            last_name=contact.last_name,
            email=contact.email_1,
            contact_id=contact.id,
            actor=current_actor(),
        )
        mail_link(link, current_organisation())
        return link

    def _add_page(self, form: AppointForm, status: int) -> Any:
        return self.render("users/add_admin.html", form=form, some=some_contacts(form)), status

    @expose("/<int:user>/remove", methods=["GET", "POST"])
    @needs("users.manage")
    def remove(self, user: int) -> Any:
        """Asks for the password; whoever removes herself goes to another organisation or to the login page."""
        organisation, form = current_organisation(), RemoveForm()
        admin = next((a for a in admins_of(organisation) if a.user_id == user), None)
        if admin is None:
            raise NotFound(f"admin {user}")
        if not form.validate_on_submit():
            return self.render("users/remove_admin.html", form=form, admin=admin), 422 if form.is_submitted() else 200
        try:
            ask_password(form.password.data)
            with transaction():
                receipt = receipt_of(user, admin_role(organisation).name, organisation, actor=current_actor())
                remove_admin(user, organisation, actor=current_actor())
        except UserMistake as mistake:
            form.blame(mistake)
            return self.render("users/remove_admin.html", form=form, admin=admin), 422
        done(_("%(name)s is not an administrator any more.", name=admin.name), undo_url=undo_url(receipt))
        return redirect(url_for("SessionView.home") if user == current_actor().user_id else url_for(".list"))

    @expose("/back", methods=["POST"])
    @needs("users.manage")
    def back(self) -> Any:
        """Undo: somebody holds again what was taken away a moment ago."""
        try:
            with transaction():
                name = put_back(request.args.get("receipt", ""), current_organisation(), actor=current_actor()).full_name
            done(_("%(name)s has the part back.", name=name))
        except UserMistake as mistake:
            warn(mistake)
        return redirect(url_for(".list"))

    @expose("/link/<int:pk>/withdraw", methods=["POST"])
    @needs("users.manage")
    def withdraw(self, pk: int) -> Any:
        with transaction():
            withdraw(pk, current_organisation(), actor=current_actor())
        done(_("The link does not work any more."))
        return redirect(url_for(".list"))


def undo_url(receipt: str | None) -> str | None:
    """Where the Undo of a part that was taken away leads."""
    return url_for("AdminsPage.back", receipt=receipt) if receipt else None


def chosen_contact(typed: str | None) -> Any:
    try:
        return get_contact(int(typed) if typed and typed.isdecimal() and len(typed) < 11 else 0)
    except NotFound:
        raise UserMistake(_("Choose a contact from the list."), field="contact") from None


def some_contacts(form: AppointForm) -> Any:
    """Contacts to choose from without a script; the one that was chosen is among them."""
    found = [*find_choices("", limit=200)]
    number = form.contact.data or ""
    if number.isdecimal() and len(number) < 11 and int(number) not in {contact.id for contact in found}:
        with suppress(NotFound):
            found.append(get_contact(int(number)))
    return found
