import sqlite3
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.exc import DBAPIError

from core.access import Actor
from core.audit.chain import verify_chain
from core.audit.history import Change, history_of
from core.audit.models import AppendOnly, AuditEntry, AuditSeal
from core.audit.services import HIDDEN, Record, record, record_many, redact
from core.db import db, is_postgres, savepoint, transaction
from core.tenancy import scope, unscoped
from core.testing.factories import World, inside, make_contact

AN = Actor(None, "An Verlinden", None)


@pytest.fixture
def log(context: Flask, world: World) -> World:
    """Three transactions in club A (2 + 1 + 3 entries), one in club B."""
    with inside(world.club):
        contact = make_contact("Godelieve", "Peeters")
        record("contact.created", contact, actor=AN)
        record("contact.changed", contact, actor=AN, changes={"town": (None, "Herent"), "birth_date": (None, date(1954, 5, 14))})
    with inside(world.club):
        record_many([Record("contact.changed", "contact", contact.id, {"town": ("Herent", "Leuven")}, "moved")], actor=AN)
    with inside(world.club):
        record_many([Record("contact.imported", "contact", number) for number in (901, 902, 903)], actor=AN)
    with inside(world.other_club):
        record("contact.created", make_contact(), actor=AN)
    return world


def lower_the_wall(connection: Connection) -> None:
    if is_postgres():
        connection.execute(text("SELECT set_config('koepel.low', '0', false), set_config('koepel.high', '2147483647', false)"))


def tamper(*statements: str) -> None:
    """Do what somebody with the database file or a superuser could: drop the triggers, then change."""
    triggers = ("no_update", "no_delete")
    db.session.rollback()  # or it goes on reading what was there before
    with db.engine.connect() as connection:
        lower_the_wall(connection)
        for table in ("audit_entry", "audit_seal"):
            for trigger in triggers:
                on = f" ON {table}" if is_postgres() else ""
                connection.execute(text(f"DROP TRIGGER {table}_{trigger}{on}"))
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()


def test_record_is_in_history_newest_first(log: World) -> None:
    with scope(log.club):
        contact_id = db.session.scalars(select(AuditEntry.subject_id).where(AuditEntry.action == "contact.created")).one()
        lines = history_of("contact", contact_id)

    assert [line.who for line in lines] == ["An Verlinden"] * 3
    assert lines[0].note == "moved"
    assert [(c.before, c.after) for c in lines[0].changes] == [("Herent", "Leuven")]
    assert [(c.before, c.after) for c in lines[1].changes] == [("", "Herent"), ("", "14/05/1954")]


def test_history_pages_on_from_the_last_line(log: World) -> None:
    with scope(log.club):
        contact_id = db.session.scalars(select(AuditEntry.subject_id).where(AuditEntry.action == "contact.created")).one()
        first = history_of("contact", contact_id, limit=2)
        rest = history_of("contact", contact_id, limit=2, before=first[-1].id)

    assert [len(first), len(rest)] == [2, 1]
    assert {line.id for line in first} & {line.id for line in rest} == set()


def test_history_of_another_organisation_is_empty(log: World) -> None:
    with scope(log.other_club):
        assert history_of("contact", 901) == []
    with scope(log.club):
        assert len(history_of("contact", 901)) == 1


def test_hidden_change_keeps_no_value(log: World) -> None:
    with inside(log.club):
        record_many([Record("contact.changed", "contact", 5, {"extra.national_number": HIDDEN})], actor=AN)

    with scope(log.club):
        assert history_of("contact", 5)[0].changes == (Change("National number", hidden=True),)


def test_chain_has_one_seal_per_transaction(log: World) -> None:
    report = verify_chain(log.club)

    assert (report.entries, report.seals, report.problems) == (6, 3, [])
    assert verify_chain(log.other_club).entries == 1
    assert report.head != verify_chain(log.other_club).head


def test_entry_of_an_undone_transaction_leaves_no_trace(log: World) -> None:
    with pytest.raises(RuntimeError, match="undo"), inside(log.club):
        record_many([Record("contact.changed", "contact", 5)], actor=AN)
        raise RuntimeError("undo")

    with inside(log.club):
        record_many([Record("contact.changed", "contact", 6)], actor=AN)

    report = verify_chain(log.club)
    assert (report.entries, report.seals, report.problems) == (7, 4, [])


def test_entry_of_an_undone_savepoint_is_not_sealed(log: World) -> None:
    with inside(log.club):
        with pytest.raises(RuntimeError, match="undo"), savepoint():
            record_many([Record("contact.changed", "contact", 5)], actor=AN)
            raise RuntimeError("undo")
        with savepoint():
            record_many([Record("contact.changed", "contact", 6)], actor=AN)

    report = verify_chain(log.club)
    assert (report.entries, report.seals, report.problems) == (7, 4, [])


def test_one_transaction_can_record_in_several_organisations(log: World) -> None:
    with transaction():
        for club in (log.other_club, log.club):
            with scope(club):
                record_many([Record("club.checked", "organisation", club.id)], actor=AN)
        with unscoped("a test of the platform's own acts"):
            record("club.closed", log.club, actor=AN)

    assert (verify_chain(log.club).entries, verify_chain(log.club).problems) == (8, [])
    assert (verify_chain(log.other_club).entries, verify_chain(log.other_club).problems) == (2, [])


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE audit_entry SET note = 'stayed' WHERE note = 'moved'", "changed after it was recorded"),
        ("UPDATE audit_entry SET actor_name = 'Somebody' WHERE subject_id = 902", "changed after it was recorded"),
        ("DELETE FROM audit_entry WHERE subject_id = 902", "has 2 entries instead of 3"),
        ("UPDATE audit_entry SET batch = 1 WHERE subject_id = 902", "entries without a seal"),
        ("DELETE FROM audit_seal WHERE number = 2", "1 seals before it are missing"),
        ("UPDATE audit_seal SET entries = 4 WHERE number = 3", "does not follow from the one before"),
        ("UPDATE audit_entry SET changes = NULL, note = '', salt = '', redacted_at = at WHERE subject_id = 902", "emptied without an erasure"),
    ],
)
def test_tampering_is_found(log: World, statement: str, expected: str) -> None:
    assert verify_chain(log.club).is_intact

    tamper(statement)

    problems = verify_chain(log.club).problems
    assert any(expected in problem for problem in problems), problems


def test_replaced_entries_with_right_digests_are_found(log: World) -> None:
    tamper("UPDATE audit_entry SET digest = (SELECT digest FROM audit_entry WHERE subject_id = 901) WHERE subject_id = 902")

    problems = verify_chain(log.club).problems
    assert any("its entries were replaced" in problem for problem in problems), problems


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET note = 'x'",
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET changes = NULL, note = '', salt = '', redacted_at = at, actor_name = 'x'",
        "UPDATE audit_seal SET entries = 0",
        "DELETE FROM audit_seal",
    ],
)
def test_trigger_refuses_sql(log: World, statement: str) -> None:
    with db.engine.connect() as connection:
        lower_the_wall(connection)
        with pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(statement))


def test_session_refuses_changing_and_deleting(log: World) -> None:
    with pytest.raises(AppendOnly), inside(log.club):
        db.session.scalars(select(AuditEntry)).first().note = "x"
        db.session.flush()
    with pytest.raises(AppendOnly), inside(log.club):
        db.session.delete(db.session.scalars(select(AuditSeal)).first())
        db.session.flush()
    with pytest.raises(AppendOnly), inside(log.club):
        db.session.execute(update(AuditEntry).values(note="x"))
    with pytest.raises(AppendOnly), inside(log.club):
        db.session.execute(delete(AuditSeal))

    assert verify_chain(log.club).is_intact


def test_redacting_empties_entries_and_keeps_the_chain(log: World) -> None:
    with inside(log.club):
        contact_id = db.session.scalars(select(AuditEntry.subject_id).where(AuditEntry.action == "contact.created")).one()
        emptied = redact("contact", [contact_id])
        record_many([Record("contact.erased", "contact", contact_id)], actor=AN)

    with scope(log.club):
        lines = history_of("contact", contact_id)
    assert emptied == 3
    assert [(line.is_emptied, line.note, line.changes) for line in lines[1:]] == [(True, "", ())] * 3
    assert verify_chain(log.club).problems == []


def test_recording_outside_a_transaction_is_refused(log: World) -> None:
    with scope(log.club), pytest.raises(RuntimeError, match="inside transaction"):
        record_many([Record("contact.changed", "contact", 5)], actor=AN)


def test_triggers_are_in_the_database(log: World) -> None:
    if is_postgres():
        with db.engine.connect() as server:
            names = server.execute(text("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'audit_%' ORDER BY 1")).scalars().all()
        assert names == [f"audit_{table}_no_{verb}" for table in ("entry", "seal") for verb in ("delete", "truncate", "update")]
        return
    with sqlite3.connect(db.engine.url.database or "") as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_%' ORDER BY name")]
    assert names == ["audit_entry_no_delete", "audit_entry_no_update", "audit_seal_no_delete", "audit_seal_no_update"]
