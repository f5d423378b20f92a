"""The invoice run of a federation of choirs on its reference date: every line says what is asked, and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from core import clock
from tests.browser.conftest import PHONE, Person, axe_violations, is_wider_than_screen

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
    page.get_by_role("button", name="Calculate the draft").click()
    # the worker first makes the papers of last year's runs
    page.get_by_role("link", name="Look at the draft").click(timeout=120_000)
    expect(page.get_by_role("heading", name="Amount per type")).to_be_visible()
    for why in LINES.values():
        expect(page.locator("main table").first).to_contain_text(why)
    assert axe_violations(page) == []

    page.get_by_role("link", name=FAMILY).first.click()
    lines = page.locator("main table").first.locator("tbody tr")
    for text, why in LINES.items():
        line = lines.filter(has_text=text)
        expect(line).to_have_count(1)
        expect(line).to_contain_text(why)
    expect(lines.filter(has=page.locator("small"))).to_have_count(lines.count())
    counted = page.get_by_role("heading", name="Counted members").inner_text()
    assert page.locator("main table").nth(1).locator("tbody tr").count() == int(counted.rpartition("(")[2].rstrip(")"))
    assert axe_violations(page) == []
    page.set_viewport_size(PHONE)
    assert is_wider_than_screen(page) == ""
