"""Who administers an organisation: 1 to 6 people, whatever happens at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import func, select

from core import clock
from core.access import FULL_ROLES, Actor, require
from core.audit.services import record
from core.contacts.models import Contact
from core.db import db
from core.errors import NotFound, UserMistake
from core.factors import duty
from core.i18n import _
from core.organisations.models import Organisation
from core.organisations.services import set_setting
from core.tenancy import scope
from core.users.models import Invitation, OrganisationRole, User
from core.users.services.roles import end_role
from core.users.services.sessions import end_sessions

MOST_ADMINS = 6
FEWEST_ADMINS = 1


@dataclass(frozen=True)
class Admin:
    """Somebody who administers the organisation."""

    user_id: int
    name: str
    email: str
    contact_id: int | None
    since_at: datetime


def admin_role(organisation: Organisation) -> Role:
    """The role of an administrator in this kind of organisation."""
    return db.session.scalars(select(Role).where(Role.name == FULL_ROLES[organisation.kind])).one()


def admins_of(organisation: Organisation) -> list[Admin]:
    """The administrators, in the order they became one."""
    address = func.coalesce(User.mail_address, User.email).label("email")
    with scope(organisation):
        rows = db.session.execute(
            select(User.id, User.first_name, User.last_name, address, OrganisationRole.contact_id, OrganisationRole.since_at)
            .join(OrganisationRole, OrganisationRole.user_id == User.id)
            .where(OrganisationRole.role_id == admin_role(organisation).id, User.active.is_(True))
            .order_by(OrganisationRole.since_at, OrganisationRole.id)
        ).all()
    return [Admin(row.id, f"{row.first_name} {row.last_name}".strip(), row.email, row.contact_id, row.since_at) for row in rows]


def open_invitations(organisation: Organisation) -> Sequence[Invitation]:
    """Links that were made and not used yet, for administrators."""
    with scope(organisation):
        return db.session.scalars(
            select(Invitation)
            .where(Invitation.role_id == admin_role(organisation).id, Invitation.used_at.is_(None), Invitation.expires_at > clock.now())
            .order_by(Invitation.made_at, Invitation.id)
        ).all()


def lock_admins(organisation: Organisation) -> None:
    """Let nobody else change the administrators of this organisation until the commit.

    On SQLite transaction() has the only write lock already.
    """
    db.session.execute(select(Organisation.id).where(Organisation.id == organisation.id).with_for_update())


def count_places(organisation: Organisation, *, without: Invitation | None = None) -> int:
    """Places taken: administrators and open invitations. After lock_admins()."""
    with scope(organisation):
        role_id = admin_role(organisation).id
        admins = db.session.scalar(
            select(func.count(OrganisationRole.id))
            .join(User, User.id == OrganisationRole.user_id)
            .where(OrganisationRole.role_id == role_id, User.active.is_(True))
        )
        waiting = select(func.count(Invitation.id)).where(Invitation.role_id == role_id, Invitation.used_at.is_(None), Invitation.expires_at > clock.now())
        if without is not None:
            waiting = waiting.where(Invitation.id != without.id)
        return int(admins or 0) + int(db.session.scalar(waiting) or 0)


def require_place(organisation: Organisation, *, without: Invitation | None = None) -> None:
    """UserMistake when the organisation has as many administrators as it may have."""
    lock_admins(organisation)
    if count_places(organisation, without=without) >= MOST_ADMINS:
        raise UserMistake(_("There are already %(number)s administrators, which is the most. Remove one first.", number=MOST_ADMINS), field="contact")


def ask_second_step(organisation: Organisation, wanted: bool, *, actor: Actor) -> None:
    """A club or region asks a second step of whoever runs it; its federation may ask it anyway."""
    require(actor, "users.manage")
    if organisation.kind not in ("club", "region"):
        raise NotFound("second step")
    lock_admins(organisation)
    before = bool(organisation.setting(duty.OWN_SETTING, False))
    if before != wanted:
        set_setting(organisation, duty.OWN_SETTING, wanted)
        record("organisation.second_step", organisation, actor=actor, changes={"second_step": (before, wanted)})


def login_of(contact: Contact) -> User | None:
    """The login a contact has in this organisation, or None."""
    return db.session.scalars(
        select(User)
        .join(OrganisationRole, OrganisationRole.user_id == User.id)
        .where(OrganisationRole.contact_id == contact.id, User.active.is_(True))
        .limit(1)
    ).first()


def appoint(contact: Contact, organisation: Organisation, *, actor: Actor) -> User | None:
    """Make a contact that has a login here an administrator.

    None when the contact has no login in this organisation: then somebody has to invite it. An
    account that merely has the same e-mail address is never taken, because the address of a
    contact is no proof of who somebody is.
    """
    require(actor, "users.manage")
    user = login_of(contact)
    if user is None:
        return None
    if any(admin.user_id == user.id for admin in admins_of(organisation)):
        raise UserMistake(_("%(name)s is an administrator already.", name=contact.full_name), field="contact")
    require_place(organisation)
    row = OrganisationRole(user_id=user.id, role_id=admin_role(organisation).id, contact_id=contact.id)
    db.session.add(row)
    db.session.flush()
    record("organisation_role.admin_added", row, actor=actor, note=user.full_name)
    return user


def remove_admin(user_id: int, organisation: Organisation, *, fewest: int = FEWEST_ADMINS, actor: Actor) -> User:
    """Take the rights of an administrator away; `fewest` stay. Ends the logins of that user."""
    require(actor, "users.manage")
    lock_admins(organisation)
    with scope(organisation):
        row = db.session.scalars(
            select(OrganisationRole).where(OrganisationRole.user_id == user_id, OrganisationRole.role_id == admin_role(organisation).id)
        ).one_or_none()
        user = db.session.get(User, user_id)
        if row is None or user is None:
            raise NotFound(f"admin {user_id}")
        if user.active and len(admins_of(organisation)) <= fewest:
            raise UserMistake(_("This is the only administrator. Appoint another one first."))
        record("organisation_role.admin_removed", row, actor=actor, note=user.full_name)
        end_role(row, actor=actor)
    end_sessions(user)
    return user
