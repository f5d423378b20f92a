"""From the login page to a login of one's own: invited, registered, forgotten."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE, Person, Site, axe_violations, is_wider_than_screen

NEW = "blauw-huis-73"


def rows(site: Site, query: str, *values: str) -> list[tuple[str, ...]]:
    with sqlite3.connect(site.instance / "koepel.db") as connection:
        return connection.execute(query, values).fetchall()


def invited(site: Site, number: int) -> tuple[str, str, str]:
    """Name and address of somebody the demo invited; each test takes another one."""
    query = "select c.first_name, c.last_name, i.email from invitation i join contact c on c.id = i.contact_id order by c.id limit 1 offset ?"
    first, last, email = rows(site, query, str(number))[0]
    return first, last, email


def link_to(site: Site, address: str) -> str:
    """The link in the newest mail to an address, which the demo keeps in its outbox."""
    text = rows(site, "select text from outbox_message where to_address = ? order by id desc limit 1", address)[0][0]
    return re.search(r"https?://[^/\s]+(/\S+/[\w-]{40,})", text)[1]  # type: ignore[index]  # every such mail has one


def sound(person: Person) -> None:
    """Nothing sticks out and axe is content, wide and light, narrow and dark."""
    for size, scheme in ((WIDE, "light"), (PHONE, "dark")):
        person.page.set_viewport_size(size)
        person.page.emulate_media(color_scheme=scheme)
        assert axe_violations(person.page) == []
        assert is_wider_than_screen(person.page) == ""
    assert person.page.locator("h1").count() == 1


@pytest.mark.covers("R010", "R011", "R013", "R014", "R015", "R016", "R003", "R007", "R008", "R009", "R020")
def test_a_member_registers(visit: Callable[..., Person], site: Site) -> None:
    page = (stranger := visit(None, PHONE)).page
    stranger.expected = {422}
    first, last, email = invited(site, 0)
    stranger.go("/login/")
    page.get_by_role("link", name="Register here").click()
    page.get_by_label("Name of your club").fill("aarsch")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".k-list li").first).to_contain_text("Trefpunt Aarschot")
    sound(stranger)
    page.get_by_role("link", name="Trefpunt Aarschot").click()
    sound(stranger)
    page.get_by_label("First name").fill(first)
    page.get_by_label("Family name").fill(last)
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="We think we found you")).to_be_visible()
    sound(stranger)
    page.get_by_role("button", name="Request login").first.click()
    expect(page.get_by_text(f"({email[0]}...{email.partition('@')[0][-1]}@{email.partition('@')[2]})")).to_be_visible()
    sound(stranger)
    stranger.go(link_to(site, email))
    sound(stranger)
    page.get_by_label("User name").fill("jeanne.registers")
    page.get_by_label("Choose a password").fill("kort")
    page.get_by_label("The same password again").fill("kort")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator("#new-error")).to_be_visible()
    expect(page.get_by_label("User name")).to_have_value("jeanne.registers")
    page.get_by_label("Choose a password").fill(NEW)
    page.get_by_label("The same password again").fill(NEW)
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_url("**/o/trefpunt-aarschot/home/")


def test_a_login_link_logs_in_after_its_button(visit: Callable[..., Person], site: Site) -> None:
    page = (stranger := visit(None)).page
    stranger.go("/login/")
    page.get_by_role("link", name="Send me a login link by e-mail").click()
    sound(stranger)
    page.get_by_label("Your e-mail address or user name").fill("admin.brugge")
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look in your mailbox")
    stranger.go(link_to(site, "admin.brugge@koepel.example"))
    sound(stranger)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/o/trefpunt-brugge/dashboard/")


@pytest.mark.covers("R205", "R206", "R207")
def test_a_selection_is_invited_and_the_list_says_so(visit: Callable[..., Person], site: Site) -> None:
    page = (person := visit("admin.aarschot")).page
    person.go("/o/trefpunt-aarschot/crm/contacts/?f.login.is=none&f.email_1.empty=no")
    first = page.locator("tbody tr").first
    name = first.locator("a").first.inner_text().splitlines()[0]
    first.locator("input[name=ids]").check()
    page.locator("[data-bulkbar]").get_by_role("button", name="Actions").click()
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_label("Subject")).to_have_value("Your Koepel account")
    sound(person)
    page.set_viewport_size(WIDE)
    page.get_by_label("Subject").fill("Come in, {first_name}")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=20_000)
    person.go("/o/trefpunt-aarschot/crm/contacts/?f.login.is=invited")
    expect(page.locator("tbody")).to_contain_text(name)
