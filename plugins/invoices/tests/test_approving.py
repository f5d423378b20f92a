"""Approving: once, all or nothing, numbers without gaps, also when two do it at the same time and the power fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from itertools import cycle, product
from typing import Any

import pytest
from flask import Flask

from core.db import db, transaction
from core.errors import Forbidden, UserMistake
from core.jobs.models import Job
from core.jobs.runner import work_off
from core.tenancy import unscoped
from core.testing.crashes import work_again
from plugins.invoices.models import Invoice, InvoiceNumber, InvoiceRun
from plugins.invoices.services.approving import PAPERS_JOB, approve_run
from plugins.invoices.services.runs import get_run, redo_draft, remove_run
from plugins.invoices.tests.conftest import SECOND, SPORTING, Shop, approve, draft, federation_of, mails, redraft, rows, sent, the_run


def check_numbers(app: Flask) -> list[Invoice]:
    """Gapless from 1, unique, one invoice per run and club; returns what was issued."""
    issued = [i for i in rows(app, Invoice) if i.issued_at is not None]
    by_year: dict[int, list[int]] = {}
    for invoice in issued:
        by_year.setdefault(invoice.fiscal_year, []).append(invoice.sequence)
    for numbers in by_year.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert {n.fiscal_year: n.last for n in rows(app, InvoiceNumber) if n.last} == {year: len(numbers) for year, numbers in by_year.items()}
    assert len({(i.run_id, i.debtor_id) for i in issued}) == len(issued)
    assert len({i.communication for i in issued}) == len(issued)
    return issued


@pytest.mark.covers("R149")
def test_approving_issues_every_invoice_with_what_belongs_on_it(app: Flask, members: Shop) -> None:
    first, second = sent(app, members)

    assert [(i.number, i.debtor["name"], i.total_cents, i.fiscal_year) for i in (first, second)] == [
        ("2025-0001", "Club A", 3 * SPORTING + 1200, 2025),
        ("2025-0002", "Club B", 2 * SPORTING, 2025),
    ]
    assert (first.issued_on, first.due_on, first.communication) == (SECOND, date(2025, 5, 1), "250000000186")
    assert (first.debtor["address"], first.debtor["number"], first.issuer["iban"]) == (["Kerkstraat 5", "3200 Aarschot"], "1001", "BE68539007547034")
    assert first.vat_note.startswith("Exempt from VAT")
    assert [job.unique_key for job in rows(app, Job) if job.kind == PAPERS_JOB] == [f"run:{first.run_id}"]
    check_numbers(app)


def test_approving_twice_is_approving_once(app: Flask, members: Shop) -> None:
    run_id = draft(app, members)
    approve(app, members, run_id)
    with pytest.raises(UserMistake, match="were sent"):
        approve(app, members, run_id)
    assert len(check_numbers(app)) == 2
    assert len([job for job in rows(app, Job) if job.kind == PAPERS_JOB]) == 1


def test_what_was_sent_cannot_be_calculated_again_or_removed(app: Flask, members: Shop) -> None:
    run_id = sent(app, members)[0].run_id
    for deed in (redo_draft, remove_run):
        with pytest.raises(UserMistake, match="were sent"), federation_of(app, members) as actor:
            deed(get_run(run_id), actor=actor)
    redraft(app, members, run_id)  # a job that comes too late changes nothing
    assert (the_run(app, run_id).generation, len(check_numbers(app))) == (1, 2)


def test_only_the_draft_that_was_looked_at_is_approved(app: Flask, members: Shop) -> None:
    run_id = draft(app, members)
    redraft(app, members, run_id)
    with pytest.raises(UserMistake, match="again since"), federation_of(app, members) as actor:
        approve_run(get_run(run_id), generation=1, actor=actor)
    assert check_numbers(app) == []


def test_without_an_account_nothing_is_approved(app: Flask, members: Shop) -> None:
    from core.organisations.models import Organisation  # noqa: PLC0415 -- only here

    run_id = draft(app, members)
    with federation_of(app, members):
        db.session.get_one(Organisation, members.federation.id).iban = None
    with pytest.raises(UserMistake, match="account number"):
        approve(app, members, run_id)


def test_the_right_is_asked(app: Flask, members: Shop) -> None:
    from core.access import Actor  # noqa: PLC0415 -- only here

    run_id = draft(app, members)
    with pytest.raises(Forbidden), federation_of(app, members):
        approve_run(get_run(run_id), actor=Actor(1, "Nobody", members.federation.id, frozenset({"invoices.manage", "invoice_runs.write"})))


def test_an_error_at_the_end_gives_every_number_back(app: Flask, members: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = draft(app, members)
    with pytest.raises(RuntimeError, match="power"), federation_of(app, members) as actor:  # noqa: PT012 -- the scope of the federation ends with the block
        approve_run(get_run(run_id), actor=actor)
        raise RuntimeError("power")
    assert (check_numbers(app), the_run(app, run_id).state, rows(app, Job)) == ([], "draft", [])


# --- two at once, and kill -9 ------------------------------------------------------------------

#: approves runs in forked children, all at the same time, each killed where it is told
SCRIPT = """
import json, os, sys
from core.access import acting, system_actor
from core.app import create_app
from core.config import load
from core.db import transaction
from core.errors import UserMistake
from core.organisations.services import by_slug
from core.tenancy import scope, unscoped

app = create_app(load())
from plugins.invoices.services.approving import approve_run
from plugins.invoices.services.runs import get_run


def approve(run_id, place):
    if place:
        os.environ["KOEPEL_FAILPOINT"] = place
    with app.app_context():
        with unscoped("finding a federation"):
            federation = by_slug("federation-f")
        with scope(federation), acting(system_actor(federation.id, language="en")) as actor:
            try:
                with transaction():
                    approve_run(get_run(run_id), actor=actor)
            except UserMistake:
                return 3
    return 0


print("ready", flush=True)
for line in sys.stdin:
    children = []
    for run_id, place in json.loads(line):
        child = os.fork()
        if not child:
            code = 1
            try:
                code = approve(run_id, place)
            finally:
                os._exit(code)
        children.append(child)
    codes = {child: os.waitstatus_to_exitcode(status) for child, status in (os.waitpid(c, 0) for c in children)}
    print(json.dumps([codes[c] for c in children]), flush=True)
"""
KILL, DONE, REFUSED = -signal.SIGKILL, 0, 3
PLACES = ("invoices.run_locked", "invoices.numbers_taken", "invoices.issued", "invoices.approved_uncommitted")


@pytest.fixture(scope="module")
def _approvers(_app: Flask) -> Iterator[subprocess.Popen[str]]:
    config = _app.config["KOEPEL"]
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KOEPEL_")},
        "KOEPEL_ENVIRONMENT": "test",
        "KOEPEL_INSTANCE_DIR": str(config.instance_dir),
        "KOEPEL_DATABASE_URL": config.database,
        "KOEPEL_EMBEDDED_WORKER": "false",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    with subprocess.Popen([sys.executable, "-c", SCRIPT], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()


@pytest.fixture
def approvers(app: Flask, _approvers: subprocess.Popen[str]) -> Callable[[list[tuple[int, str | None]]], list[int]]:
    """approvers([(run, failpoint or None), ...]) approves at the same time; returns how each process ended."""

    def send(tasks: list[tuple[int, str | None]]) -> list[int]:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        assert _approvers.stdin is not None and _approvers.stdout is not None
        _approvers.stdin.write(json.dumps(tasks) + "\n")
        _approvers.stdin.flush()
        return list(json.loads(_approvers.stdout.readline()))

    return send


def test_two_admins_click_at_the_same_time(app: Flask, members: Shop, approvers: Callable[..., list[int]]) -> None:
    run_id = draft(app, members)

    codes = approvers([(run_id, None)] * 4)

    assert sorted(codes) == [DONE, REFUSED, REFUSED, REFUSED]
    assert len(check_numbers(app)) == 2
    assert len([job for job in rows(app, Job) if job.kind == PAPERS_JOB]) == 1


def test_concurrent_runs_that_are_killed_leave_no_gap_and_nothing_double(app: Flask, members: Shop, approvers: Callable[..., list[int]]) -> None:
    """Four runs, approved two at a time, with a kill at every place between the lock and the commit."""
    runs = [draft(app, members, date(2025, month, 1)) for month in range(1, 5)]
    places, kills = cycle(PLACES), 0
    for one, other in zip(runs[::2], runs[1::2], strict=True):
        for place in PLACES:
            codes = approvers([(one, place), (other, next(places)), (one, place)])
            kills += codes.count(KILL)
            assert codes == [KILL] * 3
            assert [the_run(app, run).state for run in (one, other)] == ["draft", "draft"]
        next(places)
        codes = approvers([(one, None), (other, None), (one, PLACES[1]), (other, None)])
        assert codes.count(DONE) == 2
    assert kills == 24
    issued = check_numbers(app)
    assert (len(issued), {i.number[:4] for i in issued}) == (8, {"2025"})
    assert [run.state for run in rows(app, InvoiceRun)] == ["sent"] * 4
    assert sorted(job.unique_key for job in rows(app, Job) if job.kind == PAPERS_JOB) == sorted(f"run:{run}" for run in runs)


def test_fifty_kills_in_two_concurrent_runs_leave_no_gap(app: Flask, members: Shop, approvers: Callable[..., list[int]]) -> None:
    """Five pairs of runs. Of each pair both processes are killed five times at once, each time elsewhere; then both are done at once."""
    places, kills = cycle(product(PLACES, PLACES)), 0
    for year in range(2021, 2026):
        one, other = (draft(app, members, date(year, month, 1)) for month in (3, 4))
        for _ in range(5):
            here, there = next(places)
            codes = approvers([(one, here), (other, there)])
            kills += codes.count(KILL)
            assert [the_run(app, run).state for run in (one, other)] == ["draft", "draft"]
        assert approvers([(one, None), (other, None)]) == [DONE, DONE]
        check_numbers(app)
    assert kills == 50
    issued = check_numbers(app)
    assert {i.fiscal_year for i in issued} == set(range(2021, 2026))
    assert len(issued) == sum(run.clubs for run in rows(app, InvoiceRun)) == 20


@pytest.mark.parametrize("place", ["invoices.paper_drawn", "invoices.mail_queued", "invoices.paper_made", "job.done_unwritten"])
def test_the_job_that_sends_is_killed_and_every_club_gets_one_mail(app: Flask, members: Shop, crash: Callable[[str], None], place: str) -> None:
    sent(app, members)
    crash(place)
    work_again(app)

    assert sorted(mail.unique_key for mail in mails(app)) == sorted(f"invoice:{i.id}" for i in rows(app, Invoice))
    assert [len(mail.file_ids) for mail in mails(app)] == [1, 1]
    assert [i.pdf_sha256 is not None for i in rows(app, Invoice)] == [True, True]
    job = next(job for job in rows(app, Job) if job.kind == PAPERS_JOB)
    assert (job.state, job.done, job.total) == ("done", 2, 2)


@pytest.mark.parametrize("place", ["invoices.after_batch", "invoices.drafted"])
def test_the_job_that_calculates_is_killed_and_the_draft_is_whole(app: Flask, members: Shop, crash: Callable[[str], None], place: str) -> None:
    from plugins.invoices.services.runs import start_run  # noqa: PLC0415 -- only here

    with federation_of(app, members) as actor:
        run_id = start_run(reference_on=SECOND, invoice_on=None, due_on=None, actor=actor).id
    crash(place)
    work_again(app)

    run = the_run(app, run_id)
    assert (run.state, run.clubs, run.members, run.total_cents) == ("draft", 2, 6, 5 * SPORTING + 1200)
    assert len(rows(app, Invoice)) == 2
    approve(app, members, run_id)
    assert len(check_numbers(app)) == 2


def test_a_failed_mail_stops_nobody_and_can_be_tried_again(app: Flask, members: Shop) -> None:
    from core.organisations.models import Organisation  # noqa: PLC0415 -- only here

    sent(app, members)
    with federation_of(app, members):
        db.session.get_one(Organisation, members.world.club.id).invoice_email = None
    work_off(app)
    assert [mail.to_address for mail in mails(app)] == ["b@clubs.example"]
    with app.app_context(), transaction(), unscoped("the club fills in its address"):
        db.session.get_one(Organisation, members.world.club.id).invoice_email = "new@clubs.example"
    from core.jobs.services import retry  # noqa: PLC0415 -- only here

    with federation_of(app, members) as actor:
        from sqlalchemy import select  # noqa: PLC0415 -- only here

        job: Any = db.session.scalars(select(Job).where(Job.kind == PAPERS_JOB)).one()
        retry(job, actor=actor)
    work_off(app)
    assert sorted(mail.to_address for mail in mails(app)) == ["b@clubs.example", "new@clubs.example"]
