"""`koepel import-contacts`: a list of contacts from a file, for lists too long for a browser."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from flask.cli import with_appcontext

from core.access import Actor, acting, system_actor
from core.db import db, transaction
from core.errors import NotFound, UserMistake
from core.imports import services
from core.imports.checking import Checker
from core.imports.models import ImportRun
from core.imports.table import OPERATOR
from core.organisations.services import by_slug
from core.tenancy import scope

#: sentences about cells that are printed
SHOWN = 50


@click.command("import-contacts")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organisation", "slug", required=True, help="Slug of the club, as in its address.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--update/--no-update", default=True, help="Also change contacts that are there already.", show_default=True)
@click.option("--also", "writers", multiple=True, help="What else to do with the list; may be given several times. A wrong name lists the right ones.")
@with_appcontext
def import_contacts(file: Path, slug: str, dry_run: bool, update: bool, writers: tuple[str, ...]) -> None:
    """Import the contacts in FILE (CSV). Rows with a mistake are left out and printed.

    It can be undone in the browser, as any other import.
    """
    try:
        organisation = by_slug(slug)
    except NotFound:
        raise click.ClickException(f"There is no organisation {slug!r}.") from None
    with scope(organisation), acting(system_actor(organisation.id, name="koepel import-contacts", language=organisation.language)) as actor:
        try:
            run = _stage(file, actor)
            _say_what_would_happen(run, writers)
            if not dry_run:
                _import(run, actor, update=update, writers=writers)
        except UserMistake as mistake:
            raise click.ClickException(str(mistake)) from mistake
    if dry_run and run.counts.get("problem"):
        sys.exit(1)


def _stage(file: Path, actor: Actor) -> ImportRun:
    prepared = services.prepare(file, file.name, limits=OPERATOR)
    with transaction():
        run = services.create_import(prepared, actor=actor)
    if services.is_long(run):
        run = services.check_long_list(run.id, progress=_progress)
    return run


def _say_what_would_happen(run: ImportRun, writers: tuple[str, ...]) -> None:
    layout = services.layout_of(run)
    known = [writer.name for writer in layout.writers]
    unknown = sorted(set(writers) - set(known))
    if unknown:
        raise click.ClickException(f"This list cannot be used for {', '.join(unknown)}; it can for: {', '.join(known) or 'nothing else'}.")
    counts = run.counts
    click.echo(
        f"{run.row_count} rows: {counts.get('new', 0)} new, {counts.get('update', 0)} to update, "
        f"{counts.get('unchanged', 0)} unchanged, {counts.get('problem', 0)} with a mistake."
    )
    for number, line in enumerate(_mistakes(run)):
        if number == SHOWN:
            click.echo("... and more", err=True)
            break
        click.echo(line, err=True)


def _mistakes(run: ImportRun) -> Iterator[str]:
    headers = run.reading["headers"]
    checker = Checker(services.layout_of(run), services.corrections_of(run))
    for row in checker.check(services.open_table(run).rows()):
        for problem in row.problems:
            if problem.tone == "wrong":
                column = f", {headers[problem.index]}" if problem.index is not None else ""
                yield f"row {problem.row_no}{column}: {problem.message}"


def _import(run: ImportRun, actor: Actor, *, update: bool, writers: tuple[str, ...]) -> None:
    """Here and now; the job that is queued as well finds it done."""
    with transaction():
        services.start_import(run.id, create=True, update=update, writers=writers, actor=actor)
    done = services.apply_import(run.id, actor=actor, progress=_progress)
    db.session.refresh(done)
    click.echo(f"Imported: {done.counts.get('new', 0)} made, {done.counts.get('update', 0)} changed, {done.counts.get('problem', 0)} left out.")


def _progress(done: int, total: int, note: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{note}: {done} of {total}", nl=False, err=True)
