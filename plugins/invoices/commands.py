"""`koepel invoice-run`: draft, and with --approve send, a run of a federation."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import with_appcontext
from flask_babel import force_locale
from sqlalchemy import select

from core.access import acting, system_actor
from core.db import db, transaction
from core.errors import KoepelError
from core.i18n import format_date, format_money
from core.organisations.services import by_slug
from core.tenancy import scope, unscoped
from plugins.invoices.models import InvoiceRun
from plugins.invoices.services.approving import approve_run
from plugins.invoices.services.drafting import draft_run
from plugins.invoices.services.runs import get_run, start_run


@click.command("invoice-run")
@click.option("--federation", "slug", required=True, help="Address of the federation, e.g. okra-sport.")
@click.option("--on", "day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Reference date: who counts on this day is invoiced.")
@click.option("--approve", is_flag=True, help="Give the numbers and queue the mails too. This cannot be undone.")
@with_appcontext
def invoice_run(slug: str, day: datetime, approve: bool) -> None:
    """Calculate the invoices of a federation on a day and print the totals; nothing is sent without --approve."""
    try:
        with unscoped("finding the federation of a command"):
            federation = by_slug(slug)
        if federation.kind != "federation":
            raise click.ClickException(f"{slug} is not a federation")
        actor = system_actor(federation.id, name="koepel invoice-run", language=federation.language)
        with scope(federation), acting(actor), force_locale(federation.language):
            run_id = _run(day.date(), actor)
            draft_run(run_id, actor=actor)
            _tell(run_id)
            if approve:
                with transaction():
                    approve_run(get_run(run_id), actor=actor)
                click.echo("Approved. The PDFs and mails are made by the worker.")
    except KoepelError as error:
        raise click.ClickException(str(error) or type(error).__name__) from None


def _run(day: object, actor: object) -> int:
    """The run of that day: the one there is, or a new one."""
    found = db.session.scalars(select(InvoiceRun).where(InvoiceRun.reference_on == day)).one_or_none()
    if found is not None:
        if found.is_sent:
            raise click.ClickException(f"the run of {found.reference_on} was sent already")
        return found.id
    with transaction():
        return start_run(reference_on=day, invoice_on=None, due_on=None, actor=actor, with_job=False).id  # type: ignore[arg-type]


def _tell(run_id: int) -> None:
    run = get_run(run_id)
    click.echo(f"Reference date {format_date(run.reference_on)}: {run.clubs} invoices, {run.members} members, {format_money(run.total_cents)}.")
    for reason, number in sorted(run.not_counted.items()):
        click.echo(f"  not counted, {reason}: {number}")
    if run.not_ready:
        click.echo(f"  clubs that are not in order: {run.not_ready}")
