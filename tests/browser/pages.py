"""Which pages there are: the menu of a person, and all that is linked from there, one of each kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

#: never followed: files, and pages about one more person or one more page of a list
_NUMBER = re.compile(r"(?<=/)\d+(?=/|$)")
_SLUG = re.compile(r"^/o/[^/]+")
#: things no text of a page may show
RAW = re.compile(r"\bundefined\b|\[object \w+\]|%\(\w+\)|\{\{|\}\}|\bNaN\b|<(?:bound|function|Mock|class)|lazy_gettext|Traceback")


def kind_of(address: str) -> str:
    """Pages of one kind share a template: numbers, the organisation and the question do not count."""
    return _NUMBER.sub("N", _SLUG.sub("/o/-", urlsplit(address).path)).rstrip("/")


def links_of(page: Any, address: str, home: str) -> Iterator[str]:
    """Links on the page that stay in the organisation `home` (a path like "/o/trefpunt-aarschot/").

    What a click fills into the page (a menu, a panel) is no page.
    """
    for href in page.eval_on_selector_all("a[href]:not([hx-get])", "all => all.map(a => a.href)"):
        if href.startswith(address) and urlsplit(href).path.startswith(home):
            yield href.partition("#")[0]


def crawl(page: Any, address: str, start: str, seen: set[str]) -> Iterator[tuple[str, Any]]:
    """(kind, answer) for one page of each kind that can be reached from `start`; the page is open when it is given."""
    home = "/".join(urlsplit(start).path.split("/")[:3]) + "/"
    waiting = [start]
    while waiting:
        href = waiting.pop(0)
        kind = kind_of(href)
        if kind in seen:
            continue
        seen.add(kind)
        try:
            answer = page.goto(href, wait_until="load")
        except Exception as error:  # noqa: BLE001 -- Playwright says so when a link is a download
            if "Download is starting" in str(error):
                continue
            raise
        if kind_of(page.url) != kind and kind_of(page.url) in seen:
            continue
        waiting += list(links_of(page, address, home))
        yield kind, answer
