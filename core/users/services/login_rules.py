"""What a federation decides about logins: rules for passwords, and what a stranger may learn while looking for an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.access import Actor, require
from core.audit.services import record
from core.db import db
from core.errors import UserMistake
from core.factors import duty
from core.i18n import _
from core.organisations.models import Organisation
from core.organisations.services import set_setting
from core.users import finding, policy
from core.web.context import federation_setting

PERMISSION = "login_rules.manage"
#: name in the form -> (setting, default)
SETTINGS = {
    "policy": (policy.SETTING, policy.DEFAULT),
    "by_name": (finding.BY_NAME, finding.STRICT.by_name),
    "hits": (finding.HITS, finding.STRICT.hits),
    "address": (finding.ADDRESS, finding.STRICT.address),
    "second_factor": (duty.SETTING, duty.FEDERATION),
}
_CHOICES: dict[str, tuple[Any, ...]] = {
    "policy": tuple(policy.POLICIES),
    "by_name": (True, False),
    "hits": (True, False),
    "address": finding.ADDRESSES,
    "second_factor": duty.LEVELS,
}


def login_rules(federation: Organisation) -> dict[str, Any]:
    """The rules in force, by name in the form."""
    return {name: federation_setting(federation, key, default) for name, (key, default) in SETTINGS.items()}


def lock_settings(organisation: Organisation) -> None:
    """Let nobody else change the settings of an organisation until the commit, and see what others stored."""
    db.session.refresh(organisation, with_for_update=True)


class ChangedMeanwhile(UserMistake):
    """Somebody else chose something else for this since the form was opened; `theirs` is all that holds now."""

    status = 409

    def __init__(self, field: str, theirs: Mapping[str, Any]) -> None:
        super().__init__(_("Somebody else changed this meanwhile. Your choice is shown; save again to keep it."), field)
        self.theirs = theirs


def save_login_rules(federation: Organisation, values: Mapping[str, Any], *, started_from: Mapping[str, Any], actor: Actor) -> None:
    """Store what was chosen; passwords that exist stay valid.

    started_from: the rules as the form showed them. What this person left alone stays as others
    made it meanwhile; where both chose differently, ChangedMeanwhile.
    """
    require(actor, PERMISSION)
    lock_settings(federation)
    before = login_rules(federation)
    changes = {}
    for name in SETTINGS:
        if values[name] not in _CHOICES[name]:
            raise UserMistake(_("Choose one of the list."), field=name)
        if values[name] in (before[name], started_from.get(name)):
            continue
        if started_from.get(name) != before[name]:
            raise ChangedMeanwhile(name, before)
        changes[name] = (before[name], values[name])
    for name, (_old, new) in changes.items():
        set_setting(federation, SETTINGS[name][0], new)
    if changes:
        record("organisation.login_rules", federation, actor=actor, changes=changes)
