"""`koepel create-organisation` and `koepel create-admin`: the first steps of a new installation."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_babel import force_locale
from sqlalchemy import func, or_, select

from core.access import acting, system_actor
from core.db import db, transaction
from core.errors import NotFound, UserMistake
from core.extend.registry import registry
from core.i18n import LANGUAGES
from core.organisations.models import Organisation
from core.organisations.services import affiliate, by_slug, create_organisation
from core.tenancy import scope
from core.users.models import User
from core.users.permissions import sync_permissions
from core.users.policy import check_password, names_in, policy_of_organisation
from core.users.services import create_user, give_role
from core.users.services.admins import admin_role, require_place
from core.users.services.invitations import invite_admin, mail_admin_link

P = ParamSpec("P")


def in_english(command: Callable[P, None]) -> Callable[P, None]:
    """What commands print is English, also the sentences they share with the pages."""

    @wraps(command)
    def speaking(*args: P.args, **kwargs: P.kwargs) -> None:
        with force_locale("en"):
            command(*args, **kwargs)

    return speaking


def _find(slug: str) -> Organisation:
    try:
        return by_slug(slug)
    except NotFound:
        raise click.ClickException(f"There is no organisation {slug!r}. Make it with: koepel create-organisation") from None


@click.command("create-organisation")
@click.argument("name")
@click.option("--kind", type=click.Choice(["federation", "region", "club", "platform"]), default="federation", show_default=True)
@click.option("--slug", help="The part of the address; made of the name when left out.")
@click.option("--plugin", help="Of a federation: the federation plugin with its rules, e.g. okra_sport.")
@click.option("--federation", help="Of a region or club: the slug of its federation.")
@click.option("--number", help="Of a club: its number with the federation.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="nl", show_default=True)
@with_appcontext
@in_english
def create_organisation_command(name: str, kind: str, slug: str | None, plugin: str | None, federation: str | None, number: str | None, language: str) -> None:
    """Make the organisation NAME: a federation with its plugin, a region or a club of it.

    Example: koepel create-organisation "Alpine Federation" --plugin alpine
    """
    manifests = registry().plugins.manifests
    if plugin is not None and (kind != "federation" or plugin not in manifests or manifests[plugin].kind != "federation"):
        known = ", ".join(sorted(n for n, m in manifests.items() if m.kind == "federation")) or "none"
        raise click.ClickException(f"{plugin!r} is no federation plugin that is switched on here (there are: {known}).")
    if kind == "region" and federation is None:
        raise click.ClickException("A region belongs to a federation: name it with --federation.")
    try:
        with transaction():
            sync_permissions(registry())
            parent = _find(federation) if federation else None
            if parent is not None and parent.kind != "federation":
                raise click.ClickException(f"{federation!r} is no federation.")
            made = create_organisation(
                kind=kind, name=name, slug=slug, language=language, federation_plugin=plugin, parent=parent if kind == "region" else None
            )
            if kind == "club" and parent is not None:
                affiliate(made, parent, number=number)
            made_slug = made.slug
    except UserMistake as mistake:
        raise click.ClickException(str(mistake.message)) from None
    click.echo(f"{name} is there: {current_app.config['KOEPEL'].public_url}/o/{made_slug}/")
    click.echo(f"Next: koepel create-admin {made_slug}")


@click.command("create-admin")
@click.argument("organisation")
@click.option("--email", prompt="E-mail address (the name to log in with)")
@click.option("--first-name", prompt="First name")
@click.option("--last-name", prompt="Family name")
@click.option("--link", is_flag=True, help="Print a link to choose a password with, instead of asking for one.")
@click.option("--mail", is_flag=True, help="Mail that link to the address instead.")
@with_appcontext
@in_english
def create_admin(organisation: str, email: str, first_name: str, last_name: str, link: bool, mail: bool) -> None:
    """Let somebody administer ORGANISATION (its slug). There is no default password.

    Somebody who has a login already keeps it.
    """
    if link and mail:
        raise click.UsageError("Choose one: --link or --mail.")
    found = _find(organisation)
    try:
        with transaction():
            sync_permissions(registry())
        if link or mail:
            _invite(found, email, first_name, last_name, by_mail=mail)
            return
        user = db.session.scalars(select(User).where(or_(func.lower(User.email) == email.lower(), func.lower(User.username) == email.lower()))).first()
        _refuse_demo(user)
        password = None if user else _ask_password(found, email, first_name, last_name)
        with transaction():
            require_place(found)
            user = user or create_user(username=email[:64], email=email, first_name=first_name, last_name=last_name, password=password, language=found.language)
            give_role(user, found, admin_role(found).name)
            name = user.full_name
    except UserMistake as mistake:
        raise click.ClickException(str(mistake.message)) from None
    click.echo(f"{name} administers {found.name} now.")


def _refuse_demo(user: User | None) -> None:
    if user is not None and user.is_demo and current_app.config["KOEPEL"].is_production:
        raise click.ClickException("This is a login of the demo; its password is known to everybody. Use another address.")


def _ask_password(organisation: Organisation, email: str, first_name: str, last_name: str) -> str:
    policy = policy_of_organisation(organisation, role=admin_role(organisation).name)
    click.echo(" ".join(policy.rules()))
    password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    check_password(password, policy, names=names_in(organisation, first_name, last_name, email))
    return password


def _invite(organisation: Organisation, email: str, first_name: str, last_name: str, *, by_mail: bool) -> None:
    actor, config = system_actor(organisation.id), current_app.config["KOEPEL"]
    site = config.public_url.rstrip("/")

    def address_of(token: str) -> str:
        return f"{site}/invitation/{token}"

    with transaction(), scope(organisation), acting(actor):
        link = invite_admin(organisation, first_name=first_name, last_name=last_name, email=email, actor=actor)
        if by_mail:
            mail_admin_link(link, organisation, address_of=address_of, site=site, actor=actor)
    if by_mail:
        click.echo(f"A mail with a link goes to {link.email}. The link works once, for two weeks.")
        if not config.mail_server:
            click.echo("No mail server is set: the mail waits in the outbox.")
        return
    click.echo(address_of(link.token))
    click.echo("This link works once, for two weeks. It is shown only now.")


COMMANDS = (create_organisation_command, create_admin)
