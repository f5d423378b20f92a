"""Whoever waits to write on SQLite gets a turn, however busy a job is."""

from __future__ import annotations

import threading

import pytest

from core.db import db, transaction
from core.turns import Turns


def started(target) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def test_turns_are_handed_out_in_the_order_of_waiting():
    line, order, standing = Turns(), [], threading.Semaphore(0)
    assert line.take()

    def wait(number: int) -> None:
        standing.release()
        assert line.take()
        order.append(number)
        line.give()

    threads = []
    for number in range(5):
        threads.append(started(lambda number=number: wait(number)))
        standing.acquire()
        while len(line._waiting) <= number:  # it is in line before the next one comes
            threading.Event().wait(0.001)
    line.give()
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]
    assert line.take(0) and not line.take(0)


def test_who_gives_up_is_not_waited_for():
    line = Turns()
    assert line.take() and not line.take(0.01)
    line.give()
    assert line.take(0)


def test_a_person_is_not_kept_waiting_by_a_job_that_writes_one_transaction_after_the_other(app, world):
    """As the hourly look at all clubs does: it is back before anybody notices that it was away. (PostgreSQL has many writers.)"""
    ended, turns_of_job, between = threading.Event(), [0], []

    def job() -> None:
        with app.app_context():
            while not ended.is_set():
                with transaction():
                    db.session.connection()
                    ended.wait(0.03)
                turns_of_job[0] += 1

    busy = started(job)
    try:
        for _click in range(5):
            with app.app_context():
                before = turns_of_job[0]
                with transaction():
                    between.append(turns_of_job[0] - before)
    finally:
        ended.set()
        busy.join(10)
    assert turns_of_job[0] > 0
    assert max(between) <= 5, f"{between}: hundreds when nobody stands in line"


def test_the_turn_is_given_back_after_a_mistake(app):
    with app.app_context():
        with pytest.raises(ZeroDivisionError), transaction():
            raise ZeroDivisionError
        assert started(lambda: write(app)).join(10) is None
        with transaction():
            pass


def write(app) -> None:
    with app.app_context(), transaction():
        db.session.connection()
