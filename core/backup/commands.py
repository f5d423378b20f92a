"""`koepel backup`, `koepel backup verify`, `koepel restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from core.errors import StartRefused
from core.jobs.housekeeping import living_workers

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("backup", invoke_without_command=True)
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="The file to write; else a new one in instance/backups.")
@click.pass_context
@with_appcontext
def backup(ctx: click.Context, target: Path | None) -> None:
    """Copy database and files into one file, while Koepel goes on working.

    The keys are not inside: keep instance/*.key (or your own settings) elsewhere.
    """
    from core.backup import services  # noqa: PLC0415 -- slow import: a web worker needs no Alembic

    if ctx.invoked_subcommand:
        return
    target = target or services.default_target()
    manifest = services.create_backup(target)
    click.echo(f"{_summary(manifest)} are in {target} ({target.stat().st_size / 1_000_000:.1f} MB).")
    click.echo("Keep the keys elsewhere: without them a backup has its encrypted fields, but nobody can read them.")


@backup.command("verify")
@click.argument("file", type=FILE)
def verify(file: Path) -> None:
    """Check that nothing in FILE was changed since it was made."""
    manifest, problems = _read(file)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.ClickException("This backup is damaged.")
    click.echo(f"{_summary(manifest)}, made at {manifest['made_at']} by version {manifest['version']}: all as it was.")


@click.command("restore")
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Also when there is data now, which is lost.")
@with_appcontext
def restore(file: Path, force: bool) -> None:
    """Put the backup FILE back: all of it, or nothing when something is wrong."""
    from core.backup import services  # noqa: PLC0415 -- slow import: a web worker needs no Alembic

    _read(file)
    if not force and _is_running():
        raise StartRefused("Koepel is running on this database; stop it first")
    manifest = services.restore_backup(file, force=force)
    click.echo(f"{_summary(manifest)} are back, as of {manifest['made_at']}.")
    if manifest["erased_again"]:
        click.echo(f"{manifest['erased_again']} people who were erased after this backup was made were erased again.")
    if services.missing_keys(manifest):
        click.echo("This installation lacks a key: encrypted fields cannot be read before `field_keys` has it.", err=True)


def _is_running() -> bool:
    from sqlalchemy import inspect  # noqa: PLC0415 -- only here, to keep the module's names few

    from core.db import db  # noqa: PLC0415 -- only here
    from core.jobs.models import WorkerSign  # noqa: PLC0415 -- only here

    return inspect(db.engine).has_table(WorkerSign.__tablename__) and living_workers() > 0


def _read(file: Path) -> tuple[dict[str, Any], list[str]]:
    from core.backup import services  # noqa: PLC0415 -- slow import: a web worker needs no Alembic

    try:
        return services.verify_backup(file)
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _summary(manifest: dict[str, Any]) -> str:
    parts = manifest["parts"]
    rows = sum(part.get("rows", 0) for part in parts.values())
    files = sum(name.startswith("files/") for name in parts)
    return f"{rows} rows and {files} files"
