"""Encrypting sensitive values. A stored secret is {"secret": token}, so nobody takes it for text."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app

MASK = "••••••"


def box() -> MultiFernet:
    """Encrypts and opens with the keys of this installation."""
    keys = current_app.config["KOEPEL"].field_keys
    if not keys:
        raise RuntimeError("setting field_keys: give at least one key before sensitive fields are used")
    return MultiFernet([Fernet(key.encode()) for key in keys])


def seal(value: str) -> dict[str, str]:
    return {"secret": box().encrypt(value.encode()).decode("ascii")}


def unseal(stored: Any) -> str:
    """The value in clear; ValueError when it is not one of ours or its key is gone."""
    if not is_sealed(stored):
        raise ValueError("not a sealed value")
    try:
        return box().decrypt(stored["secret"].encode("ascii")).decode()
    except InvalidToken as error:
        raise ValueError("sealed with a key this installation does not have") from error


def is_sealed(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("secret"), str)


def reseal(stored: Any) -> dict[str, str]:
    """The same value under the newest key, when keys are rotated."""
    return {"secret": box().rotate(stored["secret"].encode("ascii")).decode("ascii")}
