"""Who calls: a program with a key, or a person with a login and a CSRF token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request
from flask_login import current_user

from core import clock
from core.access import Actor
from core.db import transaction
from core.i18n import _
from core.organisations.models import Organisation
from core.rest.scopes import permissions_of_scopes
from core.rest.services import MOST_CALLS, count_call, key_of
from core.users import throttle
from core.users.models import User
from core.web.errors import answer_api

SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class CarriedKey:
    """What a call needs of its key; the row itself belongs to another scope."""

    id: int
    name: str
    organisation_id: int
    scopes: tuple[str, ...]


def is_api() -> bool:
    return request.path.startswith("/api/")


def carries_key() -> bool:
    """Does this call bring a key? Then its cookie counts for nothing."""
    return is_api() and "Authorization" in request.headers


def prepare_api(app: Flask) -> None:
    """Let keys open the API, and nothing else."""
    app.login_manager.request_loader(_user_of_key)  # type: ignore[attr-defined]


def _user_of_key(_request: Any) -> User | None:
    if not carries_key():
        return None
    kind, _space, text = request.headers["Authorization"].partition(" ")
    key = key_of(text.strip()) if kind.lower() == "bearer" else None
    g.api_key = CarriedKey(key.id, key.name, key.organisation_id, tuple(key.scopes)) if key is not None else None
    return key.user if key is not None else None


def check_caller() -> Any:
    """Before anything else on /api/: the answer that refuses a call, or None."""
    if not is_api():
        return None
    if not carries_key():
        if request.method not in SAFE:
            current_app.extensions["csrf"].protect()
        return None
    address = request.remote_addr or ""
    until = throttle.wait_until(None, address)
    if until is not None:
        return _slow_down(max(1, int((until - clock.now()).total_seconds()) + 1))
    if not current_user.is_authenticated:
        with transaction():
            throttle.record_failure(None, address)
        return answer_api(401, _("This API key does not work: it is unknown, revoked or past its date."))
    with transaction():
        calls = count_call(g.api_key.id)
    if calls > MOST_CALLS:
        return _slow_down(60)
    return None


def _slow_down(seconds: int) -> Any:
    answer = answer_api(429, _("There were too many calls. Wait %(seconds)s seconds and try again.", seconds=seconds))
    answer.headers["Retry-After"] = str(seconds)
    return answer


def opens(organisation: Organisation) -> bool:
    """Is the key of this call, if there is one, a key of this organisation?"""
    key: CarriedKey | None = g.get("api_key")
    return key is None or key.organisation_id == organisation.id


def limited(actor: Actor) -> Actor:
    """The actor with no more rights than the scopes of the key give."""
    key: CarriedKey | None = g.get("api_key")
    if key is None:
        return actor
    return Actor(
        user_id=actor.user_id,
        name=f"{actor.name} (API: {key.name})"[:120],
        organisation_id=actor.organisation_id,
        permissions=actor.permissions & permissions_of_scopes(key.scopes),
        language=actor.language,
        contact_id=actor.contact_id,
    )
