"""How memberships are said in lists: states, types, extra fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from core.i18n import _, in_own_language
from core.lists.columns import Status
from plugins.memberships.models.memberships import State, state_on
from plugins.memberships.services.reading import today

TONES: dict[str, Any] = {"active": "ok", "requested": "info", "later": "info", "refused": "bad", "ended": "none", "withdrawn": "none"}


def state_word(state: State) -> str:
    return {
        "active": _("Active"),
        "requested": _("Requested"),
        "later": _("Later"),
        "refused": _("Refused"),
        "ended": _("Ended"),
        "withdrawn": _("Withdrawn"),
    }[state]


def state_choices() -> list[tuple[str, str]]:
    return [(state, state_word(state)) for state in ("active", "later", "requested", "refused", "ended", "withdrawn")]  # type: ignore[arg-type]


def state_status(state: State) -> Status:
    return Status(state_word(state), TONES[state])


def show_state(value: tuple[str, date, date | None]) -> Status:
    """For a column that reads (status, from_on, until_on)."""
    return state_status(state_on(today(), *value))


def export_state(value: tuple[str, date, date | None]) -> str:
    return state_word(state_on(today(), *value))


def federation_status(state: State, federation: str) -> Status:
    """The label of a contact: "Active membership (Federation F)"."""
    short = state_word(state)
    if state == "active":
        return Status(_("Active membership (%(federation)s)", federation=federation), "ok", short)
    if state == "requested":
        return Status(_("Membership requested (%(federation)s)", federation=federation), "info", short)
    if state == "later":
        return Status(_("Membership later (%(federation)s)", federation=federation), "info", short)
    return Status(_("Membership refused (%(federation)s)", federation=federation), "bad", short)


def no_membership() -> Status:
    return Status(_("No membership"), "none", _("None"))


def show_type(name: Mapping[str, str]) -> str:
    return in_own_language(dict(name), "–")
