"""The regions of a federation, and who looks after them."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import UserMistake
from core.i18n import _
from core.organisations.forms import RegionForm
from core.organisations.services import regions
from core.users.forms import PersonForm
from core.users.services.admins import MOST_ADMINS, admins_of, open_invitations, remove_admin
from core.users.services.invitations import invite_admin, withdraw
from core.users.views import link_page, mail_link
from core.web.context import current_organisation
from core.web.flashes import done
from core.web.views import CoreView, expose, needs


class RegionPages(CoreView):
    route_base = "/o/<org>/regions"
    default_view = "list"

    @expose("/")
    @needs("clubs.write")
    def list(self) -> Any:
        return self.render("organisations/regions.html", rows=regions.region_rows(current_organisation()))

    @expose("/add", methods=["GET", "POST"])
    @needs("clubs.write")
    def add(self) -> Any:
        form = RegionForm()
        if form.validate_on_submit():
            try:
                with transaction():
                    pk = regions.add_region(current_organisation(), form.name.data, actor=current_actor()).id
                done(_("The region was added."))
                return redirect(url_for(".show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("organisations/region_form.html", form=form, region=None), 422 if form.is_submitted() else 200

    @expose("/<int:pk>")
    @needs("clubs.write")
    def show(self, pk: int) -> Any:
        return self._page(pk, PersonForm())

    def _page(self, pk: int, form: PersonForm, status: int = 200) -> Any:
        region = regions.get_region(current_organisation(), pk)
        row = next(row for row in regions.region_rows(current_organisation()) if row.region.id == pk)
        context = {"staff": admins_of(region), "invitations": open_invitations(region), "most": MOST_ADMINS, "form": form}
        return self.render("organisations/region.html", region=region, row=row, **context), status

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    @needs("clubs.write")
    def edit(self, pk: int) -> Any:
        region = regions.get_region(current_organisation(), pk)
        form = RegionForm(data={"name": region.name})
        if form.validate_on_submit():
            try:
                with transaction():
                    regions.rename_region(region, current_organisation(), form.name.data, actor=current_actor())
                done(_("The changes were saved."))
                return redirect(url_for(".show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("organisations/region_form.html", form=form, region=region), 422 if form.is_submitted() else 200

    @expose("/<int:pk>/close", methods=["POST"])
    @needs("clubs.write")
    def close(self, pk: int) -> Any:
        region = regions.get_region(current_organisation(), pk)
        try:
            with transaction():
                regions.close_region(region, actor=current_actor())
        except UserMistake as mistake:
            form = PersonForm()
            form.blame(mistake)
            return self._page(pk, form, 422)
        done(_("The region is gone."))
        return redirect(url_for(".list"))

    @expose("/<int:pk>/staff", methods=["POST"])
    @needs("users.manage")
    def add_staff(self, pk: int) -> Any:
        """Mail a link to somebody who will look after the clubs of this region."""
        region, form = regions.get_region(current_organisation(), pk), PersonForm()
        form.validate_on_submit()
        try:
            with transaction():
                link = invite_admin(region, **form.values(), actor=current_actor())
                mail_link(link, region)
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(pk, form, 422)
        return link_page(link, back=url_for(".show", pk=pk))

    @expose("/<int:pk>/staff/<int:user>/remove", methods=["POST"])
    @needs("users.manage")
    def remove_staff(self, pk: int, user: int) -> Any:
        region = regions.get_region(current_organisation(), pk)
        with transaction():
            name = remove_admin(user, region, fewest=0, actor=current_actor()).full_name
        done(_("%(name)s does not look after this region any more.", name=name))
        return redirect(url_for(".show", pk=pk))

    @expose("/<int:pk>/staff/link/<int:invitation>/withdraw", methods=["POST"])
    @needs("users.manage")
    def withdraw(self, pk: int, invitation: int) -> Any:
        region = regions.get_region(current_organisation(), pk)
        with transaction():
            withdraw(invitation, region, actor=current_actor())
        done(_("The link does not work any more."))
        return redirect(url_for(".show", pk=pk))
