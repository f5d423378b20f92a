"""Two versions of a contact side by side, when two people changed it at once.

A version is a flat dict of JSON values: attributes by name, "whose.<name>", "extra.<key>".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from core.audit.history import show_plain
from core.contacts.attributes import ATTRIBUTES, BY_NAME, CAN_BE_OF_OTHERS
from core.contacts.models import Contact
from core.fields import services as fields
from core.i18n import _

Side = Literal["mine", "theirs"]
Version = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """A field the two versions do not agree on.

    `chosen` is the side that changed it; None when both did, so that somebody has to pick.
    """

    name: str
    label: str
    mine: str
    theirs: str
    chosen: Side | None


def version_of(contact: Contact) -> Version:
    """What is stored now."""
    found: Version = {a.name: _json(getattr(contact, a.name)) for a in ATTRIBUTES}
    found |= {f"whose.{name}": (contact.whose or {}).get(name) for name in CAN_BE_OF_OTHERS}
    found |= {f"extra.{d.key}": _json((contact.extra or {}).get(d.key)) for d in fields.definitions("contact")}
    return found


def version_with(contact_version: Mapping[str, Any], cleaned: Mapping[str, Any]) -> Version:
    """The version somebody wants to store: what check_values returned, over `contact_version`."""
    found = dict(contact_version)
    for name, value in cleaned.items():
        if name in ("whose", "extra"):
            found |= {f"{name}.{key}": _json(item) for key, item in value.items()}
        else:
            found[name] = _json(value)
    return found


def values_of(version: Mapping[str, Any]) -> dict[str, Any]:
    """A (part of a) version as save_contact takes it."""
    values: dict[str, Any] = {"whose": {}, "extra": {}}
    for name, value in version.items():
        kind, dot, key = name.partition(".")
        if dot:
            values[kind][key] = value
        else:
            values[name] = value
    return values


def compare(was: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Difference]:
    """Where two versions that both started from `was` differ, in the order of the form."""
    found = []
    for name, their in theirs.items():
        my = mine.get(name)
        if (my or None) != (their or None):
            found.append(Difference(name, label_of(name), show(name, my), show(name, their), _who_changed(was.get(name), my, their)))
    return found


def _who_changed(was: Any, mine: Any, theirs: Any) -> Side | None:
    if (was or None) == (mine or None):
        return "theirs"
    if (was or None) == (theirs or None):
        return "mine"
    return None


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


# --- words, for the history too ----------------------------------------------------------------


def label_of(name: str) -> str:
    """Label of a field of a version, or of an audit entry; "" when it is none of ours."""
    kind, _dot, key = name.partition(".")
    if name in BY_NAME:
        return str(BY_NAME[name].label)
    if kind == "whose":
        return _("Whose is %(label)s?", label=str(BY_NAME[key].label).lower()) if key in BY_NAME else _("Whose addresses and numbers")
    if kind == "extra":
        return next((d.title for d in fields.definitions("contact") if d.key == key), "")
    return ""


def show(name: str, value: Any) -> str:
    """A value of a version as people read it."""
    if value is None or value == "":
        return ""
    if name in BY_NAME:
        attribute = BY_NAME[name]
        return attribute.show(date.fromisoformat(value) if attribute.kind == "date" else value)
    kind, _dot, key = name.partition(".")
    if kind == "extra":
        definition = next((d for d in fields.definitions("contact") if d.key == key), None)
        if definition is not None:
            return str(fields.show(definition, value))
    return show_plain(value)
