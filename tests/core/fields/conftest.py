"""Fields declared by a plugin, and a quick way to make some in the browser's place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from core.db import db
from core.extend.registry import Owned, registry
from core.fields.declarations import FieldDeclaration
from core.fields.services import create_field
from core.testing.factories import World, inside

REASON = {"purpose": "To reach somebody in time.", "legal_basis": "contract", "retention_months": "24"}


def described(kind: str = "text", label: str = "Shirt size", **more: Any) -> dict[str, Any]:
    """What the form of a field holds."""
    usual = {"type": kind, "label": {"en": label}, "in_list": True, "in_import": True, "in_export": True, "sees": ["member", "club"], "edits": ["club"]}
    return {**usual, **REASON, **more}


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """An application context, in English."""
    with app.app_context(), force_locale("en"):
        yield app
        db.session.rollback()


@pytest.fixture
def make_field(app: Flask, world: World) -> Callable[..., str]:
    """make_field("date", "Seen on") -> its key; of club A unless told otherwise."""

    def make(kind: str = "text", label: str = "Shirt size", *, owner: Any = None, target: str = "contact", is_active: bool = True, **more: Any) -> str:
        with app.app_context(), inside(owner or world.club) as actor:
            return create_field(target, described(kind, label, **more), actor=actor, is_active=is_active).key

    return make


@pytest.fixture
def declare(app: Flask) -> Iterator[Callable[..., None]]:
    """declare("memberships", FieldDeclaration(...)): as if that plugin had brought it."""
    with app.app_context():
        kept = registry()._items["extra_fields"]
    before = dict(kept)

    def add(plugin: str, declaration: FieldDeclaration) -> None:
        kept[(plugin, declaration.target, declaration.key)] = Owned(plugin, declaration)

    yield add
    kept.clear()
    kept.update(before)
