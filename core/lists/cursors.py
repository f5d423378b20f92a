"""Places in a list, as they stand in an address.

A place holds what the list is sorted on, often a name or a date of birth, so the address gets
it encrypted: it can neither be read in a log nor be made up.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app

from core.lists.engine import Cursor


def _keys() -> MultiFernet:
    kept = current_app.extensions.get("koepel_list_cursors")
    if kept is None:
        secrets = [current_app.config["SECRET_KEY"], *current_app.config.get("SECRET_KEY_FALLBACKS", [])]
        digests = [hashlib.sha256(b"koepel list cursor\0" + str(secret).encode()).digest() for secret in secrets]
        kept = MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
        current_app.extensions["koepel_list_cursors"] = kept
    return kept


def _pack(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"i": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise TypeError(f"a list cannot be paged by {type(value).__name__}")


def _unpack(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kind, text = next(iter(value.items()))
    makers: dict[str, Any] = {"i": datetime.fromisoformat, "d": date.fromisoformat, "n": Decimal}
    return makers[kind](text)


def seal(cursor: Cursor, context: str) -> str:
    """The cursor as text; it opens again only with the same `context` (list, sort, organisation)."""
    packed = [context, [_pack(v) for v in cursor.values], int(cursor.backwards), cursor.number]
    return _keys().encrypt(json.dumps(packed, separators=(",", ":")).encode()).decode().rstrip("=")


def unseal(text: str, context: str) -> Cursor | None:
    """The cursor behind a text, or None when it is not one of ours for this list."""
    try:
        packed = json.loads(_keys().decrypt(text.encode() + b"=" * (-len(text) % 4)))
    except (InvalidToken, ValueError):
        return None
    if packed[0] != context:
        return None
    return Cursor(tuple(_unpack(v) for v in packed[1]), bool(packed[2]), int(packed[3]))
