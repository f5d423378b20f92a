"""What an organisation says of itself: name, addresses, numbers, colour, logo."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, url_for
from sqlalchemy import select

from core import clock
from core.access import current_actor
from core.audit.history import history_of
from core.db import db, transaction
from core.errors import StaleVersion, UserMistake
from core.fields import services as fields
from core.fields.forms import form_values, groups, keep_uploads
from core.files import services as files
from core.files.views import answer_with
from core.i18n import _
from core.organisations import details
from core.organisations.checks import looked_at
from core.organisations.forms import TARGET, DetailsForm, details_form, merge
from core.organisations.models import Affiliation, Organisation
from core.organisations.services.details import LOGO_SETTING, keep_logo, save_details
from core.web.context import current_organisation, federations_of
from core.web.flashes import done
from core.web.views import CoreView, expose, needs

LOGO_PURPOSE = "logo"
A_DAY = 86_400


class ClubDetails(CoreView):
    """The details of the organisation at hand; of a club, its federations read them."""

    route_base = "/o/<org>/club/details"
    default_view = "show"

    @expose("/")
    @needs("organisation.read")
    def show(self) -> Any:
        organisation = current_organisation()
        return self.render(
            "organisations/details.html",
            organisation=organisation,
            values=details.values_of(organisation),
            extra=[(d.title, fields.show(d, (organisation.extra or {}).get(d.key))) for d in fields.definitions(TARGET) if fields.may_see(d, current_actor())],
            affiliations=affiliations_of(organisation),
            seen=looked_at(organisation, "details", clock.today(organisation.time_zone)),
            **words(),
        )

    @expose("/edit", methods=["GET", "POST"])
    @needs("organisation.write")
    def edit(self) -> Any:
        organisation, actor = current_organisation(), current_actor()
        form = details_form(organisation, actor)
        if not form.validate_on_submit():
            return self._form_page(form, 422 if form.is_submitted() else 200)
        if keep_uploads(form, TARGET, actor) or _blame_all(form):
            return self._form_page(form, 422)
        try:
            self._save(organisation, form)
        except StaleVersion:
            who = next((line.who for line in history_of("organisation", organisation.id, limit=1)), _("Somebody"))
            if not merge(form, current_organisation(), actor, who):
                return self._form_page(form, 409)
            self._save(current_organisation(), form)
        except UserMistake as mistake:
            form.blame(mistake)
            return self._form_page(form, 422)
        done(_("The changes were saved."))
        return redirect(url_for(".show"))

    def _save(self, organisation: Organisation, form: DetailsForm) -> None:
        actor = current_actor()
        with transaction():
            save_details(organisation, form.typed(), extra=form_values(form, TARGET, actor), actor=actor, version=form.started_from)
            upload = form.logo.data
            if getattr(upload, "filename", ""):
                try:
                    new = files.store(upload.stream, filename=upload.filename, purpose=LOGO_PURPOSE, actor=actor, subject=organisation)
                except UserMistake as mistake:
                    raise UserMistake(mistake.message, field="logo") from None
                _replace_logo(organisation, new.id)
            elif form.no_logo.data:
                _replace_logo(organisation, None)

    def _form_page(self, form: DetailsForm, status: int) -> Any:
        organisation = current_organisation()
        asked = groups(form, TARGET, organisation.extra, current_actor())
        return self.render(
            "organisations/details_form.html", form=form, organisation=organisation, extra_groups=asked, logo=organisation.setting(LOGO_SETTING)
        ), status

    @expose("/looked-at", methods=["POST"])
    @needs("organisation.write")
    def looked_at(self) -> Any:
        """Everything is still right."""
        with transaction():
            save_details(current_organisation(), {}, actor=current_actor())
        done(_("Thank you. We noted that you looked at the details today."))
        return redirect(url_for(".show"))

    @expose("/logo/<int:pk>")
    @needs("login")
    def logo(self, pk: int) -> Any:
        """The logo, for everybody with a role here; a new logo has a new address."""
        if current_organisation().setting(LOGO_SETTING) != pk:
            abort(404)
        response = answer_with(files.get(pk), inline=True)
        response.headers["Cache-Control"] = f"private, max-age={A_DAY}"
        return response


def _replace_logo(organisation: Organisation, file_id: int | None) -> None:
    before = keep_logo(organisation, file_id, actor=current_actor())
    if before and before != file_id:
        files.remove(files.get(before))


def _blame_all(form: DetailsForm) -> bool:
    """Put every mistake beside its field; True when there are any."""
    _cleaned, mistakes = details.clean_details(form.typed())
    actor = current_actor()
    mistakes += fields.check(TARGET, form_values(form, TARGET, actor), actor=actor, stored=current_organisation().extra)[1]
    for mistake in mistakes:
        form.blame(mistake)
    return bool(mistakes)


def affiliations_of(organisation: Organisation) -> list[tuple[str, str | None]]:
    """(federation, number) of a club, for its details."""
    if organisation.kind != "club":
        return []
    numbers = {row.federation_id: row.number for row in db.session.scalars(select(Affiliation).order_by(Affiliation.from_on))}
    return [(federation.name, numbers.get(federation.id)) for federation in federations_of(organisation)]


def words() -> dict[str, Any]:
    """Functions templates show details with."""
    return {"show_detail": details.show, "address_lines": details.address_lines, "labels": {d.name: d.label for d in details.DETAILS}}
