"""Groups: what this plugin brings. Reads like a table of contents."""

from __future__ import annotations

from typing import Any

from core.access import Actor, Permission
from core.contacts.models import Contact
from core.contacts.saved import SavedContacts
from core.extend.contributions import FieldTarget, FilePurpose, JobKind, MenuEntry, Schedule, Tab
from core.extend.hookspecs import hookimpl
from core.extend.manifest import Manifest
from core.i18n import _l
from core.imports.columns import ImportColumn, ImportWriter
from core.lists.actions import BulkAction
from core.lists.columns import Column
from core.lists.filters import Filter
from plugins.groups import demo, imports, jobs, pictures, rest
from plugins.groups.hookspecs import GroupHooks as hookspecs
from plugins.groups.lists import club, contacts, federation
from plugins.groups.models import ClubGroup
from plugins.groups.services import people
from plugins.groups.views import VIEWS

__all__ = ["hookspecs", "manifest"]

manifest = Manifest(
    "groups",
    _l("Groups"),
    "1.0",
    description=_l("Seasons, groups and committees: who is in them with which function, and what a federation reads of them."),
    uses=("memberships", "statistics"),
    table_prefix="group",
)

_MANAGERS = ("club_admin", "federation_admin", "region_admin")
READ = "groups.read"


# --- once, at start --------------------------------------------------------------------------------


@hookimpl
def register_permissions() -> list[Permission]:
    return [
        Permission("groups.read", _l("See groups"), roles=(*_MANAGERS, "members", "agenda", "read_only"), data=_l("Groups you are in")),
        Permission("groups.write", _l("Change groups and who is in them"), roles=("club_admin", "members"), data=_l("Groups you are in")),
        Permission("groups.export", _l("Export groups"), roles=(*_MANAGERS, "members")),
        Permission("groups.mine", _l("See one's own groups"), roles=("member", "club_admin")),
        Permission("seasons.write", _l("Change seasons"), roles=("club_admin", "federation_admin")),
        Permission("group_terms.write", _l("Change types and functions of groups"), roles=("club_admin", "federation_admin")),
        Permission("group_finder.write", _l("Open and close the page on which strangers find groups"), roles=("federation_admin",)),
    ]


@hookimpl
def register_views() -> list[type]:
    return [*VIEWS, *rest.RESOURCES]


@hookimpl
def register_menu() -> list[MenuEntry]:
    return [
        MenuEntry(_l("Groups"), "users-group", "GroupList.list", READ, kinds=("club",), position=25),
        MenuEntry(_l("My groups"), "users-group", "MyGroups.list", "groups.mine", area="mine", kinds=("club",), position=60, short=_l("Groups")),
    ]


@hookimpl
def register_tabs() -> list[Tab]:
    return [
        Tab("contact", _l("Linked to"), "ContactGroups.show", READ, position=20, kinds=("club",)),
        Tab(
            "federation_members",
            _l("Groups"),
            "FederationGroupList.list",
            READ,
            icon="users-group",
            position=15,
            count=federation.number_of_links,
            kinds=("federation", "region"),
        ),
        Tab("reports", _l("Groups over seasons"), "GroupNumbers.show", "statistics.read", icon="users-group", position=25, kinds=("federation", "region")),
        Tab("settings", _l("Seasons"), "Seasons.list", READ, icon="calendar", position=50, kinds=("club", "federation")),
        Tab("settings", _l("Types and functions of groups"), "GroupTerms.list", READ, icon="users-group", position=51, kinds=("club", "federation")),
    ]


@hookimpl
def register_columns() -> list[Column]:
    return list(contacts.COLUMNS)


@hookimpl
def register_filters() -> list[Filter]:
    return list(contacts.FILTERS)


@hookimpl
def register_bulk_actions() -> list[BulkAction]:
    return [*contacts.ACTIONS, *club.ACTIONS]


@hookimpl
def register_field_targets() -> list[FieldTarget]:
    return [FieldTarget("group", _l("Group"), lambda: ClubGroup.extra, READ, position=30)]


@hookimpl
def register_file_purposes() -> list[FilePurpose]:
    return [pictures.PURPOSE]


@hookimpl
def register_jobs() -> list[JobKind]:
    return list(jobs.JOBS)


@hookimpl
def register_schedules() -> list[Schedule]:
    return list(jobs.SCHEDULES)


# --- asked, per organisation -----------------------------------------------------------------------


@hookimpl
def import_columns_here() -> list[ImportColumn]:
    return imports.import_columns()


@hookimpl
def import_writers_here() -> list[ImportWriter]:
    return imports.import_writers()


@hookimpl
def privacy_data(contact: Contact) -> dict[str, Any]:
    return people.data_of(contact)


@hookimpl
def seed_demo(world: Any) -> None:
    demo.seed(world)


# --- told, inside the transaction ------------------------------------------------------------------


@hookimpl
def contacts_saved(saved: SavedContacts, actor: Actor) -> None:
    people.follow_contacts(saved, actor=actor)


@hookimpl
def contact_erased(contact: Contact, actor: Actor) -> None:
    people.erase(contact, actor=actor)
