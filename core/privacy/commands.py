"""For the day something goes wrong: what somebody saw, and ending logins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import click
from flask.cli import with_appcontext
from sqlalchemy import delete, func, or_, select

from core.audit.models import AuditEntry
from core.db import db, transaction
from core.errors import NotFound
from core.organisations.models import Organisation
from core.organisations.services import by_slug
from core.privacy.models import ContactView, ExportNote
from core.privacy.seen import unpack
from core.tenancy import unscoped
from core.users.models import LoginLink, OrganisationRole, User, UserSession

DAY = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"])
_REASON = "what one person saw, for who looks into a breach"


def _user(name: str) -> User:
    found = db.session.scalars(select(User).where(or_(func.lower(User.username) == name.lower(), func.lower(User.email) == name.lower()))).one_or_none()
    if found is None:
        raise click.ClickException(f"There is no login {name!r}.")
    return found


@click.command("who-saw")
@click.argument("user")
@click.option("--since", type=DAY, required=True, help="From this day on, e.g. 2027-03-01.")
@click.option("--ids", is_flag=True, help="Also the numbers of the people, one per line, to write to them.")
@with_appcontext
def who_saw(user: str, since: datetime, ids: bool) -> None:
    """What the login USER saw, exported and changed since a day, per organisation: for a breach.

    Prints numbers and ids, no names, so that the answer may be kept.
    """
    found, moment = _user(user), since.replace(tzinfo=UTC)
    people: dict[int, set[int]] = {}
    for line in _lines(found, moment, people):
        click.echo(line)
    for owner, contacts in sorted(people.items()):
        click.echo(f"{_slug(owner)}: {len(contacts)} people seen or exported")
        if ids:
            for pk in sorted(contacts):
                click.echo(f"  contact {pk}")
    if not people:
        click.echo("Nobody was seen or exported.")


def _lines(user: User, moment: datetime, people: dict[int, set[int]]) -> Iterator[str]:
    with unscoped(_REASON):
        seen = db.session.execute(
            select(ContactView.organisation_id, ContactView.contact_id).where(ContactView.user_id == user.id, ContactView.seen_on >= moment.date())
        ).all()
        taken = db.session.scalars(select(ExportNote).where(ExportNote.user_id == user.id, ExportNote.at >= moment).order_by(ExportNote.id)).all()
        done = db.session.execute(
            select(AuditEntry.organisation_id, AuditEntry.action, func.count(AuditEntry.id))
            .where(AuditEntry.actor_id == user.id, AuditEntry.at >= moment)
            .group_by(AuditEntry.organisation_id, AuditEntry.action)
            .order_by(AuditEntry.organisation_id, AuditEntry.action)
        ).all()
        single = db.session.execute(
            select(AuditEntry.organisation_id, AuditEntry.subject_id).where(
                AuditEntry.actor_id == user.id, AuditEntry.at >= moment, AuditEntry.action.in_(("contact.exported", "contact.revealed"))
            )
        ).all()
    for owner, pk in (*seen, *single):
        people.setdefault(owner, set()).add(pk)
    for note in taken:
        people.setdefault(note.organisation_id, set()).update(unpack(note.contacts))
        yield f"{note.at:%Y-%m-%d %H:%M}  {_slug(note.organisation_id)}  export of {note.count} people from {note.list_name}: {note.columns}"
    for owner, action, number in done:
        yield f"{_slug(owner)}  {action}: {number}"


def _slug(pk: int) -> str:
    with unscoped(_REASON):
        return db.session.scalar(select(Organisation.slug).where(Organisation.id == pk)) or str(pk)


@click.command("end-sessions")
@click.option("--user", help="Only of this login.")
@click.option("--organisation", help="Only of the logins with a role in this one (its slug).")
@click.option("--all", "everybody", is_flag=True, help="Of everybody.")
@with_appcontext
def end_sessions(user: str | None, organisation: str | None, everybody: bool) -> None:
    """Log people out everywhere at once, and make mailed links worthless: after a breach."""
    if sum(map(bool, (user, organisation, everybody))) != 1:
        raise click.UsageError("Say who: --user NAME, --organisation SLUG or --all.")
    with transaction(), unscoped("ending logins after a breach"):
        sessions, links = delete(UserSession), delete(LoginLink).where(LoginLink.used_at.is_(None))
        if user:
            owner = _user(user).id
            sessions, links = sessions.where(UserSession.user_id == owner), links.where(LoginLink.user_id == owner)
        if organisation:
            try:
                place = by_slug(organisation)
            except NotFound:
                raise click.ClickException(f"There is no organisation {organisation!r}.") from None
            members = select(OrganisationRole.user_id).where(OrganisationRole.organisation_id == place.id)
            sessions, links = sessions.where(UserSession.user_id.in_(members)), links.where(LoginLink.user_id.in_(members))
        number = db.session.execute(sessions.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
        db.session.execute(links.execution_options(synchronize_session=False))
    click.echo(f"{number} logins were ended.")


COMMANDS = (who_saw, end_sessions)
