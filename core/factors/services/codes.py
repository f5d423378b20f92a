"""Codes: six digits of an app on a phone, and ten on paper for when the phone is lost."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from sqlalchemy import delete, func, select, update

from core import clock
from core.db import db
from core.factors.models import AuthenticatorApp, RecoveryCode
from core.fields.secrets import seal, unseal
from core.users.models import User

ISSUER = "Koepel"
STEP = 30
#: a code of the half minute before and after is right too: clocks of phones differ
DRIFT = (0, -1, 1)
HOW_MANY, GROUPS, GROUP = 10, 3, 5
#: no letters that look like digits or like each other
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"


def app_of(user: User) -> AuthenticatorApp | None:
    """The app that counts; not one that is being set up."""
    return db.session.scalars(select(AuthenticatorApp).where(AuthenticatorApp.user_id == user.id, AuthenticatorApp.confirmed_at.is_not(None))).one_or_none()


def sealed_secret() -> dict[str, str]:
    """A new secret for an app, encrypted; looking at the page that shows it stores nothing."""
    return seal(_new_secret())


def app_to_confirm(user: User, sealed: dict[str, str] | None = None) -> AuthenticatorApp:
    """The app that is being set up, with the secret that was shown; the same one until its first code was right."""
    found = db.session.scalars(select(AuthenticatorApp).where(AuthenticatorApp.user_id == user.id)).one_or_none()
    if found is None:
        found = AuthenticatorApp(user_id=user.id, secret=sealed or sealed_secret())
        db.session.add(found)
    elif sealed is not None and found.confirmed_at is None:
        found.secret = sealed
    db.session.flush()
    return found


def _new_secret() -> str:
    import pyotp  # noqa: PLC0415 -- slow import, only needed here

    return pyotp.random_base32()


def secret_of(app: AuthenticatorApp) -> str:
    """What the app on the phone has to know; only shown while it is being set up."""
    return unseal(app.secret)


def address_for_app(app: AuthenticatorApp, user: User) -> str:
    """What the picture (QR) says."""
    import pyotp  # noqa: PLC0415 -- slow import, only needed here

    return pyotp.TOTP(secret_of(app)).provisioning_uri(name=user.username, issuer_name=ISSUER)


def is_right_code(app: AuthenticatorApp, typed: str) -> bool:
    """Is it a code of now, not used before? Uses it up: one statement decides, also for two requests at once."""
    import pyotp  # noqa: PLC0415 -- slow import, only needed here

    digits = re.sub(r"\s", "", typed)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return False
    maker, now = pyotp.TOTP(secret_of(app)), int(clock.now().timestamp()) // STEP
    step = next((now + drift for drift in DRIFT if hmac.compare_digest(maker.generate_otp(now + drift), digits)), None)
    if step is None:
        return False
    used = (
        update(AuthenticatorApp)
        .where(AuthenticatorApp.id == app.id, AuthenticatorApp.last_step < step)
        .values(last_step=step)
        .execution_options(synchronize_session=False)
    )
    return bool(db.session.execute(used).rowcount)  # type: ignore[attr-defined]


# --- on paper ------------------------------------------------------------------------------------------


def new_codes(user: User) -> list[str]:
    """Ten codes to print, shown this once; older ones stop working."""
    forget_codes(user)
    codes = ["-".join("".join(secrets.choice(_SIGNS) for _sign in range(GROUP)) for _group in range(GROUPS)) for _code in range(HOW_MANY)]
    db.session.add_all(RecoveryCode(user_id=user.id, code_hash=_hash(user, code)) for code in codes)
    db.session.flush()
    return codes


def forget_codes(user: User) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id).execution_options(synchronize_session=False))


def codes_left(user: User) -> int:
    query = select(func.count(RecoveryCode.id)).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return int(db.session.scalar(query) or 0)


def use_code(user: User, typed: str) -> bool:
    """Is it one of the ten, not used before? Uses it up."""
    used = (
        update(RecoveryCode)
        .where(RecoveryCode.user_id == user.id, RecoveryCode.code_hash == _hash(user, typed), RecoveryCode.used_at.is_(None))
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    return bool(db.session.execute(used).rowcount)  # type: ignore[attr-defined]


def _hash(user: User, code: str) -> str:
    """74 random bits need no slow hash; of whom it is goes into it."""
    plain = re.sub(r"[^a-z0-9]", "", code.casefold())
    return hashlib.sha256(f"{user.id}:{plain}".encode()).hexdigest()
