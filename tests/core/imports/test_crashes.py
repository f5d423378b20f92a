"""Killed at any moment, an import is done entirely or not at all, and once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from core.audit.models import AuditEntry
from core.contacts.models import Contact
from core.db import db, transaction
from core.imports import services
from core.imports.models import ImportRow, ImportRun
from core.jobs.models import Job
from core.testing.crashes import work_again

#: two batches of the planner
ROWS = 2_010
LIST = "Naam;Voornaam;Gemeente\n" + "".join(f"Familie{n};Voornaam;Herent\n" for n in range(ROWS))


def stage(actor, data=LIST):
    prepared = services.prepare(data.encode(), "list.csv")
    with transaction():
        pk = services.create_import(prepared, actor=actor).id
    with transaction():
        services.start_import(pk, create=True, update=True, writers=(), actor=actor)
    return pk


def counted(pk):
    """(contacts, of them by this import, rows for an undo, audit entries of contacts, state)."""
    db.session.rollback()
    db.session.expire_all()

    def number(query):
        return int(db.session.scalar(select(func.count()).select_from(query.subquery())) or 0)

    return (
        number(select(Contact.id).where(Contact.deleted_at.is_(None))),
        number(select(Contact.id).where(Contact.import_id == pk)),
        number(select(ImportRow.id).where(ImportRow.import_id == pk)),
        number(select(AuditEntry.id).where(AuditEntry.action == "contact.created")),
        db.session.scalars(select(ImportRun.state).where(ImportRun.id == pk)).one(),
    )


BEFORE = (0, 0, 0, 0, "waiting")
AFTER = (ROWS, ROWS, ROWS, ROWS, "done")


@pytest.mark.parametrize(
    "failpoint, then",
    [
        ("import.before_writing", BEFORE),
        ("import.after_batch_1", BEFORE),
        ("import.before_commit", BEFORE),
        ("import.after_commit", AFTER),
    ],
)
def test_a_killed_import_is_done_entirely_or_not_at_all_and_then_once(app, in_club, crash, failpoint, then):
    pk = stage(in_club)

    crash(failpoint)
    assert counted(pk) == then

    work_again(app)
    assert counted(pk) == AFTER
    assert db.session.scalars(select(Job.state)).all() == ["done"]
    same = services.prepare(LIST.encode(), "list.csv").plan
    assert (same.counts["new"], same.counts["update"], same.counts["unchanged"]) == (0, 0, ROWS)


def test_a_killed_undo_goes_on_where_it_was(app, in_club, crash):
    pk = stage(in_club, "\n".join(LIST.splitlines()[:131]))
    work_again(app)
    assert counted(pk)[0] == 130
    with transaction():
        services.start_undo(pk, actor=in_club)

    crash("undo.after_1")
    assert counted(pk)[0] == 30

    work_again(app)
    assert (counted(pk)[0], counted(pk)[-1]) == (0, "undone")
