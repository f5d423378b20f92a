"""The own part of a member: a detail is corrected, the club accepts it, the member reads it under the bell."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE, Person, axe_violations, is_wider_than_screen


def sound(person: Person) -> None:
    """Nothing sticks out and axe is content, wide and light, narrow and dark."""
    for size, scheme in ((WIDE, "light"), (PHONE, "dark")):
        person.page.set_viewport_size(size)
        person.page.emulate_media(color_scheme=scheme)
        assert axe_violations(person.page) == []
        assert is_wider_than_screen(person.page) == ""


@pytest.mark.covers("R026", "R027", "R045", "R046", "R047", "R049", "R050", "R051")
def test_a_member_corrects_a_detail_and_hears_what_the_club_decides(visit: Callable[..., Person]) -> None:
    member, admin = visit("lid.aarschot"), visit("admin.aarschot")
    page = member.page
    menu = page.get_by_role("navigation", name="Main menu")
    assert menu.get_by_role("heading").all_inner_texts() == ["My Koepel"], "a member sees the own part only"
    assert admin.page.get_by_role("navigation", name="Main menu").get_by_role("heading").all_inner_texts() == ["My Koepel", "Manage"]
    menu.get_by_role("link", name="Contact details").click()
    sound(member)
    page.set_viewport_size(WIDE)
    page.get_by_role("link", name="Correct my details").click()
    sound(member)
    page.get_by_label("Town").fill("Scherpenheuvel")
    page.get_by_role("button", name="Send to the club").click()
    expect(page.get_by_text("Your request was sent to the club")).to_be_visible()
    admin.go("/o/trefpunt-aarschot/my/notifications/")
    sound(admin)
    admin.go("/o/trefpunt-aarschot/crm/corrections/")
    admin.page.get_by_role("link", name="Jozef Peeters").click()
    sound(admin)
    expect(admin.page.get_by_role("definition").filter(has_text="Scherpenheuvel")).to_be_visible()
    admin.page.get_by_role("button", name="Accept and store").click()
    expect(admin.page.get_by_text("gets a notification")).to_be_visible()
    member.go("/o/trefpunt-aarschot/my/notifications/")
    sound(member)
    page.get_by_role("button", name="Your correction was accepted").click()
    expect(page.get_by_text("Scherpenheuvel")).to_be_visible()
    member.go("/o/trefpunt-aarschot/my/memberships/")
    sound(member)
    member.go("/o/trefpunt-aarschot/my/preferences/")
    sound(member)
    box = page.get_by_role("group", name="My membership was accepted").get_by_label("In the app")
    box.uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your preferences were saved")).to_be_visible()
    expect(box).not_to_be_checked()
