"""What an organisation decides about keeping people who left."""

from __future__ import annotations

from core.access import Actor, require
from core.audit.services import record
from core.errors import UserMistake
from core.i18n import _, _n
from core.organisations.models import Organisation
from core.organisations.services import set_setting
from core.privacy.requests import MANAGE

SETTING = "privacy.former_members_months"
#: 0: never by itself
DEFAULT_MONTHS = 24
CHOICES = (0, 6, 12, 24, 36, 60, 120)


def months_of(organisation: Organisation) -> int:
    """After how many months somebody who left is erased by itself; 0 as long as nobody switched it on."""
    return int(organisation.setting(SETTING, 0) or 0)


def choices() -> list[tuple[int, str]]:
    return [(0, _("Never by itself")), *((number, _n("%(num)s month", "%(num)s months", number)) for number in CHOICES if number)]


def save_months(organisation: Organisation, typed: str | None, *, actor: Actor) -> None:
    """Switch the clean-up of people who left on (a number of months) or off (0)."""
    require(actor, MANAGE)
    if typed not in {str(number) for number in CHOICES}:
        raise UserMistake(_("Choose one from the list."), field="months")
    before = months_of(organisation)
    if before != int(typed):
        set_setting(organisation, SETTING, int(typed))
        record("organisation.changed", organisation, actor=actor, changes={SETTING: (before, int(typed))})
