"""`koepel push-keys`."""

from __future__ import annotations

import click

from core.notifications.push import make_keys


@click.command("push-keys")
def push_keys() -> None:
    """Make the keys for notifications on phones; put both lines in the settings."""
    public, private = make_keys()
    click.echo(f"KOEPEL_PUSH_PUBLIC_KEY={public}")
    click.echo(f"KOEPEL_PUSH_PRIVATE_KEY={private}")


COMMANDS = (push_keys,)
