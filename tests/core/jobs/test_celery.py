"""Celery workers on Redis, in processes of their own, killed while they work."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

import pytest
import redis

from core.jobs import broker
from tests.core.jobs.conftest import ask, effects, kill, states, wait_for


@pytest.fixture
def prefix(redis_server: str) -> Iterator[str]:
    """Queues of our own in a broker others use too."""
    client = redis.Redis.from_url(redis_server, socket_connect_timeout=1)
    made = f"koepel-test-{secrets.token_hex(4)}"
    yield made
    for key in client.scan_iter(f"{made}:*"):
        client.delete(key)
    client.close()


@pytest.mark.redis
def test_jobs_carried_by_celery_survive_killed_workers(app, world, kinds, start, prefix, redis_server):
    settings = {"KOEPEL_BROKER_URL": redis_server, "KOEPEL_BROKER_PREFIX": prefix}
    jobs = ask(app, world, "sample_effect", 30, items=2, seconds=0.06)
    first = start("worker", **settings)
    wait_for(lambda: states(app)["done"] >= 5)
    kill(first)
    assert states(app)["done"] < len(jobs)
    start("worker", **settings)
    wait_for(lambda: states(app)["done"] == len(jobs))
    assert effects(app) == {f"job{job:03d}-{item}": 1 for job in range(30) for item in range(2)}


@pytest.mark.redis
def test_a_message_that_comes_twice_finds_the_job_done(app, world, kinds, start, prefix, redis_server):
    settings = {"KOEPEL_BROKER_URL": redis_server, "KOEPEL_BROKER_PREFIX": prefix}
    (pk,) = ask(app, world, "sample_effect")
    config = app.config["KOEPEL"]
    app.config["KOEPEL"] = config.model_copy(update={"broker_url": redis_server, "broker_prefix": prefix})
    try:
        celery = broker.make_celery(app)
        for _time in range(3):
            celery.send_task("koepel.execute", args=["job", pk], queue=broker.queue_name(app, "interactive"), retry=False)
        celery.close()
    finally:
        app.config["KOEPEL"] = config
    start("worker", **settings)
    wait_for(lambda: states(app)["done"] == 1)
    second = ask(app, world, "sample_effect", items=3)
    wait_for(lambda: states(app)["done"] == 1 + len(second))
    assert effects(app) == {"job000-0": 2, "job000-1": 1, "job000-2": 1}


def test_a_broker_that_is_away_is_no_reason_to_fail(app, world, kinds, monkeypatch):
    """It costs one page two seconds, not every page."""
    config = app.config["KOEPEL"]
    monkeypatch.setitem(app.config, "KOEPEL", config.model_copy(update={"broker_url": "redis://127.0.0.1:1"}))
    app.extensions.pop("koepel_celery", None)
    begun = time.monotonic()
    assert len(ask(app, world, "sample_effect", 20)) == 20
    assert time.monotonic() - begun < 5
    assert states(app) == {"waiting": 20}
    app.extensions.pop("koepel_celery").close()
    monkeypatch.setattr(broker, "_away_until", 0.0)
