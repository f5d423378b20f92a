"""Invoices of a federation to its clubs: fees, the yearly run, orders, payments, reminders."""

from __future__ import annotations

from typing import Any

from core.access import Actor, Permission
from core.contacts.models import Contact
from core.extend.contributions import FilePurpose, MenuEntry, NotificationKind, PrivacyHold, RetentionRule, Schedule, Tab
from core.extend.hookspecs import hookimpl
from core.extend.manifest import Manifest
from core.files.models import StoredFile
from core.i18n import _l
from plugins.invoices import actions, jobs, notices, rest, widgets
from plugins.invoices.commands import invoice_run
from plugins.invoices.history import describe
from plugins.invoices.hookspecs import InvoiceHooks as hookspecs  # noqa: N813 -- the name the manager looks for
from plugins.invoices.papers import PURPOSE
from plugins.invoices.services import privacy
from plugins.invoices.views import VIEWS

__all__ = ["hookspecs", "manifest"]

manifest = Manifest(
    "invoices",
    _l("Invoices"),
    "1.0",
    description=_l("Fees, the yearly run for all clubs, orders, payments and reminders."),
    requires=("memberships",),
    table_prefix="invoice",
)

FEDERATION, CLUB = ("federation_admin", "finance"), ("club_admin",)
_READERS = (*FEDERATION, "read_only")
_DATA = _l("Invoices")
describe()


@hookimpl
def register_permissions() -> list[Permission]:
    return [
        Permission("invoices.read", _l("See invoices"), roles=(*_READERS, *CLUB), data=_DATA),
        Permission("invoices.manage", _l("See all invoices and runs of the federation"), roles=_READERS, data=_DATA, from_above=True),
        Permission("invoices.write", _l("Make invoices for one club and credit notes"), roles=FEDERATION, data=_DATA, from_above=True),
        Permission("invoices.pay", _l("Note payments"), roles=FEDERATION, data=_DATA, from_above=True),
        Permission("invoices.remind", _l("Send reminders"), roles=FEDERATION, data=_DATA, from_above=True),
        Permission("invoices.restricted", _l("See names of erased people on invoices, as the law asks"), roles=FEDERATION),
        Permission("invoices.settings", _l("Change how the federation invoices"), roles=FEDERATION),
        Permission("invoice_runs.write", _l("Calculate invoice runs"), roles=FEDERATION),
        Permission("invoice_runs.approve", _l("Approve invoice runs"), roles=FEDERATION),
        Permission("fees.read", _l("See fees"), roles=_READERS),
        Permission("fees.write", _l("Change fees"), roles=FEDERATION),
    ]


@hookimpl
def register_views() -> list[type]:
    return [*VIEWS, *rest.RESOURCES]


@hookimpl
def register_menu() -> list[MenuEntry]:
    matches = ("RunView.", "RunClubList.", "RunMemberList.", "FeeView.", "InvoiceSettingsView.", "OrderView.", "InvoiceView.")
    return [MenuEntry(_l("Invoicing"), "receipt-euro", "InvoiceList.list", "invoices.manage", kinds=("federation",), position=60, matches=matches)]


@hookimpl
def register_tabs() -> list[Tab]:
    here = ("federation",)
    return [
        Tab("invoicing", _l("Invoices"), "InvoiceList.list", "invoices.manage", icon="receipt-euro", position=10, kinds=here),
        Tab("invoicing", _l("Runs"), "RunView.list", "invoices.manage", icon="users-group", position=20, kinds=here),
        Tab("invoicing", _l("Fees"), "FeeView.list", "fees.read", icon="coins", position=30, kinds=here),
        Tab("invoicing", _l("Settings"), "InvoiceSettingsView.edit", "invoices.settings", icon="settings", position=40, kinds=here),
        Tab("club", _l("Invoices"), "InvoiceView.list", "invoices.read", icon="receipt-euro", position=40, kinds=("club",)),
    ]


@hookimpl
def register_bulk_actions() -> list[Any]:
    return list(actions.BULK_ACTIONS)


@hookimpl
def register_widgets() -> list[Any]:
    return list(widgets.WIDGETS)


@hookimpl
def register_notification_kinds() -> list[NotificationKind]:
    return list(notices.KINDS)


@hookimpl
def register_schedules() -> list[Schedule]:
    return list(jobs.SCHEDULES)


@hookimpl
def register_jobs() -> list[Any]:
    return list(jobs.JOBS)


@hookimpl
def register_commands() -> list[Any]:
    return [invoice_run]


@hookimpl
def register_file_purposes() -> list[FilePurpose]:
    return [FilePurpose(PURPOSE, _l("Invoices"), _may_read, is_our_own=True)]


def _may_read(_file: StoredFile, actor: Actor) -> bool:
    """In the federation; a club gets its own through the page of the invoice."""
    return actor.can("invoices.manage")


@hookimpl
def privacy_data(contact: Contact) -> dict[str, Any]:
    return privacy.data_about(contact)


@hookimpl
def register_retention_rules() -> list[RetentionRule]:
    return privacy.RULES


@hookimpl
def privacy_holds(contact: Contact) -> list[PrivacyHold]:
    return privacy.holds_on(contact)


@hookimpl
def contact_erased(contact: Contact, actor: Actor) -> None:
    privacy.forget(contact, actor=actor)


@hookimpl
def seed_demo(world: Any) -> None:
    from plugins.invoices.demo import seed  # noqa: PLC0415 -- slow import, only for the demo

    seed(world)
