"""Tests find their servers: named ones, local ones, private ones, or a reason why not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.testing import servers
from core.testing.servers import Missing, free_port


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A machine on which no server runs, and nothing was looked for yet."""
    monkeypatch.setattr(servers, "_reasons", {})
    monkeypatch.setattr(servers, "_stops", [])
    for variable in (servers.POSTGRES, servers.REDIS, servers.CHROMIUM):
        monkeypatch.setenv(variable, "")
    monkeypatch.setattr(servers, "LOCAL_POSTGRES", f"postgresql+psycopg://postgres@127.0.0.1:{free_port()}/postgres")
    monkeypatch.setattr(servers, "LOCAL_REDIS", f"redis://127.0.0.1:{free_port()}/0")
    yield monkeypatch
    servers.stop_all()


@pytest.mark.postgres
def test_a_private_postgres_is_started_and_stopped(bare: pytest.MonkeyPatch) -> None:
    try:
        address = servers.postgres()
    except Missing as reason:
        pytest.skip(str(reason))
    assert servers.answers_postgres(address)
    assert servers.postgres() == address  # looked for once
    servers.stop_all()
    assert not servers.answers_postgres(address)


@pytest.mark.redis
def test_a_private_redis_is_started_and_stopped(bare: pytest.MonkeyPatch) -> None:
    try:
        address = servers.redis()
    except Missing as reason:
        pytest.skip(str(reason))
    assert servers.answers_redis(address)
    servers.stop_all()
    assert not servers.answers_redis(address)


def test_what_is_missing_is_named(bare: pytest.MonkeyPatch) -> None:
    bare.setattr(servers, "_postgres_folders", list)
    bare.setenv("PATH", "/nowhere")
    with pytest.raises(Missing, match="install the package postgresql, or set KOEPEL_TEST_POSTGRES_URL"):
        servers.postgres()
    with pytest.raises(Missing, match="install the package redis-server, or set KOEPEL_TEST_REDIS_URL"):
        servers.redis()
    with pytest.raises(Missing, match="install the package chromium, or set KOEPEL_TEST_CHROMIUM"):
        servers.chromium()


def test_a_server_that_was_named_has_to_answer(bare: pytest.MonkeyPatch) -> None:
    bare.setenv(servers.POSTGRES, f"postgresql+psycopg://postgres@127.0.0.1:{free_port()}/postgres")
    with pytest.raises(Missing, match="nothing answers at KOEPEL_TEST_POSTGRES_URL"):
        servers.postgres()
