"""What privacy adds to the platform."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import url_for

from core.access import Permission
from core.extend.contributions import FilePurpose, JobKind, MenuEntry, Schedule, Tab, Widget
from core.i18n import _, _l
from core.privacy import history as history  # teaches the log our words
from core.privacy import requests
from core.privacy.commands import COMMANDS as _COMMANDS
from core.privacy.jobs import erase_due
from core.privacy.leaving import RULES as _LEAVING
from core.privacy.package import KIND, PURPOSE, may_read, run
from core.privacy.requests import MANAGE
from core.privacy.retention import clean_up
from core.privacy.rooms import PERSONAL_TABLES as _PERSONAL_TABLES
from core.privacy.terms import RULES as _RULES
from core.privacy.views import VIEWS as _VIEWS
from core.privacy.views.retention import PLATFORM

_KINDS = ("club", "federation")

PERMISSIONS = (
    Permission(MANAGE, _l("Answer requests about privacy, export and erase people"), roles=("club_admin", "federation_admin")),
    Permission(PLATFORM, _l("See what the platform forgets by itself"), roles=("platform_admin",)),
)
VIEWS = _VIEWS
MENU = (MenuEntry(_l("My privacy"), "shield-lock", "OwnPrivacy.show", "login", area="mine", kinds=_KINDS, position=880),)
TABS = (
    Tab("settings", _l("Privacy"), "PrivacyRequests.list", MANAGE, icon="shield-lock", position=70, kinds=_KINDS, count=requests.open_count),
    Tab("settings", _l("Cleaning up"), "PlatformRetention.show", PLATFORM, icon="clock", position=70, kinds=("platform",)),
    Tab("contact", _l("Privacy"), "PersonPrivacy.show", MANAGE, icon="shield-lock", position=900, kinds=_KINDS),
)
JOBS = (
    JobKind(KIND, _l("Export of one person"), run),
    JobKind("clean_up", _l("Forget what is past its time"), clean_up, queue="bulk"),
    JobKind("erase_due", _l("Erase people whose two weeks are over"), erase_due, queue="bulk"),
)
SCHEDULES = (Schedule("erase_due", "erase_due", timedelta(hours=6)), Schedule("clean_up", "clean_up", timedelta(days=1)))
FILE_PURPOSES = (FilePurpose(PURPOSE, _l("Data of one person"), may_read, is_our_own=True, counts=False),)
PERSONAL_TABLES = _PERSONAL_TABLES
RETENTION_RULES = (*_LEAVING, *_RULES)
COMMANDS = _COMMANDS


def _requests(_organisation: Any, number: int) -> Mapping[str, Any]:
    return {
        "value": number,
        "label": _("requests to be forgotten"),
        "url": url_for("PrivacyRequests.list"),
        "tone": "warn" if number else "ok",
        "hint": _("Answer within a month") if number else "",
    }


WIDGETS = (
    Widget("privacy_requests", _l("Requests about privacy"), _requests, MANAGE, shape="stat", kinds=_KINDS, position=90, count=requests.open_count),
)
