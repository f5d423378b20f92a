"""Refusing a call, in JSON that says why."""

from __future__ import annotations

from typing import NoReturn

from flask import abort, g

from core.i18n import _
from core.web.errors import answer_api


def refuse(code: int, message: str, *, field: str | None = None) -> NoReturn:
    """End the request with this status; what was written is undone."""
    abort(answer_api(code, message, field=field))


def require_scope(name: str) -> None:
    """A key reaches only the resources it was made for; a person who is logged in has no scopes."""
    key = g.get("api_key")
    if key is not None and name not in key.scopes:
        refuse(403, _("This key has no scope %(scope)s.", scope=name))
