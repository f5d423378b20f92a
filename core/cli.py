"""The command line: `koepel`. Rooms and plugins add commands with `register_commands`."""

from __future__ import annotations

import signal
import sys
from typing import Any

import click
from flask import Flask
from flask.cli import ScriptInfo, with_appcontext
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from core.errors import KoepelError, StartRefused


def make_app() -> Flask:
    from core.app import create_app  # noqa: PLC0415 -- slow import: `koepel --version` needs none of it

    return create_app()


class Commands(click.Group):
    """The commands below, then those the registry knows; the application is built only when asked."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or self._registered(ctx).get(cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = set(super().list_commands(ctx))
        try:
            names |= set(self._registered(ctx))
        except StartRefused as error:
            click.echo(f"Only the commands of the core are listed: {error}", err=True)
        return sorted(names)

    def _registered(self, ctx: click.Context) -> dict[str, click.Command]:
        app = ctx.ensure_object(ScriptInfo).load_app()
        return {command.name or "": command for command in app.extensions["koepel"].all("commands")}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="koepel", prog_name="koepel")
def cli() -> None:
    """Koepel: membership administration for federations and their clubs."""


def main() -> None:
    """Entry point; expected errors become one line instead of a traceback."""
    try:
        cli(obj=ScriptInfo(create_app=make_app, set_debug_flag=False), prog_name="koepel")
    except StartRefused as error:
        sys.exit(f"koepel: {error}")
    except KoepelError as error:
        sys.exit(f"koepel: {error}")
    except OperationalError as error:
        sys.exit(f"koepel: the database does not answer, or is not up to date (koepel migrate): {error.orig}")


@cli.command()
@click.option("--prepare", is_flag=True, help="First bring the database up to date, and fill it with demo data when it is empty.")
@with_appcontext
@click.pass_context
def serve(ctx: click.Context, prepare: bool) -> None:
    """Answer browsers, and do jobs in the same process unless `embedded_worker` is off."""
    from core.migrations.runner import pending  # noqa: PLC0415 -- slow import

    app = ctx.ensure_object(ScriptInfo).load_app()
    if prepare:
        _prepare(ctx, app)
    elif pending():
        raise StartRefused("the database is not up to date; run: koepel migrate")
    _serve(app)


def _prepare(ctx: click.Context, app: Flask) -> None:
    """What a second start does too, so it is quick when there is nothing to do."""
    ctx.invoke(migrate)
    if not app.config["KOEPEL"].is_production and (_is_empty() or _has_demo_logins()):
        ctx.invoke(app.extensions["koepel"].get("commands", "demo"))


def _is_empty() -> bool:
    from core.db import db  # noqa: PLC0415 -- slow import
    from core.organisations.models import Organisation  # noqa: PLC0415 -- slow import

    return db.session.scalar(select(Organisation.id).limit(1)) is None


def _has_demo_logins() -> bool:
    from core.db import db  # noqa: PLC0415 -- slow import
    from core.users.models import User  # noqa: PLC0415 -- slow import

    return bool(db.session.scalar(select(User.id).where(User.is_demo.is_(True)).limit(1)))


def _serve(app: Flask) -> None:
    import waitress  # noqa: PLC0415 -- slow import

    from core.db import db  # noqa: PLC0415 -- slow import
    from core.jobs.runner import start_embedded  # noqa: PLC0415 -- slow import

    config = app.config["KOEPEL"]
    db.session.remove()
    server = waitress.create_server(
        app,
        host=config.host,
        port=config.port,
        threads=config.threads,
        ident=None,
        url_scheme="https" if config.is_https else "http",
        max_request_body_size=config.max_upload_mb * 1024 * 1024,
        clear_untrusted_proxy_headers=not config.proxy_hops,  # ProxyFix reads them, as many as `proxy_hops` says
    )
    runner = start_embedded(app)
    signal.signal(signal.SIGTERM, _leave)
    click.echo(f"Koepel answers on {config.public_url}" + (f" (listening on {config.host}:{config.port})" if config.is_production else ""))
    sys.stdout.flush()
    try:
        server.run()  # returns after SystemExit or Ctrl-C, when running requests are answered
    finally:
        server.close()
        if runner is not None and not runner.stop():
            click.echo("A job did not end in time; it will be done again.", err=True)


def _leave(*_signal: Any) -> None:
    raise SystemExit(0)


@cli.command()
@with_appcontext
def migrate() -> None:
    """Bring the database to the newest schema, and its roles and rights with it."""
    from core.migrations.runner import migrate_everything  # noqa: PLC0415 -- slow import

    for line in migrate_everything():
        click.echo(line)


@cli.command("sync-permissions")
@with_appcontext
def sync() -> None:
    """Write the roles and rights that the core and the plugins declare into the database."""
    from core.db import transaction  # noqa: PLC0415 -- slow import
    from core.extend.registry import registry  # noqa: PLC0415 -- slow import
    from core.users.permissions import sync_permissions  # noqa: PLC0415 -- slow import

    with transaction():
        count = sync_permissions(registry())
    click.echo(f"{count} rights are in the database.")


@cli.command("make-migration", hidden=True)
@click.argument("plugin")
@click.argument("text")
@with_appcontext
def make_migration(plugin: str, text: str) -> None:
    """Write a migration for PLUGIN ("core" for the core) from the difference with the models."""
    from core.migrations.runner import make_revision  # noqa: PLC0415 -- slow import

    for path in make_revision(plugin, text):
        click.echo(path)
    click.echo("Read it, try it in both directions, and commit it.")


@cli.command()
def doctor() -> None:
    """Look at everything Koepel needs and say what is wrong."""
    from core.health.doctor import examine_installation  # noqa: PLC0415 -- slow import

    findings = examine_installation(make_app)
    for finding in findings:
        click.echo(f"{'ok  ' if finding.is_well else 'MEND'}  {finding.what:<12} {finding.answer}")
    sys.exit(0 if all(finding.is_well for finding in findings) else 1)
