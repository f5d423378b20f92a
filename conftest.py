"""Fixtures for tests beside the code, see core/testing/plugin.py."""

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["core.testing.plugin"]

# a busy machine is no mistake of ours
settings.register_profile("koepel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("koepel")

#: files that take minutes; they begin first, or one worker is still at them when the others have nothing left
LONGEST = ("tests/browser/test_every_page", "tests/security/test_routes", "tests/security/", "tests/core/cli/", "tests/browser/", "tests/core/backup/")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((place for place, start in enumerate(LONGEST) if item.nodeid.startswith(start)), len(LONGEST)))
