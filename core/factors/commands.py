"""What the operator does for somebody who lost the phone and the recovery codes."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, or_, select

from core.db import db, transaction
from core.factors.services import reset
from core.users.commands import in_english
from core.users.models import User


@click.command("reset-second-factor")
@click.argument("user")
@with_appcontext
@in_english
def reset_second_factor(user: str) -> None:
    """Take the app, the passkeys and the recovery codes of USER (user name or e-mail address) away.

    First make sure who asks: call back on a number you know. USER is logged out, gets a mail,
    and logs in with the password; who must have a second step sets up a new one then.
    """
    wanted = user.strip().lower()
    with transaction():
        found = db.session.scalars(select(User).where(or_(func.lower(User.username) == wanted, func.lower(User.email) == wanted))).first()
        if found is None:
            raise click.ClickException(f"There is no login {user!r}.")
        if not found.has_second_factor:
            raise click.ClickException(f"{found.username} has no second step.")
        reset(found, site=current_app.config["KOEPEL"].public_url)
        name = found.username
    click.echo(f"{name} logs in with the password alone now.")


COMMANDS = (reset_second_factor,)
