"""What the contacts room adds to the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from sqlalchemy import func, select

from core.access import Actor, Permission, can, current_actor
from core.contacts import services
from core.contacts.models import Contact
from core.contacts.views import VIEWS as _VIEWS
from core.extend.contributions import ContactSection, NotificationKind, Tab, Widget
from core.i18n import _, _l, _n
from core.lists.actions import BulkAction
from core.lists.filters import Filter

_DETAILS = _l("Contact details")
_MANAGERS = ("club_admin", "federation_admin", "region_admin")

PERMISSIONS = (
    Permission("contacts.read", _l("See contacts"), roles=(*_MANAGERS, "members", "communication", "read_only"), data=_DETAILS),
    Permission("contacts.write", _l("Add and change contacts"), roles=(*_MANAGERS, "members"), data=_DETAILS),
    Permission("contacts.delete", _l("Remove contacts and bring them back"), roles=(*_MANAGERS, "members"), data=_DETAILS),
    Permission("contacts.export", _l("Export contacts"), roles=(*_MANAGERS, "members"), data=_DETAILS),
)
VIEWS = _VIEWS
TABS = (Tab("club", _l("Contacts"), "ContactFunctions.list", "contacts.read", icon="users", position=20, kinds=("club",)),)


# --- filter and actions of the list --------------------------------------------------------------


def _missing_choices() -> list[tuple[str, Any]]:
    return [("any", _l("Anything")), *services.MISSING.items()]


def _missing(operator: str, value: Any) -> Any:
    """`operator` is "is"; "empty" means nothing is missing, or something is."""
    if operator == "empty":
        return ~services.missing_condition("any") if value else services.missing_condition("any")
    return services.missing_condition(value)


_MISSING = _l("Missing contact info")
FILTERS = (Filter("problem", "contacts", _MISSING, _l("Contact details"), "choice", _missing, choices=_missing_choices, operators=("is",), position=90),)


def _put_in_bin(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    services.put_in_bin(services.get_contact(item_id), actor=actor)


def _to_bin(number: int, _values: Mapping[str, Any]) -> str:
    return _n("%(num)s contact goes to the bin.", "%(num)s contacts go to the bin.", number)


def _restore(item_id: int, _values: Mapping[str, Any], *, actor: Actor) -> None:
    services.restore(services.get_contact(item_id, even_in_bin=True), actor=actor)


BULK_ACTIONS = (
    BulkAction(
        "put_in_bin", "contacts", _l("Remove contacts"), "contacts.delete", run=_put_in_bin, undo=_restore, explain=_to_bin, icon="trash",
        is_danger=True, position=900,
    ),
    BulkAction("restore", "contacts_bin", _l("Bring back"), "contacts.delete", run=_restore, undo=_put_in_bin, icon="arrow-back-up", position=10),
)


# --- profile and dashboard -----------------------------------------------------------------------


def _functions(contact: Contact) -> Mapping[str, Any]:
    can_give = can(current_actor(), "contacts.write") and contact.deleted_at is None and bool(services.functions_here())
    return {"held": services.functions_of(contact), "can_give": can_give, "today": services.today()}


CONTACT_SECTIONS = (
    ContactSection("functions", _l("Functions"), "contacts/_functions.html", _functions, "contacts.read", position=60),
)


def _number(*conditions: Any) -> Any:
    return select(func.count(Contact.id)).where(Contact.deleted_at.is_(None), *conditions)


def _number_incomplete() -> Any:
    return _number(services.missing_condition("any"))


def _contacts(_organisation: Any, number: int) -> Mapping[str, Any]:
    return {"value": number, "label": _("contacts"), "url": url_for("ContactList.list")}


def _incomplete(_organisation: Any, number: int) -> Mapping[str, Any]:
    url = url_for("ContactList.list", **{"f.problem.is": "any"})  # type: ignore[arg-type]
    return {"value": number, "label": _("contacts with missing contact info"), "url": url, "tone": "warn" if number else "ok"}


WIDGETS = (
    Widget("contacts", _l("Contacts"), _contacts, "contacts.read", shape="stat", position=10, count=_number),
    Widget(
        "contacts_incomplete", _l("Contacts with missing contact info"), _incomplete, "contacts.read", shape="stat", position=40, count=_number_incomplete
    ),
)

NOTIFICATION_KINDS = (
    NotificationKind(
        "contacts.changed", _l("The club changed my details"), hint=_l("When somebody of the club changes what it knows of you."), position=30
    ),
)
