"""Storing and checking passwords."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from werkzeug.security import check_password_hash

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

#: checked when there is no account or no password, so that all refusals take the same time
_DUMMY = _hasher.hash("no account has this password")


def hash_password(password: str) -> str:
    """argon2id hash of the normalised password."""
    return _hasher.hash(unicodedata.normalize("NFC", password))


def verify_password(stored: str | None, password: str) -> tuple[bool, str | None]:
    """(is it right, new hash to store or None).

    A missing or foreign hash costs as much time as a real one and is never right.
    """
    typed = unicodedata.normalize("NFC", password)
    if stored and not stored.startswith("$argon2"):
        _spend(typed)
        right = check_password_hash(stored, typed) if ":" in stored else False
        return right, hash_password(typed) if right else None
    try:
        _hasher.verify(stored or _DUMMY, typed)
    except VerifyMismatchError:
        return False, None
    except (VerificationError, InvalidHashError):  # no hash at all: as slow as a wrong password all the same
        _spend(typed)
        return False, None
    if not stored:
        return False, None
    return True, _hasher.hash(typed) if _hasher.check_needs_rehash(stored) else None


def _spend(typed: str) -> None:
    try:
        _hasher.verify(_DUMMY, typed)
    except VerificationError:
        return
