"""Joining: what this plugin brings. Reads like a table of contents."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from core.api import (
    BulkAction,
    ContactSection,
    Manifest,
    Organisation,
    Permission,
    PersonalTable,
    ReadinessCheck,
    RetentionRule,
    Tab,
    _l,
    hookimpl,
    now,
)
from plugins.joining import actions, presentation, rest
from plugins.joining.models import JoiningAct, JoiningException
from plugins.joining.views import VIEWS
from plugins.joining.views.health import number_wrong

manifest = Manifest(
    "joining",
    _l("Joining and leaving"),
    "1.0",
    description=_l("Joining and leaving in one act, and a page that says whether members, groups and functions fit together."),
    requires=("memberships",),
    uses=("groups", "invoices"),
)

_CLUB = ("club",)
_DATA = _l("Memberships, groups and functions, to join and leave")
#: what a click did can be put back for so long
KEPT = timedelta(days=365)
presentation.describe()


# --- once, at start --------------------------------------------------------------------------------


@hookimpl
def register_permissions() -> list[Permission]:
    return [
        Permission("joining.read", _l("See whether members, groups and functions fit together"), roles=("club_admin", "members", "read_only"), data=_DATA),
        Permission("joining.write", _l("Let people join and leave in one act, and repair what does not fit"), roles=("club_admin", "members"), data=_DATA),
    ]


@hookimpl
def register_views() -> list[type]:
    return [*VIEWS, *rest.RESOURCES]


@hookimpl
def register_tabs() -> list[Tab]:
    return [
        Tab("contacts", _l("Join"), "JoinPage.join", "joining.write", icon="user-plus", position=90, kinds=_CLUB),
        Tab("club", _l("Is everything right?"), "HealthPage.show", "joining.read", icon="shield-check", position=25, count=number_wrong, kinds=_CLUB),
    ]


@hookimpl
def register_contact_sections() -> list[ContactSection]:
    return [ContactSection("joining", _l("Join or leave"), "joining/_section.html", lambda _contact: {}, "joining.write", column="side", position=90)]


@hookimpl
def register_bulk_actions() -> list[BulkAction]:
    return list(actions.ACTIONS)


@hookimpl
def register_personal_tables() -> list[PersonalTable]:
    return [
        PersonalTable(JoiningAct, _l("When you joined or left"), lambda subject: JoiningAct.contact_id == subject.contact.id),
        PersonalTable(JoiningException, _l("What is right as it is"), lambda subject: JoiningException.contact_id == subject.contact.id),
    ]


@hookimpl
def register_retention_rules() -> list[RetentionRule]:
    return [
        RetentionRule(
            "joining_acts", _l("What joining and leaving did, to put it back"), _l("A year"),
            lambda: select(JoiningAct.id).where(JoiningAct.created_at < now() - KEPT), JoiningAct, position=85,
        )
    ]  # fmt: skip


# --- asked -----------------------------------------------------------------------------------------


@hookimpl
def readiness_checks(organisation: Organisation, day: date) -> list[ReadinessCheck]:
    return presentation.readiness(organisation, day)
