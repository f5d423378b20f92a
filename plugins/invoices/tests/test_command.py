"""`koepel invoice-run`."""

from __future__ import annotations

from flask import Flask

from core.jobs.runner import work_off
from plugins.invoices.commands import invoice_run
from plugins.invoices.models import Invoice, InvoiceRun
from plugins.invoices.tests.conftest import Shop, mails, rows


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(invoice_run, list(arguments))
    return done.exit_code, done.output.replace("\xa0", " ")


def test_it_calculates_and_sends_only_when_asked(app: Flask, members: Shop) -> None:
    code, output = run(app, "--federation", "federation-f", "--on", "2025-04-01")
    assert (code, "2 invoices, 6 members, €104.50" in output) == (0, True), output
    assert {i.issued_at for i in rows(app, Invoice)} == {None}

    code, output = run(app, "--federation", "federation-f", "--on", "2025-04-01", "--approve")
    assert (code, "Approved." in output) == (0, True), output
    assert ([run.state for run in rows(app, InvoiceRun)], [i.number for i in rows(app, Invoice)]) == (["sent"], ["2025-0001", "2025-0002"])
    work_off(app)
    assert len(mails(app)) == 2

    code, output = run(app, "--federation", "federation-f", "--on", "2025-04-01", "--approve")
    assert (code, "was sent already" in output) == (1, True)


def test_it_says_what_is_wrong(app: Flask, members: Shop) -> None:
    assert run(app, "--federation", "club-a", "--on", "2025-04-01") == (1, "Error: club-a is not a federation\n")
    assert run(app, "--federation", "nowhere", "--on", "2025-04-01")[0] == 1
    assert run(app, "--federation", "federation-f", "--on", "soon")[0] == 2
