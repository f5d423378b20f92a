"""The forms of logins. What is typed goes to the services as it is; they check it."""

from __future__ import annotations

import json
from typing import Any

from wtforms import BooleanField, HiddenField, PasswordField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, ValidationError
from wtforms.widgets import EmailInput

from core.factors import duty
from core.i18n import _, _l
from core.users import letters
from core.users.policy import POLICIES
from core.web.forms import Form

_NEW = {"maxlength": 200, "autocomplete": "new-password", "required": True}
_NAME = {"required": True, "autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}


class AppointForm(Form):
    """A contact that becomes administrator, and who says so."""

    contact = StringField(_l("Contact"))
    password = PasswordField(_l("Your own password"), render_kw={"maxlength": 200, "autocomplete": "current-password", "required": True})


class PartForm(Form):
    """A contact that gets a part in running the organisation, and who says so."""

    contact = StringField(_l("Contact"))
    role = RadioField(_l("What may this person do?"), choices=[], validate_choice=False)
    password = PasswordField(_l("Your own password"), render_kw={"maxlength": 200, "autocomplete": "current-password", "required": True})


class RemoveForm(Form):
    password = PasswordField(_l("Your own password"), render_kw={"maxlength": 200, "autocomplete": "current-password", "required": True})


class PersonForm(Form):
    """Somebody who gets a link."""

    first_name = StringField(_l("First name"), render_kw={"maxlength": 60, "required": True, "autocomplete": "off"})
    last_name = StringField(_l("Family name"), render_kw={"maxlength": 60, "required": True, "autocomplete": "off"})
    email = StringField(_l("E-mail address"), widget=EmailInput(), render_kw={"maxlength": 254, "required": True, "autocomplete": "off"})

    def values(self) -> dict[str, Any]:
        return {"first_name": self.first_name.data or "", "last_name": self.last_name.data or "", "email": self.email.data}


class PasswordForm(Form):
    """Another password for oneself."""

    password = PasswordField(_l("The password you have now"), render_kw={"maxlength": 200, "autocomplete": "current-password", "required": True})
    new = PasswordField(_l("New password"), render_kw=_NEW)


class NewLoginForm(Form):
    """The first password of somebody who was invited."""

    new = PasswordField(_l("Choose a password"), render_kw=_NEW)


class MemberLoginForm(Form):
    """The user name and password of somebody who was invited."""

    username = StringField(_l("User name"), render_kw={"maxlength": 64, **_NAME})
    new = PasswordField(_l("Choose a password"), render_kw=_NEW)
    again = PasswordField(_l("The same password again"), render_kw=_NEW)


class NewPasswordForm(Form):
    """Another password, for whoever has the link."""

    new = PasswordField(_l("New password"), render_kw=_NEW)
    again = PasswordField(_l("The same password again"), render_kw=_NEW)


class AddressForm(Form):
    """Whose link is to be mailed."""

    name = StringField(_l("Your e-mail address or user name"), render_kw={"maxlength": 254, **_NAME})


class LinkForm(Form):
    """The login details of another user of the same person."""

    username = StringField(
        _l("User name or e-mail address"), [DataRequired(_l("Fill in the user name."))], render_kw={"maxlength": 254, **_NAME, "autocomplete": "off"}
    )
    password = PasswordField(
        _l("Password of that user"),
        [DataRequired(_l("Fill in the password.")), Length(max=200)],
        render_kw={"maxlength": 200, "required": True, "autocomplete": "off"},
    )


class LinkedPasswordForm(Form):
    """The password of a suggested user."""

    password = PasswordField(
        _l("Password of that user"),
        [DataRequired(_l("Fill in the password.")), Length(max=200)],
        render_kw={"maxlength": 200, "required": True, "autocomplete": "off"},
    )


class PersonSearchForm(Form):
    """Whom somebody looks for on the login page."""

    first_name = StringField(_l("First name"), render_kw={"maxlength": 80, "autocomplete": "given-name"})
    last_name = StringField(_l("Family name"), render_kw={"maxlength": 80, "autocomplete": "family-name"})
    email = StringField(_l("E-mail address"), widget=EmailInput(), render_kw={"maxlength": 254, "autocomplete": "email"})


class InvitationForm(Form):
    """The mail of an invitation, to change before it goes."""

    subject = StringField(_l("Subject"), [Length(max=200)], default=lambda: str(letters.SUBJECT), render_kw={"maxlength": 200})
    text = TextAreaField(
        _l("Text"),
        [Length(max=5_000)],
        default=lambda: str(letters.INVITATION),
        description=_l("{first_name}, {last_name}, {name} and {club} are filled in for each person. The button with the link is put below."),
        render_kw={"maxlength": 5_000, "rows": 12},
    )

    def validate_subject(self, field: Any) -> None:
        _only_known_placeholders(field)

    def validate_text(self, field: Any) -> None:
        _only_known_placeholders(field)


def _only_known_placeholders(field: Any) -> None:
    unknown = letters.unknown_placeholders(field.data or "")
    if unknown:
        raise ValidationError(
            _("Nothing can be filled in for {%(name)s}. Use only {first_name}, {last_name}, {name} and {club}.", name=unknown[0][:40])
        )


def _policies() -> list[SelectChoice]:
    return [SelectChoice(value=policy.name, label=policy.title) for policy in POLICIES.values()]


def _shown() -> list[SelectChoice]:
    titles = {"masked": _("First and last letter: n...t@example.org"), "provider": _("Only the provider: ...@example.org"), "off": _("Nothing")}
    return [SelectChoice(value=value, label=title) for value, title in titles.items()]


def _who_must() -> list[SelectChoice]:
    titles = {
        duty.FEDERATION: _("Administrators of the federation"),
        duty.REGIONS: _("Administrators of the federation and staff of regions"),
        duty.EVERYBODY: _("Also administrators of clubs"),
    }
    return [SelectChoice(value=value, label=title) for value, title in titles.items()]


class LoginRulesForm(Form):
    """What a federation decides about logins."""

    policy = SelectField(_l("What a new password has to be"), choices=_policies, description=_l("Passwords that exist stay valid."))
    by_name = BooleanField(_l("The name alone is enough to look for an account"), description=_l("Off: the e-mail address is asked too."))
    hits = BooleanField(
        _l("Show who was found"),
        description=_l("Off: the answer is the same whether somebody is known or not, and the mail goes out by itself. Minors are never shown."),
    )
    address = SelectField(
        _l("What is told of the address the mail goes to"),
        choices=_shown,
    )
    second_factor = SelectField(
        _l("Who has to set up a second step to log in"),
        choices=_who_must,
        description=_l("An app or a passkey, beside the password. Whoever has none is asked to set one up when logging in."),
    )
    started_from = HiddenField()

    def shown(self) -> dict[str, Any]:
        """The rules as this form showed them when it was opened."""
        try:
            found = json.loads(self.started_from.data or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}
