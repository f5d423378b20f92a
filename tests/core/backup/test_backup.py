"""A backup holds everything of one moment, tells when it was touched, and comes back whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from core.backup import services
from core.backup.archive import Reader
from core.config import ROOT
from core.contacts.models import Contact
from core.db import db
from core.errors import StartRefused
from core.files import services as files
from core.lists import search_index
from core.organisations.models import Organisation
from core.privacy import ledger
from core.privacy.services import erase_contact
from core.tenancy import scope, unscoped
from core.testing.databases import TestDatabase, make_test_app, settings_for_tests
from core.testing.factories import World, inside, make_contact


@pytest.fixture
def filled(app: Flask, world: World) -> Flask:
    """Two clubs with contacts, of whom one has every kind of value."""
    with app.app_context():
        with inside(world.club):
            make_contact("Zoë", "D'Hondt ✓", remarks="a\nb\t\"c\" %s :x", extra={"shoe": 42, "since": "2020-01-01", "none": None}, whose=None)
        with inside(world.other_club):
            make_contact("Jan", "Peeters", email_1="jan@koepel.example")
    return app


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory, database: TestDatabase) -> Iterator[tuple[Flask, TestDatabase]]:
    """A second installation on a database of the same kind."""
    folder = tmp_path_factory.mktemp("second")
    there = TestDatabase(folder, f"{database.worker}_second", database.server)
    there.create()
    config = settings_for_tests(folder / "instance", there.url)
    app = make_test_app(config)
    there.keep_as_template()
    yield app, there
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    there.drop()


@pytest.fixture
def other(second: tuple[Flask, TestDatabase], filled: Flask) -> Iterator[Flask]:
    """The second installation, empty."""
    app, there = second
    there.reset()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def rows(app: Flask) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with app.app_context(), db.engine.connect() as connection:
        services.derived.open_walls(connection)
        return {
            table.name: ["".join(map(repr, row)) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in services.tables_of(connection)
        }


def test_everything_comes_back_in_another_installation(filled: Flask, other: Flask, tmp_path: Path) -> None:
    backup = tmp_path / "all.koepel"
    with filled.app_context():
        manifest = services.create_backup(backup)
    with other.app_context():
        services.restore_backup(backup)
    assert rows(other) == rows(filled)
    assert manifest["parts"]["tables/contact.jsonl"]["rows"] == 2
    assert manifest["parts"]["tables/organisation.jsonl"]["rows"] == 7


def test_what_was_restored_can_be_used(filled: Flask, other: Flask, world: World, tmp_path: Path) -> None:
    with filled.app_context():
        services.create_backup(tmp_path / "all.koepel")
    with other.app_context():
        services.restore_backup(tmp_path / "all.koepel")
        with unscoped("finding the club again"):
            club = db.session.scalars(select(Organisation).where(Organisation.slug == "club-a")).one()
        with inside(club):
            new = make_contact("New", "Person")  # the next number is free
        with scope(club):
            names = db.session.scalars(select(Contact.last_name).order_by(Contact.id)).all()
            assert names == ["D'Hondt ✓", "Person"]
            assert new.id > 2
            if search_index.exists():
                assert db.session.scalars(select(Contact.last_name).where(Contact.id.in_(search_index.matching(["person"])))).all() == ["Person"]


def test_a_file_of_a_contact_comes_back(filled: Flask, other: Flask, world: World, tmp_path: Path) -> None:
    backup = tmp_path / "all.koepel"
    with filled.app_context():
        with inside(world.club) as actor:
            name = files.path_of(files.store(b"name;first name\nPeeters;Jan\n", filename="list.csv", purpose="import", actor=actor)).name
        services.create_backup(backup)
    with other.app_context():
        services.restore_backup(backup)
        assert (Path(other.config["KOEPEL"].instance_dir) / "files" / name[:2] / name).read_bytes() == b"name;first name\nPeeters;Jan\n"


def test_one_changed_byte_anywhere_is_noticed(filled: Flask, tmp_path: Path) -> None:
    backup = tmp_path / "all.koepel"
    with filled.app_context():
        services.create_backup(backup)
    assert services.verify_backup(backup)[1] == []
    whole = backup.read_bytes()
    for place in {*range(0, len(whole), len(whole) // 40), *range(len(whole) - 400, len(whole), 7)}:
        backup.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            problems = services.verify_backup(backup)[1]
        except ValueError:
            continue  # so damaged that it cannot be opened at all
        assert problems != [], f"byte {place}"
    backup.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="no backup of Koepel, or it is damaged"):
        services.verify_backup(backup)


def test_a_damaged_backup_is_not_restored(filled: Flask, other: Flask, tmp_path: Path) -> None:
    backup = tmp_path / "all.koepel"
    with filled.app_context():
        services.create_backup(backup)
    whole = bytearray(backup.read_bytes())
    whole[200] ^= 1
    backup.write_bytes(bytes(whole))
    before = rows(other)
    with other.app_context(), pytest.raises((StartRefused, ValueError)):
        services.restore_backup(backup)
    assert rows(other) == before


def test_data_is_only_replaced_by_force(filled: Flask, tmp_path: Path, world: World) -> None:
    with filled.app_context():
        services.create_backup(tmp_path / "all.koepel")
        with inside(world.club):
            make_contact("Late", "Comer")
        with pytest.raises(StartRefused, match="--force"):
            services.restore_backup(tmp_path / "all.koepel")
        with scope(world.club):
            assert db.session.scalar(select(func.count()).select_from(Contact)) == 2
        services.restore_backup(tmp_path / "all.koepel", force=True)
        with scope(world.club):
            assert db.session.scalar(select(func.count()).select_from(Contact)) == 1


def changed(backup: Path, **values: object) -> None:
    """A backup that says something else of itself, and is otherwise whole."""
    reader = Reader(backup)
    manifest = {**reader.manifest, **values}
    parts = {name: reader.open(name).read() for name in reader.parts}
    facts = reader.parts
    reader.close()
    backup.unlink()
    with services.Writer(backup) as writer:
        for name, content in parts.items():
            writer.add(name, [content], **{key: value for key, value in facts[name].items() if key not in ("size", "sha256")})
        writer.finish({key: value for key, value in manifest.items() if key not in ("format", "parts")})


@pytest.mark.parametrize(
    ("values", "why"),
    [({"heads": ["core_9999"]}, "newer version"), ({"plugins": {"unheard_of": "1.0"}}, "plugins that are not enabled here: unheard_of")],
)
def test_a_backup_of_something_newer_is_refused(filled: Flask, other: Flask, tmp_path: Path, values: dict[str, object], why: str) -> None:
    backup = tmp_path / "all.koepel"
    with filled.app_context():
        services.create_backup(backup)
    changed(backup, **values)
    with other.app_context(), pytest.raises(StartRefused, match=why):
        services.restore_backup(backup)


def test_no_key_is_inside(filled: Flask, tmp_path: Path) -> None:
    backup = tmp_path / "all.koepel"
    with filled.app_context():
        manifest = services.create_backup(backup)
        config = filled.config["KOEPEL"]
        reader = Reader(backup)
        content = b"".join(reader.open(name).read() for name in reader.parts) + json.dumps(manifest).encode()
        assert b"club-a" in content
        assert config.secret_key.encode() not in content
        assert not any(key.encode() in content for key in config.field_keys)
        assert not services.missing_keys(manifest)


def test_a_backup_while_people_work_is_one_moment(filled: Flask, world: World, tmp_path: Path) -> None:
    """Contacts are added in pairs: whatever the moment, their number in the backup is even."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            with filled.app_context(), inside(world.club):
                make_contact("One", "Pair")
                make_contact("Two", "Pair")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        counts = set()
        for number in range(5):
            with filled.app_context():
                manifest = services.create_backup(tmp_path / f"{number}.koepel")
            counts.add(manifest["parts"]["tables/contact.jsonl"]["rows"])
    finally:
        stop.set()
        worker.join()
    assert len(counts) > 1
    assert {count % 2 for count in counts} == {0}


@pytest.mark.parametrize("statement", ["SELECT 1", "PRAGMA integrity_check"])
def test_a_restore_that_is_killed_leaves_what_was_there(filled: Flask, world: World, tmp_path: Path, database: TestDatabase, statement: str) -> None:
    if database.server is not None and statement.startswith("PRAGMA"):
        pytest.skip("SQLite only")
    backup = tmp_path / "all.koepel"
    with filled.app_context():
        services.create_backup(backup)
        with inside(world.club):
            make_contact("Late", "Comer")
        before = rows(filled)
        db.session.remove()
        db.engine.dispose()
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom core import config\nfrom core.app import create_app\nfrom core.backup import services\n"
        "services._lay_down_files = lambda reader: os.kill(os.getpid(), 9)\n"
        "app = create_app(config.load(environment='test', embedded_worker=False))\n"
        f"with app.app_context():\n    services.restore_backup(Path({str(backup)!r}), force=True)\n"
    )
    config = filled.config["KOEPEL"]
    environment = {**os.environ, "KOEPEL_INSTANCE_DIR": str(config.instance_dir), "KOEPEL_DATABASE_URL": config.database_url, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == -9, ended.stderr
    assert rows(filled) == before
    with filled.app_context(), db.engine.connect() as connection:
        assert connection.execute(text(statement)).scalar() in (1, "ok")


def test_a_migration_keeps_a_copy_and_only_a_few(filled: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with filled.app_context():
        assert services.back_up_before_migration() is None  # nothing is pending
        monkeypatch.setattr(services.runner, "applied_heads", lambda _connection: ["core_0001"])
        monkeypatch.setattr(services.runner, "pending", lambda: ["core_0002"])
        start = services.clock.now()
        moments = iter(start + timedelta(seconds=n) for n in range(100))
        monkeypatch.setattr(services.clock, "now", lambda: next(moments))
        kept = [services.back_up_before_migration() for _ in range(services.KEPT + 2)]
        assert [path is not None and path.exists() for path in kept] == [False, False] + [True] * services.KEPT


def test_who_was_erased_after_the_backup_is_erased_again(filled: Flask, world: World, tmp_path: Path) -> None:
    """What a backup brings back, the ledger beside the database takes away: ids only, no name in it."""
    with filled.app_context():
        services.create_backup(tmp_path / "all.koepel")
        with inside(world.club) as actor:
            gone = db.session.scalars(select(Contact).order_by(Contact.id)).first()
            assert gone is not None
            pk, name = gone.id, gone.last_name
            erase_contact(gone, actor=actor)
        assert services.restore_backup(tmp_path / "all.koepel", force=True)["erased_again"] == 1
        with scope(world.club):
            assert db.session.scalars(select(Contact.last_name).where(Contact.id == pk)).one() == ""
        assert name not in ledger.path().read_text()
