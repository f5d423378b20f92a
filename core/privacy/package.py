"""The ZIP with everything about one person: for programs (JSON), for people (HTML), and the files themselves."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import render_template
from sqlalchemy import select

from core import clock
from core.access import Actor, require
from core.contacts.attributes import BY_NAME
from core.contacts.models import Contact
from core.contacts.names import fold
from core.db import db, transaction
from core.errors import Forbidden, NotFound
from core.files.models import StoredFile
from core.files.purposes import only_maker
from core.files.services import path_of, store
from core.i18n import _, _l, current_language, format_date, format_instant
from core.jobs.api import Job, JobRun, enqueue
from core.organisations.models import Organisation
from core.privacy.requests import MANAGE
from core.privacy.services import personal_data
from core.privacy.tables import PACKAGE, files_about
from core.users.models import OrganisationRole
from core.users.services.acting import is_allowed, person_acted_for, rights_for
from core.web.context import active_plugins, current_organisation

KIND = "privacy_export"
PURPOSE = PACKAGE
KEPT = timedelta(days=7)
#: what a guardian has to be allowed to do (CoreView.on_behalf of the page that asks, and again when the file is made)
GUARDIAN = "correct"
#: what the page for people calls things; what is not here is its name in the program, readable
_LABELS: dict[str, Any] = {
    "contact": _l("Contact details"), "whose": _l("Whose address or number it is"), "extra": _l("Other information"), "files": _l("Files"),
    "functions": _l("Functions"), "history": _l("What was changed"), "kept_after_erasing": _l("What has to be kept when you are erased"),
    "exports": _l("Lists you were taken out of"), "at": _l("When"), "who": _l("Who"), "what": _l("What"), "why": _l("Why"), "changes": _l("Changes"),
    "note": _l("Remark"), "from": _l("From"), "until": _l("Until"), "name": _l("Name"), "type": _l("Kind"), "status": _l("State"),
    "reason": _l("Reason"), "function": _l("Function"), "field": _l("Field"), "kept_since": _l("Kept since"), "added_on": _l("Added on"),
    "changed_on": _l("Changed on"), "user_name": _l("Who"), "seen_on": _l("Day"), "to_address": _l("Sent to"), "subject": _l("Subject"),
    "text": _l("Text"), "created_at": _l("Made"), "agrees": _l("Agrees"), "given_by": _l("Said by"), "recorded_by": _l("Noted by"),
    "language": _l("Language"), "list_name": _l("List"), "columns": _l("Columns"), "memberships": _l("Memberships"), "invoices": _l("Invoices"),
    "organisation": _l("Organisation"), "federation": _l("Federation"), "season": _l("Season"), "amount_cents": _l("Amount in cents"),
}  # fmt: skip


def start_own(contact: Contact, *, actor: Actor) -> Job:
    """The person (or a guardian) wants everything; the caller asked the password. Inside transaction()."""
    if actor.contact_id != contact.id:
        raise Forbidden("data of somebody else")
    return enqueue(KIND, {"contact": contact.id, "own": True}, actor=actor, title=_("Download of my data"))


def start_of(contact: Contact, *, actor: Actor) -> Job:
    """An administrator wants everything about one person. Inside transaction()."""
    require(actor, MANAGE)
    return enqueue(KIND, {"contact": contact.id, "own": False}, actor=actor, title=_("Export of one person"))


def run(job: JobRun) -> None:
    """Make the file and keep it for a week, for who asked alone. The right is asked again."""
    if job.result and "file_id" in job.result:
        return  # a former try got this far
    is_own = bool(job.arguments.get("own"))
    contact = db.session.scalars(select(Contact).where(Contact.id == job.arguments["contact"], Contact.erased_at.is_(None))).one_or_none()
    if contact is None:
        raise NotFound("contact")
    if not is_own:
        require(job.actor, MANAGE)
    elif not _is_still_theirs(contact.id, job.actor, job.organisation):
        raise Forbidden("data of somebody this person does not act for any more")
    with tempfile.TemporaryDirectory(prefix="koepel-privacy-") as folder:
        path = Path(folder) / "data.zip"
        with transaction():
            data = personal_data(contact, actor=job.actor, to_the_person=is_own)
        job.progress(1, 3, _("Everything about this person was read."))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            _write(archive, contact, data, job)
        job.progress(3, 3)
        with path.open("rb") as file, transaction():
            name = f"{fold(contact.full_name).replace(' ', '-') or 'person'}-{clock.today():%Y-%m-%d}.zip"
            expires = clock.now() + KEPT
            kept = store(
                file, filename=name, purpose=PURPOSE, actor=job.actor, expires_at=expires, subject=contact, part="package", content_type="application/zip"
            )
            job.keep_result({"file_id": kept.id})


def _is_still_theirs(contact_id: int, actor: Actor, organisation: Organisation) -> bool:
    """Is it the person, or a guardian who may at this moment do what the page asked of one?"""
    own_id = actor.contact_id
    if actor.on_behalf_of_id is not None:  # as the child: ask about the one who sits there
        held = select(OrganisationRole.contact_id).where(OrganisationRole.user_id == actor.user_id, OrganisationRole.contact_id.is_not(None))
        own_id = db.session.scalars(held.order_by(OrganisationRole.id).limit(1)).first()
    if own_id == contact_id:
        return True
    rights = rights_for(own_id, contact_id, active_plugins(organisation))
    return is_allowed(GUARDIAN, writes=True, rights=rights) and person_acted_for(contact_id) is not None


def may_read(file: StoredFile, actor: Actor) -> bool:
    """Only who had it made, and only as long as that right lasts: a guardian may lose it within the week."""
    if not only_maker(file, actor) or file.subject_id is None:
        return False
    return actor.can(MANAGE) or _is_still_theirs(file.subject_id, actor, current_organisation())


def _write(archive: zipfile.ZipFile, contact: Contact, data: dict[str, Any], job: JobRun) -> None:
    archive.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=1))
    names: list[str] = []
    for file in files_about(contact):
        source = path_of(file)
        if not source.is_file():
            continue
        name = f"files/{file.id}-{file.filename}"
        with source.open("rb") as read, archive.open(name, "w") as written:
            shutil.copyfileobj(read, written)
        names.append(name)
    job.progress(2, 3, _("The files were added."))
    page = render_template(
        "privacy/package.html",
        contact=contact,
        parts=list(parts(data)),
        files=names,
        organisation=job.organisation,
        now=clock.now(),
        language=current_language(),
        label=label,
        shown=shown,
    )
    archive.writestr(f"{_('read me')}.html", page)


# --- for people ------------------------------------------------------------------------------------------


def parts(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """(title, content) of each chapter of the page."""
    for name, content in data["core"].items():
        if content:
            yield label(name), content
    for table in data["kept"]:
        yield table["title"], table["rows"]
    for name, content in data.items():
        if name in ("core", "kept") or not content:
            continue
        if isinstance(content, dict):
            yield from ((label(key), value) for key, value in content.items() if value)
        else:
            yield label(name), content


def label(name: str) -> str:
    """What people call a part of the data."""
    known = _LABELS.get(name)
    if known is None and name in BY_NAME:
        known = BY_NAME[name].label
    return str(known) if known is not None else name.replace("_", " ").capitalize()


def shown(value: Any) -> str:
    """A single value as people read it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    text = str(value)
    try:
        if len(text) == 10 and text[4:5] == "-":
            return format_date(datetime.fromisoformat(text).date())
        if len(text) > 19 and text[10:11] == "T":
            return format_instant(datetime.fromisoformat(text))
    except ValueError:
        pass
    return text
