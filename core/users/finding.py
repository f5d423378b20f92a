"""What a stranger may learn while looking for an account: three switches of a federation, all strict unless it says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from core.organisations.models import Organisation
from core.web.context import federation_setting, federations_of

BY_NAME, HITS, ADDRESS = "users.find_by_name", "users.find_hits", "users.find_address"
Shown = Literal["masked", "provider", "off"]
ADDRESSES: tuple[Shown, ...] = ("masked", "provider", "off")


@dataclass(frozen=True)
class FindingRules:
    """by_name: the e-mail address may stay empty. hits: who was found is shown, with what was typed.
    address: what is told of the address a mail went to.
    """

    by_name: bool = False
    hits: bool = False
    address: Shown = "off"


STRICT = FindingRules()


def rules_of_federation(federation: Organisation) -> FindingRules:
    shown: Any = federation_setting(federation, ADDRESS, STRICT.address)
    return FindingRules(
        by_name=bool(federation_setting(federation, BY_NAME, STRICT.by_name)),
        hits=bool(federation_setting(federation, HITS, STRICT.hits)),
        address=shown if shown in ADDRESSES else STRICT.address,
    )


def rules_of(organisation: Organisation) -> FindingRules:
    """The rules for the people of an organisation: of several federations the strictest; without any, strict."""
    all_rules = [rules_of_federation(federation) for federation in federations_of(organisation)]
    if not all_rules:
        return STRICT
    return FindingRules(
        by_name=all(rules.by_name for rules in all_rules),
        hits=all(rules.hits for rules in all_rules),
        address=max((rules.address for rules in all_rules), key=ADDRESSES.index),
    )


def masked(address: str, shown: Shown) -> str:
    """ "n...t@hotmail.com", "...@hotmail.com" or nothing."""
    local, _at, provider = address.rpartition("@")
    if shown == "off" or not local:
        return ""
    if shown == "provider":
        return f"...@{provider}"
    return f"{local[0]}...{local[-1] if len(local) > 2 else ''}@{provider}"
