"""Koepel as an app on a telephone: it can be installed, has a bar, says when there is no connection, shows what is pushed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Person, axe_violations, is_wider_than_screen, log_in, watch
from tests.browser.server import serving

CLUB = "/o/trefpunt-aarschot"
KEPT = "async () => (await Promise.all((await caches.keys()).map(async n => (await (await caches.open(n)).keys()).map(r => r.url)))).flat()"


@pytest.mark.covers("R030")
def test_a_member_has_it_as_an_app(chromium: Any, template: Path, tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    shutil.copytree(template, instance)
    context = chromium.new_context(viewport=PHONE, locale="nl-BE", reduced_motion="reduce", has_touch=True)
    page = context.new_page()
    with serving(instance) as site:
        watch(person := Person(page, site, "lid.aarschot"))
        log_in(person, "lid.aarschot", language="nl")
        page.evaluate("navigator.serviceWorker.ready")
        _can_be_installed(context, page)
        _has_a_bar(page)
        page.goto(f"{site.address}{CLUB}/account/", wait_until="networkidle")
        assert "/offline/nl" in [urlsplit(url).path for url in page.evaluate(KEPT)]
        personal = [url for url in page.evaluate(KEPT) if not urlsplit(url).path.startswith(("/static/", "/offline/"))]
        assert personal == []
        _shows_what_is_pushed(context, page, site.address)
        person.check()
    page.goto(f"{site.address}{CLUB}/home/")  # nobody answers any more
    expect(page.get_by_role("heading", level=1)).to_have_text("Geen verbinding")
    assert page.locator("meta[name=csrf-token]").count() == 0
    assert axe_violations(page) == [] and is_wider_than_screen(page) == ""
    with serving(instance, urlsplit(site.address).port or 0):
        page.get_by_role("link", name="Probeer opnieuw").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Jozef")
    context.close()


def _can_be_installed(context: Any, page: Any) -> None:
    browser = context.new_cdp_session(page)
    manifest = browser.send("Page.getAppManifest")
    assert manifest["errors"] == [] and json.loads(manifest["data"])["name"] == "Trefpunt Aarschot"
    # the browser of a test keeps nothing, which is the one thing it may say
    assert [error["errorId"] for error in browser.send("Page.getInstallabilityErrors")["installabilityErrors"]] in ([], ["in-incognito"])
    # when a browser offers it, the menu has a line for it, and only then
    offer = page.locator("[data-install]")
    expect(offer).to_be_hidden()
    page.evaluate("window.dispatchEvent(Object.assign(new Event('beforeinstallprompt', {cancelable: true}), {prompt() { window.asked = true; }}))")
    page.locator(".k-bottomnav").get_by_role("button").click()
    page.locator("#menu .k-orgswitch-btn").click()
    offer.click()
    assert page.evaluate("window.asked") is True
    expect(offer).to_be_hidden()
    page.reload()


def _has_a_bar(page: Any) -> None:
    bar = page.get_by_role("navigation", name="Snelmenu")
    expect(bar).to_be_visible()
    assert bar.get_by_role("link").first.get_attribute("aria-current") == "page"
    for part in bar.locator("a, button").all():
        box = part.bounding_box()
        assert box["height"] >= 48 and box["y"] + box["height"] <= PHONE["height"], box
    assert axe_violations(page) == [] and is_wider_than_screen(page) == ""
    bar.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Hoofdmenu")).to_be_visible()
    page.wait_for_function("document.getElementById('menu').contains(document.activeElement)")  # it is open, and has the keyboard
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Hoofdmenu")).to_be_hidden()
    assert bar.get_by_role("button").evaluate("button => button === document.activeElement")


def _shows_what_is_pushed(context: Any, page: Any, address: str) -> None:
    context.grant_permissions(["notifications"], origin=address)
    (worker,) = context.service_workers
    worker.evaluate(
        """() => {
          self.shown = [];
          ServiceWorkerRegistration.prototype.showNotification = async (title, more) => { self.shown.push([title, more.body, more.tag, more.data.url]); };
          const told = {title: "Nieuws", body: "Er is koffie", url: "/o/trefpunt-aarschot/home/", tag: "news-1"};
          for (const data of [JSON.stringify(told), JSON.stringify({...told, url: "https://evil.example/x"}), "{nonsense", undefined])
            self.dispatchEvent(new PushEvent("push", data === undefined ? {} : {data}));
        }"""
    )
    home = f"{address}{CLUB}/home/"
    shown = worker.evaluate("self.shown")
    assert shown[:2] == [["Nieuws", "Er is koffie", "news-1", home], ["Nieuws", "Er is koffie", "news-1", f"{address}/"]]
    assert [title for title, *_rest in shown[2:]] == ["Koepel", "Koepel"]
