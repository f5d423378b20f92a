"""Programs that call the REST API, for tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.access import Actor
from core.db import db, transaction
from core.rest.services import make_key
from core.tenancy import scope, unscoped
from core.testing.factories import World
from core.users.models import OrganisationRole, User
from core.users.permissions import permissions_of


@dataclass
class Caller:
    """A program with a key."""

    client: FlaskClient
    base: str
    key: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        found = {"Authorization": f"Bearer {self.key}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        url = path if path.startswith("/") else f"{self.base}/{path}"
        return self.client.open(url, method=method, headers=found, **data)  # type: ignore[arg-type]


@pytest.fixture
def caller(app: Flask, world: World) -> Callable[..., Caller]:
    """caller("admin.a", "contacts:read") -> a program with a new key of that person in her organisation."""

    def make(username: str, *scopes: str, organisation: str = "club", days: int = 90) -> Caller:
        place = getattr(world, organisation)
        with app.test_request_context(), transaction():
            with unscoped("arranging a test"):
                user = db.session.scalars(select(User).where(User.username == username)).one()
                roles = db.session.scalars(select(OrganisationRole.role_id).where(OrganisationRole.user_id == user.id)).all()
            with scope(place):
                actor = Actor(user.id, user.full_name, place.id, permissions_of(frozenset(roles), place.kind), language="en")
                _key, text = make_key("test", scopes, days=days, actor=actor)
        return Caller(app.test_client(), f"/api/v1/o/{place.slug}", text)

    return make
