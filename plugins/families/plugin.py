"""Families: what this plugin brings. Reads like a table of contents."""

from __future__ import annotations

from typing import Any

from core.api import (
    Actor,
    Contact,
    ContactSection,
    JobKind,
    LookedAfter,
    Manifest,
    MenuEntry,
    Organisation,
    Permission,
    Schedule,
    Tab,
    _l,
    hookimpl,
)
from plugins.families import demo, jobs, presentation, rest, services
from plugins.families.lists import number_of_families
from plugins.families.views import VIEWS

manifest = Manifest(
    "families",
    _l("Families"),
    "1.0",
    description=_l("Families with their members; parents act for their children with their own login."),
    table_prefix="family",
)

READ = "families.read"
_CLUB = ("club",)


# --- once, at start --------------------------------------------------------------------------------


@hookimpl
def register_permissions() -> list[Permission]:
    return [
        Permission("families.read", _l("See families"), roles=("club_admin", "members", "read_only"), data=_l("Your family")),
        Permission("families.write", _l("Make families and say what parents may do"), roles=("club_admin", "members"), data=_l("Your family")),
        Permission("families.export", _l("Export families"), roles=("club_admin", "members")),
        Permission("family_functions.write", _l("Change family functions"), roles=("club_admin",)),
    ]


@hookimpl
def register_views() -> list[type]:
    return [*VIEWS, *rest.RESOURCES]


@hookimpl
def register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Family"), "users-group", "OwnFamily.show", "home.read", area="mine", kinds=_CLUB, position=700)]


@hookimpl
def register_tabs() -> list[Tab]:
    return [
        Tab("crm", _l("Families"), "FamilyList.list", READ, icon="users-group", position=40, count=number_of_families, kinds=_CLUB),
        Tab("settings", _l("Contact functions"), "FamilyFunctions.list", READ, icon="users-group", position=45, kinds=_CLUB),
    ]


@hookimpl
def register_contact_sections() -> list[ContactSection]:
    return [ContactSection("families", _l("Family"), "families/_section.html", presentation.section, READ, column="side", position=30)]


@hookimpl
def register_jobs() -> list[JobKind]:
    return list(jobs.JOBS)


@hookimpl
def register_schedules() -> list[Schedule]:
    return list(jobs.SCHEDULES)


# --- asked -----------------------------------------------------------------------------------------


@hookimpl
def looked_after(contacts: list[tuple[int, int]]) -> list[LookedAfter]:
    return services.looked_after(contacts)


@hookimpl
def acts_for(contact_id: int, for_id: int) -> frozenset[str] | None:
    return services.acts_for(contact_id, for_id)


@hookimpl
def also_told(contact_ids: list[int]) -> dict[int, list[int]]:
    return services.also_told(contact_ids)


@hookimpl
def privacy_data(contact: Contact) -> dict[str, Any]:
    return presentation.data_of(contact)


@hookimpl
def seed_demo(world: Any) -> None:
    demo.seed(world)


# --- told, inside the transaction ------------------------------------------------------------------


@hookimpl
def contact_erased(contact: Contact, actor: Actor) -> None:
    services.forget(contact, actor=actor)


@hookimpl
def organisation_created(organisation: Organisation) -> None:
    if organisation.kind == "club":
        services.add_starting_functions(organisation)
