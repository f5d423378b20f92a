"""Every page that can be reached from the menus is sound, for everybody, on a desk and on a phone, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import EVERY_RULE, PHONE, RULES_OF_LOOK, WIDE, Person, axe_violations, is_wider_than_screen
from tests.browser.pages import RAW, crawl

#: those who stand behind each other share their pages; only what is new of the second is looked at
PEOPLE = (("admin.aarschot",), ("admin.okra", "staf.brabant"), ("lid.aarschot",), ("platform",))
#: kinds of page that axe has read: the same template with the data of somebody else has the same colours, names and roles
_read_by_axe: set[str] = set()


@pytest.mark.parametrize("usernames", PEOPLE, ids=" ".join)
def test_every_page_is_sound(usernames: tuple[str, ...], visit: Callable[..., Person]) -> None:
    seen: set[str] = set()
    wrong = []
    for username in usernames:
        person = visit(username)
        for kind, answer in crawl(person.page, person.site.address, person.page.url, seen):
            wrong += [f"{username} {kind}: {trouble}" for trouble in [*look(person.page, answer, with_axe=kind not in _read_by_axe), *person.troubles]]
            person.troubles.clear()
            _read_by_axe.add(kind)
        seen.discard("/o/-/dashboard")
    assert len(seen) > 2
    assert wrong == [], "\n".join(wrong)


def look(page: Any, answer: Any, *, with_axe: bool) -> list[str]:
    """Everything that is wrong with the page that is open, wide and light, then narrow and dark."""
    found = []
    if answer is None or answer.status != 200:
        return [f"answers {answer.status if answer else 'nothing'}"]
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return []
    if (headings := page.locator("h1").count()) != 1:
        found.append(f"has {headings} h1")
    if raw := RAW.search(page.inner_text("body")):
        found.append(f"shows {raw.group()!r}")
    if page.locator("main :text-is('None'):not(.k-status)").count():  # a status may be called so; a value of Python may not show
        found.append("shows None")
    looks = [(WIDE, "light", EVERY_RULE), (PHONE, "dark", RULES_OF_LOOK)]
    for size, scheme, rules in looks if page.viewport_size == WIDE else reversed(looks):  # turning the window takes time
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        place = f"at {size['width']} {scheme}: "
        if wide := is_wider_than_screen(page):
            found.append(f"{place}scrolls sideways {wide}")
        found += [place + violation for violation in axe_violations(page, rules)] if with_axe else []
    return found


@pytest.mark.parametrize("path", ["/login/", "/o/nowhere/dashboard/", "/nothing-here"])
def test_pages_for_strangers_are_sound(path: str, visit: Callable[..., Person]) -> None:
    stranger = visit(None)
    stranger.expected = {404}
    stranger.go(path)
    for size, scheme in ((WIDE, "light"), (PHONE, "dark")):
        stranger.page.set_viewport_size(size)
        stranger.page.emulate_media(color_scheme=scheme)
        assert axe_violations(stranger.page) == []
        assert is_wider_than_screen(stranger.page) == ""
    assert stranger.page.locator("h1").count() == 1
