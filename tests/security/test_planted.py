"""Must show 3: all about one person is told to that person, nothing of another; and erasing leaves none of it."""

import gzip
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, select

from core.access import Actor, acting
from core.audit.chain import verify_chain
from core.contacts.models import Contact
from core.db import SIGNED, db, metadata, transaction
from core.fields.services.values import PURPOSE as FIELD_FILE
from core.files.models import StoredFile
from core.files.services import store
from core.files.storage import root
from core.jobs.runner import work_off
from core.privacy.package import start_own
from core.privacy.services import erase_contact, holds_of
from core.tenancy import scope, unscoped
from core.testing.factories import World, inside
from core.users.models import User
from tests.core.privacy.test_privacy import dump
from tests.security.planting import IMPERSONAL, Planted, holes, plant, still_pointing, words

#: told in other words, or made out of what is told
NOT_TOLD = {
    ("audit_entry", "actor_name"): "who did it: the person, by name, in the history",
}
#: what stays after erasing, and why
HOLDS = {
    ("invoice_member", "name"): "an issued invoice is kept for 10 years; only who keeps the books still sees the name",
    ("invoice_member", "rule_text"): "why the club paid so much",
}


@pytest.fixture
def planted(app: Flask, world: World, caplog: pytest.LogCaptureFixture) -> tuple[Planted, Planted]:
    """Two people of the same club, each with words of their own in every table, a file on disk and a login."""
    source = words()
    with app.app_context():
        shutil.rmtree(root(), ignore_errors=True)  # of tests before
        with inside(world.club):
            pair = plant(world, source), plant(world, source)
        for person in pair:
            with inside(world.club) as actor:
                contact = db.session.get_one(Contact, person.contact_id)
                person.words["upload", "content"] = word = next(source)
                store(f"a file with {word}".encode(), filename=f"{word}.txt", purpose=FIELD_FILE, actor=actor, subject=contact, part="attest")
        db.session.remove()
    return pair


def own_package(app: Flask, world: World, person: Planted) -> str:
    """Everything in the ZIP a person gets, as text."""
    with app.test_request_context(), transaction(), scope(world.club):
        user = db.session.get_one(User, person.user_id)
        actor = Actor(user.id, user.full_name, world.club.id, language="en", contact_id=person.contact_id)
        with acting(actor):
            start_own(db.session.get_one(Contact, person.contact_id), actor=actor)
    work_off(app)
    with app.app_context(), scope(world.club):
        query = select(StoredFile).where(StoredFile.purpose == "privacy", StoredFile.created_by == person.user_id)
        kept = db.session.scalars(query.order_by(StoredFile.id.desc())).first()
        assert kept is not None, "the job made no file"
        with zipfile.ZipFile(root() / kept.storage_name[:2] / kept.storage_name) as archive:
            json.loads(archive.read("data.json"))
            return "\n".join(archive.read(name).decode("latin-1") + name for name in archive.namelist())


def everything_on_disk(app: Flask) -> str:
    """The database as text and (SQLite) as bytes, and every stored file, opened when it is a ZIP."""
    with app.app_context():
        db.session.remove()
        found = [dump()]
        for path in root().rglob("*"):
            if path.is_file():
                found += [path.name, *_readable(path)]
        for path in Path(app.config["KOEPEL"].instance_dir).rglob("*"):
            if path.is_file() and root() not in path.parents and path.suffix not in (".db", ".db-wal", ".db-shm"):
                found += [path.name, *_readable(path)]
    return "\n".join(found)


def _readable(path: Path) -> list[str]:
    content = path.read_bytes()
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [name + archive.read(name).decode("latin-1") for name in archive.namelist()]
    return [gzip.decompress(content).decode("latin-1") if content[:2] == b"\x1f\x8b" else content.decode("latin-1")]


def problems(app: Flask, world: World) -> set[str]:
    """What does not fit in the chain of the log: the planted entry was never sealed."""
    with app.app_context(), unscoped("looking at the log in a test"):
        return {problem for one in (world.club, world.federation) for problem in verify_chain(one).problems}


def test_a_person_gets_all_of_it_and_nothing_of_another(app: Flask, world: World, planted: tuple[Planted, Planted]) -> None:
    """Every word planted about her is in the ZIP; no word of the other; what is left out is named."""
    person, other = planted
    told = own_package(app, world, person)

    missing = [place for place in person.missing_in(told) if place not in NOT_TOLD]
    assert not missing, str(missing)
    assert other.found_in(told) == []
    assert len(person.words) > 60


def test_an_erased_person_is_nowhere_on_disk(
    app: Flask, world: World, planted: tuple[Planted, Planted], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Database file, uploads, exports and logs hold none of the words, but for the named holds; the other keeps all."""
    person, other = planted
    own_package(app, world, person)
    with app.app_context(), inside(world.club):
        client = plant(world, words("zp"), signed_by=person)
    before, chain = everything_on_disk(app), problems(app, world)
    assert person.missing_in(before) == []

    with app.app_context(), inside(world.club) as actor:
        contact = db.session.get_one(Contact, person.contact_id)
        assert len(holds_of(contact)) == 1
        erase_contact(contact, actor=actor)

    after = everything_on_disk(app)
    left = [place for place in person.found_in(after) if place not in HOLDS]
    assert not left, str(left)
    assert sorted(HOLDS) == [place for place in person.found_in(after) if place in HOLDS]
    with app.app_context():
        assert still_pointing(person) == [] and "group_exception" in still_pointing(other)
    assert other.missing_in(after) == []
    gone = {table for table, _column in client.missing_in(after)}
    assert gone == {"job", "job_item"}, "what she did for others stays, without her name; work that she asked for goes"
    assert person.found_in(caplog.text + "".join(capfd.readouterr())) == []
    assert problems(app, world) <= chain


def test_no_table_slips_through() -> None:
    """What is said to be about nobody points to nobody, and every name of who did something is declared as one."""
    assert holes(metadata.tables.values()) == []


def test_holes_are_seen() -> None:
    """A table that nobody covers, as somebody might add it tomorrow."""
    contact = Table("contact", MetaData(), Column("id", Integer, primary_key=True))
    said_to_be_of_clubs = Table(
        "club_note", contact.metadata, Column("contact_id", ForeignKey("contact.id")), Column("member_id", Integer), Column("text", String(80)),
        Column("seen_by", String(160)), Column("closed_by", String(160), info={SIGNED: "closed_by_id"}), Column("closed_by_id", Integer),
    )  # fmt: skip
    assert [hole.partition(":")[0] for hole in holes([said_to_be_of_clubs])] == ["club_note.contact_id", "club_note.member_id", "club_note.seen_by"]


def test_tables_about_nobody_are_still_there() -> None:
    """The list of tables that are left out names no table that is gone."""
    assert sorted(set(IMPERSONAL) - set(metadata.tables)) == []

