"""`koepel new-federation`, `new-plugin` and `check-plugin`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext


@click.command("new-federation")
@click.argument("name")
def new_federation(name: str) -> None:
    """Write the first draft of the federation plugin NAME, with a test that passes.

    Example: koepel new-federation alpine
    """
    from core.testing.scaffold import write_federation  # noqa: PLC0415 -- only for who writes plugins

    _tell(write_federation(name), "federations", name)
    click.echo(f'Let a federation use it: koepel create-organisation "{name.replace("_", " ").capitalize()}" --plugin {name}')


@click.command("new-plugin")
@click.argument("name")
def new_plugin(name: str) -> None:
    """Write the first draft of the module NAME: one table, its list and its rights, with a test that passes."""
    from core.testing.scaffold import write_plugin  # noqa: PLC0415 -- only for who writes plugins

    _tell(write_plugin(name), "plugins", name)
    click.echo(f'When its table is as you want it: make migration PLUGIN={name} TEXT="first table"')


def _tell(made: list[Path], package: str, name: str) -> None:
    for path in made:
        click.echo(f"  {path}")
    click.echo(f"Try it: make test TESTS={package}/{name}")


@click.command("check-plugin")
@click.argument("name")
@with_appcontext
def check_plugin(name: str) -> None:
    """Say what the plugin NAME still lacks; ends with 1 when there is something."""
    from core.testing.conformance import problems_of  # noqa: PLC0415 -- only for who writes plugins

    problems = problems_of(name, current_app.extensions["koepel"])
    for problem in problems:
        click.echo(f"MEND  {problem}")
    click.echo(f"{name}: {len(problems)} to mend." if problems else f"{name} keeps the rules of the house.")
    sys.exit(1 if problems else 0)


COMMANDS = (new_federation, new_plugin, check_plugin)
