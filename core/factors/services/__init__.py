"""Setting up, asking and removing what proves who somebody is. Everything flushes and nothing commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete

from core import clock
from core.access import Actor, system_actor
from core.audit.services import record
from core.db import db
from core.errors import UserMistake
from core.factors import letters
from core.factors.models import AuthenticatorApp, Passkey
from core.factors.services import codes, passkeys, steps
from core.factors.services.passkeys import Place
from core.i18n import _
from core.tenancy import scope
from core.users import throttle
from core.users.models import User
from core.users.services import end_other_sessions, end_sessions, organisations_of

__all__ = [
    "Factors",
    "add_passkey",
    "check_code",
    "check_passkey",
    "confirm_app",
    "factors_of",
    "log_in_with_passkey",
    "remake_codes",
    "remove_app",
    "remove_passkey",
    "reset",
]


@dataclass(frozen=True)
class Factors:
    """What somebody has beside a password."""

    app: AuthenticatorApp | None
    passkeys: Sequence[Passkey]
    codes_left: int


def factors_of(user: User) -> Factors:
    return Factors(codes.app_of(user), passkeys.passkeys_of(user), codes.codes_left(user))


# --- setting up ----------------------------------------------------------------------------------------


def confirm_app(
    user: User, typed: str, address: str, *, sealed: dict[str, str] | None = None, token: str, site: str, actor: Actor
) -> tuple[UserMistake | None, list[str]]:
    """The first code of the app: from now on it is asked. Gives the recovery codes, when these are the first.

    A wrong code is counted, so it is returned and not raised. `token`: the login that stays open;
    `sealed`: the secret that was shown, else that of the app being set up.
    """
    app = codes.app_to_confirm(user, sealed)
    if app.confirmed_at is not None:
        return UserMistake(_("There is an app already. Remove it first to use another one.")), []
    problem = _slowed(user, address)
    if problem is None and not codes.is_right_code(app, typed):
        problem = _wrong(user, address)
    if problem is not None:
        return problem, []
    app.confirmed_at = clock.now()
    record("ab_user.app_added", user, actor=actor)
    letters.tell_owner(user, letters.APP_ON, site=site)
    return None, _now_has_one(user, token)


def add_passkey(user: User, step: str, answer: str, place: Place, *, token: str, site: str, actor: Actor) -> list[str]:
    """Keep the key a device made. Gives the recovery codes, when these are the first."""
    row = passkeys.keep_new(user, step, answer, place)
    record("ab_user.passkey_added", user, actor=actor, note=row.name)
    letters.tell_owner(user, letters.PASSKEY_ON, site=site, name=row.name)
    return _now_has_one(user, token)


def _now_has_one(user: User, token: str) -> list[str]:
    """From the first one on a password alone does not open this login; elsewhere it has to be opened anew."""
    if user.second_factor_at is not None:
        return []
    user.second_factor_at = clock.now()
    end_other_sessions(user.id, token=token)
    return codes.new_codes(user)


def remake_codes(user: User, *, site: str, actor: Actor) -> list[str]:
    """Ten new recovery codes, shown this once."""
    if not user.has_second_factor:
        raise UserMistake(_("Recovery codes come with an app or a passkey. Set one up first."))
    record("ab_user.codes_made", user, actor=actor)
    letters.tell_owner(user, letters.NEW_CODES, site=site)
    return codes.new_codes(user)


# --- removing ------------------------------------------------------------------------------------------


def remove_app(user: User, *, site: str, actor: Actor) -> None:
    app = codes.app_of(user)
    if app is None:
        return
    db.session.delete(app)
    record("ab_user.app_removed", user, actor=actor)
    letters.tell_owner(user, letters.APP_OFF, site=site)
    _has_one_less(user)


def remove_passkey(user: User, pk: int, *, site: str, actor: Actor) -> None:
    row = passkeys.passkey_of(user, pk)
    record("ab_user.passkey_removed", user, actor=actor, note=row.name)
    letters.tell_owner(user, letters.PASSKEY_OFF, site=site, name=row.name)
    db.session.delete(row)
    _has_one_less(user)


def _has_one_less(user: User) -> None:
    db.session.flush()
    if codes.app_of(user) is None and not passkeys.passkeys_of(user):
        user.second_factor_at = None
        codes.forget_codes(user)
    steps.forget_steps(user)
    db.session.flush()


def reset(user: User, *, site: str) -> None:
    """The operator takes everything but the password away, for somebody who lost it all; ends every login."""
    for model in (AuthenticatorApp, Passkey):
        db.session.execute(delete(model).where(model.user_id == user.id).execution_options(synchronize_session=False))
    user.second_factor_at = None
    codes.forget_codes(user)
    steps.forget_steps(user)
    end_sessions(user)
    for organisation in {found.id: found for found, _role in organisations_of(user.id)}.values():
        with scope(organisation):
            record("ab_user.factors_reset", user, actor=system_actor(organisation.id))
    letters.tell_owner(user, letters.RESET, site=site)
    db.session.flush()


# --- asking --------------------------------------------------------------------------------------------


def check_code(user: User, typed: str, address: str, *, site: str) -> UserMistake | None:
    """Is this a code of the app, or one on paper? None when it is; it is used up. In a transaction of its own.

    A wrong one counts, and each further one takes longer: of somebody who is asked this the
    password is known already. It is returned and not raised, because raising would undo the counting.
    """
    problem = _slowed(user, address)
    if problem is not None:
        return problem
    app = codes.app_of(user)
    if app is not None and codes.is_right_code(app, typed):
        throttle.record_success(str(user.id), address, "code")
        return None
    if codes.use_code(user, typed):
        letters.tell_owner(user, letters.CODE_USED, site=site, left=str(codes.codes_left(user)))
        throttle.record_success(str(user.id), address, "code")
        return None
    return _wrong(user, address)


def check_passkey(user: User, step: str, answer: str, place: Place, address: str) -> UserMistake | None:
    """Does a device of this user sign? As check_code()."""
    problem = _slowed(user, address)
    if problem is not None:
        return problem
    if passkeys.owner_of_answer(step, answer, place, user=user) is None:
        throttle.record_failure(str(user.id), address, "code")
        return UserMistake(_("The passkey was not accepted. Try again, or use a code."))
    throttle.record_success(str(user.id), address, "code")
    return None


def log_in_with_passkey(step: str, answer: str, place: Place, address: str, *, demo_allowed: bool) -> User | UserMistake:
    """Who logs in with a device alone; counted by address, because it is not known of whom a wrong answer is."""
    if throttle.wait_until(None, address) is not None:
        return _too_many()
    user = passkeys.owner_of_answer(step, answer, place)
    if user is None or (user.is_demo and not demo_allowed):
        throttle.record_failure(None, address)
        return UserMistake(_("The passkey was not accepted. Try again, or log in with your password."))
    return user


class TooMany(UserMistake):
    """Somebody has to wait before trying again."""

    status = 429


def _too_many() -> UserMistake:
    return TooMany(_("There were too many attempts. Wait a few minutes and try again."))


def _slowed(user: User, address: str) -> UserMistake | None:
    return _too_many() if throttle.wait_until(str(user.id), address, "code") is not None else None


def _wrong(user: User, address: str) -> UserMistake:
    throttle.record_failure(str(user.id), address, "code")
    return UserMistake(_("This code is not right, or was used already. Wait for the next one and type it."), field="code")
