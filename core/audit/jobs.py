"""Checking that nobody tampered with a log: on request, and of all organisations by command."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from core.audit.chain import verify_chain
from core.db import db
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.jobs.api import JobRun
from core.organisations.models import Organisation
from core.organisations.services import by_slug


def check_log(run: JobRun) -> None:
    """Say in the job whether the log of this organisation is as it was written."""
    report = verify_chain(run.organisation)
    if not report.is_intact:
        shown = "; ".join(report.problems[:5])
        raise UserMistake(_("The log was changed from outside: %(problems)s. Tell who operates this installation.", problems=shown))
    run.progress(report.entries, report.entries, _("The log is intact: %(number)s entries were checked.", number=report.entries))


@click.command("check-audit")
@click.option("--organisation", help="Only this one (its slug); all when left out.")
@with_appcontext
def check_audit(organisation: str | None) -> None:
    """Check the chain of the audit log; ends with 1 when something does not fit.

    Keep the printed head elsewhere: with it one can prove later that nothing was cut off.
    """
    try:
        found = [by_slug(organisation)] if organisation else db.session.scalars(select(Organisation).order_by(Organisation.id)).all()
    except NotFound:
        raise click.ClickException(f"There is no organisation {organisation!r}.") from None
    is_well = True
    for one in found:
        report = verify_chain(one)
        is_well &= report.is_intact
        click.echo(f"{'ok  ' if report.is_intact else 'BAD '}  {one.slug:<40} {report.entries:>8} entries  head {report.head}")
        for problem in report.problems:
            click.echo(f"      {problem}")
    sys.exit(0 if is_well else 1)
