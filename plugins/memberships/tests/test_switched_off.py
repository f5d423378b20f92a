"""The module is switched off in a club: its pages are gone, what is in it stays."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.db import db
from core.extend.registry import registry
from core.organisations.models import PluginActivation
from core.tenancy import scope
from core.testing.factories import World, inside
from plugins.memberships.models import Membership


def test_pages_of_a_module_that_is_off_do_not_exist_and_its_data_stays(
    login: Callable[[str], FlaskClient], world: World, app: Flask, ask: Callable[..., int]
) -> None:
    with app.app_context():
        pk = ask()
    client = login("admin.a")
    assert client.get("/o/club-a/crm/memberships/").status_code == 200
    with app.app_context(), inside(world.club):
        needing = [name for name, manifest in registry().plugins.manifests.items() if "memberships" in manifest.requires and manifest.kind == "module"]
        db.session.add_all([PluginActivation(plugin=name, active=False) for name in (*needing, "memberships")])
        db.session.flush()
    assert client.get("/o/club-a/crm/memberships/").status_code == 404
    with app.app_context(), scope(world.club):
        assert db.session.scalars(select(Membership.id)).all() == [pk]
