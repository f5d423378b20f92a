"""Migrations go up and down, tell the truth about the models, and survive a power cut and each other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import inspect, text

from core.app import create_app
from core.config import ROOT
from core.db import db, metadata, schema_change, transaction
from core.extend.registry import registry
from core.lists import search_index
from core.migrations import derived, runner
from core.tenancy import Scope, Shared, enter, mapped_tenants
from core.testing.databases import TestDatabase, settings_for_tests
from core.testing.factories import make_contact, make_world
from core.users.permissions import sync_permissions


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, database: TestDatabase) -> Iterator[tuple[Flask, TestDatabase]]:
    """An application on a database without any table."""
    folder = tmp_path_factory.mktemp("migrations")
    there = TestDatabase(folder, f"{database.worker}_migrations", database.server)
    there.create()
    config = settings_for_tests(folder / "instance", there.url)
    yield create_app(config), there
    there.drop()


@pytest.fixture
def empty(installation: tuple[Flask, TestDatabase]) -> Iterator[Flask]:
    """The application, on a database without any table again."""
    app, there = installation
    if there.server is None:
        for suffix in ("", "-wal", "-shm"):
            (there.folder / f"test.db{suffix}").unlink(missing_ok=True)
    else:
        there.drop()
        there.create()
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - derived.HIDDEN_TABLES


def run(app: Flask, code: str) -> subprocess.Popen[str]:
    """Python code in a process of its own, on the same database."""
    config = app.config["KOEPEL"]
    program = (
        "import os\nfrom core import config\nfrom core.app import create_app\nfrom core.migrations import derived, runner\n"
        f"app = create_app(config.load(environment='test', embedded_worker=False))\nwith app.app_context():\n    {code}\n"
    )
    environment = {**os.environ, "KOEPEL_INSTANCE_DIR": str(config.instance_dir), "KOEPEL_DATABASE_URL": config.database_url, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_there_are_migrations_for_every_table() -> None:
    assert list((runner.HERE / "versions").glob("core_*.py")) != []


def test_up_makes_exactly_what_the_models_say(empty: Flask) -> None:
    ran = runner.upgrade()
    assert [name.partition("_0001:")[0] for name in ran if "_0001:" in name][0] == "core"
    assert tables() - {"alembic_version"} == set(metadata.tables)
    assert runner.drift() == []
    assert runner.pending() == []


def test_drift_is_found(empty: Flask) -> None:
    runner.upgrade()
    with schema_change() as connection:
        connection.execute(text("DROP INDEX ix_contact_created"))
        connection.execute(text("ALTER TABLE organisation ADD COLUMN shoe_size INTEGER"))
    assert [change[0] for change in runner.drift()] == ["add_index", "remove_column"]


def test_a_second_run_does_nothing(empty: Flask) -> None:
    runner.upgrade()
    with db.engine.connect() as connection:
        before = connection.execute(text("SELECT fingerprint, changed_at FROM schema_state")).all()
    assert runner.upgrade() == []
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT fingerprint, changed_at FROM schema_state")).all() == before


def test_down_and_up_again(empty: Flask) -> None:
    runner.upgrade()
    runner.downgrade("base")
    assert tables() == {"alembic_version"}
    assert runner.pending() != []
    runner.upgrade()
    assert runner.drift() == []


def test_what_is_stored_survives_a_migration_that_rebuilds_its_table(empty: Flask) -> None:
    runner.upgrade()
    with transaction():
        sync_permissions(empty.extensions["koepel"])
    world = make_world()
    club_id = world.club.id
    with transaction(), enter(Scope(club_id, "club")):
        make_contact("Ann", "Peeters")
    with schema_change() as connection:
        connection.execute(text("ALTER TABLE contact DROP COLUMN remarks"))
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER contact_search_added"))
        derived.bring_up_to_date(connection, always=True)
        connection.execute(text("ALTER TABLE contact ADD COLUMN remarks VARCHAR(2000)"))
    with transaction(), enter(Scope(club_id, "club")):
        make_contact("Bob", "Peeters")
    with db.engine.connect() as connection, connection.begin():
        derived.open_walls(connection)
        assert connection.execute(text("SELECT count(*) FROM contact")).scalar() == 2
        if search_index.exists():
            assert connection.execute(text("SELECT count(*) FROM contact_search WHERE contact_search MATCH 'peeters'")).scalar() == 2


@pytest.mark.parametrize("place", ["derived.bring_up_to_date", "runner.command.upgrade"])
def test_after_a_power_cut_half_way_a_second_run_ends_well(empty: Flask, place: str) -> None:
    """Killed after all tables were made, and after those of the first branch were."""
    kill = "lambda *_args, **_options: os.kill(os.getpid(), 9)"
    code = f"{place} = {kill}" if place.startswith("derived") else (
        "real = runner.command.upgrade; runner.command.upgrade = lambda config, target: (real(config, target), os.kill(os.getpid(), 9))"
    )
    killed = run(empty, f"{code}; runner.upgrade()")
    _out, errors = killed.communicate(timeout=120)
    assert killed.returncode == -9, errors
    assert tables() == set()
    runner.upgrade()
    assert runner.drift() == []
    assert runner.pending() == []


def test_two_that_migrate_at_once_do_it_once(empty: Flask) -> None:
    both = [run(empty, "print(len(runner.upgrade()))") for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    counts = sorted(int(out) for out, _errors in answers)
    assert counts[0] == 0
    assert counts[1] > 0
    assert runner.drift() == []


def test_a_database_of_a_newer_version_is_refused(empty: Flask) -> None:
    runner.upgrade()
    with schema_change() as connection:
        connection.execute(text("INSERT INTO alembic_version VALUES ('core_9999')"))
    with pytest.raises(runner.StartRefused, match="newer version"):
        runner.pending()


def test_a_written_migration_holds_the_tables_of_its_plugin_only(empty: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.upgrade()
    with schema_change() as connection:
        connection.execute(text("ALTER TABLE contact DROP COLUMN remarks"))
    real = runner.folder_of
    folder = tmp_path / "versions"
    folder.mkdir()
    for file in real("core").glob("*.py"):
        (folder / file.name).write_text(file.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(runner, "folder_of", lambda plugin: folder if plugin == "core" else real(plugin))
    assert [runner.make_revision(plugin, "nothing to do") for plugin in runner.branches()[1:2]] in ([], [[]])
    (made,) = runner.make_revision("core", "remarks again")
    source = Path(made).read_text("utf-8")
    assert "batch_op.add_column(sa.Column('remarks', sa.String(length=2000), nullable=True))" in source
    assert source.count("add_column") == 1
    assert len(runner.upgrade()) == 1
    assert runner.drift() == []


def test_a_plugin_that_is_not_enabled_does_not_stand_in_the_way_of_a_migration(empty: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry().plugins, "order", [])
    with schema_change() as connection:
        runner.upgrade_within(connection)
    assert runner.pending() == []
    assert runner.make_revision("core", "nothing to do") == []


def test_every_table_of_an_organisation_is_behind_the_wall(empty: Flask) -> None:
    runner.upgrade()
    names = {derived.name_of(tenant) for tenant in mapped_tenants()}
    assert len(names) > 10
    if db.engine.dialect.name != "postgresql":
        pytest.skip("row-level security is PostgreSQL's")
    with db.engine.connect() as connection:
        forced = {row[0] for row in connection.execute(text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"))}
        policies = {row[0] for row in connection.execute(text("SELECT tablename FROM pg_policies WHERE policyname = 'koepel_tenancy'"))}
    assert names - forced == set()
    assert names - policies == set()


def test_every_shared_table_says_to_both_walls_who_reads_it(empty: Flask) -> None:
    silent = [t.__name__ for t in mapped_tenants() if issubclass(t, Shared) and t.wall_for_federations is None and t.wall_for_readers is None]
    assert silent == []
