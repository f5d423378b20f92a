"""Jobs whose effect can be counted: each makes contacts named after it."""

from __future__ import annotations

import os
import time
from typing import Any

from core.access import Permission
from core.contacts.models import Contact
from core.db import db, transaction
from core.errors import UserMistake
from core.extend.contributions import JobKind
from core.extend.hookspecs import hookimpl
from core.extend.manifest import Manifest

manifest = Manifest("job_sample", "Jobs of the tests", "1.0")


def effect(job: Any) -> None:
    """Make a contact per item, one transaction each."""
    for number in range(job.arguments.get("items", 1)):
        item = f"{job.arguments['name']}-{number}"
        if not job.is_done(item):
            time.sleep(job.arguments.get("seconds", 0))
            with transaction():
                contact = Contact(first_name=item, last_name="Effect", extra={}, whose={})
                contact.refold()
                db.session.add(contact)
                job.item(item, True)
        job.progress(number + 1, job.arguments.get("items", 1))


def poison(_job: Any) -> None:
    """Take the worker down, every time."""
    os.kill(os.getpid(), 9)


def broken(_job: Any) -> None:
    raise RuntimeError("a bug")


def mistaken(_job: Any) -> None:
    raise UserMistake("The file is empty.")


def long(job: Any) -> None:
    """Longer than a lease, saying that it lives now and then."""
    for number in range(job.arguments["steps"]):
        time.sleep(job.arguments["seconds"])
        job.progress(number, job.arguments["steps"])
    with transaction():
        contact = Contact(first_name=f"{job.arguments['name']}-{job.attempt}", last_name="Effect", extra={}, whose={})
        contact.refold()
        db.session.add(contact)


KINDS = (
    JobKind("sample_effect", "Effect", effect),
    JobKind("sample_poison", "Poison", poison),
    JobKind("sample_broken", "Broken", broken),
    JobKind("sample_mistaken", "Mistaken", mistaken),
    JobKind("sample_long", "Long", long),
    JobKind("sample_guarded", "Guarded", effect, permission="contacts.write"),
)


@hookimpl
def register_jobs() -> list[JobKind]:
    return list(KINDS)


@hookimpl
def register_permissions() -> list[Permission]:
    return []
