"""The form with which somebody corrects the own details."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice

from core.access import acting, current_actor
from core.contacts.attributes import ATTRIBUTES, CAN_BE_OF_OTHERS
from core.contacts.forms import ContactForm
from core.contacts.models import Contact
from core.contacts.versions import version_of
from core.corrections.models import ContactCorrection
from core.corrections.services import as_member
from core.corrections.services.asking import NEVER
from core.fields import forms as extra_fields
from core.i18n import _l
from core.web.forms import Form


class OwnDetailsForm(ContactForm):
    """What a member may fill in. Use it inside acting(as_member(...))."""

    remarks = None

    def check(self, contact: Contact | None) -> bool:
        with acting(as_member(current_actor())):
            return super().check(contact)

    def values(self) -> dict[str, Any]:
        with acting(as_member(current_actor())):
            return super().values()

    def extra_groups(self) -> list[Any]:
        with acting(as_member(current_actor())):
            return super().extra_groups()


def own_form(contact: Contact, waiting: ContactCorrection | None) -> OwnDetailsForm:
    """The form, as stored now and with what was asked before."""
    with acting(as_member(current_actor())) as member:
        form_class: type[OwnDetailsForm] = type("OwnDetailsForm", (OwnDetailsForm,), {})
        extra_fields.add_fields(form_class, "contact", member)
        form_class.contact = contact
        shown = {**version_of(contact), **(waiting.wanted if waiting is not None else {})}
        data = {a.name: _typed(a.kind, shown.get(a.name)) for a in ATTRIBUTES if a.name not in NEVER}
        data |= {f"whose_{name}": shown.get(f"whose.{name}") or "" for name in CAN_BE_OF_OTHERS}
        extra = {name.removeprefix("extra."): value for name, value in shown.items() if name.startswith("extra.") and value is not None}
        return form_class(data={**data, **extra_fields.form_data("contact", extra, member), "version": str(contact.version)})


def _typed(kind: str, value: Any) -> Any:
    return date.fromisoformat(value) if kind == "date" and value else value


class ReasonForm(Form):
    reason = TextAreaField(_l("Why do you refuse this?"), render_kw={"rows": 3, "maxlength": 500})


class WayForm(Form):
    """The choice of the club."""

    way = RadioField(
        _l("When members correct their details"),
        choices=[SelectChoice("ask", _l("The club looks at it first and accepts or refuses")), SelectChoice("direct", _l("It holds at once"))],
    )
