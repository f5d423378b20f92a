"""What a stranger fills in; it is asked in the address, so that a search can be sent to somebody."""

from __future__ import annotations

from typing import Any

from flask import request
from wtforms import StringField
from wtforms.fields.choices import SelectChoice

from core.contacts.forms import ChoiceField
from core.i18n import _, _l
from core.web.forms import Form
from plugins.groups.finder.listing import Finder
from plugins.groups.finder.searching import DISTANCES, Wanted

LONGEST = 60


class FinderForm(Form):
    class Meta:
        csrf = False  # it changes nothing, and a page with a token could not be kept

    where = StringField(_l("Postcode or town"), render_kw={"maxlength": LONGEST, "autocomplete": "postal-code", "spellcheck": "false"})
    km = ChoiceField(_l("Distance"))
    type = ChoiceField(_l("Type"))
    composition = ChoiceField(_l("Composition"))

    def wanted(self) -> Wanted:
        typed = {field.short_name: (field.data or "").strip()[:LONGEST] for field in self}
        return Wanted(**typed)


def finder_form(finder: Finder) -> FinderForm:
    """Filled in as the address says; what is not offered stays out of it."""
    form = FinderForm(formdata=request.args)
    form.km.choices = [SelectChoice("", _("However far")), *(SelectChoice(str(km), _("At most %(number)s km", number=km)) for km in DISTANCES)]
    offers: Any = (("type", _("Every type"), finder.listing.types), ("composition", _("Every composition"), finder.listing.compositions))
    for name, everything, terms in offers:
        offered = [SelectChoice(term.key, term.title) for term in terms if term.is_active or term.key == form[name].data]
        form[name].choices = [SelectChoice("", everything), *offered]
        if not offered and not form[name].data:
            del form[name]
    return form
