"""A federation's clubs: the list, and the page of one club."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import redirect, request, url_for

from core import clock
from core.access import current_actor
from core.contacts.parsing import parse_date
from core.db import transaction
from core.errors import UserMistake
from core.fields import services as fields
from core.i18n import _
from core.lists.state import ListState
from core.lists.views import ListPage
from core.organisations import details
from core.organisations.columns import CLUBS
from core.organisations.forms import AffiliationForm, ClubForm, EndForm, NoteForm, day_of
from core.organisations.services import clubs, notes
from core.organisations.services.readiness import reference_day, stand_of_clubs
from core.organisations.services.regions import regions_of
from core.organisations.views.details import words
from core.users.services.admins import admins_of, open_invitations
from core.users.views import link_page, mail_link
from core.web.context import current_organisation, federations_of
from core.web.flashes import done
from core.web.views import CoreView, expose, needs


class ClubList(ListPage):
    """All clubs of the federation, or those of the region, with how far they are."""

    route_base = "/o/<org>/clubs"
    definition = CLUBS
    template: ClassVar[str] = "organisations/clubs.html"

    def around(self, state: ListState) -> dict[str, Any]:
        stand, day, today = stand_of_clubs(), reference_day(the_federation()), clock.today()
        chosen = request.args.getlist("f.readiness.is")
        views = (("", _("All"), None), ("no", _("Not ready yet"), stand["clubs"] - stand["ready"]), ("ready", _("Ready"), stand["ready"]))
        return {
            "stand": stand,
            "day": day,
            "days_left": (day - today).days if day else None,
            "views": [
                {
                    "title": title,
                    "count": count,
                    "url": url_for(".list", **({"f.readiness.is": value} if value else {})),  # type: ignore[arg-type]
                    "current": chosen == ([value] if value else []),
                }
                for value, title, count in views
            ],
        }


def the_federation() -> Any:
    """The federation at hand; of a region, the one it belongs to."""
    organisation = current_organisation()
    return organisation if organisation.kind == "federation" else federations_of(organisation)[0]


class ClubPage(CoreView):
    """One club, as its federation or region sees it."""

    route_base = "/o/<org>/clubs"
    default_view = "add"

    @expose("/<int:pk>")
    @needs("clubs.read")
    def show(self, pk: int) -> Any:
        club = clubs.get_club(pk)
        return self._page(club, NoteForm())

    def _page(self, club: clubs.Club, note_form: NoteForm, status: int = 200) -> Any:
        organisation = club.organisation
        return self.render(
            "organisations/club.html",
            club=club,
            organisation=organisation,
            values=details.values_of(organisation),
            extra=federation_fields(club),
            holders=clubs.holders_in(club, the_federation()),
            readiness=clubs.readiness_row(club),
            notes=notes.notes_about(club),
            note_form=note_form,
            admins=admins_of(organisation),
            invitations=open_invitations(organisation),
            **words(),
        ), status

    @expose("/add", methods=["GET", "POST"])
    @needs("clubs.write")
    def add(self) -> Any:
        federation = current_organisation()
        form = ClubForm(data={"language": federation.language, "from_on": clock.today()})
        form.offer(regions_of(federation))
        if not form.validate_on_submit():
            return self.render("organisations/add_club.html", form=form)
        try:
            values = form.values()
            with transaction():
                club, link = clubs.add_club(federation, values, first_admin=form.first_admin(), actor=current_actor())
                if link is not None:
                    mail_link(link, club)
                pk, name = club.id, club.name
        except UserMistake as mistake:
            form.blame(mistake)
            return self.render("organisations/add_club.html", form=form), 422
        if link is not None:
            return link_page(link, title=_("%(name)s was added", name=name), back=url_for(".show", pk=pk))
        done(_("%(name)s was added.", name=name))
        return redirect(url_for(".show", pk=pk))

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    @needs("clubs.write")
    def edit(self, pk: int) -> Any:
        """Number, region and first day; the rest is the club's own."""
        club = clubs.get_club(pk)
        row = club.affiliation
        form = AffiliationForm(data={"number": row.number, "region_id": str(row.region_id or ""), "from_on": row.from_on})
        form.offer(regions_of(current_organisation()))
        if form.validate_on_submit():
            try:
                first = day_of(form.from_on)
                with transaction():
                    clubs.change_affiliation(
                        clubs.get_club(pk), current_organisation(), number=form.number.data, region_id=form.region_id.data, from_on=first, actor=current_actor()
                    )
                done(_("The changes were saved."))
                return redirect(url_for(".show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("organisations/affiliation.html", form=form, club=club), 422 if form.is_submitted() else 200

    @expose("/<int:pk>/end", methods=["GET", "POST"])
    @needs("clubs.write")
    def end(self, pk: int) -> Any:
        """The club leaves the federation; nothing of it is removed."""
        club = clubs.get_club(pk)
        form = EndForm(data={"last_day": clock.today()})
        if form.validate_on_submit():
            try:
                last, before = day_of(form.last_day), club.affiliation.until_on
                with transaction():
                    clubs.end_affiliation(clubs.get_club(pk), last_day=last, actor=current_actor())
                undo = url_for(".reopen", pk=pk, until=before.isoformat() if before else None)
                done(_("The affiliation of %(name)s ends.", name=club.organisation.name), undo_url=undo)
                return redirect(url_for(".show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("organisations/end_affiliation.html", form=form, club=club), 422 if form.is_submitted() else 200

    @expose("/<int:pk>/reopen", methods=["POST"])
    @needs("clubs.write")
    def reopen(self, pk: int) -> Any:
        with transaction():
            clubs.reopen_affiliation(clubs.get_club(pk), parse_date(request.args.get("until")), actor=current_actor())
        done(_("The affiliation goes on."))
        return redirect(url_for(".show", pk=pk))

    @expose("/<int:pk>/back", methods=["POST"])
    @needs("clubs.write")
    def back(self, pk: int) -> Any:
        """A club that left comes back, from today."""
        with transaction():
            clubs.take_back(clubs.get_club(pk), current_organisation(), actor=current_actor())
        done(_("The club is affiliated again from today."))
        return redirect(url_for(".show", pk=pk))

    @expose("/<int:pk>/notes", methods=["POST"])
    @needs("clubs.read")
    def add_note(self, pk: int) -> Any:
        form = NoteForm()
        form.validate_on_submit()
        try:
            with transaction():
                note = notes.add_note(clubs.get_club(pk), form.text.data, actor=current_actor())
                note_id = note.id
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(clubs.get_club(pk), form, 422)
        done(_("The note was added."), undo_url=url_for(".remove_note", pk=pk, note=note_id))
        return redirect(url_for(".show", pk=pk))

    @expose("/<int:pk>/notes/<int:note>/remove", methods=["POST"])
    @needs("clubs.read")
    def remove_note(self, pk: int, note: int) -> Any:
        with transaction():
            notes.remove_note(clubs.get_club(pk), note, actor=current_actor())
        done(_("The note was removed."))
        return redirect(url_for(".show", pk=pk))


def federation_fields(club: clubs.Club) -> list[tuple[str, str]]:
    """Extra fields of the club that this federation defined or may read."""
    extra = club.organisation.extra or {}
    actor = current_actor()
    return [(d.title, fields.show(d, extra.get(d.key))) for d in fields.definitions("organisation") if fields.may_see(d, actor)]
