"""Numbers: without gaps, whatever happens in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock
from core.db import db
from core.testing.factories import inside
from plugins.invoices.models import CREDIT, INVOICE, Invoice
from plugins.invoices.services.invoices import OrderLine, credit_invoice, get_invoice, issue_order, save_order
from plugins.invoices.services.numbering import next_number, show_number, take_numbers
from plugins.invoices.services.settings import InvoiceSettings
from plugins.invoices.tests.conftest import Shop, federation_of, rows

STEPS = st.lists(st.sampled_from(("issue", "credit", "fail", "draft")), min_size=1, max_size=12)


def _order(actor: Any, club_id: int) -> Invoice:
    return save_order(None, debtor_id=club_id, title="Shirts", note="", due_on=None, lines=[OrderLine("Shirt", 1, 1000)], actor=actor)


class _Trouble(Exception):
    """Something goes wrong after the number was taken."""


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_random_lives_leave_no_gap(app: Flask, shop: Shop, steps: Sequence[str]) -> None:
    for step in steps:
        try:
            with federation_of(app, shop) as actor:
                invoice = _order(actor, shop.world.club.id)
                if step != "draft":
                    issue_order(invoice, actor=actor)
                if step == "credit":
                    credit_invoice(invoice, reason="Sent back", actor=actor)
                if step == "fail":
                    raise _Trouble
        except _Trouble:
            continue
    for kind in (INVOICE, CREDIT):
        numbers = sorted(i.sequence for i in rows(app, Invoice) if i.kind == kind and i.issued_at)
        assert numbers == list(range(1, len(numbers) + 1))


def test_series_years_and_federations_count_apart(app: Flask, shop: Shop) -> None:
    with federation_of(app, shop):
        first = [take_numbers(INVOICE, 2026, 5), take_numbers(INVOICE, 2026), take_numbers(INVOICE, 2027), take_numbers(CREDIT, 2026)]
        following = next_number(INVOICE, 2026)
    with app.app_context(), inside(shop.world.other_federation):
        foreign = take_numbers(INVOICE, 2026)

    assert (first, following, foreign) == ([1, 6, 1, 1], 7, 1)


def test_a_number_that_was_not_used_is_given_again(app: Flask, shop: Shop) -> None:
    with pytest.raises(_Trouble), federation_of(app, shop):  # noqa: PT012 -- the scope of the federation ends with the block
        take_numbers(INVOICE, 2026, 10)
        raise _Trouble
    with federation_of(app, shop):
        assert take_numbers(INVOICE, 2026) == 1


@pytest.mark.parametrize(
    ("month", "day", "year"),
    [(1, date(2027, 12, 31), 2027), (10, date(2027, 9, 30), 2026), (10, date(2027, 10, 1), 2027), (4, date(2027, 4, 1), 2027), (4, date(2028, 3, 31), 2027)],
)
def test_fiscal_year_is_called_after_its_first_day(month: int, day: date, year: int) -> None:
    assert InvoiceSettings(fiscal_month=month).fiscal_year_of(day) == year


def test_numbers_as_people_write_them() -> None:
    assert [show_number("", INVOICE, 2027, 158), show_number("F", CREDIT, 2027, 3), show_number("", INVOICE, 2027, 12345)] == [
        "2027-0158",
        "FC2027-0003",
        "2027-12345",
    ]


def test_next_reference_is_this_year_or_after_the_last_run() -> None:
    chosen = InvoiceSettings()

    assert chosen.next_reference(date(2027, 3, 1), None) == date(2027, 4, 1)
    assert chosen.next_reference(date(2027, 6, 1), date(2027, 4, 1)) == date(2028, 4, 1)
    assert InvoiceSettings(reference_day=29, reference_month=2).reference_on(2027) == date(2027, 2, 28)


def test_numbers_are_taken_inside_a_transaction_only(app: Flask, shop: Shop) -> None:
    with app.app_context(), pytest.raises(Exception, match="no scope|belong inside"):
        take_numbers(INVOICE, clock.today().year)
    with app.app_context():
        db.session.remove()


def test_get_invoice_of_nowhere(app: Flask, shop: Shop) -> None:
    from core.errors import NotFound  # noqa: PLC0415 -- only here

    with federation_of(app, shop):
        for pk in (0, -1, 999, 2**40):
            with pytest.raises(NotFound):
                get_invoice(pk)
