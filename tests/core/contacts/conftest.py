"""A club with functions of its own, and ways to look at what was recorded."""

from collections.abc import Iterator

import pytest
from flask import Flask

from core.extend.contributions import FunctionDeclaration
from core.extend.registry import Owned, registry


@pytest.fixture
def functions(app: Flask) -> Iterator[None]:
    """Two functions, as a federation declares them; the chair is required."""
    with app.app_context():
        kept = registry()._items["functions"]
        before = dict(kept)
        kept.clear()
        for function in (FunctionDeclaration("chair", "Chair", required=True, position=1), FunctionDeclaration("trainer", "Trainer", position=2)):
            kept[function.key] = Owned("core", function)
    yield
    kept.clear()
    kept.update(before)
