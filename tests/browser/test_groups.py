"""A new season, with the groups of the former one in it; then somebody joins and leaves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Person, axe_violations, is_wider_than_screen
from tests.browser.test_contacts import finish_job

CLUB = "/o/trefpunt-aarschot"


@pytest.mark.covers("R210", "R216", "R217")
def test_a_new_season_with_the_groups_of_the_former_one(visit: Callable[..., Person]) -> None:
    club = visit("admin.aarschot")
    page = club.page
    club.go(f"{CLUB}/groups/")
    before = page.locator("#season-picker").inner_text()
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_role("link", name="Seasons", exact=True).click()
    page.get_by_role("link", name="Add season").click()
    season = page.get_by_label("Name").input_value()
    page.get_by_role("button", name="Add season").click()
    expect(page.locator(".k-flash")).to_contain_text(f"{season} was added and is shown first")
    club.go(f"{CLUB}/groups/")
    expect(page.locator("#season-picker")).to_contain_text(season)
    expect(page.get_by_text("No groups in this season yet")).to_be_visible()

    page.locator("#season-picker").click()
    page.get_by_role("link", name=before.removeprefix("Season: ").strip(), exact=True).click()
    page.locator("[data-select-all]").check()
    page.locator(".k-bulkbar").get_by_role("button", name="Actions").click()
    page.locator("button[name=action][value=copy_groups]").click()
    expect(page.get_by_label("Copy to season")).to_be_visible()
    page.locator("main form .btn-primary").click()
    finish_job(page)
    club.go(f"{CLUB}/groups/")
    page.get_by_role("link", name="Wandelgroep").first.click()
    expect(page.locator("main")).to_contain_text(f"Season {season}")
    people = page.get_by_role("button", name="Remove", exact=True).count()
    assert people > 3
    page.set_viewport_size(PHONE)
    assert is_wider_than_screen(page) == ""
    assert axe_violations(page) == []
    page.get_by_role("button", name="Remove", exact=True).last.click()
    expect(page.get_by_role("button", name="Remove", exact=True)).to_have_count(people - 1)
    page.locator(".k-flash").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Remove", exact=True)).to_have_count(people)
