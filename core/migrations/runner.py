"""Brings the database to the newest schema: the core and every installed plugin, each its own branch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig

from core.config import ROOT
from core.db import db, metadata
from core.extend.registry import registry

HERE = Path(__file__).resolve().parent


def locations() -> list[str]:
    """Folders with migrations: the core's, then each plugin's that has any."""
    folders = [HERE / "versions"]
    folders += [Path(module.__file__ or "").parent / "migrations" for module in registry().plugins.modules.values()]
    return [str(folder) for folder in folders if folder.is_dir()]


def alembic_config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("version_locations", " ".join(locations()))
    config.set_main_option("path_separator", "space")
    config.attributes["root"] = ROOT
    return config


def upgrade(target: str = "heads") -> None:
    """Run all migrations that are missing; running it twice does nothing."""
    if not list((HERE / "versions").glob("*.py")):
        metadata.create_all(db.engine)  # while the first migration is being written
        return
    command.upgrade(alembic_config(), target)


def downgrade(target: str) -> None:
    command.downgrade(alembic_config(), target)


def pending() -> Sequence[str]:
    """Revisions the database lacks."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 -- only needed here
    from alembic.script import ScriptDirectory  # noqa: PLC0415 -- only needed here

    script = ScriptDirectory.from_config(alembic_config())
    with db.engine.connect() as connection:
        have = set(MigrationContext.configure(connection).get_current_heads())
    return sorted(set(script.get_heads()) - have)
