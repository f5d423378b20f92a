"""One person, several clubs; a parent and a child: in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from core.demo.logins import PASSWORD
from tests.browser.conftest import PHONE, Person
from tests.browser.test_getting_in import sound


@pytest.mark.covers("R022", "R024", "R025")
def test_linking_a_second_club_and_going_there_and_back(visit: Callable[..., Person]) -> None:
    page = (person := visit("admin.aarschot")).page
    person.expected = {422}
    page.locator(".k-side .k-orgswitch-btn").click()
    page.get_by_role("link", name="Lieve Wouters").click()
    page.get_by_role("link", name="Link accounts of other users").click()
    sound(person)
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.get_by_role("link", name="Another user").click()
    page.get_by_label("User name or e-mail address").fill("staf.brabant")
    page.locator("input[name=password]").fill("not this one")
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_text("do not belong together")).to_be_visible()
    sound(person)
    page.set_viewport_size({"width": 1440, "height": 1000})
    expect(page.get_by_label("User name or e-mail address")).to_have_value("staf.brabant")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.locator("#flashes")).to_contain_text("staf.brabant is linked")
    page.locator(".k-side .k-orgswitch-btn").click()
    page.get_by_role("button", name="Regio Vlaams-Brabant").click()
    page.wait_for_url("**/o/regio-vlaams-brabant/**")
    page.locator(".k-side .k-orgswitch-btn").click()
    page.get_by_role("button", name="Trefpunt Aarschot").click()
    page.wait_for_url("**/o/trefpunt-aarschot/**")
    person.go("/o/trefpunt-aarschot/account/linked/")
    page.get_by_role("button", name="Unlink").click()
    expect(page.locator("#flashes")).to_contain_text("not linked any more")


@pytest.mark.covers("R297", "R301")
def test_a_parent_goes_on_as_a_child_and_back(visit: Callable[..., Person]) -> None:
    page = (person := visit("ouder.demo", PHONE)).page
    person.go("/o/speelclub-de-vlieger/home/")
    page.locator(".k-topbar .k-orgswitch-btn").click()
    page.locator(".k-side .k-orgswitch-btn").click()
    page.get_by_role("button", name="Lotte Peeters").click()
    expect(page.locator(".k-acting")).to_contain_text("You are acting for Lotte Peeters.")
    sound(person)
    page.set_viewport_size(PHONE)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Lotte")
    person.go("/o/speelclub-de-vlieger/my/family/")
    expect(page.get_by_text("Who acts for you")).to_be_visible()
    sound(person)
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Back to myself").click()
    expect(page.locator(".k-acting")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sofie")
