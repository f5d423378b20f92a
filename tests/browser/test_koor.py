"""The invoice run of a federation of choirs on its reference date: every line says what is asked, and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from core import clock
from tests.browser.conftest import PHONE, WIDE, Person, axe_violations, is_wider_than_screen
from tests.browser.test_contacts import finish_job
from tests.browser.test_federation import calculate_draft, explained

FEDERATION, FAMILY = "/o/koor-en-stem", "Korenfamilie Cantabile"
#: in the language of the club, as on its invoice
LINES = {
    "Koorlidmaatschap (Cantabile, Cantabile Jong, Cantabile Minores)": "Koorlidmaatschap: voor elk koor dat gelinkt is",
    "Bijdrage per lid": "Bijdrage per lid: voor iedereen die op de referentiedatum lid is, verzekerd of niet",
    "Verzekeringspremie: BA+LO-verzekerd": "BA+LO-verzekerd: bovenop de bijdrage, voor elk lid met dit type lidmaatschap",
    "Maxi-lidmaatschap (Cantabile)": "Maxi-lidmaatschap: één keer per vereniging",
    "Toegang tot de bibliotheek (Cantabile)": "Toegang tot de bibliotheek: voor elk koor dat het vroeg",
    "Lokalenverzekering (Cantabile, Cantabile Minores)": "Lokalenverzekering: voor elk koor dat het vroeg",
}


@pytest.mark.covers("R149", "R150")
def test_the_run_on_the_reference_date_explains_every_line(visit: Callable[..., Person]) -> None:
    admin = visit("admin.koorenstem")
    page = admin.page
    admin.go(f"{FEDERATION}/invoicing/runs/new")
    day = page.get_by_label("Reference date").input_value()
    assert day.endswith("-11-15")
    if clock.today().isoformat() < day:  # the season of the demo is the one of today
        page.get_by_label("Reference date").fill(clock.today().isoformat())
    calculate_draft(page)
    for why in LINES.values():
        expect(page.locator("main table").first).to_contain_text(why)
    assert axe_violations(page) == []

    draft = page.url
    page.get_by_role("link", name=FAMILY).first.click()
    lines = page.locator("main table").first.locator("tbody tr")
    for text, why in LINES.items():
        line = lines.filter(has_text=text)
        expect(line).to_have_count(1)
        expect(line).to_contain_text(why)
    expect(lines.filter(has=page.locator("small"))).to_have_count(lines.count())
    said = explained(page)
    assert all(rule.startswith("Bijdrage per lid") for _kind, rule in said)
    assert {rule.partition(" + ")[2].partition(" €")[0] for kind, rule in said if kind == "Insured for liability and accidents"} == {
        "Verzekeringspremie: BA+LO-verzekerd"
    }
    assert axe_violations(page) == []
    page.set_viewport_size(PHONE)
    assert is_wider_than_screen(page) == ""
    page.set_viewport_size(WIDE)

    page.goto(draft)
    page.get_by_role("link", name="Continue to send").click()
    page.get_by_role("button", name="Approve and send").click()
    page.locator("#k-confirm").get_by_role("button", name="Send").click()
    finish_job(page)
    club = visit("admin.cantabile", PHONE)
    club.go("/o/korenfamilie-cantabile/invoices/")
    club.page.locator("tbody tr").first.locator("a").first.click()
    expect(club.page.get_by_role("img", name="QR code to pay with")).to_be_visible()
    theirs = club.page.locator("main table").first.locator("tbody tr")
    for text, why in LINES.items():
        expect(theirs.filter(has_text=text)).to_contain_text(why)
    assert explained(club.page) == said
    club.page.locator("summary", has_text="Counted members").click()
    assert is_wider_than_screen(club.page) == ""
    assert axe_violations(club.page) == []
