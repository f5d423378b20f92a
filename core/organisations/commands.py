"""`koepel import-clubs`: a federation moves here with its clubs, and whoever was their contact person runs them."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from core.access import Actor, acting, system_actor
from core.db import transaction
from core.errors import NotFound, UserMistake
from core.imports.table import OPERATOR, read_table
from core.organisations.models import Organisation
from core.organisations.services import by_slug
from core.organisations.services.moving import COLUMNS, Moved, take_over
from core.tenancy import scope
from core.users.commands import in_english
from core.users.services.invitations import mail_admin_link


class _OnlyLooking(Exception):
    """Takes back what a dry run did."""


@click.command("import-clubs")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--federation", "slug", required=True, help="Slug of the federation, as in its address.")
@click.option("--mail", is_flag=True, help="Mail each contact person the link to choose a password with; without it the links are printed.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@with_appcontext
@in_english
def import_clubs(file: Path, slug: str, mail: bool, dry_run: bool) -> None:
    """Make the clubs in FILE (CSV), affiliated to a federation, and let their contact persons run them.

    Columns: name, number, town, postcode, region, language, email, and of the contact person first_name,
    last_name, person_email. A club with several contact persons has several rows. Rows that are there
    already change nothing, so the file may be given again; rows with a mistake are printed.
    """
    try:
        federation = by_slug(slug)
        table = read_table(file, file.name, limits=OPERATOR)
    except (NotFound, UserMistake) as mistake:
        raise click.ClickException(str(mistake) or f"There is no organisation {slug!r}.") from None
    unknown = sorted({title.lower() for title in table.headers} - set(COLUMNS))
    if federation.kind != "federation" or unknown or "name" not in {title.lower() for title in table.headers}:
        wrong = f"{slug!r} is no federation." if federation.kind != "federation" else f"Not known: {', '.join(unknown) or '-'}. Known: {', '.join(COLUMNS)}."
        raise click.ClickException(wrong)
    made: set[str] = set()
    counts = {"invited": 0, "wrong": 0}
    for number, cells, _surplus in table.rows():
        row = {title.lower(): cell.strip() for title, cell in zip(table.headers, cells, strict=True)}
        try:
            moved = _one(federation, row, mail=mail, dry_run=dry_run)
        except UserMistake as mistake:
            counts["wrong"] += 1
            click.echo(f"row {number}: {mistake.message}", err=True)
            continue
        if moved.is_new:
            made.add((row.get("number") or row["name"]).lower())
        counts["invited"] += moved.link is not None
        if moved.link is not None and not mail and not dry_run:
            click.echo(f"{moved.club.name}, {moved.person}: {_address(moved.link.token)}")
    would = "would be " if dry_run else ""
    click.echo(f"{len(made)} clubs {would}new, {counts['invited']} contact persons {would}invited, {counts['wrong']} rows with a mistake.")
    if counts["wrong"]:
        sys.exit(1)


def _one(federation: Organisation, row: dict[str, str], *, mail: bool, dry_run: bool) -> Moved:
    """A row with all that follows from it, or nothing."""
    actor: Actor = system_actor(federation.id, name="koepel import-clubs", language=federation.language)
    found: list[Moved] = []
    try:
        with transaction(), scope(federation), acting(actor):
            found.append(take_over(federation, row, actor=actor))
            if found[0].link is not None and mail:
                site = current_app.config["KOEPEL"].public_url.rstrip("/")
                mail_admin_link(found[0].link, found[0].club, address_of=_address, site=site, actor=actor)
            if dry_run:
                raise _OnlyLooking
    except _OnlyLooking:
        pass
    return found[0]


def _address(token: str) -> str:
    return f"{current_app.config['KOEPEL'].public_url.rstrip('/')}/invitation/{token}"


COMMANDS = (import_clubs,)
