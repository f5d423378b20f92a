"""Orders, payments, credit notes, reminders, and what never changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from core import clock
from core.audit.models import AuditEntry
from core.db import db, transaction
from core.errors import Forbidden, NotFound, OutOfScope, StaleVersion, UserMistake
from core.tenancy import scope, unscoped
from core.testing.factories import inside
from plugins.invoices.errors import AlreadyIssued
from plugins.invoices.models import CREDIT, Invoice, InvoiceLine, Payment, status_of
from plugins.invoices.services.invoices import (
    OrderLine,
    credit_invoice,
    find_by_communication,
    get_invoice,
    issue_order,
    remove_draft,
    save_order,
)
from plugins.invoices.services.payments import get_payment, payments_of, record_payment, undo_payment
from plugins.invoices.services.reminders import remind
from plugins.invoices.tests.conftest import FRIEND, SPORTING, Shop, federation_of, mails, rows, sent

SHIRTS = [OrderLine("Shirt", 3, 1450), OrderLine("Shipping", 1, 950)]
TOTAL = 3 * SPORTING + FRIEND


def order(app: Flask, shop: Shop, *, issue: bool = True, **values: Any) -> int:
    with federation_of(app, shop) as actor:
        invoice = save_order(None, **{"debtor_id": shop.world.club.id, "title": "Shirts", "note": "", "due_on": None, "lines": SHIRTS, **values}, actor=actor)
        if issue:
            issue_order(invoice, actor=actor)
        return invoice.id


def one(app: Flask, pk: int) -> Invoice:
    return next(invoice for invoice in rows(app, Invoice) if invoice.id == pk)


def pay(app: Flask, shop: Shop, pk: int, cents: int | None = None, **values: Any) -> int:
    with federation_of(app, shop) as actor:
        return record_payment(get_invoice(pk), amount_cents=cents, paid_on=values.pop("paid_on", date(2025, 4, 20)), actor=actor, **values).id


# --- status ------------------------------------------------------------------------------------

DAY = date(2027, 5, 1)


@pytest.mark.covers("R187")
@pytest.mark.parametrize(
    ("kind", "issued", "due", "total", "paid", "credited", "status"),
    [
        ("invoice", None, None, 100, 0, 0, "draft"),
        ("invoice", DAY, DAY, 100, 0, 0, "open"),  # on the last day it is not late
        ("invoice", DAY, DAY - timedelta(days=1), 100, 0, 0, "overdue"),
        ("invoice", DAY, DAY, 100, 40, 0, "partly_paid"),
        ("invoice", DAY, DAY, 100, 0, 40, "partly_paid"),
        ("invoice", DAY, DAY - timedelta(days=1), 100, 99, 0, "overdue"),
        ("invoice", DAY, DAY - timedelta(days=1), 100, 100, 0, "paid"),
        ("invoice", DAY, DAY - timedelta(days=1), 100, 60, 40, "paid"),
        ("invoice", DAY, DAY, 100, 0, 100, "credited"),
        ("credit", DAY, None, 100, 0, 0, "credited"),
    ],
)
def test_status_follows_from_dates_and_amounts(kind: str, issued: date, due: date, total: int, paid: int, credited: int, status: str) -> None:
    assert status_of(kind, issued, due, total, paid, credited, DAY) == status


def test_the_filter_on_status_finds_what_the_badge_says(app: Flask, shop: Shop) -> None:
    from sqlalchemy import select  # noqa: PLC0415 -- only here

    from plugins.invoices.lists.statuses import STATUS_SQL  # noqa: PLC0415 -- only here

    with federation_of(app, shop):
        for number, (paid, credited, late) in enumerate((p, c, late) for p in (0, 40, 100) for c in (0, 60, 100) for late in (False, True) if p + c <= 100):
            day = clock.today() + timedelta(days=-3 if late else 3)
            amounts = {"total_cents": 100, "paid_cents": paid, "credited_cents": credited}
            issued = {"issued_at": clock.now(), "issued_on": day, "due_on": day, "fiscal_year": 2027, "sequence": number + 1}
            db.session.add(Invoice(debtor_id=shop.world.club.id, source="order", **amounts, **issued))
        db.session.add(Invoice(debtor_id=shop.world.club.id, source="order", total_cents=5))
        db.session.flush()
        every = db.session.scalars(select(Invoice)).all()
        for status in ("draft", "open", "overdue", "partly_paid", "paid", "credited"):
            expected = {i.id for i in every if i.status_on(clock.today()) == status}
            assert set(db.session.scalars(select(Invoice.id).where(STATUS_SQL[status](clock.today())))) == expected, status
            assert expected, status


# --- orders ------------------------------------------------------------------------------------


@pytest.mark.covers("R186")
def test_an_order_is_a_draft_until_it_is_sent(app: Flask, shop: Shop) -> None:
    pk = order(app, shop, issue=False)

    assert (one(app, pk).is_draft, one(app, pk).total_cents, [line.text for line in rows(app, InvoiceLine)]) == (True, 5300, ["Shirt", "Shipping"])
    with federation_of(app, shop) as actor:
        save_order(
            get_invoice(pk), debtor_id=shop.world.other_club.id, title="More shirts", note="", due_on=None, lines=[OrderLine("Shirt", 10, 1000)], actor=actor
        )
        issue_order(get_invoice(pk), actor=actor)
    invoice = one(app, pk)
    today = clock.today()
    assert (invoice.debtor_id, invoice.total_cents, invoice.number, invoice.due_on) == (
        shop.world.other_club.id, 10000, f"{today.year}-0001", today + timedelta(days=30),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"debtor_id": None}, "debtor_id"),
        ({"title": "  "}, "title"),
        ({"lines": []}, "lines"),
        ({"lines": [OrderLine("", 1, 1)]}, "lines"),
        ({"lines": [OrderLine("x", 0, 1)]}, "lines"),
        ({"lines": [OrderLine("x", None, 1)]}, "lines"),
        ({"lines": [OrderLine("x", 1, None)]}, "lines"),
        ({"lines": [OrderLine("x", 1, -500)]}, "lines"),
        ({"lines": [OrderLine("x", 10**9, 1)]}, "lines"),
        ({"lines": [OrderLine("x" * 301, 1, 1)]}, "lines"),
        ({"lines": [OrderLine("x", 1, 1)] * 51}, "lines"),
    ],
)
def test_orders_that_cannot_be_right_are_refused(app: Flask, shop: Shop, values: dict[str, Any], field: str) -> None:
    with pytest.raises(UserMistake) as refused:
        order(app, shop, **values)
    assert refused.value.field == field
    assert rows(app, Invoice) == []


def test_clubs_of_others_cannot_be_invoiced(app: Flask, shop: Shop) -> None:
    for stranger in (shop.world.foreign_club.id, shop.federation.id, 10**6):
        with pytest.raises(UserMistake) as refused:
            order(app, shop, debtor_id=stranger)
        assert refused.value.field == "debtor_id"


def test_a_discount_line_is_fine_as_long_as_something_is_left(app: Flask, shop: Shop) -> None:
    assert one(app, order(app, shop, lines=[*SHIRTS, OrderLine("Discount", 1, -300)])).total_cents == 5000


def test_two_people_change_a_draft(app: Flask, shop: Shop) -> None:
    pk = order(app, shop, issue=False)
    version = one(app, pk).version
    with federation_of(app, shop) as actor:
        save_order(get_invoice(pk), debtor_id=shop.world.club.id, title="First", note="", due_on=None, lines=SHIRTS, version=version, actor=actor)
    for deed in ("save", "issue"):
        with pytest.raises(StaleVersion), federation_of(app, shop) as actor:  # noqa: PT012 -- the scope of the federation ends with the block
            if deed == "save":
                save_order(get_invoice(pk), debtor_id=shop.world.club.id, title="Second", note="", due_on=None, lines=SHIRTS, version=version, actor=actor)
            else:
                issue_order(get_invoice(pk), version=version, actor=actor)
    assert one(app, pk).title == "First"


# --- what never changes ------------------------------------------------------------------------


def test_an_issued_invoice_does_not_change(app: Flask, shop: Shop) -> None:
    pk = order(app, shop)
    with pytest.raises(AlreadyIssued), federation_of(app, shop) as actor:
        save_order(get_invoice(pk), debtor_id=shop.world.club.id, title="Other", note="", due_on=None, lines=SHIRTS, actor=actor)
    for deed in (issue_order, remove_draft):
        with pytest.raises(AlreadyIssued), federation_of(app, shop) as actor:
            deed(get_invoice(pk), actor=actor)


@pytest.mark.parametrize("attribute", ["total_cents", "number", "sequence", "debtor_id", "issued_on", "due_on", "communication", "issuer", "title", "vat_note"])
def test_the_session_refuses_to_change_what_was_issued(app: Flask, shop: Shop, attribute: str) -> None:
    pk = order(app, shop)
    values = {"issuer": {"name": "Other"}, "issued_on": date(2020, 1, 1), "due_on": date(2020, 1, 1), "debtor_id": shop.world.other_club.id}
    with pytest.raises(OutOfScope), federation_of(app, shop):  # noqa: PT012 -- the scope of the federation ends with the block
        setattr(get_invoice(pk), attribute, values.get(attribute, 7 if attribute.endswith(("cents", "sequence")) else "7"))
        db.session.flush()


def test_the_session_refuses_to_delete_what_was_issued(app: Flask, shop: Shop) -> None:
    pk = order(app, shop)
    with pytest.raises(OutOfScope), federation_of(app, shop):  # noqa: PT012 -- the scope of the federation ends with the block
        db.session.delete(get_invoice(pk))
        db.session.flush()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoice SET total_cents = 1 WHERE id = :pk",
        "UPDATE invoice SET issued_at = NULL, sequence = NULL WHERE id = :pk",
        "UPDATE invoice SET debtor_id = organisation_id WHERE id = :pk",
        "DELETE FROM invoice WHERE id = :pk",
        "UPDATE invoice_line SET unit_cents = 1 WHERE invoice_id = :pk",
        "DELETE FROM invoice_line WHERE invoice_id = :pk",
        "INSERT INTO invoice_line (organisation_id, invoice_id, debtor_id, position, text, quantity, unit_cents, total_cents, rule, rule_text)"
        " SELECT organisation_id, id, debtor_id, 9, 'x', 1, 1, 1, '', '' FROM invoice WHERE id = :pk",
    ],
)
def test_the_database_refuses_it_too(app: Flask, shop: Shop, statement: str) -> None:
    pk = order(app, shop)
    before = (one(app, pk).total_cents, len(rows(app, InvoiceLine)))
    with app.app_context(), db.engine.connect() as connection:
        if db.engine.dialect.name == "postgresql":
            connection.execute(
                text("SELECT set_config('koepel.low', '0', false), set_config('koepel.high', '2147483647', false), set_config('koepel.federation', '0', false)")
            )
        with pytest.raises(DatabaseError, match="stays as it is"):
            connection.execute(text(statement), {"pk": pk})
        connection.rollback()
    assert (one(app, pk).total_cents, len(rows(app, InvoiceLine))) == before


def test_addresses_are_those_of_the_day_it_was_issued(app: Flask, shop: Shop) -> None:
    from core.organisations.models import Organisation  # noqa: PLC0415 -- only here

    pk = order(app, shop)
    with app.app_context(), transaction(), unscoped("the club moves and the bank changes"):
        db.session.get_one(Organisation, shop.world.club.id).street = "Elsewhere"
        db.session.get_one(Organisation, shop.federation.id).iban = "BE71096123456769"
    assert (one(app, pk).debtor["address"][0], one(app, pk).issuer["iban"]) == ("Kerkstraat 5", "BE68539007547034")


# --- payments ----------------------------------------------------------------------------------


@pytest.mark.covers("R187")
def test_payments_add_up_and_can_be_taken_back(app: Flask, members: Shop) -> None:
    pk = sent(app, members)[0].id
    first = pay(app, members, pk, 1000)
    assert (one(app, pk).paid_cents, one(app, pk).open_cents) == (1000, TOTAL - 1000)
    pay(app, members, pk)
    assert (one(app, pk).status_on(clock.today()), one(app, pk).open_cents) == ("paid", 0)
    with pytest.raises(UserMistake, match="settled"):
        pay(app, members, pk, 1)
    for _twice in range(2):
        with federation_of(app, members) as actor:
            undo_payment(get_payment(first), actor=actor)
    assert (one(app, pk).open_cents, [p.undone_at is not None for p in rows(app, Payment)]) == (1000, [True, False])
    actions = [entry.action for entry in rows(app, AuditEntry) if entry.subject_type == "invoice" and entry.subject_id == pk]
    assert actions == ["invoice.issued", "invoice.paid", "invoice.paid", "invoice.payment_undone"]


@pytest.mark.parametrize(
    ("cents", "day", "field"),
    [
        (0, date(2025, 5, 1), "amount_cents"),
        (-5, date(2025, 5, 1), "amount_cents"),
        (10**6, date(2025, 5, 1), "amount_cents"),
        (1, None, "paid_on"),
        (1, date(2999, 1, 1), "paid_on"),
    ],
)
def test_payments_that_cannot_be_right(app: Flask, members: Shop, cents: int, day: date | None, field: str) -> None:
    pk = sent(app, members)[0].id
    with pytest.raises(UserMistake) as refused:
        pay(app, members, pk, cents, paid_on=day)
    assert (refused.value.field, one(app, pk).paid_cents) == (field, 0)


def test_a_line_of_a_bank_file_counts_once(app: Flask, members: Shop) -> None:
    invoice = sent(app, members)[0]
    with federation_of(app, members) as actor:
        found = find_by_communication(invoice.communication)
        payments = [record_payment(found, amount_cents=500, paid_on=date(2025, 4, 9), reference="CODA 17/4", actor=actor).id for _twice in range(2)]
        assert len(payments_of(found)) == 1
    assert (payments[0], one(app, invoice.id).paid_cents) == (payments[1], 500)


# --- credit notes ------------------------------------------------------------------------------


def test_a_credit_note_has_its_own_number_and_closes_the_invoice(app: Flask, members: Shop) -> None:
    pk = sent(app, members)[0].id
    pay(app, members, pk, 1000)
    with federation_of(app, members) as actor:
        note_id = credit_invoice(get_invoice(pk), reason="Counted too many", actor=actor).id

    note, year = one(app, note_id), clock.today().year
    assert (note.kind, note.number, note.total_cents, note.credits_id, note.communication) == (CREDIT, f"C{year}-0001", TOTAL - 1000, pk, None)
    assert (one(app, pk).open_cents, one(app, pk).status_on(clock.today())) == (0, "paid")
    for wrong in (pk, note_id):
        with pytest.raises(UserMistake), federation_of(app, members) as actor:
            credit_invoice(get_invoice(wrong), reason="Again", actor=actor)


def test_a_part_can_be_credited_with_a_reason(app: Flask, members: Shop) -> None:
    pk = sent(app, members)[0].id
    for amount, reason in ((TOTAL + 1, "Too much"), (0, "Nothing"), (100, " ")):
        with pytest.raises(UserMistake), federation_of(app, members) as actor:
            credit_invoice(get_invoice(pk), amount_cents=amount, reason=reason, actor=actor)
    with federation_of(app, members) as actor:
        credit_invoice(get_invoice(pk), amount_cents=SPORTING, reason="Died in March", actor=actor)
    assert (one(app, pk).credited_cents, one(app, pk).open_cents) == (SPORTING, TOTAL - SPORTING)


# --- reminders ---------------------------------------------------------------------------------


def test_a_reminder_goes_once_a_day_to_who_is_late(app: Flask, members: Shop) -> None:
    late, other = (invoice.id for invoice in sent(app, members))
    pay(app, members, other)
    with federation_of(app, members) as actor:
        remind(get_invoice(late), actor=actor)
    for pk in (late, other):
        with pytest.raises(UserMistake), federation_of(app, members) as actor:
            remind(get_invoice(pk), actor=actor)
    assert [(mail.to_address, mail.unique_key) for mail in mails(app)] == [("a@clubs.example", f"invoice:{late}:reminder:{clock.today().isoformat()}")]
    assert one(app, late).reminders == 1


# --- who sees what -----------------------------------------------------------------------------


def test_a_club_sees_its_own_issued_invoices_and_writes_nothing(app: Flask, members: Shop) -> None:
    own, foreign = sent(app, members)
    draft_id = order(app, members, issue=False)
    with app.app_context(), scope(members.world.club):
        assert get_invoice(own.id).number == own.number
        for hidden in (foreign.id, draft_id):
            with pytest.raises(NotFound):
                get_invoice(hidden)
        assert {line.invoice_id for line in db.session.query(InvoiceLine)} == {own.id}
    with app.app_context(), scope(members.world.region):
        assert db.session.query(Invoice).all() == []
    with app.app_context(), scope(members.world.other_federation):
        assert db.session.query(Invoice).all() == []
    with pytest.raises(OutOfScope), app.app_context(), inside(members.world.club):  # noqa: PT012 -- the scope of the federation ends with the block
        get_invoice(own.id).paid_cents = own.total_cents
        db.session.flush()


def test_every_deed_asks_its_right(app: Flask, members: Shop) -> None:
    from core.access import Actor  # noqa: PLC0415 -- only here

    pk = sent(app, members)[0].id
    nobody = Actor(1, "Nobody", members.federation.id, frozenset({"invoices.read", "invoices.manage"}))
    deeds: list[Callable[[Invoice], Any]] = [
        lambda i: record_payment(i, amount_cents=1, paid_on=date(2025, 4, 9), actor=nobody),
        lambda i: credit_invoice(i, reason="x", actor=nobody),
        lambda i: remind(i, actor=nobody),
        lambda i: issue_order(i, actor=nobody),
        lambda i: remove_draft(i, actor=nobody),
        lambda i: save_order(i, debtor_id=1, title="x", note="", due_on=None, lines=SHIRTS, actor=nobody),
    ]
    for deed in deeds:
        with pytest.raises(Forbidden), federation_of(app, members):
            deed(get_invoice(pk))
