"""Takes the pictures of the documentation: `python -m tests.browser.screenshots` (or `make screenshots`).

Each page at the width of a desk and of a phone, of the demo, so the people on them do not exist.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from core.demo.logins import PASSWORD
from core.testing import servers
from tests.browser.server import PHONE, ROOT, SWITCHES, WIDE, Site, make_demo, serving

FOLDER = ROOT / "docs" / "img"
CLUB, FEDERATION = "/o/trefpunt-aarschot", "/o/okra-sport"


@dataclass(frozen=True)
class Picture:
    """A page of somebody; `act` does something on it first."""

    name: str
    username: str | None
    path: str
    act: Callable[[Any], None] | None = None
    dark: bool = False
    sizes: tuple[str, ...] = ("desk", "phone")


def _choose_some(page: Any) -> None:
    for row in page.locator("[data-select-row]").all()[:3]:
        row.check()


def _open_filter(page: Any) -> None:
    page.locator("#filter-button").click()
    page.locator("#filters-body details").first.wait_for()
    page.wait_for_timeout(500)


def _first_contact(page: Any) -> None:
    page.locator("#results tbody .k-cell-main a").nth(2).click()
    page.wait_for_url("**/crm/contacts/*")


def _first_invoice(page: Any) -> None:
    page.locator("main tbody a").first.click()
    page.locator(".k-qrbox, main h1").first.wait_for()


PICTURES = (
    Picture("login", None, "/login/"),
    Picture("dashboard", "admin.aarschot", f"{CLUB}/dashboard/"),
    Picture("dashboard-dark", "admin.aarschot", f"{CLUB}/dashboard/", dark=True, sizes=("desk",)),
    Picture("contacts", "admin.aarschot", f"{CLUB}/crm/contacts/", _choose_some),
    Picture("filter", "admin.aarschot", f"{CLUB}/crm/contacts/", _open_filter, sizes=("desk",)),
    Picture("contact", "admin.aarschot", f"{CLUB}/crm/contacts/", _first_contact),
    Picture("import", "admin.aarschot", f"{CLUB}/crm/import/", sizes=("desk",)),
    Picture("invoice", "admin.aarschot", f"{CLUB}/invoices/", _first_invoice),
    Picture("extra-fields", "admin.okra", f"{FEDERATION}/settings/extra-fields/", sizes=("desk",)),
    Picture("federation", "admin.okra", f"{FEDERATION}/dashboard/"),
    Picture("requests", "admin.okra", f"{FEDERATION}/federation/requests/", sizes=("desk",)),
    Picture("invoice-runs", "admin.okra", f"{FEDERATION}/invoicing/runs/", sizes=("desk",)),
    Picture("home", "lid.aarschot", f"{CLUB}/home/", sizes=("phone",)),
)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serving(make_demo(Path(folder) / "instance")) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=servers.chromium(), args=SWITCHES)
        for username in dict.fromkeys(picture.username for picture in PICTURES):
            for picture in (p for p in PICTURES if p.username == username):
                for name in picture.sizes:
                    _take(browser, site, picture, name)
        browser.close()


def _take(browser: Any, site: Site, picture: Picture, size: str) -> None:
    context = browser.new_context(
        viewport=WIDE if size == "desk" else PHONE, color_scheme="dark" if picture.dark else "light", locale="nl-BE", reduced_motion="reduce"
    )
    page = context.new_page()
    if picture.username:
        page.goto(f"{site.address}/login/")
        page.fill("input[name=username]", picture.username)
        page.fill("input[name=password]", PASSWORD)
        page.click("main form button[type=submit]")
        page.wait_for_url("**/o/**")
    page.goto(site.address + picture.path, wait_until="load")
    if picture.act:
        picture.act(page)
    target = FOLDER / f"{picture.name}-{size}.png"
    _shrink(page.screenshot()).save(target, optimize=True)
    sys.stdout.write(f"{target.relative_to(ROOT)} {target.stat().st_size // 1024} kB\n")
    context.close()


def _shrink(png: bytes) -> Image.Image:
    """Pages have few colours: a palette keeps them sharp at a third of the size."""
    return Image.open(io.BytesIO(png)).convert("RGB").quantize(colors=128, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
