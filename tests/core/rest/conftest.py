from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from core.db import db
from core.rest.models import ApiKey
from core.tenancy import scope
from core.testing.factories import World, inside, make_contact


@pytest.fixture
def ann(app: Flask, world: World) -> int:
    """A contact of club A."""
    with app.app_context(), inside(world.club):
        return make_contact("Ann", "Peeters", town="Aarschot", email_1="ann@koepel.example").id


def the_key(app: Flask, world: World) -> ApiKey:
    with app.app_context(), scope(world.club):
        return db.session.scalars(select(ApiKey).order_by(ApiKey.id.desc()).limit(1)).one()
