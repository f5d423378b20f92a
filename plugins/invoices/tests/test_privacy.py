"""People on invoices: told to them, kept by law, forgotten after the term."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from core.access import Actor, acting
from core.contacts.models import Contact
from core.db import db
from core.extend.registry import registry
from core.files.models import StoredFile
from core.jobs.runner import work_off
from core.privacy.retention import apply
from core.privacy.services import erase_contact, holds_of, personal_data
from core.testing.factories import inside
from plugins.invoices.lists.runs import show_name
from plugins.invoices.models import Invoice, InvoiceMember
from plugins.invoices.services.privacy import RULES
from plugins.invoices.tests.conftest import FIRST, SECOND, SPORTING, Person, Shop, draft, rows, sent


def ann(app: Flask, shop: Shop) -> int:
    with app.app_context(), inside(shop.world.club):
        return db.session.scalars(select(Contact.id).where(Contact.first_name == "Ann")).one()


def erase(app: Flask, shop: Shop) -> None:
    pk = ann(app, shop)
    with app.app_context(), inside(shop.world.club) as actor:
        erase_contact(db.session.get_one(Contact, pk), actor=actor)


def test_a_person_is_told_which_invoices_count_her(app: Flask, members: Shop) -> None:
    sent(app, members)
    pk = ann(app, members)
    with app.app_context(), inside(members.world.club) as actor:
        found = personal_data(db.session.get_one(Contact, pk), actor=actor)["invoices"]["invoices"]
    assert [(line["invoice"], line["federation"], line["name"], line["amount_cents"]) for line in found] == [
        ("2025-0001", "Federation F", "Peeters Ann", SPORTING)
    ]


def test_erasing_keeps_the_issued_invoice_and_restricts_the_name(app: Flask, members: Shop, admin: Person, treasurer: Person) -> None:
    issued = sent(app, members, FIRST)[0]
    draft(app, members, SECOND)
    erase(app, members)

    left = [m for m in rows(app, InvoiceMember) if m.name == "Peeters Ann"]
    assert [(m.invoice_id, m.restricted_at is not None, m.amount_cents) for m in left] == [(issued.id, True, SPORTING)]
    page = treasurer.page(f"/invoices/{issued.id}")
    assert ("Peeters Ann" in page, "Erased person" in page, "Peeters Bert" in page) == (False, True, True)
    assert "Peeters Ann" in admin.page(f"/invoices/{issued.id}")  # who keeps the books
    assert next(i for i in rows(app, Invoice) if i.id == issued.id).total_cents == issued.total_cents


def test_only_who_keeps_the_books_sees_a_restricted_name(app: Flask, members: Shop) -> None:
    sent(app, members, FIRST)
    erase(app, members)
    value = next((m.name, m.restricted_at) for m in rows(app, InvoiceMember) if m.restricted_at)
    with app.app_context(), force_locale("en"):
        for rights, shown in (({"invoices.manage"}, "Erased person"), ({"invoices.restricted"}, "Peeters Ann")):
            with acting(Actor(1, "Somebody", members.federation.id, frozenset(rights))):
                assert show_name(value) == shown


@pytest.mark.parametrize(("day", "kept"), [(date(2035, 12, 31), True), (date(2036, 1, 1), False)])
def test_names_and_pdfs_go_after_the_term_and_totals_stay(app: Flask, members: Shop, day: date, kept: bool) -> None:
    sent(app, members)
    work_off(app)
    with app.app_context(), time_machine.travel(datetime(day.year, day.month, day.day, 12, tzinfo=UTC), tick=False):
        assert apply(RULES[0]) == (0 if kept else 2)

    assert {m.name == "" for m in rows(app, InvoiceMember)} == {not kept}
    assert len(rows(app, StoredFile)) == (2 if kept else 0)
    assert [(i.number, i.total_cents, i.pdf_file_id is not None) for i in rows(app, Invoice)] == [
        ("2025-0001", 3 * SPORTING + 1200, kept),
        ("2025-0002", 2 * SPORTING, kept),
    ]


def test_the_daily_clean_up_knows_old_invoices(app: Flask) -> None:
    with app.app_context():
        assert registry().get("retention_rules", "invoice_names").scope == "platform"


def test_a_person_is_told_what_the_law_keeps(app: Flask, members: Shop) -> None:
    sent(app, members)
    pk = ann(app, members)
    with app.app_context(), inside(members.world.club), force_locale("en"):
        holds = holds_of(db.session.get_one(Contact, pk))
    assert [(hold.what, hold.until) for hold in holds] == [("Your name on 1 invoice of Federation F", date(2035, 12, 31))]
