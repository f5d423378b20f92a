"""Users: making them, checking who they are, giving them roles in organisations."""

from __future__ import annotations

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import delete, func, or_, select

from core.access import Actor, require
from core.db import db
from core.errors import UserMistake
from core.i18n import _
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped
from core.users import throttle
from core.users.models import LoginLink, OrganisationRole, User
from core.users.passwords import hash_password, verify_password
from core.users.policy import check_password, names_around, policy_of
from core.users.services.links import end_links
from core.users.services.sessions import end_sessions


def create_user(
    *, username: str, email: str, first_name: str, last_name: str, password: str | None = None, language: str | None = None, is_demo: bool = False
) -> User:
    """Make a login; without `password` it cannot be used until one is chosen."""
    taken = db.session.scalar(
        select(func.count()).select_from(User).where(or_(func.lower(User.username) == username.lower(), func.lower(User.email) == email.lower()))
    )
    if taken:
        raise UserMistake(_("This user name or e-mail address is already in use."), field="username")
    user = User(
        username=username,
        email=email,
        first_name=first_name,
        last_name=last_name,
        active=True,
        password=hash_password(password) if password else None,
        language=language,
        is_demo=is_demo,
    )
    db.session.add(user)
    db.session.flush()
    return user


def give_role(user: User, organisation: Organisation, role_name: str, *, contact_id: int | None = None) -> OrganisationRole:
    """Let a user hold a role in one organisation; twice is the same as once."""
    role = db.session.scalars(select(Role).where(Role.name == role_name)).one()
    with scope(organisation):
        held = db.session.scalars(select(OrganisationRole).where(OrganisationRole.user_id == user.id, OrganisationRole.role_id == role.id)).one_or_none()
        if held is None:
            held = OrganisationRole(user_id=user.id, role_id=role.id, contact_id=contact_id)
            db.session.add(held)
            db.session.flush()
    return held


def check_credentials(name: str, password: str, address: str, *, demo_allowed: bool) -> User | None:
    """The active user with this name (or e-mail address) and password, or None.

    Takes the same time whether the account exists or not. The caller has checked the throttle
    and is inside transaction().
    """
    user = db.session.scalars(select(User).where(or_(func.lower(User.username) == name.lower(), func.lower(User.email) == name.lower())).limit(1)).one_or_none()
    right, new_hash = verify_password(user.password if user else None, password)
    if user is None or not right or not user.active or (user.is_demo and not demo_allowed):
        throttle.record_failure(name, address)
        return None
    if new_hash:
        user.password = new_hash
    throttle.record_success(name, address)
    return user


def password_problem(user: User, typed: str, address: str) -> UserMistake | None:
    """Is it really this user who sits there? None when it is; inside transaction().

    A wrong password counts as a failed login, so that guessing here is as slow as there. It is
    returned and not raised, because raising would undo the counting.
    """
    if throttle.wait_until(user.username, address) is not None:
        return UserMistake(_("There were too many attempts. Wait half a minute and try again."), field="password")
    if verify_password(user.password, typed)[0]:
        return None
    throttle.record_failure(user.username, address)
    return UserMistake(_("This is not your password. Type it again."), field="password")


def change_password(user: User, new: str) -> None:
    """Choose another password, by the rules of the user's organisations; ends every login."""
    check_password(new, policy_of(user), names=names_around(user))
    if verify_password(user.password, new)[0]:
        raise UserMistake(_("This is the password you have now. Choose another one."), field="new")
    set_password(user, new)


def set_password(user: User, password: str) -> None:
    """Store a new password, end every open login of this user, its links to others, and the links that were mailed."""
    user.password = hash_password(password)
    end_sessions(user)
    end_links([user.id])
    db.session.execute(delete(LoginLink).where(LoginLink.user_id == user.id, LoginLink.used_at.is_(None)))
    db.session.flush()


def organisations_of(user_id: int) -> list[tuple[Organisation, str]]:
    """(organisation, role name) for every role a user holds, by name."""
    with unscoped("the organisations a user may switch to"):
        rows = db.session.execute(
            select(Organisation, Role.name)
            .join(OrganisationRole, OrganisationRole.organisation_id == Organisation.id)
            .join(Role, Role.id == OrganisationRole.role_id)
            .where(OrganisationRole.user_id == user_id)
            .order_by(Organisation.name, Organisation.id)
        ).all()
    return [(row[0], row[1]) for row in rows]


def set_language(user: User, language: str, *, actor: Actor) -> None:
    """Remember the language a user reads."""
    user.language = language
    db.session.flush()


def deactivate(user: User, *, actor: Actor) -> None:
    """Close an account, end its logins and its links to others."""
    require(actor, "users.manage")
    user.active = False
    end_sessions(user)
    end_links([user.id])
    db.session.flush()
