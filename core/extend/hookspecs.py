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
    from core.contacts.saved import SavedContacts
    from core.demo.declarations import DemoLogin
    from core.extend.contributions import (
        ContactSection,
        FieldTarget,
        FilePurpose,
        FunctionDeclaration,
        JobKind,
        LookedAfter,
        MenuEntry,
        NotificationKind,
        PersonalTable,
        PrivacyHold,
        ReadinessCheck,
        RetentionRule,
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
    def register_demo_logins(self) -> list[DemoLogin]:
        """Who can log in to the demo besides the logins of the core; `seed_demo` makes them with `world.add_logins`.

        Shown on the login page of the demo and by `koepel demo`, when they are in its database.
        """

    @hookspec
    def register_field_targets(self) -> list[FieldTarget]:
        """Things of this plugin that can have extra fields."""

    @hookspec
    def register_file_purposes(self) -> list[FilePurpose]:
        """What this plugin keeps files for, and who may read them."""

    @hookspec
    def register_import_columns(self) -> list[ImportColumn]:
        """Columns the contact import understands."""

    @hookspec
    def register_commands(self) -> list[click.Command]:
        """Commands added to `koepel`."""

    @hookspec
    def register_notification_kinds(self) -> list[NotificationKind]:
        """What this plugin tells people about with notify(); people choose per kind: by mail, in the app.

        Two kinds of one key, or a right nobody registered, stop the start.

        Example:
            return [NotificationKind("library.due", _l("A book is due"))]
        """

    @hookspec
    def register_personal_tables(self) -> list[PersonalTable]:
        """Tables that say something about people: told to them on request, forgotten with them.

        Example: [PersonalTable(Loan, _l("Borrowed books"), lambda s: Loan.contact_id == s.contact.id)]
        """

    @hookspec
    def register_retention_rules(self) -> list[RetentionRule]:
        """What is forgotten by itself, how long after, and how. One daily job does it; a page shows it beforehand.

        Example: [RetentionRule("loans", _l("Books that came back"), _l("Two years"), old_loans, Loan)]
        """

    # --- asked, of all organisations at once --------------------------------------------------

    @hookspec
    def looked_after(self, contacts: list[tuple[int, int]]) -> list[LookedAfter]:
        """Whom these contacts, all of one person, may act for today: people in the menu to switch to.

        Asked outside every organisation (`unscoped`), with one query for all contacts; the plugin leaves out
        organisations in which it is not active.

        Arguments:
            contacts: (organisation id, contact id) of each contact the person is.

        Errors: none are expected; an exception makes the page fail.

        Example:
            looked_after(contacts=[(3, 17)]) -> [LookedAfter(3, "club-a", 21, "Lotte Peeters", "Club A")]
        """

    # --- asked, per organisation ------------------------------------------------------------

    @hookspec
    def also_told(self, contact_ids: list[int]) -> dict[int, list[int]]:
        """Contacts who get what these contacts are told too: their parents. One query for all of them.

        Arguments:
            contact_ids: who is told something (`notify()`), in the organisation at hand.

        Errors: none are expected; an exception undoes what would have been told about.

        Example:
            also_told(contact_ids=[21, 22]) -> {21: [17, 18]}
        """

    @hookspec
    def acts_for(self, contact_id: int, for_id: int) -> frozenset[str] | None:
        """What contact `contact_id` may do in the name of contact `for_id`, today; None: nothing.

        Asked at every request of somebody who acts for another, so what was taken away is gone at once.

        Arguments:
            contact_id: who acts (a parent); for_id: whom it is for (a child). Both may be of anybody.

        Errors: an unknown or foreign id is None, not an error.

        Example:
            acts_for(contact_id=17, for_id=21) -> frozenset({"see", "correct", "answer"})
        """

    @hookspec
    def columns_here(self, list_name: str) -> list[Column]:
        """Columns of a list that differ per organisation; what is the same everywhere is registered."""

    @hookspec
    def filters_here(self, list_name: str) -> list[Filter]:
        """Search fields of a list that differ per organisation."""

    @hookspec
    def import_columns_here(self) -> list[ImportColumn]:
        """Columns of the contact import that differ per organisation ("<federation> Membership type")."""

    @hookspec
    def import_writers_here(self) -> list[ImportWriter]:
        """What happens with those columns."""

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
    def privacy_holds(self, contact: Contact) -> list[PrivacyHold]:
        """What this plugin must keep of the person after erasing, and why, in the words of a member.

        Asked of all installed plugins before a person is erased. A plugin that cannot let the person
        go yet raises UserMistake in `contact_erased` instead.
        Example: [PrivacyHold("2 invoices", "The law asks to keep them for 10 years.", date(2036, 12, 31))]
        """

    @hookspec
    def people_since(self, day: date) -> list[Any]:
        """SQL conditions on Contact: people this plugin still has something of on or after `day` (a membership).

        Who meets none of them has left by then; asked of all installed plugins by the clean-up of people who left.
        Example: [exists(select(Loan.id).where(Loan.contact_id == Contact.id, Loan.back_on >= day))]
        """

    @hookspec
    def seed_demo(self, world: Any) -> None:
        """Add demo data; `world` is core.demo.World with its random source and organisations.

        A federation plugin may bring organisations and people of its own: `world.found`,
        `world.affiliate`, `world.add_people`, and `world.add_logins` for `register_demo_logins`.
        """

    # --- told, inside the transaction -------------------------------------------------------

    @hookspec
    def organisation_created(self, organisation: Organisation) -> None:
        """A federation, region or club was made; plugins store what it starts with."""

    @hookspec
    def contacts_saved(self, saved: SavedContacts, actor: Actor) -> None:
        """Contacts were made or changed: one by a form, or the thousands of an import at once.

        An exception (UserMistake with what to do) undoes the change. Read only the contacts you
        need, and ask the database once for all of them.

        Example:
            for contact in saved.contacts([pk for pk, old in saved.before.items() if "town" in old]):
                move_choir(contact, saved.before[contact.id]["town"])
        """

    @hookspec
    def contact_erased(self, contact: Contact, actor: Actor) -> None:
        """A person is erased: remove or anonymise what this plugin holds about it."""
