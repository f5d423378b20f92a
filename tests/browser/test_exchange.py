"""What the mother organisation says of a member: uploaded, decided on, and taken over by the club."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Person
from tests.browser.test_contacts import finish_job

CLUB, FEDERATION = "/o/trefpunt-aarschot", "/o/okra-sport"


@pytest.mark.covers("R306")
def test_a_difference_is_decided_and_the_club_takes_it_over(visit: Callable[..., Person]) -> None:
    club, federation = visit("admin.aarschot"), visit("admin.okra")
    page = club.page
    club.go(f"{CLUB}/crm/contacts/add")
    for name, value in (("first_name", "Wivina"), ("last_name", "Uitwissel"), ("birth_date", "1957-04-09"), ("town", "Aarschot"), ("postcode", "3200")):
        page.fill(f"#{name}", value)
    page.get_by_role("button", name="Add new contact").click()
    profile = page.url
    page.locator("section", has=page.get_by_role("heading", name="Memberships")).get_by_role("link", name="Add").click()
    page.get_by_label("Sporting member (OKRA-SPORT+)", exact=True).check()
    page.get_by_role("button", name="Ask for membership").click()
    expect(page.locator(".k-flash")).to_be_visible()

    other = federation.page
    federation.go(f"{FEDERATION}/exchange/")
    other.get_by_role("link", name="Pamela").click()
    text = "Lidnummer;Trefpuntnummer;Voornaam;Naam;Geboortedatum;Gemeente\nW77;10401;Wivina;Uitwissel;09/04/1957;Rotselaar\n"
    other.set_input_files("#file", files=[{"name": "pamela.csv", "mimeType": "text/csv", "buffer": text.encode()}])
    other.get_by_role("button", name="Check this file").click()
    other.get_by_role("link", name="See the result").click(timeout=60_000)
    other.get_by_role("link", name="Look at the differences").click()
    other.get_by_label("Theirs: Rotselaar").check()
    other.get_by_role("button", name="Save").click()
    other.get_by_role("button", name="Apply", exact=True).click()
    other.get_by_role("link", name="See the result").click(timeout=60_000)
    expect(other.get_by_text("Clubs now accept or refuse the proposals.")).to_be_visible()

    club.go(f"{CLUB}/crm/proposals/?q=wivina")
    page.locator("[data-select-row]").check()
    page.locator(".k-bulkbar").get_by_role("button", name="Actions").click()
    page.get_by_role("button", name="Accept proposals").click()
    page.locator("main form .btn-primary").click()
    finish_job(page)
    page.goto(profile)
    expect(page.locator("main")).to_contain_text("Rotselaar")
