"""What the import adds to the platform: its pages, the columns it understands, its work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from core.access import Permission
from core.contacts.models import Contact
from core.extend.contributions import JobKind, NotificationKind, Schedule
from core.i18n import _l, format_instant
from core.imports import services
from core.imports.commands import import_contacts
from core.imports.contact_columns import IMPORT_COLUMNS as CONTACT_COLUMNS
from core.imports.jobs import run_check, run_import, run_purge, run_undo
from core.imports.views import ImportWizard
from core.lists.filters import Filter

_MANAGERS = ("club_admin", "federation_admin", "region_admin")

PERMISSIONS = (Permission("contacts.import", _l("Import contacts from a list"), roles=(*_MANAGERS, "members")),)
VIEWS = (ImportWizard,)
IMPORT_COLUMNS = CONTACT_COLUMNS
JOBS = (
    JobKind("check_import", _l("Read a list of contacts"), run_check, permission="contacts.import"),
    JobKind("import_contacts", _l("Import of contacts"), run_import, permission="contacts.import"),
    JobKind("undo_import", _l("Undo an import of contacts"), run_undo, permission="contacts.import"),
    JobKind("purge_imports", _l("Delete what is left of old imports"), run_purge, queue="bulk"),
)
NOTIFICATION_KINDS = (
    NotificationKind(
        services.FINISHED, _l("An import I started is done"), audience="user", permission="contacts.import",
        hint=_l("With how many contacts were added and changed."), position=85,
    ),
)
COMMANDS = (import_contacts,)
SCHEDULES = (Schedule("purge_imports", "purge_imports", timedelta(days=1)),)


def _imports() -> Sequence[tuple[Any, Any]]:
    return [(run.id, f"{run.filename}, {format_instant(run.created_at)}") for run in services.recent_imports(limit=25)]


def _came_with(operator: str, value: Any) -> Any:
    if operator == "empty":
        return Contact.import_id.is_(None) if value else Contact.import_id.is_not(None)
    return Contact.import_id == value


FILTERS = (
    Filter(
        "import", "contacts", _l("Came with an import"), _l("Contact details"), "choice", _came_with,
        choices=_imports, permission="contacts.import", position=95,
    ),
)
