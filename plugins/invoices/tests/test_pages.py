"""Invoicing in the browser, for the federation and for the club."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import clock
from core.db import db
from core.exports.services import PURPOSE as EXPORT
from core.files.models import StoredFile
from core.files.services import path_of
from core.jobs.models import Job
from core.jobs.runner import work_off
from core.organisations.models import Organisation
from core.tenancy import scope
from core.testing.factories import inside
from plugins.invoices.models import Invoice, InvoiceRun, Payment
from plugins.invoices.tests.conftest import FIRST, SPORTING, Person, Shop, draft, federation_of, mails, rows, sent, the_run

pytestmark = pytest.mark.once

HOSTILE = '<script>alert("club")</script> 50 % off %(x)d'


def the_id(location: str) -> int:
    return int(re.findall(r"\d+", location)[-1])


@pytest.mark.covers("R149", "R150")
def test_a_run_from_reference_date_to_mail(app: Flask, members: Shop, admin: Person) -> None:
    sent(app, members, FIRST)
    assert "2025-04-01" in admin.page("/invoicing/runs/new") or str(clock.today().year) in admin.page("/invoicing/runs/new")
    answer = admin.post("/invoicing/runs/new", reference_on="2025-04-01")
    assert answer.status_code == 302, answer.text
    run_id = the_id(answer.location)
    busy = admin.page(f"/invoicing/runs/{run_id}")
    assert "The draft is being calculated" in busy
    work_off(app)

    check = admin.page(f"/invoicing/runs/{run_id}")
    for words in (
        "Invoice run 2025",
        "Amount per type",
        "Largest differences from 2024",
        "Example:",
        "+++250/",
        "Every club pays the same as the last time",
        "Nothing is sent yet",
    ):
        assert words in check, words
    assert "104,50" in check.replace("\xa0", " ") or "Sporting member" in check
    assert "Club A" in admin.page(f"/invoicing/run-clubs/?f.run.is={run_id}")
    assert "Peeters Ann" in admin.page(f"/invoicing/run-members/?f.run.is={run_id}&f.club.is=Club+A")
    assert "Everybody counts" in admin.page(f"/invoicing/runs/{run_id}/not-counted")
    assert "What happens when you send" in admin.page(f"/invoicing/runs/{run_id}/send")
    assert [i.issued_at for i in rows(app, Invoice) if i.run_id == run_id] == [None, None]

    for _twice in range(2):
        assert admin.post(f"/invoicing/runs/{run_id}/approve", generation=1).location.endswith(f"/runs/{run_id}/sent")
    work_off(app)
    assert "2 of 2" in admin.page(f"/invoicing/runs/{run_id}/sent")
    assert admin.get(f"/invoicing/runs/{run_id}").location.endswith("/sent")
    assert "Sent on" in admin.page(f"/invoicing/runs/{run_id}?draft=1")
    assert len([mail for mail in mails(app) if "2025" in mail.subject]) == 2


def test_one_club_of_a_run_with_every_member_and_the_rule(app: Flask, members: Shop, admin: Person) -> None:
    draft(app, members)
    listed = admin.page("/invoicing/run-clubs/")
    pk = the_id(re.search(r"/invoicing/runs/clubs/\d+", listed).group())  # type: ignore[union-attr]
    page = admin.page(f"/invoicing/runs/clubs/{pk}")
    for words in ("Club A", "club number 1001", "Counted members (4)", "Peeters Bert", "Member since", "Fee per member"):
        assert words in page, words


def test_a_second_run_of_a_year_warns(app: Flask, members: Shop, admin: Person) -> None:
    from datetime import date  # noqa: PLC0415 -- only here

    sent(app, members)
    run_id = draft(app, members, date(2025, 9, 1))
    for path in (f"/invoicing/runs/{run_id}", f"/invoicing/runs/{run_id}/send"):
        assert "In this fiscal year a run was sent already" in admin.page(path)


def test_mistakes_keep_what_was_typed(app: Flask, shop: Shop, admin: Person) -> None:
    wrong = admin.post("/invoicing/runs/new", reference_on="2025-04-01", due_on="2025-01-01")
    assert (wrong.status_code, 'value="2025-01-01"' in wrong.text, "lies before the invoice date" in wrong.text) == (422, True, True)
    assert rows(app, InvoiceRun) == []


def test_dates_can_change_until_it_is_sent(app: Flask, members: Shop, admin: Person) -> None:
    run_id = draft(app, members)
    assert admin.post(f"/invoicing/runs/{run_id}/send", invoice_on="2025-05-01", due_on="2025-04-01").status_code == 422
    assert admin.post(f"/invoicing/runs/{run_id}/send", invoice_on="2025-05-01", due_on="2025-06-01").status_code == 302
    assert the_run(app, run_id).due_on.isoformat() == "2025-06-01"


def test_the_draft_as_a_spreadsheet(app: Flask, members: Shop, admin: Person) -> None:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 -- only here

    run_id = draft(app, members)
    job_id = the_id(admin.post(f"/invoicing/runs/{run_id}/export").location)
    work_off(app)
    assert "Download" in admin.page(f"/jobs/{job_id}/")
    with app.app_context(), scope(members.federation):
        file = db.session.query(StoredFile).filter(StoredFile.purpose == EXPORT).one()
        table = CalamineWorkbook.from_path(str(path_of(file))).get_sheet_by_index(0).to_python()
    assert [row[3] for row in table[1:]] == ["Maes Dora", "Peeters Ann", "Peeters Bert", "Peeters Cis", "Janssens Els", "Janssens Fons"]
    assert sum(row[8] for row in table[1:]) == pytest.approx((5 * SPORTING + 1200) / 100)


def test_removing_and_calculating_again(app: Flask, members: Shop, admin: Person) -> None:
    run_id = draft(app, members)
    assert admin.post(f"/invoicing/runs/{run_id}/redo").status_code == 302
    work_off(app)
    assert the_run(app, run_id).generation == 2
    assert admin.post(f"/invoicing/runs/{run_id}/delete").location.endswith("/invoicing/runs/")
    assert rows(app, Invoice) == []
    assert admin.get(f"/invoicing/runs/{run_id}").status_code == 404


# --- invoices ----------------------------------------------------------------------------------


@pytest.mark.covers("R186", "R187")
def test_a_club_sees_members_and_orders_on_one_page_with_their_status(app: Flask, members: Shop, admin: Person, treasurer: Person) -> None:
    own, other = sent(app, members)
    club = members.world.club.id
    data = {"debtor_id": club, "title": "Shirts", "lines-0-text": "Shirt", "lines-0-quantity": "3", "lines-0-unit_cents": "14,50"}
    pk = the_id(admin.post("/invoicing/orders/add", **data).location)
    assert "Shirts" not in treasurer.page("/invoices/")
    assert treasurer.get(f"/invoices/{pk}").status_code == 404
    assert admin.post(f"/invoicing/orders/{pk}/issue").status_code == 302
    work_off(app)

    page = treasurer.page("/invoices/")
    for words in ("Member invoicing Federation F", "Merchandise orders Federation F", own.number, "Shirts", "Overdue", "Unpaid", "Still to pay"):
        assert words in page, words
    assert other.number not in page
    shown = treasurer.page(f"/invoices/{own.id}")
    for words in ("How to pay", "BE68 5390 0754 7034", "+++250/0000/00186+++", "Scan the code", "Peeters Ann", "PDF", "<svg"):
        assert words in shown, words
    for words in ("Note a payment", "credit note", "History"):
        assert words not in shown, words
    pdf = treasurer.get(f"/invoices/{own.id}/pdf")
    assert (pdf.status_code, pdf.mimetype, pdf.data[:5]) == (200, "application/pdf", b"%PDF-")
    pdf.close()
    assert set(pdf.headers["Cache-Control"].split(", ")) == {"private", "no-store"}


def test_foreign_invoices_do_not_exist(app: Flask, members: Shop, treasurer: Person, admin: Person, login: Callable[[str], FlaskClient]) -> None:
    own, foreign = sent(app, members)
    work_off(app)
    stranger = Person(login("admin.g"), "federation-g")
    for person, pk in ((treasurer, foreign.id), (stranger, own.id)):
        for path in ("", "/pdf"):
            assert person.get(f"/invoices/{pk}{path}").status_code == 404
    for path in (f"/invoicing/runs/{own.run_id}", "/invoicing/fees/1", f"/invoicing/runs/{own.run_id}/send"):
        assert stranger.get(path).status_code == 404
    for path, data in (
        (f"/invoices/{own.id}/pay", {"amount_cents": "1", "paid_on": "2025-04-09"}),
        (f"/invoicing/runs/{own.run_id}/redo", {}),
        (f"/invoices/{own.id}/credit", {"reason": "x"}),
    ):
        assert stranger.post(path, **data).status_code == 404, path
    assert treasurer.get(f"/invoices/{own.id}").status_code == 200  # the way in exists
    assert admin.get(f"/invoices/{foreign.id}").status_code == 200


def test_a_club_cannot_do_what_the_federation_does(app: Flask, members: Shop, treasurer: Person, login: Callable[[str], FlaskClient]) -> None:
    own = sent(app, members)[0]
    for path in ("pay", "credit", "remind"):
        assert treasurer.post(f"/invoices/{own.id}/{path}", amount_cents="1", paid_on="2025-04-09", reason="x").status_code == 403
    for path in ("/invoicing/invoices/", "/invoicing/runs/", "/invoicing/run-members/", "/invoicing/fees/", "/invoicing/settings/", "/invoicing/orders/add"):
        assert treasurer.get(path).status_code == 403, path
    member = login("member.a")
    assert member.get(f"/o/club-a/invoices/{own.id}").status_code == 403
    assert app.test_client().get(f"/o/club-a/invoices/{own.id}/pdf").status_code == 302  # to the login page
    assert rows(app, Payment) == []


def test_looking_changes_nothing_and_posts_need_a_token(app: Flask, members: Shop, admin: Person) -> None:
    own = sent(app, members)[0]
    for path in (
        f"/invoices/{own.id}/pay",
        f"/invoicing/runs/{own.run_id}/approve",
        f"/invoicing/runs/{own.run_id}/redo",
        f"/invoicing/runs/{own.run_id}/export",
    ):
        assert admin.get(path).status_code == 405
        assert admin.client.post(admin.base + path).status_code == 400


def test_payments_on_the_page_with_undo(app: Flask, members: Shop, admin: Person) -> None:
    own = sent(app, members)[0]
    wrong = admin.post(f"/invoices/{own.id}/pay", amount_cents="99999", paid_on="2025-04-09", note="Too much")
    assert (wrong.status_code, "99999" in wrong.text, "Too much" in wrong.text) == (422, True, True)
    assert admin.post(f"/invoices/{own.id}/pay", amount_cents="20,00", paid_on="2025-04-09").status_code == 302
    page = admin.page(f"/invoices/{own.id}")
    payment = rows(app, Payment)[0]
    assert (payment.amount_cents, f"/invoices/payments/{payment.id}/undo" in page) == (2000, True)
    assert admin.post(f"/invoices/payments/{payment.id}/undo").status_code == 302
    assert rows(app, Invoice)[0].paid_cents == 0


def test_an_issued_invoice_answers_409(app: Flask, members: Shop, admin: Person) -> None:
    own = sent(app, members)[0]
    before = rows(app, Invoice)
    for method in (admin.get, admin.post):
        answer = method(f"/invoicing/orders/{own.id}")
        assert (answer.status_code, "Make a credit note instead" in answer.text) == (409, True)
    assert admin.post(f"/invoicing/orders/{own.id}/delete").status_code == 409
    assert [vars(i)["version"] for i in rows(app, Invoice)] == [vars(i)["version"] for i in before]


def test_credit_note_and_reminder(app: Flask, members: Shop, admin: Person) -> None:
    own, other = sent(app, members)
    assert admin.post(f"/invoices/{own.id}/credit", amount_cents="18,50", reason="").status_code == 422
    note_id = the_id(admin.post(f"/invoices/{own.id}/credit", amount_cents="18,50", reason="Died in March").location)
    assert "Died in March" in admin.page(f"/invoices/{note_id}")
    assert admin.post(f"/invoices/{other.id}/remind").status_code == 302
    assert [mail.unique_key for mail in mails(app)] == [f"invoice:{other.id}:reminder:{clock.today().isoformat()}"]


def test_orders_keep_their_rows(app: Flask, shop: Shop, admin: Person) -> None:
    more = admin.post("/invoicing/orders/add", more="1", **{"title": "Shirts", "lines-0-text": "Shirt", "lines-0-quantity": "x"})
    assert (more.status_code, 'value="Shirt"' in more.text, 'name="lines-4-text"' in more.text) == (200, True, True)
    wrong = admin.post(
        "/invoicing/orders/add",
        **{"debtor_id": shop.world.club.id, "title": "Shirts", "lines-0-text": "Shirt", "lines-0-quantity": "2,5", "lines-0-unit_cents": "1"},
    )
    assert (wrong.status_code, "2,5" in wrong.text, "Write a whole number" in wrong.text) == (422, True, True)
    data = {"debtor_id": shop.world.club.id, "title": "Shirts", "lines-0-text": "Shirt", "lines-0-quantity": "2", "lines-0-unit_cents": "1"}
    pk = the_id(admin.post("/invoicing/orders/add", **data).location)
    assert 'value="Shirt"' in admin.page(f"/invoicing/orders/{pk}")
    assert admin.client.get("/o/federation-f/invoicing/orders/clubs?q=club").json["results"] == [
        {"value": str(shop.world.club.id), "text": "Club A"},
        {"value": str(shop.world.other_club.id), "text": "Club B"},
    ]
    assert admin.post(f"/invoicing/orders/{pk}/delete").location.endswith("/invoicing/invoices/")


def test_settings_are_checked_and_kept(app: Flask, shop: Shop, admin: Person) -> None:
    assert "BE68 5390 0754 7034" in admin.page("/invoicing/settings/")
    good = {
        "iban": "BE71 0961 2345 6769",
        "payment_days": "45",
        "reference_day": "1",
        "reference_month": "5",
        "fiscal_month": "10",
        "prefix": "F",
        "vat_nl": "Vrij",
    }
    for wrong in (
        {"iban": "BE68 5390 0754 7035"},
        {"payment_days": "900"},
        {"reference_day": "31", "reference_month": "4"},
        {"prefix": "much too long"},
        {"bic": "nonsense"},
    ):
        answer = admin.post("/invoicing/settings/", **{**good, **wrong})
        assert (answer.status_code, next(iter(wrong.values())) in answer.text) == (422, True), wrong
    assert admin.post("/invoicing/settings/", **good).status_code == 302
    with federation_of(app, shop):
        federation = db.session.get_one(Organisation, shop.federation.id)
        assert (federation.iban, federation.setting("invoices.settings")["fiscal_month"]) == ("BE71096123456769", 10)


# --- lists -------------------------------------------------------------------------------------


def test_the_list_filters_and_acts_on_many(app: Flask, members: Shop, admin: Person) -> None:
    sent(app, members)
    assert admin.page("/invoicing/invoices/").count("data-select-row") == 2
    assert admin.page("/invoicing/invoices/?f.status.is=paid").count("data-select-row") == 0
    assert admin.page("/invoicing/invoices/?f.status.is=overdue&q=club+b").count("data-select-row") == 1
    assert admin.page("/invoicing/invoices/?q=250/0000/00186").count("data-select-row") == 1
    chosen = admin.post("/invoicing/invoices/select", all="1", query="f.status.is=unpaid", action="mark_paid")
    confirm = chosen.location.replace("/o/federation-f", "")
    path = admin.get(confirm).location.replace("/o/federation-f", "")
    assert "marked as paid" in admin.page(path)
    job = the_id(admin.post(path, paid_on="2025-04-20").location)
    work_off(app)
    assert [i.open_cents for i in rows(app, Invoice)] == [0, 0]
    assert admin.post(f"/selections/undo/{job}").status_code == 302
    work_off(app)
    assert [i.paid_cents for i in rows(app, Invoice)] == [0, 0]


def test_reminders_for_many_leave_out_who_paid(app: Flask, members: Shop, admin: Person) -> None:
    from plugins.invoices.tests.test_invoices import pay  # noqa: PLC0415 -- only here

    own, _other = sent(app, members)
    pay(app, members, own.id)
    chosen = admin.post("/invoicing/invoices/select", all="1", query="", action="remind").location.replace("/o/federation-f", "")
    path = admin.get(chosen).location.replace("/o/federation-f", "")
    admin.post(path)
    work_off(app)
    assert [mail.to_address for mail in mails(app) if "reminder" in mail.unique_key] == ["b@clubs.example"]
    job = next(job for job in rows(app, Job) if job.kind == "bulk_action")
    assert (job.state, job.total) == ("done", 2)


def test_hostile_names_are_text_on_every_page(app: Flask, members: Shop, admin: Person, treasurer: Person, join: Callable[..., int]) -> None:
    with app.app_context(), inside(members.federation):
        for pk in (members.world.club.id, members.federation.id):
            db.session.get_one(Organisation, pk).name = HOSTILE
    join("<img src=x onerror=alert(1)>", "{{ 7*7 }}<b>")
    own = sent(app, members)[0]
    own = next(i for i in rows(app, Invoice) if i.debtor_id == members.world.club.id)
    work_off(app)
    club_row = re.search(r"/invoicing/runs/clubs/\d+", admin.page("/invoicing/run-clubs/")).group()  # type: ignore[union-attr]
    paths = [
        "/invoicing/invoices/",
        "/invoicing/runs/",
        f"/invoicing/runs/{own.run_id}?draft=1",
        f"/invoicing/runs/{own.run_id}/sent",
        "/invoicing/run-members/",
        club_row,
        f"/invoices/{own.id}",
        "/dashboard/",
    ]
    pages = [admin.page(path) for path in paths] + [treasurer.page(path) for path in ("/invoices/", f"/invoices/{own.id}", "/dashboard/")]
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "&lt;script&gt;alert" in pages[0]
    assert "{{ 7*7 }}&lt;b&gt;" in pages[4]


def test_pages_ask_few_questions_whatever_their_size(
    app: Flask, members: Shop, admin: Person, treasurer: Person, queries: Callable[[], list[str]], join: Callable[..., int]
) -> None:
    own = sent(app, members, FIRST)[0]

    def cost(person: Person, path: str) -> int:
        person.page(path)
        seen = queries()
        person.page(path)
        return len(seen)

    paths = [
        (admin, "/invoicing/invoices/"),
        (admin, f"/invoicing/runs/{own.run_id}?draft=1"),
        (admin, "/invoicing/run-members/"),
        (treasurer, "/invoices/"),
        (treasurer, f"/invoices/{own.id}"),
    ]
    few = [cost(person, path) for person, path in paths]
    for number in range(6):
        join(f"More{number}", "Many")
    sent(app, members)
    assert [cost(person, path) for person, path in paths] == few
    assert max(few) <= 25, few


def test_the_dashboards_count(app: Flask, members: Shop, admin: Person, treasurer: Person) -> None:
    sent(app, members)
    assert "open invoice" in treasurer.page("/dashboard/")
    page = admin.page("/dashboard/")
    assert ("still to be paid by clubs" in page, "2 invoices are overdue" in page) == (True, True)


def test_switched_off_is_away(app: Flask, members: Shop, admin: Person) -> None:
    from core.organisations.models import PluginActivation  # noqa: PLC0415 -- only here

    with federation_of(app, members):
        db.session.add(PluginActivation(plugin="invoices", active=False))
        db.session.flush()
    for path in ("/invoicing/invoices/", "/invoicing/runs/", "/invoices/1"):
        assert admin.get(path).status_code == 404


def test_the_short_address_of_a_federation_keeps_the_search(members: Shop, login: Callable[[str], FlaskClient]) -> None:
    answer = login("admin.f").get("/o/federation-f/invoices/?q=2026-0003")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/o/federation-f/invoicing/invoices/?q=2026-0003")
