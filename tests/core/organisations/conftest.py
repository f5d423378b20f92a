"""A federation of which the plugin asks nothing but what the core asks."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
import time_machine
from flask import Flask
from flask_babel import force_locale

from core.db import db
from core.extend.contributions import FunctionDeclaration
from core.extend.registry import Owned, registry
from core.organisations.models import Organisation

TODAY = date(2026, 11, 25)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel("2026-11-25T10:00:00+01:00", tick=True):
        yield


@pytest.fixture
def now(app: Flask) -> Callable[[Organisation], Organisation]:
    """now(world.club): the organisation as it is stored at this moment."""

    def read(organisation: Organisation) -> Organisation:
        with app.app_context():
            found = db.session.get_one(Organisation, organisation.id)
            db.session.refresh(found)
            db.session.expunge(found)
            return found

    return read


@pytest.fixture
def functions(app: Flask) -> Iterator[None]:
    """A chair, who is required, and a trainer, declared by the core itself."""
    with app.app_context():
        kept = registry()._items["functions"]
        before = dict(kept)
        kept.clear()
        for function in (FunctionDeclaration("chair", "Chair", required=True, position=1), FunctionDeclaration("trainer", "Trainer", position=2)):
            kept[function.key] = Owned("core", function)
    yield
    kept.clear()
    kept.update(before)


@pytest.fixture
def context(context: Flask) -> Iterator[Flask]:
    """The texts as they are in the code."""
    with force_locale("en"):
        yield context
