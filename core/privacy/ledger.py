"""Who was erased, in a file beside the database: a backup that is put back forgets them again.

One line per person, ids and moments only. The file is only ever added to, and is not in backups:
after a disaster it is copied back with the keys.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import select

from core import clock
from core.contacts.models import Contact
from core.db import after_commit, db, transaction
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped

FILE = "erasures.jsonl"


def path() -> Path:
    return Path(current_app.config["KOEPEL"].instance_dir) / FILE


def note(contact: Contact) -> None:
    """Remember that this person was erased, once that is certain. Inside transaction()."""
    line = {"at": clock.now().isoformat(), "organisation": contact.organisation_id, "contact": contact.id, "made": contact.created_at.isoformat()}
    after_commit(lambda: _append(line))


def _append(line: dict[str, Any]) -> None:
    with os.fdopen(os.open(path(), os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600), "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def lines() -> Iterator[dict[str, Any]]:
    """What was noted; a line that a power cut left half is passed over."""
    if not path().is_file():
        return
    with path().open(encoding="utf-8") as file:
        for text in file:
            try:
                found = json.loads(text)
            except ValueError:
                continue
            if isinstance(found, dict) and {"organisation", "contact", "made"} <= found.keys():
                yield found


def returned() -> list[tuple[int, int]]:
    """(organisation, contact) of people who were erased and are in this database all the same.

    The moment at which the contact was made is compared too: in a database of another
    installation the same number is somebody else.
    """
    found = []
    for line in lines():
        with unscoped("people who were erased, in a backup that was put back"):
            row = db.session.execute(
                select(Contact.created_at, Contact.erased_at).where(Contact.organisation_id == line["organisation"], Contact.id == line["contact"])
            ).one_or_none()
        if row is not None and row.erased_at is None and row.created_at.isoformat() == line["made"]:
            found.append((line["organisation"], line["contact"]))
    return found


def erase_again() -> int:
    """Erase those people once more; returns how many. Outside a transaction."""
    from core.access import acting, system_actor  # noqa: PLC0415 -- circular: the services write this ledger
    from core.privacy.services import erase_contact  # noqa: PLC0415 -- circular: the services write this ledger

    done = 0
    for organisation_id, contact_id in returned():
        with unscoped("the organisation of somebody who was erased"):
            organisation = db.session.get_one(Organisation, organisation_id)
        actor = system_actor(organisation_id, language=organisation.language)
        with transaction(), scope(organisation), acting(actor):
            erase_contact(db.session.scalars(select(Contact).where(Contact.id == contact_id)).one(), actor=actor)
        done += 1
    return done
