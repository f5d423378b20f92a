"""Logging in and out, switching organisation, choosing language and light or dark."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Person


def test_wrong_password_is_said_beside_the_form_and_keeps_the_name(visit: Callable[..., Person]) -> None:
    stranger = visit(None)
    stranger.expected = {422}
    page = stranger.page
    stranger.go("/login/")
    page.fill("input[name=username]", "admin.aarschot")
    page.fill("input[name=password]", "wrong")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_text("do not belong together")).to_be_visible()
    expect(page.locator("input[name=username]")).to_have_value("admin.aarschot")


def test_the_demo_says_whom_one_can_be(visit: Callable[..., Person]) -> None:
    page = (stranger := visit(None)).page
    stranger.go("/login/")
    page.get_by_role("button", name="Federation", exact=True).click()
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/o/okra-sport/dashboard/")


def test_logging_out_ends_the_session(visit: Callable[..., Person]) -> None:
    page = (person := visit("admin.brugge")).page
    inside = page.url
    page.locator(".k-side .k-orgswitch-btn").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/**")
    page.goto(inside)
    assert page.url.startswith(f"{person.site.address}/login/?next=")


@pytest.mark.covers("R025")
def test_somebody_of_two_clubs_switches_without_logging_out(visit: Callable[..., Person]) -> None:
    page = visit("admin.aarschot").page
    page.locator(".k-side .k-orgswitch-btn").click()
    page.locator(".k-orgswitch .dropdown-menu").get_by_role("link", name="Trefpunt Diest").click()
    page.wait_for_url("**/o/trefpunt-diest/dashboard/")
    expect(page.locator(".k-side .k-orgswitch-name").first).to_have_text("Trefpunt Diest")


@pytest.mark.covers("R031")
def test_language_is_chosen_in_the_menu_and_kept(visit: Callable[..., Person]) -> None:
    page = (person := visit("lid.aarschot")).page
    page.locator(".k-side .k-orgswitch-btn").click()
    page.get_by_text("Language: English").click()
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    person.go("/o/trefpunt-aarschot/home/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_dark_is_chosen_in_the_menu_and_kept(visit: Callable[..., Person]) -> None:
    page = (person := visit("admin.brugge")).page
    page.locator(".k-side .k-orgswitch-btn").click()
    page.get_by_text("Light or dark").click()
    page.get_by_role("button", name="Dark display").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    person.go("/o/trefpunt-brugge/dashboard/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


@pytest.mark.covers("R026")
def test_a_member_on_a_phone_sees_only_the_own_part(visit: Callable[..., Person]) -> None:
    page = visit("lid.aarschot", PHONE).page
    assert re.search("/o/trefpunt-aarschot/home/$", page.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello Jozef")
    page.get_by_role("button", name="More").click()
    headings = page.locator("#menu .k-navhead")
    expect(headings).to_have_text(["My Koepel"])


@pytest.mark.covers("R027")
def test_an_administrator_sees_the_own_part_and_what_to_manage(visit: Callable[..., Person]) -> None:
    page = visit("admin.brugge").page
    expect(page.locator(".k-side .k-navhead")).to_have_text(["My Koepel", "Manage"])
