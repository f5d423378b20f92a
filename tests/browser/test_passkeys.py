"""A passkey in a real browser, with a device the browser plays: add it, log in with it, use it after a password, remove it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from core.demo.logins import PASSWORD
from tests.browser.conftest import PHONE, Person, Site, axe_violations, is_wider_than_screen, log_in

NAME = "staf.brabant"


def log_out(page: Any) -> None:
    page.locator(".k-topbar .k-btn-sq, .k-topbar .k-orgswitch-btn").first.click()
    page.locator("#menu .k-orgswitch-btn").click()
    page.locator("#menu").get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/**", timeout=30_000)


def look(page: Any) -> None:
    assert axe_violations(page) == []
    assert is_wider_than_screen(page) == ""


def test_a_passkey_from_adding_to_removing(visit: Callable[..., Person]) -> None:
    person = visit(None, PHONE)
    person.site = Site(person.site.address.replace("127.0.0.1", "localhost"), person.site.instance)  # browsers want a name
    person.expected = {422}
    page = person.page
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": {**device, "automaticPresenceSimulation": True}})

    log_in(person, NAME)
    person.go("/o/regio-vlaams-brabant/account/passkeys/add")
    look(page)
    page.get_by_label("Name of the device").fill("My phone")
    page.locator("#password").fill("wrong")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not your password", timeout=30_000)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".k-codes li")).to_have_count(10, timeout=30_000)
    look(page)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("My phone")).to_be_visible()
    look(page)

    log_out(page)
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url("**/o/**")
    log_out(page)
    page.fill("input[name=username]", NAME)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step", timeout=30_000)
    look(page)
    page.get_by_label("Code").fill("123456")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_text("This code is not right")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/o/**")

    person.go("/o/regio-vlaams-brabant/account/")
    expect(page.get_by_text(re.compile("last used")).first).to_be_visible()
    page.get_by_role("link", name="Remove My phone").click()
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The passkey was removed.")).to_be_visible(timeout=30_000)
