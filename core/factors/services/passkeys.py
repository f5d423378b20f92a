"""Passkeys (WebAuthn): the device signs a question of ours with a key it never gives away."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select, update

from core import clock
from core.db import db
from core.errors import NotFound, UserMistake
from core.factors.models import LoginStep, Passkey
from core.factors.services import steps
from core.i18n import _
from core.users.models import User

MOST = 10
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Place:
    """For which site a key is good: `name` is its domain, `origin` what browsers call the page."""

    name: str
    origin: str


def place_of(public_url: str) -> Place | None:
    """Where passkeys can be used; None when browsers do not allow it: no https, or an address without a name.

    On one's own machine browsers want "localhost", also when the server says 127.0.0.1.
    """
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    if parts.scheme == "http":
        return Place("localhost", f"http://localhost{port}") if host in _LOOPBACK else None
    return Place(host, f"https://{host}{port}") if parts.scheme == "https" and not _is_number(host) else None


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def passkeys_of(user: User) -> Sequence[Passkey]:
    return db.session.scalars(select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.id)).all()


def passkey_of(user: User, pk: int) -> Passkey:
    found = next((passkey for passkey in passkeys_of(user) if passkey.id == pk), None)  # a number no column holds is no error
    if found is None:
        raise NotFound(f"passkey {pk}")
    return found


# --- a new one -----------------------------------------------------------------------------------------


def ask_new(user: User, name: str, place: Place) -> tuple[str, str]:
    """(what the browser needs to make a key, as JSON; secret of the step)."""
    from webauthn import generate_registration_options, options_to_json  # noqa: PLC0415 -- slow import, only needed here
    from webauthn.helpers import base64url_to_bytes, bytes_to_base64url  # noqa: PLC0415 -- slow import, only needed here
    from webauthn.helpers import structs as what  # noqa: PLC0415 -- slow import, only needed here

    name = " ".join(name.split())[:60]
    if not name:
        raise UserMistake(_("Give the passkey a name, for instance that of the device."), field="name")
    held = passkeys_of(user)
    if len(held) >= MOST:
        raise UserMistake(_("You have %(number)s passkeys, which is the most. Remove one first.", number=MOST), field="name")
    options = generate_registration_options(
        rp_id=place.name,
        rp_name="Koepel",
        challenge=secrets.token_bytes(32),
        user_id=base64url_to_bytes(held[0].handle) if held else secrets.token_bytes(32),
        user_name=user.username,
        user_display_name=user.full_name,
        authenticator_selection=what.AuthenticatorSelectionCriteria(
            resident_key=what.ResidentKeyRequirement.REQUIRED, user_verification=what.UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_described(held),
    )
    kept = f"{bytes_to_base64url(options.challenge)} {bytes_to_base64url(options.user.id)}"
    return options_to_json(options), steps.begin("new_passkey", user, challenge=kept, name=name)


def keep_new(user: User, token: str, answer: str, place: Place) -> Passkey:
    """Store the key of the device that answered; the question counts once."""
    from webauthn import verify_registration_response  # noqa: PLC0415 -- slow import, only needed here
    from webauthn.helpers import base64url_to_bytes, bytes_to_base64url  # noqa: PLC0415 -- slow import, only needed here

    step = steps.use_up(token, "new_passkey")
    if step is None or step.user_id != user.id:
        raise _refused()
    challenge, _space, handle = (step.challenge or "").partition(" ")
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=place.name,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001 -- whatever is wrong with bytes somebody sent, the key is not kept
        raise _refused() from error
    credential_id = bytes_to_base64url(made.credential_id)
    if db.session.scalar(select(func.count(Passkey.id)).where(Passkey.credential_id == credential_id)):
        raise _refused()
    row = Passkey(
        user_id=user.id,
        name=step.name,
        credential_id=credential_id,
        public_key=bytes_to_base64url(made.credential_public_key),
        handle=handle,
        sign_count=made.sign_count,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _refused() -> UserMistake:
    return UserMistake(_("The passkey was not accepted. Try again."))


# --- using one -----------------------------------------------------------------------------------------


def ask_known(user: User | None, place: Place) -> tuple[str, str]:
    """(what the browser needs to use a key, as JSON; secret of the step).

    Without `user` the device says who it is, after a fingerprint, face or code of its own.
    """
    from webauthn import generate_authentication_options, options_to_json  # noqa: PLC0415 -- slow import, only needed here
    from webauthn.helpers import bytes_to_base64url  # noqa: PLC0415 -- slow import, only needed here
    from webauthn.helpers import structs as what  # noqa: PLC0415 -- slow import, only needed here

    options = generate_authentication_options(
        rp_id=place.name,
        challenge=secrets.token_bytes(32),
        allow_credentials=_described(passkeys_of(user)) if user else [],
        user_verification=what.UserVerificationRequirement.PREFERRED if user else what.UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options), steps.begin("passkey", user, challenge=bytes_to_base64url(options.challenge))


def _described(passkeys: Sequence[Passkey]) -> list[Any]:
    from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415 -- slow import, only needed here
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor  # noqa: PLC0415 -- slow import, only needed here

    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(row.credential_id)) for row in passkeys]


def owner_of_answer(token: str, answer: str, place: Place, *, user: User | None = None) -> User | None:
    """Who is there, by the answer of a device to our question; None when anything is wrong. The question counts once.

    user: whose password was right before; then a key of that user will do. Else it is the whole
    login, and the device must have looked who holds it.
    """
    step = steps.use_up(token, "passkey")
    if step is None or step.user_id != (user.id if user else None):
        return None
    row = _named_in(answer)
    if row is None or (user is not None and row.user_id != user.id):
        return None
    count = _checked(row, step, answer, place, is_alone=user is None)
    if count is None:
        return None
    # one statement decides: a copy of a key counts on where the other stopped
    used = (
        update(Passkey)
        .where(Passkey.id == row.id, Passkey.sign_count == row.sign_count)
        .values(sign_count=count, last_used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if not db.session.execute(used).rowcount:  # type: ignore[attr-defined]
        return None
    return db.session.scalars(select(User).where(User.id == row.user_id, User.active.is_(True))).one_or_none()


def _named_in(answer: str) -> Passkey | None:
    """The key an answer says it is of."""
    from webauthn.helpers import bytes_to_base64url, parse_authentication_credential_json  # noqa: PLC0415 -- slow import, only needed here

    try:
        name = bytes_to_base64url(parse_authentication_credential_json(answer).raw_id)
    except Exception:  # noqa: BLE001 -- nonsense that somebody sent is no key
        return None
    return db.session.scalars(select(Passkey).where(Passkey.credential_id == name)).one_or_none()


def _checked(row: Passkey, step: LoginStep, answer: str, place: Place, *, is_alone: bool) -> int | None:
    """The counter of the device; None when the signature, site, question or counter is not right."""
    from webauthn import verify_authentication_response  # noqa: PLC0415 -- slow import, only needed here
    from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415 -- slow import, only needed here

    try:
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(step.challenge or ""),
            expected_rp_id=place.name,
            expected_origin=place.origin,
            credential_public_key=base64url_to_bytes(row.public_key),
            credential_current_sign_count=row.sign_count,
            require_user_verification=is_alone,
        )
    except Exception:  # noqa: BLE001 -- whatever is wrong with bytes somebody sent, nobody gets in
        return None
    return int(found.new_sign_count)
