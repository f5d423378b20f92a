"""The list of contacts and what one does with it; the profile of a contact."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Person

LIST = "/o/trefpunt-aarschot/crm/contacts/"


@pytest.fixture
def admin(visit: Callable[..., Person]) -> Person:
    person = visit("admin.aarschot")
    person.go(LIST)
    return person


def rows(page: Any) -> Any:
    return page.locator("#results tbody tr")


def names(page: Any) -> list[str]:
    return list(page.locator("#results tbody .k-cell-main a").all_inner_texts())


def total(page: Any) -> int:
    return int(page.locator("#results form[data-total]").get_attribute("data-total"))


def test_search_finds_while_typing_and_keeps_the_cursor(admin: Person) -> None:
    page = admin.page
    everybody = total(page)
    page.fill("#list-search", "wouters lieve")
    expect(rows(page)).to_have_count(1)
    assert names(page) == ["Wouters Lieve"]
    assert page.evaluate("document.activeElement.id") == "list-search"
    page.fill("#list-search", "")
    expect(rows(page)).to_have_count(25)
    assert total(page) == everybody


@pytest.mark.covers("R115")
def test_filters_are_filled_in_the_panel_shown_as_chips_and_taken_away(admin: Person) -> None:
    page = admin.page
    everybody = total(page)
    page.locator("#filter-button").click()
    panel = page.locator("#filters-body")
    panel.get_by_label("Woman").check()
    panel.get_by_role("button", name="Search", exact=False).click()
    chip = page.locator("#results .k-chip")
    expect(chip).to_have_count(1)
    expect(chip).to_contain_text("Gender is Woman")
    assert 0 < total(page) < everybody
    expect(page.locator("#filter-button .k-count")).to_have_text("1")
    chip.get_by_role("link").click()
    expect(chip).to_have_count(0)
    assert total(page) == everybody


@pytest.mark.covers("R125", "R128")
def test_columns_are_chosen_and_kept(admin: Person) -> None:
    page = admin.page
    page.locator("#columns-button").click()
    form = page.locator("#columns-form")
    form.get_by_label("Birth date").check()
    expect(form.get_by_role("status")).to_contain_text("Load time")
    form.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("columnheader", name="Birth date")).to_be_visible()
    admin.go(LIST)
    expect(page.get_by_role("columnheader", name="Birth date")).to_be_visible()


def test_sorting_turns_around_and_pages_follow_each_other(admin: Person) -> None:
    page = admin.page
    first = names(page)
    page.locator("#next-top").click()
    expect(page.locator("#results nav.k-pager [role=status]").first).to_contain_text("26–")
    assert set(names(page)).isdisjoint(first)
    page.locator("#previous-top").click()
    expect(page.locator("#results nav.k-pager [role=status]").first).to_contain_text("1–25")
    assert names(page) == first
    page.locator("thead a.k-sort").first.click()
    expect(page.locator("th[aria-sort=descending]")).to_be_visible()
    assert names(page)[0] > names(page)[-1]
    assert names(page) != first


def test_every_row_is_chosen_removed_and_brought_back(admin: Person) -> None:
    """A bulk action over a search of more than one page; members stay, with the reason; the rest is undone."""
    page = admin.page
    admin.go(LIST + "?q=aarschot")
    before = total(page)
    assert before > 25
    page.locator("[data-select-all]").check()
    expect(page.locator("[data-select-count]")).to_have_text("25 selected")
    page.locator("[data-choose-all]").click()
    expect(page.locator("[data-select-count]")).to_have_text(f"{before} selected")
    page.locator(".k-bulkbar").get_by_role("button", name="Actions").click()
    page.get_by_role("button", name="Remove contacts").click()
    page.get_by_role("button", name=f"Remove contacts · {before}").click()
    finish_job(page)
    expect(page.get_by_role("heading", name="What did not work")).to_be_visible()
    kept = page.locator("main tbody tr").count()
    assert 0 < kept < before
    admin.go(LIST + "?q=aarschot")
    assert total(page) == kept
    page.go_back()
    page.get_by_role("button", name="Undo").click()
    finish_job(page)
    admin.go(LIST + "?q=aarschot")
    assert total(page) == before


def finish_job(page: Any) -> None:
    """Wait on the page of a job until it has ended."""
    expect(page.locator("#progress, .k-flash").first).to_be_visible()
    expect(page.locator("#progress[hx-get]")).to_have_count(0, timeout=30_000)


def test_chosen_rows_are_exported_as_csv(admin: Person) -> None:
    page = admin.page
    admin.go(LIST + "?q=baert")
    wanted = sorted(names(page))
    page.locator("[data-select-all]").check()
    page.locator(".k-bulkbar").get_by_role("button", name="Actions").click()
    page.locator("button[name=action][value^=export]").first.click()
    page.get_by_label("CSV").check()
    with page.expect_download(timeout=30_000) as waiting:
        page.get_by_role("button", name="Download").click()
        link = page.locator("#progress a[href*='/files/'], #progress a.btn-primary").first
        if not page.url.endswith("csv"):
            link.click(timeout=30_000)
    text = waiting.value.path().read_text("utf-8-sig")
    table = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert len(table) == len(wanted) + 1


@pytest.mark.covers("R073", "R084")
def test_a_contact_is_added_and_changed(admin: Person) -> None:
    page = admin.page
    page.locator(".k-fab button").click()
    page.locator(".k-fab").get_by_role("link", name="Contact", exact=True).click()
    page.fill("#first_name", "Zénobie")
    page.fill("#last_name", "’t Hooft")
    page.fill("#email_1", "zenobie@post.example")
    page.get_by_role("button", name="Add new contact").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Zénobie ’t Hooft")
    page.get_by_role("link", name="Change contact information").click()
    page.fill("#street", "Kerkstraat")
    page.fill("#postcode", "99")
    admin.expected = {422}
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator("#postcode")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#street")).to_have_value("Kerkstraat")
    page.fill("#postcode", "3200")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Kerkstraat")).to_be_visible()


def test_two_editors_see_both_versions_and_choose(admin: Person, visit: Callable[..., Person]) -> None:
    other = visit("admin.aarschot")
    one, two = admin.page, other.page
    admin.go(LIST + "?q=maria")
    href = one.locator("#results tbody .k-cell-main a").first.get_attribute("href")
    assert href is not None
    for person in (admin, other):
        person.go(href.partition("?")[0] + "/edit")
    one.fill("#street", "Eerste straat")
    two.fill("#street", "Tweede straat")
    one.get_by_role("button", name="Save changes").click()
    expect(one.get_by_text("Eerste straat").first).to_be_visible()
    other.expected = {409}
    two.get_by_role("button", name="Save changes").click()
    expect(two.get_by_role("heading", level=1)).to_contain_text("Two versions of")
    expect(two.get_by_text("Eerste straat")).to_be_visible()
    two.get_by_label("Tweede straat").check()
    two.get_by_role("button", name="Save changes").click()
    expect(two.get_by_role("heading", level=1)).not_to_contain_text("Two versions of")
    expect(two.get_by_text("Tweede straat").first).to_be_visible()


def test_on_a_phone_one_row_is_chosen_and_the_bar_appears(visit: Callable[..., Person]) -> None:
    person = visit("admin.aarschot", PHONE)
    person.go(LIST)
    page = person.page
    page.locator("[data-select-row]").first.check()
    expect(page.locator("[data-select-count]")).to_have_text("1 selected")
    expect(page.locator(".k-bulkbar")).to_be_in_viewport()
