"""Memberships: what this plugin brings. Reads like a table of contents."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.access import Actor, Permission
from core.contacts.models import Contact
from core.contacts.saved import SavedContacts
from core.extend.contributions import ContactSection, FieldTarget, JobKind, MenuEntry, NotificationKind, PersonalTable, ReadinessCheck, Schedule, Tab, Widget
from core.extend.hookspecs import hookimpl
from core.extend.manifest import Manifest
from core.i18n import _l
from core.imports.columns import ImportColumn, ImportWriter
from core.lists.actions import BulkAction
from core.lists.columns import Column
from core.lists.filters import Filter
from core.organisations.models import Organisation
from plugins.memberships import demo, imports, jobs, notices, presentation, privacy, rest, services, widgets
from plugins.memberships.hookspecs import MembershipHooks as hookspecs
from plugins.memberships.lists import club, contacts, federation
from plugins.memberships.models import Membership
from plugins.memberships.views import VIEWS

__all__ = ["hookspecs", "manifest"]

manifest = Manifest(
    "memberships",
    _l("Memberships"),
    "1.0",
    description=_l("Memberships of the club and of its federations: asking, deciding, ending, and who counts on a day."),
    table_prefix="membership",
)

_MANAGERS = ("club_admin", "federation_admin", "region_admin")
_DATA = _l("Memberships, with your name, birth date, gender, address and first e-mail address")
_ABOVE = ("federation", "region")
READ = "memberships.read"


# --- once, at start --------------------------------------------------------------------------------


@hookimpl
def register_permissions() -> list[Permission]:
    return [
        Permission("memberships.read", _l("See memberships"), roles=(*_MANAGERS, "members", "read_only"), data=_DATA, from_above=True),
        Permission("memberships.write", _l("Ask for, change and end memberships"), roles=("club_admin", "members"), data=_DATA, from_above=True),
        Permission("memberships.decide", _l("Accept and refuse requests for membership"), roles=("federation_admin", "members"), data=_DATA, from_above=True),
        Permission("memberships.export", _l("Export memberships"), roles=(*_MANAGERS, "members"), data=_DATA, from_above=True),
        Permission("membership_types.read", _l("See membership types"), roles=(*_MANAGERS, "members", "read_only")),
        Permission("membership_types.write", _l("Change membership types"), roles=("club_admin", "federation_admin")),
    ]


@hookimpl
def register_views() -> list[type]:
    return [*VIEWS, *rest.RESOURCES]


@hookimpl
def register_menu() -> list[MenuEntry]:
    return [
        MenuEntry(_l("Memberships"), "id-badge-2", "OwnMemberships.list", "home.read", area="mine", kinds=("club",), position=40, short=_l("Member")),
        MenuEntry(
            _l("Members"),
            "id-badge-2",
            "FederationMemberList.list",
            READ,
            kinds=_ABOVE,
            position=35,
            matches=("FederationNumbers.", "FederationRefusalList."),
        ),
        MenuEntry(
            _l("Requests"),
            "clipboard-check",
            "FederationRequestList.list",
            READ,
            kinds=_ABOVE,
            position=36,
            count=federation.number_waiting,
        ),
    ]


@hookimpl
def register_field_targets() -> list[FieldTarget]:
    return [FieldTarget("membership", _l("Membership"), lambda: Membership.extra, READ, position=20)]


@hookimpl
def register_tabs() -> list[Tab]:
    return [
        Tab("contacts", _l("Memberships"), "MembershipList.list", READ, position=20, count=club.number_of_memberships, kinds=("club",)),
        Tab("contacts", _l("Requests in progress"), "MembershipRequestList.list", READ, position=30, count=club.number_of_requests, kinds=("club",)),
        Tab("federation_members", _l("Members"), "FederationMemberList.list", READ, icon="id-badge-2", position=10, kinds=_ABOVE),
        Tab(
            "federation_members",
            _l("Requests"),
            "FederationRequestList.list",
            READ,
            icon="clipboard-check",
            position=20,
            count=federation.number_waiting,
            kinds=_ABOVE,
        ),
        Tab("federation_members", _l("Refused"), "FederationRefusalList.list", READ, icon="circle-x", position=30, kinds=_ABOVE),
        Tab("federation_members", _l("Numbers"), "FederationNumbers.show", READ, icon="chart-bar", position=40, kinds=_ABOVE),
        Tab("settings", _l("Membership types"), "MembershipTypes.list", "membership_types.read", icon="id-badge-2", position=40, kinds=("club", "federation")),
    ]


@hookimpl
def register_columns() -> list[Column]:
    return list(contacts.COLUMNS)


@hookimpl
def register_filters() -> list[Filter]:
    return list(contacts.FILTERS)


@hookimpl
def register_bulk_actions() -> list[BulkAction]:
    return [*contacts.ACTIONS, *club.ACTIONS, *federation.ACTIONS]


@hookimpl
def register_contact_sections() -> list[ContactSection]:
    return [
        ContactSection(
            "memberships", _l("Memberships"), "memberships/_section.html", presentation.section, READ, column="side", position=10, badges=presentation.badges
        )
    ]


@hookimpl
def register_widgets() -> list[Widget]:
    return list(widgets.WIDGETS)


@hookimpl
def register_jobs() -> list[JobKind]:
    return list(jobs.JOBS)


@hookimpl
def register_schedules() -> list[Schedule]:
    return list(jobs.SCHEDULES)


@hookimpl
def register_notification_kinds() -> list[NotificationKind]:
    return list(notices.KINDS)


# --- asked, per organisation -----------------------------------------------------------------------


@hookimpl
def columns_here(list_name: str) -> list[Column]:
    return contacts.columns_here() if list_name == contacts.LIST else []


@hookimpl
def filters_here(list_name: str) -> list[Filter]:
    return contacts.filters_here() if list_name == contacts.LIST else []


@hookimpl
def import_columns_here() -> list[ImportColumn]:
    return imports.import_columns()


@hookimpl
def import_writers_here() -> list[ImportWriter]:
    return imports.import_writers()


@hookimpl
def readiness_checks(organisation: Organisation, day: date) -> list[ReadinessCheck]:
    return widgets.readiness(organisation, day)


@hookimpl
def privacy_data(contact: Contact) -> dict[str, Any]:
    return privacy.data_of(contact)


@hookimpl
def people_since(day: date) -> list[Any]:
    return [privacy.is_member_since(day)]


@hookimpl
def register_personal_tables() -> list[PersonalTable]:
    return privacy.TABLES


@hookimpl
def seed_demo(world: Any) -> None:
    demo.seed(world)


# --- told, inside the transaction ------------------------------------------------------------------


@hookimpl
def contacts_saved(saved: SavedContacts, actor: Actor) -> None:
    services.follow_contacts(saved, actor=actor)


@hookimpl
def contact_erased(contact: Contact, actor: Actor) -> None:
    services.erase_memberships(contact, actor=actor)


@hookimpl
def organisation_created(organisation: Organisation) -> None:
    if organisation.kind == "federation":
        services.sync_types(organisation)
