"""What the log calls things that happen to organisations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from core.audit.history import describe_subject
from core.db import db
from core.fields import services as fields
from core.i18n import _l
from core.organisations.details import BY_NAME, DETAILS, show
from core.organisations.models import Organisation


def _label(name: str) -> Any:
    if name in BY_NAME:
        return BY_NAME[name].label
    kind, _dot, key = name.partition(".")
    return next((d.title for d in fields.definitions("organisation") if d.key == key), None) if kind == "extra" else None


def _show_extra(name: str, value: Any) -> str:
    definition = next((d for d in fields.definitions("organisation") if f"extra.{d.key}" == name), None)
    return fields.show(definition, value) if definition is not None else str(value or "")


def _shower(name: str) -> Any:
    return lambda value: show(name, value)


def _names(ids: Sequence[int]) -> dict[int, str]:
    return {row.id: row.name for row in db.session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))}


describe_subject(
    "organisation",
    title=_l("Organisation"),
    names=_names,
    fields=_label,
    actions={
        "organisation.changed": _l("Details changed"),
        "organisation.confirmed": _l("Confirmed as right"),
        "organisation.logo_changed": _l("Logo changed"),
        "organisation.login_rules": _l("Rules for logins changed"),
        "organisation.second_step": _l("Second step for whoever runs this changed"),
        "organisation.many_names_looked_for": _l("Many names looked for on the login page, from one address"),
        "region.created": _l("Region added"),
        "region.changed": _l("Region renamed"),
        "region.closed": _l("Region removed"),
    },
    show={detail.name: _shower(detail.name) for detail in DETAILS} | {"extra.*": _show_extra},
)
describe_subject(
    "affiliation",
    title=_l("Affiliation"),
    fields={"number": _l("Number"), "region_id": _l("Region"), "from_on": _l("Affiliated since"), "until_on": _l("Last day")},
    actions={"affiliation.created": _l("Club affiliated"), "affiliation.changed": _l("Affiliation changed"), "affiliation.ended": _l("Affiliation ended")},
)
describe_subject(
    "plugin_activation", title=_l("Module"), fields={"active": _l("Switched on")}, actions={"plugin_activation.changed": _l("Module switched on or off")}
)
describe_subject(
    "club_note",
    title=_l("Note about a club"),
    actions={"club_note.created": _l("Note about a club added"), "club_note.deleted": _l("Note about a club removed")},
)
