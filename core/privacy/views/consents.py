"""Settings > Privacy > Consents: what people are asked to agree to."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import StaleVersion, UserMistake
from core.i18n import LANGUAGES, _
from core.privacy import consents
from core.privacy.forms import purpose_form
from core.privacy.models import ConsentPurpose
from core.privacy.requests import MANAGE
from core.privacy.views.parts import SettingsPart
from core.web.flashes import done
from core.web.views import expose, needs


class ConsentPurposes(SettingsPart):
    route_base = "/o/<org>/settings/privacy/consents"
    default_view = "list"
    part_of = "PrivacyRequests"

    @expose("/")
    @needs(MANAGE)
    def list(self) -> Any:
        return self.render("privacy/consents.html", purposes=consents.purposes(), counts=consents.counts())

    @expose("/add", methods=["GET", "POST"])
    @needs(MANAGE)
    def add(self) -> Any:
        return self._edit(None)

    @expose("/<int:pk>", methods=["GET", "POST"])
    @needs(MANAGE)
    def edit(self, pk: int) -> Any:
        """Another text is another question: everybody is asked again."""
        return self._edit(consents.get_purpose(pk))

    def _edit(self, purpose: ConsentPurpose | None) -> Any:
        texts = consents.texts_of(purpose) if purpose else []
        form = purpose_form(data=_values(purpose, texts))
        if form.validate_on_submit():
            try:
                with transaction():
                    title, text = ({code: form[f"{name}_{code}"].data for code in LANGUAGES} for name in ("title", "text"))
                    consents.save_purpose(purpose, title, text, actor=current_actor(), version=form.version.data if purpose else None)
            except UserMistake as mistake:
                form.blame(mistake)
            except StaleVersion:
                form.form_errors.append(_("Somebody else changed this meanwhile. Open it again to see what; what you typed is still here to copy."))
            else:
                done(_("Saved."))
                return redirect(url_for(".list"))
        page = self.render("privacy/consent.html", form=form, purpose=purpose, texts=texts, languages=LANGUAGES)
        return page, 422 if form.is_submitted() else 200

    @expose("/suggestions", methods=["POST"])
    @needs(MANAGE)
    def suggestions(self) -> Any:
        with transaction():
            consents.add_suggestions(actor=current_actor())
        done(_("Read the texts and change what does not fit your club."))
        return redirect(url_for(".list"))

    @expose("/<int:pk>/switch", methods=["POST"])
    @needs(MANAGE)
    def switch(self, pk: int) -> Any:
        with transaction():
            purpose = consents.get_purpose(pk)
            consents.switch(purpose, on=not purpose.is_active, actor=current_actor())
            is_on, title = purpose.is_active, str(purpose)
        done(
            _("“%(title)s” is asked again.", title=title) if is_on else _("“%(title)s” is not asked any more.", title=title),
            undo_url=url_for(".switch", pk=pk),
        )
        return redirect(url_for(".list"))


def _values(purpose: ConsentPurpose | None, texts: Any) -> dict[str, Any]:
    if purpose is None:
        return {}
    found: dict[str, Any] = {"version": purpose.version}
    for code in LANGUAGES:
        found[f"title_{code}"] = purpose.title.get(code, "")
        found[f"text_{code}"] = texts[0].text.get(code, "") if texts else ""
    return found
