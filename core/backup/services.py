"""Making, checking and putting back backups. Any user's rights end where these begin: only an operator runs them."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import Connection, select

from core import __version__, clock
from core.backup.archive import CHUNK, Reader, Writer
from core.backup.tables import ForeignKeys, drop_everything, dump, load, set_sequences, tables_of
from core.config import Config
from core.db import db, schema_change
from core.errors import StartRefused
from core.extend.registry import registry
from core.migrations import derived, runner
from core.privacy import ledger
from core.users.permissions import forget

logger = logging.getLogger(__name__)

#: backups made by themselves before a migration, of which so many are kept
KEPT = 5
_AUTOMATIC = "before-migration-"


def _config() -> Config:
    config: Config = current_app.config["KOEPEL"]
    return config


def folder() -> Path:
    return _config().instance_dir / "backups"


def default_target() -> Path:
    return folder() / f"koepel-{clock.now():%Y%m%d-%H%M%S}.koepel"


def create_backup(target: Path) -> dict[str, Any]:
    """Copy database and files into one new file, while everybody goes on working; returns its manifest.

    The keys (secret_key, field_keys) are not inside: keep them elsewhere.
    """
    if target.exists():
        raise StartRefused(f"{target} exists already")
    with Writer(target) as writer:
        with _snapshot() as connection:
            heads = runner.applied_heads(connection)
            for table in tables_of(connection):
                rows: list[None] = []
                name = f"tables/{table.name}.jsonl"
                writer.add(name, dump(connection, table, lambda rows=rows: rows.append(None)), columns=[column.name for column in table.columns])  # type: ignore[misc]
                writer.parts[name]["rows"] = len(rows)
            dialect = connection.dialect.name
        for path in _stored_files():
            writer.add(f"files/{path.parent.name}/{path.name}", _read(path), compress=False)
        manifest = {
            "product": "koepel",
            "version": __version__,
            "made_at": clock.now().isoformat(),
            "database": dialect,
            "heads": heads,
            "plugins": {name: manifest.version for name, manifest in registry().plugins.manifests.items()},
            "field_keys": [_fingerprint(key) for key in _config().field_keys],
            "python": platform.python_version(),
        }
        writer.finish(manifest)
    return Reader(target).manifest


@contextmanager
def _snapshot() -> Iterator[Connection]:
    """One moment of the database, whatever is written meanwhile."""
    with db.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            derived.open_walls(connection)
            yield connection


def _stored_files() -> list[Path]:
    root = _config().instance_dir / "files"
    return sorted(path for path in root.glob("??/*") if path.is_file())


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(CHUNK):
                yield block
    except FileNotFoundError:
        logger.warning("a file was deleted during the backup", extra={"file": path.name})


def _fingerprint(key: str) -> str:
    return hashlib.sha256(b"koepel field key" + key.encode()).hexdigest()[:16]


def verify_backup(path: Path) -> tuple[dict[str, Any], list[str]]:
    """The manifest of a backup, and what is wrong with it (nothing, when it is as it was made)."""
    reader = Reader(path)
    try:
        return reader.manifest, reader.problems()
    finally:
        reader.close()


def restore_backup(path: Path, *, force: bool = False) -> dict[str, Any]:
    """Put a backup back, all of it or nothing; then bring it to the schema of this version.

    force: also when there is something now, which is lost.
    """
    manifest, problems = verify_backup(path)
    if problems:
        raise StartRefused(f"{path} is damaged: {'; '.join(problems[:5])}")
    _check_known(manifest)
    reader = Reader(path)
    try:
        with schema_change() as connection:
            if not _is_empty(connection):
                if not force:
                    raise StartRefused("there is data in this installation; restore with --force to lose it")
                drop_everything(connection)
            runner.upgrade_within(connection, manifest["heads"])
            _load(connection, reader)
            _lay_down_files(reader)
            runner.upgrade_within(connection)
            derived.bring_up_to_date(connection, always=True)
    finally:
        reader.close()
    forget()
    manifest["erased_again"] = ledger.erase_again()
    return manifest


def missing_keys(manifest: dict[str, Any]) -> bool:
    """Was something encrypted with a key this installation does not have?"""
    return not set(manifest["field_keys"]) <= {_fingerprint(key) for key in _config().field_keys}


def _check_known(manifest: dict[str, Any]) -> None:
    unknown = runner.unknown_revisions(manifest["heads"])
    if unknown:
        raise StartRefused(f"this backup is of a newer version ({manifest['version']}), or of plugins that are not installed: {', '.join(unknown)}")
    absent = sorted(set(manifest["plugins"]) - set(registry().plugins.manifests))
    if absent:
        raise StartRefused(f"this backup has data of plugins that are not enabled here: {', '.join(absent)}")


def _is_empty(connection: Connection) -> bool:
    telling = [table for table in tables_of(connection) if table.name in ("organisation", "ab_user")]
    return not any(connection.execute(select(table).limit(1)).first() for table in telling)


def _load(connection: Connection, reader: Reader) -> None:
    tables = {table.name: table for table in tables_of(connection)}
    with ForeignKeys(connection):
        for name, part in reader.parts.items():
            kind, _slash, file = name.partition("/")
            if kind != "tables":
                continue
            table = tables[file.removesuffix(".jsonl")]
            connection.execute(table.delete())  # what the migrations themselves put there
            with reader.open(name) as lines:
                done = load(connection, table, part["columns"], lines)
            if done != part["rows"]:
                raise StartRefused(f"{name}: {done} rows instead of {part['rows']}")
        set_sequences(connection, tables.values())


def _lay_down_files(reader: Reader) -> None:
    """Files have random names and never change, so those that are there already are the same."""
    root = _config().instance_dir / "files"
    for name in reader.parts:
        if not name.startswith("files/"):
            continue
        target = root / name.removeprefix("files/")
        if root.resolve() not in target.resolve().parents:
            raise StartRefused(f"{name}: not a name of the store")
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.part")
        with reader.open(name) as source, os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            while block := source.read(CHUNK):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)


def back_up_before_migration() -> Path | None:
    """A backup of a database that is about to be migrated; None when there is nothing to lose."""
    with db.engine.connect() as connection:
        is_new = not runner.applied_heads(connection)
    if is_new or not runner.pending():
        return None
    target = folder() / f"{_AUTOMATIC}{clock.now():%Y%m%d-%H%M%S}.koepel"
    create_backup(target)
    for old in sorted(folder().glob(f"{_AUTOMATIC}*.koepel"))[:-KEPT]:
        old.unlink()
    return target
