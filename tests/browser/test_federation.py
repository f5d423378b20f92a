"""From a request of a club to its paid invoice: club and federation, each at their own screen."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pypdf
import pytest
from playwright.sync_api import expect

from core import clock
from tests.browser.conftest import Person
from tests.browser.test_contacts import finish_job

CLUB, FEDERATION = "/o/trefpunt-aarschot", "/o/okra-sport"


def total(page: Any) -> int:
    found = page.locator("#results form[data-total]")
    return int(found.get_attribute("data-total")) if found.count() else 0


@pytest.mark.covers("R133", "R134", "R137")
def test_a_club_asks_a_membership_and_the_federation_accepts_it(visit: Callable[..., Person]) -> None:
    club, federation = visit("admin.aarschot"), visit("admin.okra")
    page = club.page
    club.go(f"{CLUB}/crm/contacts/add")
    page.fill("#first_name", "Zénobie")
    page.fill("#last_name", "Nieuwlid")
    page.fill("#birth_date", "1955-03-08")
    page.fill("#email_1", "zenobie.nieuwlid@post.example")
    page.get_by_role("button", name="Add new contact").click()
    profile = page.url
    page.locator("section", has=page.get_by_role("heading", name="Memberships")).get_by_role("link", name="Add").click()
    page.get_by_label("Sporting member (OKRA-SPORT+)", exact=True).check()
    page.get_by_label("Badminton").check()
    expect(page.get_by_label("Competition")).to_be_visible()
    expect(page.get_by_label("Secondary club")).to_be_visible()
    page.get_by_role("button", name="Ask for membership").click()
    expect(page.locator(".k-flash")).to_be_visible()
    club.go(f"{CLUB}/crm/requests/?q=nieuwlid")
    assert total(page) == 1

    other = federation.page
    federation.go(f"{FEDERATION}/federation/requests/?q=nieuwlid")
    assert total(other) == 1
    other.locator("[data-select-row]").check()
    other.locator(".k-bulkbar").get_by_role("button", name="Actions").click()
    other.get_by_role("button", name="Accept requests").click()
    other.locator("main form .btn-primary").click()
    finish_job(other)

    page.goto(profile)
    expect(page.locator(".k-profile")).to_contain_text("Active membership (OKRA-SPORT+)")
    club.go(f"{CLUB}/crm/requests/?q=nieuwlid")
    assert total(page) == 0


@pytest.mark.covers("R149", "R187")
def test_the_run_of_april_becomes_invoices_that_clubs_pay(visit: Callable[..., Person]) -> None:
    federation = visit("admin.okra")
    page = federation.page
    federation.go(f"{FEDERATION}/invoicing/runs/new")
    page.fill("#invoice_on", f"{clock.today()}")
    page.fill("#due_on", f"{clock.today() + timedelta(days=30)}")
    calculate_draft(page)
    expect(page.get_by_text("Nothing is sent yet.")).to_be_visible()
    draft = page.url
    page.get_by_role("link", name=re.compile("All .* clubs")).click()
    page.get_by_role("link", name="Trefpunt Aarschot").first.click()
    said = explained(page)
    assert {kind for kind, _rule in said} == {"Sporting member", "Non-sporting member"}
    page.goto(draft)
    page.get_by_role("link", name="Continue to send").click()
    page.get_by_role("button", name="Approve and send 12 invoices").click()
    page.locator("#k-confirm").get_by_role("button", name="Send").click()
    finish_job(page)

    club = visit("admin.aarschot")
    theirs = club.page
    club.go(f"{CLUB}/invoices/")
    row = theirs.locator("tbody tr").first
    expect(row).to_contain_text("Unpaid")
    number = row.locator("a").first.inner_text()
    text = _pdf(theirs, row.locator("a[href$='/pdf']"))
    assert number in text
    assert re.search(r"\+\+\+\d{3}/\d{4}/\d{5}\+\+\+", text)
    row.locator("a").first.click()
    expect(theirs.get_by_role("img", name="QR code to pay with")).to_be_visible()
    assert explained(theirs) == said

    federation.go(f"{FEDERATION}/invoicing/invoices/?q={number}")
    page.locator("#results tbody .k-cell-main a").first.click()
    page.get_by_role("button", name="Note the payment").click()
    expect(page.locator("main .k-status", has_text="Paid").first).to_be_visible()

    club.go(f"{CLUB}/invoices/")
    expect(theirs.locator("tbody tr", has_text=number)).to_contain_text("Paid")


def calculate_draft(page: Any) -> None:
    """From the form of a new run to its draft; a quick worker has it ready before the page that would follow the work is asked."""
    page.get_by_role("button", name="Calculate the draft").click()
    ready, follows = page.get_by_role("heading", name="Amount per type"), page.get_by_role("link", name="Look at the draft")
    expect(ready.or_(follows)).to_be_visible(timeout=60_000)
    if follows.is_visible():
        follows.click()
    expect(ready).to_be_visible()


def explained(page: Any) -> list[tuple[str, str]]:
    """On a draft or an invoice every line says by which rule, and so does every member it counts, with the type; those are returned."""
    tables = page.locator("main table")
    rules = tables.first.locator("tbody td small").all_text_contents()
    assert len(rules) == tables.first.locator("tbody tr").count() > 0
    assert all(text.strip() for text in rules)
    words = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent.replace(/\\s+/g, ' ').trim()))"
    members = tables.nth(1).locator("tbody tr").evaluate_all(words)
    assert [row for row in members if not all(row)] == []
    heading = page.locator("h2, summary").filter(has_text="Counted members").first.inner_text()
    assert re.findall(r"\d+", heading) == [str(len(members))]
    return sorted((row[-3], row[-2]) for row in members)


def _pdf(page: Any, link: Any) -> str:
    """The text of a PDF, fetched with the session of the page."""
    href = link.get_attribute("href")
    answer = page.request.get(page.url.partition("/o/")[0] + href)
    assert answer.headers["content-type"] == "application/pdf"
    return "\n".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(answer.body())).pages)
