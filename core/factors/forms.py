"""The forms of second steps and passkeys."""

from __future__ import annotations

from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import Length

from core.i18n import _l
from core.web.forms import Form

_PASSWORD = {"maxlength": 200, "autocomplete": "current-password", "required": True}
_CODE = {"maxlength": 30, "autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "required": True}


class CodeForm(Form):
    """A code of the app, or one on paper."""

    code = StringField(_l("Code"), [Length(max=30)], render_kw=_CODE)


class AppForm(Form):
    """The first code of an app, and whose login it is."""

    code = StringField(_l("The six digits the app shows"), [Length(max=30)], render_kw={**_CODE, "inputmode": "numeric"})
    password = PasswordField(_l("Your own password"), render_kw=_PASSWORD)


class PasskeyForm(Form):
    """A new passkey; what the device answers comes in `answer`."""

    name = StringField(_l("Name of the device"), [Length(max=60)], render_kw={"maxlength": 60, "required": True, "autocomplete": "off"})
    password = PasswordField(_l("Your own password"), render_kw=_PASSWORD)
    answer = HiddenField()


class AnswerForm(Form):
    """What a device answers."""

    answer = HiddenField()


class OwnPasswordForm(Form):
    password = PasswordField(_l("Your own password"), render_kw=_PASSWORD)
