"""`koepel demo`: fills an empty database with invented clubs and people."""

from __future__ import annotations

from time import monotonic
from typing import Literal, cast

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select

from core.db import db, transaction
from core.errors import StartRefused
from core.extend.registry import registry
from core.organisations.models import Organisation
from core.tenancy import unscoped
from core.users.permissions import sync_permissions


@click.command("demo")
@click.option("--scale", type=click.Choice(["small", "federation"]), default="small", show_default=True, help="12 clubs, or 1,000 clubs with 40,000 members.")
@with_appcontext
def demo(scale: str) -> None:
    """Fill an empty database with invented clubs and people, and say how to log in.

    Twice is the same as once. Refused in production, and on a database with other data.
    """
    from core.demo import services  # noqa: PLC0415 -- slow import: a web worker needs no invented names

    start = monotonic()
    with transaction():
        sync_permissions(registry())
    try:
        is_new = services.seed(cast(Literal["small", "federation"], scale))
    except StartRefused as refused:
        raise click.ClickException(str(refused)) from None
    with unscoped("counting the clubs of the demo"):
        clubs = db.session.scalar(select(func.count()).select_from(Organisation).where(Organisation.kind == "club"))
    click.echo(f"The demo is in: {clubs} clubs ({monotonic() - start:.1f} s)." if is_new else f"The demo is there already: {clubs} clubs.")
    click.echo(login_lines(current_app.config["KOEPEL"].public_url))


def login_lines(address: str) -> str:
    """Who can log in, to print at the end of a command."""
    from core.demo.logins import PASSWORD, logins_here  # noqa: PLC0415 -- slow import: a web worker needs no invented names

    logins = logins_here()
    width = max(len(login.username) for login in logins)
    lines = [f"  {login.username:<{width}}  {', '.join(f'{role} of {slug}' for slug, role in login.roles.items())}" for login in logins]
    return "\n".join([f"Log in at {address} with the password {PASSWORD} as:", *lines])
