"""What the organisations room adds to the platform."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import url_for

from core import clock
from core.access import Actor, Permission
from core.extend.contributions import FilePurpose, JobKind, MenuEntry, Schedule, Tab, Widget
from core.extend.registry import registry
from core.i18n import _, _l, _n
from core.lists.actions import BulkAction
from core.organisations import history as history  # teaches the log our words
from core.organisations.columns import show_missing, show_readiness
from core.organisations.commands import COMMANDS as _COMMANDS
from core.organisations.jobs import refresh_readiness, remind
from core.organisations.models import Organisation
from core.organisations.services.platform import federations_by_name, number_of
from core.organisations.services.readiness import furthest_from_ready, number_of_clubs, readiness_of, reference_day, stand_of_clubs
from core.organisations.views import VIEWS as _VIEWS
from core.organisations.views.clubs import the_federation
from core.organisations.views.details import LOGO_PURPOSE

CLUB, ABOVE, PLATFORM, EVERYWHERE = ("club",), ("federation", "region"), ("platform",), ("club", "region", "federation", "platform")
_ADMINS = ("club_admin", "region_admin", "federation_admin", "platform_admin")

PERMISSIONS = (
    Permission("organisation.read", _l("See the details of the organisation"), roles=(*_ADMINS, "read_only")),
    Permission("organisation.write", _l("Change the details of the organisation"), roles=_ADMINS),
    Permission("readiness.read", _l("See what the federation still needs"), roles=("club_admin", "members", "read_only")),
    Permission("modules.manage", _l("Switch modules on and off"), roles=("club_admin", "federation_admin")),
    Permission("clubs.read", _l("See the clubs"), roles=("federation_admin", "region_admin", "read_only")),
    Permission("clubs.write", _l("Add clubs, end affiliations, manage regions"), roles=("federation_admin",)),
    Permission("clubs.export", _l("Export clubs"), roles=("federation_admin", "region_admin")),
)
VIEWS = _VIEWS
MENU = (
    MenuEntry(_l("Manage club"), "building-community", "ClubDetails.show", "login", kinds=CLUB, position=30, tabs="club"),
    MenuEntry(_l("Clubs"), "building-community", "ClubList.list", "login", kinds=ABOVE, position=30, tabs="clubs", matches=("ClubPage.",)),
)
TABS = (
    Tab("club", _l("Details"), "ClubDetails.show", "organisation.read", icon="building-community", position=10, kinds=CLUB),
    Tab("club", _l("In order"), "ClubReady.show", "readiness.read", icon="checklist", position=90, kinds=CLUB),
    Tab("clubs", _l("Clubs"), "ClubList.list", "clubs.read", icon="building-community", position=10, kinds=ABOVE),
    Tab("clubs", _l("Regions"), "RegionPages.list", "clubs.write", icon="map", position=20, kinds=("federation",)),
    Tab("settings", _l("Details"), "ClubDetails.show", "organisation.read", icon="building-community", position=10, kinds=(*ABOVE, *PLATFORM)),
    Tab("settings", _l("Modules"), "ModulesPage.list", "modules.manage", icon="puzzle", position=30, kinds=("club", "federation")),
)
COMMANDS = _COMMANDS
JOBS = (JobKind("refresh_readiness", _l("See which clubs are in order"), refresh_readiness, queue="bulk"),)
SCHEDULES = (Schedule("refresh_readiness", "refresh_readiness", timedelta(hours=1)),)
BULK_ACTIONS = (
    BulkAction(
        "remind", "clubs", _l("Remind of what is missing"), "clubs.read", run=remind, icon="send", position=10,
        explain=lambda count, _values: _n("%(num)s club gets a mail with what is missing.", "%(num)s clubs get a mail with what is missing.", count),
    ),
)  # fmt: skip


def _may_read_logo(_file: Any, _actor: Actor) -> bool:
    """Everybody with a role in the organisation; the page that gives it out asks for one."""
    return True


FILE_PURPOSES = (FilePurpose(LOGO_PURPOSE, _l("Logos"), _may_read_logo, extensions=("jpg", "jpeg", "png", "webp"), max_mb=4, is_shown=True),)


# --- dashboard -----------------------------------------------------------------------------------


def _in_order(organisation: Organisation) -> Mapping[str, Any]:
    return {"parts": readiness_of(organisation)}


def _clubs(_organisation: Organisation, number: int) -> Mapping[str, Any]:
    return {"value": number, "label": _("clubs"), "url": url_for("ClubList.list")}


def _not_in_order(_organisation: Organisation) -> Mapping[str, Any]:
    stand, day = stand_of_clubs(), reference_day(the_federation())
    number = stand["clubs"] - stand["ready"]
    days = (day - clock.today()).days if day else None
    hint = _n("%(num)s day left", "%(num)s days left", days) if days is not None else ""
    return {
        "value": number,
        "label": _("clubs not in order yet"),
        "url": url_for("ClubList.list", **{"f.readiness.is": "no"}),  # type: ignore[arg-type]
        "tone": "warn" if number else "ok",
        "hint": hint,
    }


def _furthest(_organisation: Organisation) -> Mapping[str, Any]:
    clubs = [
        {"name": c.name, "url": url_for("ClubPage.show", pk=c.club_id), "stand": show_readiness((c.done, c.total)), "missing": show_missing(c.missing)}
        for c in furthest_from_ready(5)
    ]
    return {"clubs": clubs, "url": url_for("ClubList.list", **{"f.readiness.is": "no"})}  # type: ignore[arg-type]


def _number_here(label: Any) -> Any:
    return lambda _organisation, number: {"value": number, "label": str(label)}


def _federations(_organisation: Organisation) -> Mapping[str, Any]:
    manifests = registry().plugins.manifests
    return {"federations": [(line, manifests[line.plugin].title if line.plugin in manifests else None) for line in federations_by_name()]}


WIDGETS = (
    Widget("club_in_order", _l("In order?"), _in_order, "readiness.read", template="organisations/_in_order_widget.html", position=10),
    Widget("clubs", _l("Clubs"), _clubs, "clubs.read", shape="stat", kinds=ABOVE, position=10, count=number_of_clubs),
    Widget("clubs_not_in_order", _l("Clubs not in order yet"), _not_in_order, "clubs.read", shape="stat", kinds=ABOVE, position=20),
    Widget(
        "clubs_furthest", _l("Clubs furthest from being in order"), _furthest, "clubs.read", template="organisations/_furthest_widget.html",
        kinds=ABOVE, position=20,
    ),
    Widget(
        "platform_federations", _l("Federations"), _number_here(_l("federations")), "organisation.read", shape="stat", kinds=PLATFORM, position=10,
        count=lambda: number_of("federation"),
    ),
    Widget(
        "platform_clubs", _l("Clubs"), _number_here(_l("clubs")), "organisation.read", shape="stat", kinds=PLATFORM, position=20,
        count=lambda: number_of("club"),
    ),
    Widget(
        "platform_list", _l("Federations"), _federations, "organisation.read", template="organisations/_federations_widget.html", kinds=PLATFORM,
        column="side", position=20,
    ),
)  # fmt: skip
