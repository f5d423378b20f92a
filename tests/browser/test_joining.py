"""Joining and leaving in one act, and the page that says whether everything is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE, Person, axe_violations, is_wider_than_screen

CLUB = "/o/trefpunt-aarschot"
CHOIR = "/o/korenfamilie-cantabile"
NOT_YET = f"{CHOIR}/crm/contacts/?f.membership.current.is=false"


def choose(page: Any, names: list[str], action: str) -> None:
    """Tick these people and do something with them."""
    for name in names:
        page.get_by_role("checkbox", name=f"Select {name}", exact=True).check()
    page.locator(".k-bulkbar").get_by_role("button", name="Actions").click()
    page.locator(f"button[name=action][value={action}]").click()


def looks_right(page: Any) -> None:
    for size in (PHONE, WIDE):
        page.set_viewport_size(size)
        assert is_wider_than_screen(page) == ""
        assert axe_violations(page) == []


def undo(club: Person, address: str) -> None:
    token = club.page.get_attribute("meta[name=csrf-token]", "content")
    answer = club.page.request.post(club.site.address + address, form={"csrf_token": token}, headers={"Referer": club.page.url})
    assert "Everything is as it was" in answer.text()


@pytest.mark.covers("R233", "R234")
def test_five_singers_join_in_one_step_and_two_leave_and_come_back(visit: Callable[..., Person]) -> None:
    club = visit("admin.cantabile")
    page = club.page
    club.go(NOT_YET)
    rows = page.locator("#results tbody tr").filter(has_text="No membership")
    names = [text.strip() for text in rows.locator(".k-cell-main a").all_inner_texts()]
    assert len(set(names)) == len(names) == 5
    choose(page, names, "join_club")
    expect(page.locator("main")).to_contain_text("5 people of the list")
    expect(page.locator("#effect")).to_contain_text("for 5 people")
    page.get_by_label("Membership type").select_option(label="Insured for liability and accidents (Koor&Stem)")
    page.locator("#group-0").select_option(index=1)
    page.locator("#function-0").select_option(label="Singer")
    for said in ("5 people join Cantabile", "at Koor&Stem for 5 people", "waits until the federation decides"):
        expect(page.locator("#effect")).to_contain_text(said)
    looks_right(page)
    page.locator(".k-savebar").get_by_role("button", name="Join").click()
    flash = page.locator(".k-flash").filter(has_text="5 people have joined.")
    expect(flash).to_be_visible()
    taken_back = flash.locator("form").get_attribute("action")

    club.go(NOT_YET)
    choose(page, names[:2], "leave_club")
    expect(page.locator("#effect")).to_contain_text("2 people leave")
    looks_right(page)
    page.locator(".k-savebar").get_by_role("button", name="Leave").click()
    flash = page.locator(".k-flash").filter(has_text="2 people have left.")
    expect(flash).to_be_visible()
    flash.get_by_role("button", name="Undo").click()
    expect(page.locator(".k-flash")).to_contain_text("Everything is as it was, for 2 people.")
    undo(club, str(taken_back))


@pytest.mark.covers("R153")
def test_everything_is_repaired_until_the_page_is_green(visit: Callable[..., Person]) -> None:
    club = visit("admin.aarschot")
    page = club.page
    club.go(f"{CLUB}/club/ready/")
    page.get_by_role("link", name="Is everything right?").click()
    expect(page.get_by_role("heading", name="Is everything right?", level=1)).to_be_visible()
    looks_right(page)
    wrong = page.locator("main section", has=page.locator(".k-status-warn"))
    assert wrong.count() >= 2
    back: list[str] = []
    for button in ("Add membership: all that are ticked", "Add to group: all that are ticked", "Give these functions", "Those that are ticked work again"):
        found = page.get_by_role("button", name=button, exact=True)
        if found.count():
            found.click()
            flash = page.locator(".k-flash").filter(has_text="done.")
            expect(flash).to_be_visible()
            back.append(str(flash.locator("form").get_attribute("action")))
    expect(wrong).to_have_count(0)
    expect(page.locator("main")).to_contain_text("Everything is right. There is nothing to repair.")
    looks_right(page)
    for address in reversed(back):
        undo(club, address)
    club.go(f"{CLUB}/health/")
    expect(page.locator("main")).not_to_contain_text("Everything is right. There is nothing to repair.")
