"""Contact details of the person at hand; and what the club does with what members ask."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, request, url_for

from core.access import acting, current_actor
from core.contacts.profile import extra_facts, facts
from core.contacts.services import get_contact
from core.contacts.versions import label_of, show, version_of
from core.corrections import services
from core.corrections.forms import OwnDetailsForm, ReasonForm, WayForm, own_form
from core.corrections.models import WAITING, ContactCorrection
from core.corrections.services.asking import drafts
from core.db import transaction
from core.errors import NotFound, StaleVersion, UserMistake
from core.fields.services import definitions, files_of, may_see
from core.files.views import answer_with
from core.i18n import _
from core.web.context import current_organisation
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs


def _mine() -> Any:
    """The own contact, or None: then the page says what to do."""
    try:
        return services.own_contact(current_actor())
    except NotFound:
        return None


class OwnDetails(CoreView):
    """What the club knows of the person at hand."""

    route_base = "/o/<org>/my/details"
    default_view = "show"

    @expose("/")
    @needs("home.read")
    def show(self) -> Any:
        """All of it, and what was asked to be changed."""
        contact = _mine()
        if contact is None:
            return self.render("corrections/nobody.html", title=_("Contact details"))
        with acting(services.as_member(current_actor())):
            extra = [(group.owner, [fact for fact in group.rows if fact.text]) for group in extra_facts(contact)]
        waiting = services.waiting_of(contact)
        return self.render(
            "corrections/details.html",
            contact=contact,
            facts=facts(contact),
            extra=[(owner, rows) for owner, rows in extra if rows],
            waiting=waiting,
            asked=differences(waiting, contact) if waiting else [],
            is_direct=services.is_direct(current_organisation()),
        )

    @expose("/change", methods=["GET", "POST"])
    @needs("home.read")
    def change(self) -> Any:
        """Correct them; what has to be looked at first waits for the club."""
        contact = _mine() or abort(404)
        form = own_form(contact, services.waiting_of(contact))
        if not form.validate_on_submit() or form.check(contact):
            return self._page(form, contact)
        try:
            with transaction():
                outcome = services.correct(
                    contact, form.values(), actor=current_actor(), organisation=current_organisation(), version=form.started_from
                )
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(form, contact)
        except StaleVersion:
            return self._stale(form)
        _say(outcome)
        return redirect(url_for(".show"), 303)

    @expose("/withdraw", methods=["POST"])
    @needs("home.read")
    def withdraw(self) -> Any:
        """Never mind what was asked."""
        with transaction():
            services.withdraw(services.own_contact(current_actor()), actor=current_actor())
        done(_("Your request was withdrawn."))
        return redirect(url_for(".show"), 303)

    def _page(self, form: OwnDetailsForm, contact: Any, status: int = 422) -> Any:
        is_direct = services.is_direct(current_organisation())
        page = self.render("corrections/change.html", form=form, contact=contact, extra_fields=form.extra_groups(), is_direct=is_direct)
        return page, status if request.method == "POST" else 200

    def _stale(self, form: OwnDetailsForm) -> Any:
        """The club saved meanwhile: what was typed stays, and is looked at beside what is stored now."""
        contact = services.own_contact(current_actor())
        form.version.data = str(contact.version)
        form.form_errors.append(_("The club changed your details meanwhile. What you typed is still here: look at it and save again."))
        return self._page(form, contact, 409)


def _say(outcome: services.Outcome) -> None:
    if outcome.stored:
        done(_("The changes were saved."))
    if outcome.asked:
        done(_("Your request was sent to the club: %(fields)s. You hear when it is decided.", fields=", ".join(outcome.asked)))
    if not outcome.stored and not outcome.asked:
        done(_("Nothing was changed."))


class OwnDocuments(CoreView):
    """The files the club keeps about the person at hand and lets see."""

    route_base = "/o/<org>/my/documents"
    default_view = "list"

    @expose("/")
    @needs("home.read")
    def list(self) -> Any:
        """Files in extra fields that members may see."""
        contact = _mine()
        if contact is None:
            return self.render("corrections/nobody.html", title=_("Documents"))
        member = services.as_member(current_actor())
        kept = files_of(contact)
        found = [(field.title, kept[field.key]) for field in definitions("contact") if field.type == "file" and field.key in kept and may_see(field, member)]
        return self.render("corrections/documents.html", documents=found)


def differences(row: ContactCorrection, contact: Any) -> list[dict[str, str]]:
    """What is asked beside what is stored, in the order of the form. `was`: when it changed since."""
    now = version_of(contact)
    found = []
    for name in [*(name for name in now if name in row.wanted), *(name for name in row.wanted if name not in now)]:
        stored, was = now.get(name), row.was.get(name)
        line = {"name": name, "label": label_of(name) or name, "now": show(name, stored), "wanted": show(name, row.wanted[name])}
        found.append({**line, "was": show(name, was) if (was or None) != (stored or None) else ""})
    return found


class CorrectionsPage(CoreView):
    """What members ask to correct."""

    route_base = "/o/<org>/crm/corrections"
    default_view = "list"

    @expose("/")
    @needs(services.DECIDE)
    def list(self) -> Any:
        """What waits, the oldest first."""
        rows = services.waiting_corrections()
        shown = [(row, ", ".join(dict.fromkeys(label_of(name) or name for name in row.wanted))) for row in rows]
        return self.render("corrections/list.html", corrections=shown)

    @expose("/<int:pk>/")
    @needs(services.DECIDE)
    def show(self, pk: int) -> Any:
        """Both versions, side by side."""
        return self._page(pk, ReasonForm())

    @expose("/<int:pk>/accept", methods=["POST"])
    @needs(services.DECIDE)
    def accept(self, pk: int) -> Any:
        """Store what was asked."""
        version, contact_version = (request.form.get(name, 0, type=int) for name in ("version", "contact_version"))
        return self._decide(pk, ReasonForm(), services.accept, _("Stored. %(name)s gets a notification."), version=version, contact_version=contact_version)

    @expose("/<int:pk>/refuse", methods=["POST"])
    @needs(services.DECIDE)
    def refuse(self, pk: int) -> Any:
        """Leave it as it is, with a reason."""
        form = ReasonForm()
        version, text = request.form.get("version", 0, type=int), _("Refused. %(name)s gets a notification with your reason.")
        return self._decide(pk, form, services.refuse, text, version=version, reason=form.reason.data or "")

    @expose("/<int:pk>/file/<int:file>")
    @needs(services.DECIDE)
    def file(self, pk: int, file: int) -> Any:
        """A file that was sent along."""
        row = services.get_correction(pk)
        wanted = [value for name, value in row.wanted.items() if name.startswith("extra.")]
        found = next((draft for draft in drafts(wanted) if draft.id == file), None)
        return answer_with(found) if found is not None and row.state == WAITING else abort(404)

    def _decide(self, pk: int, form: ReasonForm, act: Any, text: str, **arguments: Any) -> Any:
        try:
            with transaction():
                name = act(pk, actor=current_actor(), organisation=current_organisation(), **arguments).full_name
        except UserMistake as mistake:
            form.blame(mistake)
            return self._page(pk, form, 422)
        except StaleVersion:
            warn(_("This was changed since you opened the page. Look at it again."))
            return redirect(url_for(".show", pk=pk), 303)
        done(text % {"name": name})
        return redirect(url_for(".list"), 303)

    def _page(self, pk: int, form: ReasonForm, status: int = 200) -> Any:
        row = services.get_correction(pk)
        contact = get_contact(row.contact_id)
        sent = {f"extra.{draft.part}": draft for draft in drafts(value for name, value in row.wanted.items() if name.startswith("extra."))}
        page = self.render("corrections/show.html", correction=row, contact=contact, differences=differences(row, contact), sent=sent, form=form)
        return page, status


class CorrectionSettings(CoreView):
    """Settings > Corrections: at once, or by request."""

    route_base = "/o/<org>/settings/corrections"
    default_view = "edit"

    @expose("/", methods=["GET", "POST"])
    @needs(services.DECIDE)
    def edit(self) -> Any:
        """The choice of the club."""
        organisation = current_organisation()
        form = WayForm(data={"way": "direct" if services.is_direct(organisation) else "ask"})
        if form.validate_on_submit():
            with transaction():
                services.set_direct(current_organisation(), form.way.data == "direct", actor=current_actor())
            done(_("The changes were saved."))
            return redirect(url_for(".edit"), 303)
        return self.render("corrections/settings.html", form=form), 422 if form.is_submitted() else 200
