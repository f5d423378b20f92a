"""Forms of this plugin."""

from __future__ import annotations

from wtforms import DateField, IntegerField, StringField, TextAreaField
from wtforms.validators import Optional

from core.api import Form, _l


class SnapshotForm(Form):
    name = StringField(_l("Name"), description=_l("For example “Declaration 2026”."))
    reference_on = DateField(_l("Reference date"), [Optional()])
    keep_years = IntegerField(_l("Keep names for how many years?"), [Optional()])
    note = TextAreaField(_l("Note"), description=_l("For whom is it, and why? Whoever looks back in a few years will thank you."))
