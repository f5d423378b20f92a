"""Every hook of the core. HOOKS.md is generated from this file.

`register_` hooks are called once, at start, on every installed plugin. Asking hooks are called
for the plugins that are active in the organisation at hand. Telling hooks run inside the
transaction of the change: an exception undoes everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from datetime import date

    import click

    from core.access import Actor, Permission
    from core.contacts.models import Contact
    from core.extend.contributions import (
        ContactSection,
        FunctionDeclaration,
        JobKind,
        MenuEntry,
        ReadinessCheck,
        Schedule,
        Tab,
        Widget,
    )
    from core.fields.declarations import FieldDeclaration
    from core.imports.columns import ImportColumn, ImportWriter
    from core.lists.actions import BulkAction
    from core.lists.columns import Column
    from core.lists.filters import Filter
    from core.organisations.models import Organisation

PROJECT = "koepel"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class CoreHooks:
    """The hooks of the core; a plugin's `plugin.py` implements those it needs."""

    # --- once, at start ---------------------------------------------------------------------

    @hookspec
    def register_permissions(self) -> list[Permission]:
        """The rights this plugin knows. A right used but not registered stops the start."""

    @hookspec
    def register_views(self) -> list[type]:
        """View classes: CoreView, CoreModelView, ListPage or CoreRestApi."""

    @hookspec
    def register_menu(self) -> list[MenuEntry]:
        """Lines of the side menu."""

    @hookspec
    def register_tabs(self) -> list[Tab]:
        """Tabs on pages of the core ("crm", "contacts")."""

    @hookspec
    def register_columns(self) -> list[Column]:
        """Columns for list pages, also those of others."""

    @hookspec
    def register_filters(self) -> list[Filter]:
        """Search fields for list pages, also those of others."""

    @hookspec
    def register_bulk_actions(self) -> list[BulkAction]:
        """Actions on a selection of rows."""

    @hookspec
    def register_contact_sections(self) -> list[ContactSection]:
        """Cards on the profile of a contact."""

    @hookspec
    def register_widgets(self) -> list[Widget]:
        """Blocks of the dashboard."""

    @hookspec
    def register_jobs(self) -> list[JobKind]:
        """Work that runs outside a request."""

    @hookspec
    def register_schedules(self) -> list[Schedule]:
        """Jobs started by the clock."""

    @hookspec
    def register_extra_fields(self) -> list[FieldDeclaration]:
        """Fields a module or federation adds; a federation's fields exist in its clubs only."""

    @hookspec
    def register_functions(self) -> list[FunctionDeclaration]:
        """Functions contacts hold in a club of this federation."""

    @hookspec
    def register_import_columns(self) -> list[ImportColumn]:
        """Columns the contact import understands."""

    @hookspec
    def register_import_writers(self) -> list[ImportWriter]:
        """What happens with this plugin's import columns."""

    @hookspec
    def register_commands(self) -> list[click.Command]:
        """Commands added to `koepel`."""

    # --- asked, per organisation ------------------------------------------------------------

    @hookspec
    def contact_problems(self, contact_ids: list[int]) -> dict[int, list[str]]:
        """Sentences about what is missing or wrong, per contact. One query for all ids."""

    @hookspec
    def readiness_checks(self, organisation: Organisation, day: date) -> list[ReadinessCheck]:
        """Is this club in order on `day`? One line per point, each with its repair."""

    @hookspec
    def privacy_data(self, contact: Contact) -> dict[str, Any]:
        """All this plugin stores about the person, for the export of personal data."""

    @hookspec
    def seed_demo(self, world: Any) -> None:
        """Add demo data; `world` is core.demo.World with its random source and organisations."""

    # --- told, inside the transaction -------------------------------------------------------

    @hookspec
    def contact_saved(self, contact: Contact, before: dict[str, Any] | None, actor: Actor) -> None:
        """A contact was made (`before` is None) or changed (`before`: the old values that changed)."""

    @hookspec
    def contact_erased(self, contact: Contact, actor: Actor) -> None:
        """A person is erased: remove or anonymise what this plugin holds about it."""
