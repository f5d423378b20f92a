"""Pulling the plug of real workers: every effect happens, and happens once."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import timedelta

import pytest

from core import clock
from core.db import db, transaction
from core.jobs.housekeeping import free_lost
from core.jobs.models import Job
from core.tenancy import unscoped
from core.testing.databases import wants_postgres
from tests.core.jobs.conftest import alive, ask, effects, kill, states, the_job, wait_for

JOBS = 200


@pytest.mark.postgres
@pytest.mark.skipif(not wants_postgres(), reason="several worker processes need PostgreSQL")
def test_200_jobs_survive_two_workers_that_are_killed_again_and_again(app, world, kinds, nursery):
    ask(app, world, "sample_effect", JOBS, items=2, seconds=0.012)
    luck, kills = random.Random(7), 0  # noqa: S311 -- chance, not a secret
    workers = [nursery.worker(), nursery.worker()]
    until = time.monotonic() + 50
    while states(app)["done"] < JOBS:
        assert time.monotonic() < until, states(app)
        time.sleep(luck.uniform(0.1, 0.5))
        victim = luck.randrange(2)
        if kills < 25:
            os.kill(workers[victim], signal.SIGKILL)
            workers[victim] = nursery.worker()
            kills += 1
    assert kills >= 10
    assert states(app) == {"done": JOBS}
    assert effects(app) == {f"job{job:03d}-{item}": 1 for job in range(JOBS) for item in range(2)}


@pytest.mark.parametrize("place", ["job.taken", "job.done_unwritten"])
def test_a_worker_that_dies_between_two_commits_leaves_nothing_undone_or_double(app, world, kinds, nursery, place):
    """The worst moments: taken and not begun, done and not written down."""
    (pk,) = ask(app, world, "sample_effect", items=3)
    first = nursery.worker(place)
    wait_for(lambda: not alive(first))
    assert the_job(app, pk).state == "running"
    nursery.worker()
    wait_for(lambda: the_job(app, pk).state == "done")
    assert (effects(app), the_job(app, pk).attempts) == ({"job000-0": 1, "job000-1": 1, "job000-2": 1}, 2)


def test_a_worker_that_is_told_to_stop_finishes_what_it_does(app, world, kinds, start):
    (pk,) = ask(app, world, "sample_effect", items=8, seconds=0.2)
    worker = start("worker")
    wait_for(lambda: the_job(app, pk).done > 0)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert (the_job(app, pk).state, the_job(app, pk).attempts, sum(effects(app).values())) == ("done", 1, 8)


def test_the_worker_inside_serve_goes_on_after_a_power_cut(app, world, kinds, start):
    """One process on SQLite (and on PostgreSQL): killed while it works, started again."""
    jobs = ask(app, world, "sample_effect", 12, items=4, seconds=0.04)
    port = {"KOEPEL_PORT": str(20_000 + os.getpid() % 20_000)}
    for number in (2, 6):
        server = start("serve", **port)
        wait_for(lambda number=number: states(app)["done"] >= number)
        kill(server)
        assert states(app)["done"] < len(jobs)
    start("serve", **port)
    wait_for(lambda: states(app)["done"] == len(jobs))
    assert effects(app) == {f"job{job:03d}-{item}": 1 for job in range(12) for item in range(4)}


def test_a_job_that_kills_its_worker_is_given_up_after_five_tries_and_the_others_are_done(app, world, kinds, nursery):
    (poison,) = ask(app, world, "sample_poison")
    others = ask(app, world, "sample_effect", 20)
    pid, deaths = nursery.worker(), 0
    until = time.monotonic() + 45
    while the_job(app, poison).state != "failed" or states(app)["done"] < len(others):
        assert time.monotonic() < until, states(app)
        if not alive(pid):
            deaths += 1
            pid = nursery.worker()
        time.sleep(0.05)
    found = the_job(app, poison)
    assert (deaths, found.attempts, found.reason) == (5, 5, "crashed")
    assert effects(app) == {f"job{number:03d}-0": 1 for number in range(20)}


def test_a_job_longer_than_its_lease_keeps_it(app, world, kinds, nursery):
    (pk,) = ask(app, world, "sample_long", steps=8, seconds=0.5)
    nursery.worker()
    nursery.worker()
    wait_for(lambda: the_job(app, pk).state == "done")
    assert (effects(app), the_job(app, pk).attempts) == ({"job000-1": 1}, 1)


def test_what_a_dead_worker_held_is_taken_within_lease_and_one_round(app, world, kinds, nursery):
    (pk,) = ask(app, world, "sample_effect", items=200, seconds=0.05)
    both = {nursery.worker(), nursery.worker()}
    wait_for(lambda: the_job(app, pk).done > 2)
    holder = the_job(app, pk).worker
    owner = int(holder.split(":")[1])
    assert owner in both
    os.kill(owner, signal.SIGKILL)
    died = time.monotonic()
    wait_for(lambda: the_job(app, pk).worker not in (holder, None), every=0.02)
    assert time.monotonic() - died < 1.5 + 1.0 + 1.5  # lease, one look of the keeper, one poll of the lane


def test_a_lease_that_ran_out_is_seen_with_a_clock_of_our_own(app, world, kinds):
    """Without waiting: the same with a row that says so."""
    (pk,) = ask(app, world, "sample_effect")
    with app.app_context():
        with unscoped("arranging a test"), transaction():
            job = db.session.get(Job, pk)
            job.state, job.worker, job.attempts, job.lease_until = "running", "gone:1", 1, clock.now() + timedelta(seconds=5)
        assert free_lost() == 0
        with unscoped("arranging a test"), transaction():
            db.session.get(Job, pk).lease_until = clock.now() - timedelta(seconds=1)
        assert free_lost() == 1
    assert (the_job(app, pk).state, the_job(app, pk).worker, the_job(app, pk).attempts) == ("waiting", None, 1)
