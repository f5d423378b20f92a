"""Fees per type and period."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from core.errors import NotFound, UserMistake
from core.testing.factories import inside
from plugins.invoices.models import Fee
from plugins.invoices.services.fees import fees_on, get_fee, remove_fee, save_fee
from plugins.invoices.tests.conftest import Person, Shop, federation_of, rows


def save(app: Flask, shop: Shop, **values: Any) -> int:
    with federation_of(app, shop) as actor:
        return save_fee(None, **{"type_id": shop.sporting, "amount_cents": 2000, "from_on": date(2030, 1, 1), "until_on": None, **values}, actor=actor).id


@pytest.mark.parametrize(
    ("from_on", "until_on"),
    [(date(2020, 1, 1), None), (date(2026, 1, 1), date(2026, 12, 31)), (date(2010, 1, 1), date(2020, 1, 1)), (date(2010, 1, 1), None)],
)
def test_a_period_that_overlaps_is_refused(app: Flask, shop: Shop, from_on: date, until_on: date | None) -> None:
    with pytest.raises(UserMistake) as refused:
        save(app, shop, from_on=from_on, until_on=until_on)
    assert refused.value.field == "from_on"
    assert len(rows(app, Fee)) == 2


def test_periods_that_touch_are_fine(app: Flask, shop: Shop) -> None:
    save(app, shop, from_on=date(2010, 1, 1), until_on=date(2019, 12, 31))

    with federation_of(app, shop):
        found = [fees_on(day)[shop.sporting].amount_cents for day in (date(2019, 12, 31), date(2020, 1, 1))]
        assert (found, fees_on(date(2009, 12, 31))) == ([2000, 1850], {})


def test_a_new_fee_ends_the_former_one(app: Flask, shop: Shop) -> None:
    save(app, shop, from_on=date(2027, 1, 1), ends_former=True)

    periods = [(fee.from_on, fee.until_on) for fee in rows(app, Fee) if fee.type_id == shop.sporting]
    assert periods == [(date(2020, 1, 1), date(2026, 12, 31)), (date(2027, 1, 1), None)]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount_cents": None}, "amount_cents"),
        ({"amount_cents": -1}, "amount_cents"),
        ({"amount_cents": 10**10}, "amount_cents"),
        ({"from_on": None}, "from_on"),
        ({"until_on": date(2029, 1, 1)}, "until_on"),
        ({"type_id": 9999}, "type_id"),
    ],
)
def test_mistakes_stand_beside_their_field(app: Flask, shop: Shop, values: dict[str, Any], field: str) -> None:
    with pytest.raises(UserMistake) as refused:
        save(app, shop, **values)
    assert refused.value.field == field


def test_amounts_are_cents_never_floats(app: Flask, shop: Shop) -> None:
    with pytest.raises(TypeError):
        save(app, shop, amount_cents=18.5)


def test_another_federation_sees_no_fees_and_cannot_price_our_types(app: Flask, shop: Shop) -> None:
    fee_id = rows(app, Fee)[0].id
    with app.app_context(), inside(shop.world.other_federation) as actor:
        with pytest.raises(NotFound):
            get_fee(fee_id)
        with pytest.raises(UserMistake):
            save_fee(None, type_id=shop.sporting, amount_cents=1, from_on=date(2020, 1, 1), until_on=None, actor=actor)
        assert fees_on(date(2026, 1, 1)) == {}


def test_pages_add_change_and_remove_a_fee(app: Flask, shop: Shop, admin: Person) -> None:
    assert "Sporting member" in admin.page("/invoicing/fees/")
    assert "New fee" in admin.page(f"/invoicing/fees/add?type={shop.friend}")
    wrong = admin.post("/invoicing/fees/add", type_id=shop.friend, amount_cents="18,50", from_on="2026-01-01")
    assert wrong.status_code == 422
    assert ("18,50" in wrong.text, "2026-01-01" in wrong.text) == (True, True)

    answer = admin.post("/invoicing/fees/add", type_id=shop.friend, amount_cents="18,50", from_on="2026-01-01", ends_former="y")
    assert answer.status_code == 302, answer.text
    made = next(fee for fee in rows(app, Fee) if fee.from_on == date(2026, 1, 1))
    assert made.amount_cents == 1850

    data = {"type_id": shop.friend, "amount_cents": "19", "from_on": "2026-01-01", "version": made.version}
    assert admin.post(f"/invoicing/fees/{made.id}", **data).status_code == 302
    assert admin.post(f"/invoicing/fees/{made.id}", **data).status_code == 409  # from an old page
    assert next(fee for fee in rows(app, Fee) if fee.id == made.id).amount_cents == 1900
    assert admin.post(f"/invoicing/fees/{made.id}/delete").status_code == 302
    assert len(rows(app, Fee)) == 2


def test_removing_is_recorded(app: Flask, shop: Shop) -> None:
    from core.audit.models import AuditEntry  # noqa: PLC0415 -- only here

    fee_id = rows(app, Fee)[0].id
    with federation_of(app, shop) as actor:
        remove_fee(get_fee(fee_id), actor=actor)
    assert "fee.deleted" in [entry.action for entry in rows(app, AuditEntry)]
