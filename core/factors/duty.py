"""Who must have a second factor: who administers a federation or the platform, and whom federations and clubs add to that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.organisations.models import Organisation
from core.users.models import User
from core.web.context import federation_setting, federations_of

#: setting of a federation: how far down it asks it
SETTING = "users.second_factor"
FEDERATION, REGIONS, EVERYBODY = "federation", "regions", "everybody"
LEVELS = (FEDERATION, REGIONS, EVERYBODY)
#: setting of a club or region that asks it of its own administrators
OWN_SETTING = "users.second_factor_here"
MEMBER = "member"


def is_open(user: User, held: Iterable[tuple[Organisation, str]], here: Organisation, config: Any) -> bool:
    """Must this user still set up a second factor, before anything else here?

    held: every role of the user, wherever. Logins of the demo need none outside production.
    """
    if user.has_second_factor or not config.ask_second_factor or is_exempt(user, config):
        return False
    return is_asked(held, here)


def is_exempt(user: User, config: Any) -> bool:
    return bool(user.is_demo) and not config.is_production


def is_asked(held: Iterable[tuple[Organisation, str]], here: Organisation) -> bool:
    """Does any of these roles ask it? Of clubs and regions only the one at hand counts."""
    runs = [(organisation, role) for organisation, role in held if role != MEMBER]
    if any(organisation.kind in ("federation", "platform") for organisation, _role in runs):
        return True
    return any(organisation.id == here.id for organisation, _role in runs) and is_asked_at(here)


def is_asked_at(organisation: Organisation) -> bool:
    """Of everybody who has a part in running this organisation?"""
    if organisation.kind in ("federation", "platform") or organisation.setting(OWN_SETTING, False):
        return True
    return is_asked_from_above(organisation)


def is_asked_from_above(organisation: Organisation) -> bool:
    """By its federation, so that it cannot choose for itself?"""
    wanted = {federation_setting(federation, SETTING, FEDERATION) for federation in federations_of(organisation)}
    return EVERYBODY in wanted or (REGIONS in wanted and organisation.kind == "region")
