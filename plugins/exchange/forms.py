"""Forms of this plugin."""

from __future__ import annotations

from flask_wtf.file import FileField
from wtforms import BooleanField, RadioField, StringField, TextAreaField

from core.api import Form, _l

BASIS_TITLES = {
    "contract": _l("The membership itself (contract)"),
    "legitimate_interest": _l("A legitimate interest"),
    "legal_obligation": _l("The law asks it"),
    "public_task": _l("A public task"),
    "consent": _l("Consent of the members"),
}


class ExchangeForm(Form):
    name = StringField(_l("Name"), description=_l("For example “Pamela”."))
    partner = StringField(_l("With whom"), description=_l("The organisation, and the member system it uses."))
    purpose = TextAreaField(_l("Why"), description=_l("Members who ask what happens with their data read this."))
    legal_basis = RadioField(_l("On what does it rest?"), choices=lambda: list(BASIS_TITLES.items()))
    sends = BooleanField(_l("We send data"))
    receives = BooleanField(_l("We receive data"))
    is_active = BooleanField(_l("In use"), default=True)


class ReceiveForm(Form):
    file = FileField(_l("CSV file"))
