"""Ending a part in running an organisation, and putting it back when that was a mistake."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from flask_appbuilder.security.sqla.models import Role
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select

from core.access import Actor, require
from core.audit.services import record
from core.contacts.models import Contact
from core.db import db
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.organisations.models import Organisation
from core.tenancy import scope
from core.users.models import OrganisationRole, User

#: as long as that, whoever took it away may change their mind
UNDO_FOR = timedelta(minutes=10)


def end_role(row: OrganisationRole, *, actor: Actor) -> None:
    """Take it away, in the scope of its organisation; of somebody who was erased meanwhile the name goes with it."""
    contact_id, user_id = row.erased_contact_id, row.user_id
    db.session.delete(row)
    db.session.flush()
    if contact_id is not None:
        from core.privacy.services import finish_erasing  # noqa: PLC0415 -- circular: what is known of people includes their logins

        finish_erasing(contact_id, user_id, actor=actor)


def receipt_of(user_id: int, role: str, organisation: Organisation, *, actor: Actor) -> str | None:
    """What puts this part back: asked before it is taken away, good for who asks and for some minutes. None for one's own part."""
    with scope(organisation):
        held = select(OrganisationRole).join(Role, Role.id == OrganisationRole.role_id).where(OrganisationRole.user_id == user_id, Role.name == role)
        row = db.session.scalars(held).one_or_none()
        if row is None or user_id == actor.user_id:
            return None
        return str(_signer().dumps([row.organisation_id, actor.user_id, row.user_id, row.role_id, row.contact_id]))


def put_back(receipt: str, organisation: Organisation, *, actor: Actor) -> User:
    """Somebody holds the part again that was taken away by mistake; nothing when it was given again meanwhile."""
    from core.users.services.admins import admin_role, lock_admins, require_place  # noqa: PLC0415 -- circular: administrators end their part here

    require(actor, "users.manage")
    try:
        owner, by, user_id, role_id, contact_id = _signer().loads(receipt, max_age=int(UNDO_FOR.total_seconds()))
    except BadData:
        raise UserMistake(_("This cannot be undone any more. Add the person again.")) from None
    if (owner, by) != (organisation.id, actor.user_id):
        raise NotFound("a part of somebody else to put back")
    lock_admins(organisation)
    with scope(organisation):
        user, role = db.session.get_one(User, user_id), db.session.get_one(Role, role_id)
        if not user.active:
            raise UserMistake(_("This cannot be undone any more. Add the person again."))
        if db.session.scalars(select(OrganisationRole.id).where(OrganisationRole.user_id == user_id, OrganisationRole.role_id == role_id)).first():
            return user
        is_admin = role_id == admin_role(organisation).id
        if is_admin:
            require_place(organisation)
        is_known = Contact.id == contact_id, Contact.deleted_at.is_(None), Contact.erased_at.is_(None)
        row = OrganisationRole(user_id=user_id, role_id=role_id, contact_id=db.session.scalars(select(Contact.id).where(*is_known)).one_or_none())
        db.session.add(row)
        db.session.flush()
        note = user.full_name if is_admin else f"{user.full_name}: {role.name}"
        record(f"organisation_role.{'admin_added' if is_admin else 'part_given'}", row, actor=actor, note=note)
    return user


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="a part that was taken away")
