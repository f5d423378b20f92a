"""A club makes an extra field in the browser and uses it on a contact."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Person


@pytest.mark.covers("R086")
def test_an_extra_field_is_made_in_the_browser_and_filled_in(visit: Callable[..., Person]) -> None:
    person = visit("admin.aarschot")
    page = person.page
    page.locator(".k-side").get_by_role("link", name="Settings", exact=True).click()
    page.locator(".k-tabs").get_by_role("link", name="Extra fields").click()
    page.get_by_role("link", name="New field").click()
    page.locator("[name=type]").select_option("choice")
    page.fill("[name=label-nl]", "Maat T-shirt")
    page.fill("[name=label-en]", "T-shirt size")
    page.fill("[name=choice-1-nl]", "Klein")
    page.fill("[name=choice-2-nl]", "Groot")
    page.fill("[name=purpose]", "To order the right shirt")
    page.locator("[name=legal_basis]").select_option("contract")
    page.locator("[name=retention_months]").select_option(index=1)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("T-shirt size")

    person.go("/o/trefpunt-aarschot/crm/contacts/?q=wouters+lieve")
    page.locator("#results tbody .k-cell-main a").first.click()
    page.get_by_role("link", name="Change other information").click()
    page.get_by_label("T-shirt size").select_option(label="Groot")
    page.get_by_role("button", name="Save changes").click()
    other = page.locator("section", has=page.get_by_role("heading", name="Other"))
    expect(other).to_contain_text("T-shirt size")
    expect(other).to_contain_text("Groot")
