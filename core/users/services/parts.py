"""Parts of running an organisation, for people who need not be administrator: members, finance, agenda ..."""

from __future__ import annotations

from dataclasses import dataclass

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import func, select

from core.access import PARTS, Actor, RoleTemplate, require
from core.audit.services import record
from core.contacts.models import Contact
from core.db import db
from core.errors import Forbidden, NotFound, UserMistake
from core.extend.registry import registry
from core.i18n import _
from core.organisations.models import Organisation
from core.tenancy import scope
from core.users.models import OrganisationRole, User
from core.users.permissions import permissions_of
from core.users.services.admins import admins_of, lock_admins, login_of
from core.users.services.roles import end_role


@dataclass(frozen=True)
class Part:
    """Somebody who has a part in running the organisation."""

    id: int
    user_id: int
    name: str
    email: str
    role: str
    title: str


def parts_here(organisation: Organisation) -> list[RoleTemplate]:
    """The parts that can be given in this kind of organisation."""
    return [role for role in registry().roles if role.is_part and organisation.kind in role.kinds]


def holders_of(organisation: Organisation) -> list[Part]:
    """Who has a part, by name."""
    titles = {role.name: str(role.title) for role in registry().roles}
    address = func.coalesce(User.mail_address, User.email).label("email")
    with scope(organisation):
        rows = db.session.execute(
            select(OrganisationRole.id, User.id.label("user_id"), User.first_name, User.last_name, address, Role.name.label("role"))
            .join(User, User.id == OrganisationRole.user_id)
            .join(Role, Role.id == OrganisationRole.role_id)
            .where(Role.name.in_(PARTS), User.active.is_(True))
            .order_by(User.last_name, User.first_name, User.id, OrganisationRole.id)
        ).all()
    return [Part(row.id, row.user_id, f"{row.first_name} {row.last_name}".strip(), row.email, row.role, titles[row.role]) for row in rows]


def give_part(contact: Contact, name: str, organisation: Organisation, *, actor: Actor) -> User:
    """Let somebody do a part; nobody gives more than the own rights. Holds from the next click on.

    As with administrators only the login of the contact itself counts, never one with the same address.
    """
    require(actor, "users.manage")
    if name not in {role.name for role in parts_here(organisation)}:
        raise UserMistake(_("Choose one of the list."), field="role")
    role = _role(name)
    if not actor.is_system and not permissions_of(frozenset({role.id}), organisation.kind) <= actor.permissions:
        raise Forbidden("users.manage")
    user = login_of(contact)
    if user is None:
        raise UserMistake(_("%(name)s has no login here yet. Send an invitation first.", name=contact.full_name), field="contact")
    lock_admins(organisation)
    if any(admin.user_id == user.id for admin in admins_of(organisation)):
        raise UserMistake(_("%(name)s is an administrator, and can do everything already.", name=contact.full_name), field="contact")
    held = select(func.count(OrganisationRole.id)).where(OrganisationRole.user_id == user.id, OrganisationRole.role_id == role.id)
    if db.session.scalar(held):
        raise UserMistake(_("%(name)s does this already.", name=contact.full_name), field="contact")
    row = OrganisationRole(user_id=user.id, role_id=role.id, contact_id=contact.id)
    db.session.add(row)
    db.session.flush()
    record("organisation_role.part_given", row, actor=actor, note=f"{user.full_name}: {name}")
    return user


def take_part(part_id: int, organisation: Organisation, *, actor: Actor) -> str:
    """Take a part away; returns the name of who had it. Holds from the next click on."""
    require(actor, "users.manage")
    found = next((part for part in holders_of(organisation) if part.id == part_id), None)
    if found is None:
        raise NotFound(f"part {part_id}")
    with scope(organisation):
        row = db.session.get_one(OrganisationRole, part_id)
        record("organisation_role.part_taken", row, actor=actor, note=f"{found.name}: {found.role}")
        end_role(row, actor=actor)
    return found.name


def _role(name: str) -> Role:
    return db.session.scalars(select(Role).where(Role.name == name)).one()
