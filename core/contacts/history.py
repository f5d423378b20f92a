"""What the history calls things that happen to contacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from core.audit.history import HistoryLine, describe_subject, history_of
from core.contacts.attributes import ATTRIBUTES, BY_NAME
from core.contacts.models import Contact
from core.contacts.services.functions import title_of
from core.contacts.versions import label_of, show
from core.db import db
from core.i18n import _, _l

PAGE = 30


def _label(name: str) -> str:
    kind, _dot, key = name.partition(".")
    return _("Function: %(title)s", title=title_of(key.partition(".")[0])) if kind == "function" else label_of(name)


def _show_whose(value: Any) -> str:
    return ", ".join(f"{BY_NAME[name].label}: {text}" for name, text in (value or {}).items() if name in BY_NAME)


def _names(ids: Sequence[int]) -> dict[int, str]:
    rows = db.session.execute(select(Contact.id, Contact.first_name, Contact.last_name).where(Contact.id.in_(ids), Contact.erased_at.is_(None)))
    return {row.id: f"{row.first_name} {row.last_name}" for row in rows}


def _shower(name: str) -> Any:
    return lambda value: show(name, value)


describe_subject(
    "contact",
    title=_l("Contact"),
    names=_names,
    fields=_label,
    actions={
        "contact.created": _l("Contact added"),
        "contact.changed": _l("Contact changed"),
        "contact.deleted": _l("Put in the bin"),
        "contact.restored": _l("Brought back from the bin"),
        "contact.imported": _l("Changed by an import"),
        "contact.function_given": _l("Function given"),
        "contact.function_ended": _l("Function ended"),
        "contact.function_taken_back": _l("Function taken back"),
        "contact.erased": _l("Personal data erased"),
        "contact.revealed": _l("Protected value shown"),
        "contact.correction_asked": _l("Correction asked by the person"),
        "contact.correction_withdrawn": _l("Asked correction withdrawn"),
        "contact.correction_accepted": _l("Asked correction accepted"),
        "contact.correction_refused": _l("Asked correction refused"),
        "contact.invited": _l("Link for a login mailed"),
        "contact.login_linked": _l("Login made or linked"),
        "contact.password_asked": _l("Link for a new password mailed"),
    },
    show={a.name: _shower(a.name) for a in ATTRIBUTES if a.kind in ("date", "choice", "yes")} | {"whose": _show_whose, "extra.*": show},
)
describe_subject(
    "import_run",
    title=_l("Import"),
    actions={
        "contact.imported": _l("Added by an import"),
        "import.started": _l("Import started"),
        "import.done": _l("Import completed"),
        "import.undone": _l("Import undone"),
    },
)


def history_of_contact(contact: Contact, *, before: int | None = None) -> tuple[list[HistoryLine], int | None]:
    """A page of lines, newest first, and where the next page starts (None: this is the last).

    A contact made by an import has no entry of its own for that; the import's stands for it.
    """
    lines = history_of("contact", contact.id, limit=PAGE + 1, before=before)
    if len(lines) > PAGE:
        return lines[:PAGE], lines[PAGE - 1].id
    if contact.import_id is not None:
        lines += [line for line in history_of("import_run", contact.import_id) if line.action == "contact.imported"]
    return lines, None


