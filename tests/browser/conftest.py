"""A real server on a copy of the demo, a real browser, and what to look for on every page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.demo.logins import PASSWORD
from core.testing import servers
from core.testing.databases import wants_postgres
from tests.browser.server import PHONE, SWITCHES, WIDE, Site, make_demo, serving

__all__ = ["PHONE", "WIDE", "Person", "Site"]

HERE = Path(__file__).resolve().parent
AXE = (HERE / "vendor" / "axe.min.js").read_text("utf-8")
#: milliseconds to wait for what should come at once, on a machine that does much else
PATIENCE = 20_000
#: what Playwright says where it lets no service worker in
WITHOUT_WORKER = "Service Worker registration blocked by Playwright"
#: what axe may find without failing a test
HARMLESS = ("minor", "moderate")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Everything here drives a browser; it runs with SQLite only, because the pages are the same on PostgreSQL."""
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    if ours and wants_postgres():
        items[:] = [item for item in items if item not in ours]
        config.hook.pytest_deselected(items=ours)
        return
    marks = [pytest.mark.browser]
    try:
        servers.chromium()
    except servers.Missing as reason:
        marks.append(pytest.mark.skip(reason=str(reason)))
    for item in ours:
        for mark in marks:
            item.add_marker(mark)


# --- the server ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance with the demo in it, made once."""
    return make_demo(tmp_path_factory.mktemp("template") / "instance")


@pytest.fixture(scope="session")
def site(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server, with its worker, on a copy of the demo; tests share it, so each works on people of its own."""
    instance = tmp_path_factory.mktemp("site") / "instance"
    shutil.copytree(template, instance)
    with serving(instance) as found:
        yield found


# --- the browser -----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 -- only for those who run these tests

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=servers.chromium(), args=SWITCHES)
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody at a browser: `page`, and everything that went wrong on it since."""

    page: Any
    site: Site
    username: str
    troubles: list[str] = field(default_factory=list)
    #: answers of the server that a test expects to be refused, e.g. {422}
    expected: set[int] = field(default_factory=set)

    def go(self, path: str) -> Any:
        return self.page.goto(self.site.address + path, wait_until="load")

    def check(self) -> None:
        """Nothing went wrong so far: no error in the console, no request to another place."""
        assert self.troubles == [], self.troubles


@pytest.fixture
def visit(chromium: Any, site: Site) -> Iterator[Callable[..., Person]]:
    """visit("admin.aarschot", PHONE) -> a Person who is logged in and reads English; visit(None) is a stranger."""
    people: list[Person] = []
    contexts = []

    def open_page(username: str | None = None, size: dict[str, int] = WIDE, *, language: str = "en", dark: bool = False) -> Person:
        look: dict[str, Any] = {"viewport": size, "color_scheme": "dark" if dark else "light", "reduced_motion": "reduce"}
        # the service worker, which test_installed looks at, would settle in anew in every context, while pages are asked
        context = chromium.new_context(**look, locale="en-GB", accept_downloads=True, service_workers="block")
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        person = Person(context.new_page(), site, username or "")
        watch(person)
        people.append(person)
        if username:
            log_in(person, username, language=language)
        return person

    yield open_page
    for context in contexts:
        context.close()
    for person in people:
        person.check()


def watch(person: Person) -> None:
    """Note what may never happen on any page."""

    def on_console(message: Any) -> None:
        is_expected = any(f"status of {code}" in message.text for code in person.expected) or message.text == WITHOUT_WORKER
        if message.type in ("error", "warning") and not is_expected:
            person.troubles.append(f"{person.page.url}: {message.type}: {message.text}")

    def on_request(request: Any) -> None:
        if not request.url.startswith((person.site.address, "data:", "blob:")):
            person.troubles.append(f"{person.page.url} asks another place: {request.url}")

    person.page.on("console", on_console)
    person.page.on("pageerror", lambda error: person.troubles.append(f"{person.page.url}: {error}"))
    person.page.on("request", on_request)


def log_in(person: Person, username: str, *, language: str = "en") -> None:
    """Through the login page, as people do; then the language a test is written in."""
    page = person.page
    person.go("/login/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url("**/o/**")
    if page.evaluate("document.documentElement.lang") != language:
        token = page.get_attribute("meta[name=csrf-token]", "content")
        answer = page.request.post(f"{person.site.address}/language/", form={"language": language, "csrf_token": token}, headers={"Referer": page.url})
        assert answer.ok
        page.reload()


# --- what is looked for ----------------------------------------------------------------------


#: the rules of WCAG 2.2, and those of them that can differ between light and dark, wide and narrow
EVERY_RULE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES_OF_LOOK = {"type": "rule", "values": ["color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable", "button-name", "link-name"]}


def axe_violations(page: Any, rules: Any = EVERY_RULE) -> list[str]:
    """Serious and critical violations of WCAG on the page as it is now, each with its place."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {resultTypes: ['violations'], runOnly: rules})", rules)
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: {json.dumps([node['html'][:220] for node in violation['nodes']][:3])}"
        for violation in found["violations"]
        if violation["impact"] not in HARMLESS
    ]


def is_wider_than_screen(page: Any) -> str:
    """What sticks out sideways, or nothing."""
    return str(
        page.evaluate(
            """() => {
              const width = document.documentElement.clientWidth;
              if (document.documentElement.scrollWidth <= width) return "";
              const out = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > width + 1);
              return `${document.documentElement.scrollWidth} > ${width}: ` + out.slice(-3).map(e => e.outerHTML.slice(0, 160)).join(" | ");
            }"""
        )
    )
