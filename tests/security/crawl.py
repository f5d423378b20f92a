"""Walks through everything one person can reach, writes it down, and replays it as somebody else.

It knows nothing of the pages: links, forms, ids and targets are what it finds.
"""

from __future__ import annotations

import html
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

#: different addresses of one endpoint that are followed
MOST_PER_ENDPOINT = 3
MOST_PAGES = 900
#: a mail of a test holds links that open for whoever has them; where mails are real there is no such page
SKIPPED = ("static", "appbuilder.static", "SessionView.logout", "OutboxView.show")


@dataclass(frozen=True)
class Form:
    """A form of a page, as a browser would send it unchanged."""

    method: str
    path: str
    fields: tuple[tuple[str, str], ...]
    is_json: bool = False


@dataclass
class Recording:
    """What somebody could reach: addresses that answered 200, and forms."""

    slug: str
    pages: dict[str, int] = field(default_factory=dict)
    forms: dict[tuple[str, str], Form] = field(default_factory=dict)
    #: addresses on which a secret stood, and those secrets
    telling: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    requests: int = 0

    def endpoints(self, app: Flask) -> Counter[str]:
        return Counter(found[0] for path in self.pages if (found := endpoint_of(app, path)) is not None)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, str, list[tuple[str, str]]]] = []
        self._open: list[tuple[str, str]] | None = None
        self._select: str | None = None
        self._chosen: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        for name in ("hx-get", "data-url", "data-source", "src"):
            if given.get(name):
                self.links.append(given[name])
        for name in ("hx-post", "hx-patch", "hx-delete"):
            if given.get(name):
                self.forms.append((name[3:].upper(), given[name], list(self._open or [])))
        if tag == "form":
            self._open = []
            method = given.get("method", "get").upper()
            if method == "GET":
                self.links.append(given.get("action", ""))
            self.forms.append((method, given.get("action", ""), self._open))
        elif tag == "button" and given.get("formaction"):
            self.forms.append(("POST", given["formaction"], self._open if self._open is not None else []))
        if tag == "select":
            self._select, self._chosen = given.get("name"), None
        elif tag == "option" and self._select and (self._chosen is None or "selected" in given):
            self._chosen = given.get("value", "")
        elif tag in ("input", "textarea") and given.get("name") and self._open is not None:
            if given.get("type") in ("checkbox", "radio") and "checked" not in given and given["name"] not in ("ids", "scopes"):
                return
            if given.get("type") not in ("file", "submit", "button"):
                self._open.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            if self._select and self._open is not None and self._chosen is not None:
                self._open.append((self._select, self._chosen))
            self._select = None
        elif tag == "form":
            self._open = None


def endpoint_of(app: Flask, path: str, method: str = "GET") -> tuple[str, dict[str, Any]] | None:
    """(endpoint, arguments) behind an address; None when there is none."""
    try:
        return app.url_map.bind("localhost").match(urlsplit(path).path, method=method)
    except (HTTPException, RequestRedirect):
        return None


def record(app: Flask, client: Any, slug: str, *, most: int = MOST_PER_ENDPOINT, secrets: Iterable[str] = (), first: Iterable[str] = ()) -> Recording:
    """Follow every link of one organisation, from its dashboard and its API; before that from addresses of the tester's choice."""
    found = Recording(slug)
    waiting = deque([*first, f"/o/{slug}/dashboard/", *_api_lists(app, slug)])
    seen: set[str] = set(waiting)
    visits: Counter[str] = Counter()
    while waiting and len(found.pages) < MOST_PAGES:
        path = waiting.popleft()
        place = endpoint_of(app, path)
        if place is None or place[0] in SKIPPED or visits[place[0]] >= most:
            continue
        visits[place[0]] += 1
        answer = client.get(path)
        found.requests += 1
        if answer.status_code in (403, 404) and path in _api_lists(app, slug):
            continue  # a resource for another kind of organisation
        found.pages[path] = answer.status_code
        told = secrets_in(answer, secrets)
        if told:
            found.telling.add(path)
            found.told.update(told)
        for link in _links(found, path, answer):
            if link not in seen and (link.startswith((f"/o/{slug}/", f"/api/v1/o/{slug}/")) or not link.startswith(("/o/", "/api/"))):
                seen.add(link)
                waiting.append(link)
        answer.close()
    return found


def _links(found: Recording, path: str, answer: Any) -> Iterator[str]:
    if answer.status_code in (301, 302, 303):
        yield _local(answer.headers["Location"], path)
    elif answer.is_json:
        yield from _links_of_json(found, path, answer.json)
    elif answer.mimetype == "text/html":
        reader = _Reader()
        reader.feed(answer.text)
        for method, action, fields in reader.forms:
            target = _local(action or path, path)
            if method != "GET" and target.startswith("/"):
                found.forms.setdefault((method, target), Form(method, target, tuple(fields)))
        yield from (_local(link, path) for link in reader.links)


def _links_of_json(found: Recording, path: str, body: Any) -> Iterator[str]:
    base = urlsplit(path).path
    if not isinstance(body, dict):
        return
    for row in (body.get("data") or [])[:3]:
        if "id" in row:
            yield f"{base}/{row['id']}"
            found.forms.setdefault(("PATCH", f"{base}/{row['id']}"), Form("PATCH", f"{base}/{row['id']}", (), is_json=True))
            found.forms.setdefault(("DELETE", f"{base}/{row['id']}"), Form("DELETE", f"{base}/{row['id']}", (), is_json=True))
    following = (body.get("page") or {}).get("next")
    if following:
        yield following


def _api_lists(app: Flask, slug: str) -> list[str]:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/o/<org>/") and rule.arguments == {"org"}]
    return [rule.rule.replace("<org>", slug) for rule in rules if "GET" in (rule.methods or ())]


def _local(link: str, path: str) -> str:
    """A link as an address on this site, without what follows the #."""
    link = html.unescape(link).partition("#")[0]
    parts = urlsplit(link)
    if parts.netloc and parts.netloc not in ("localhost", "127.0.0.1:8080"):
        return ""
    if not parts.path:
        return urlsplit(path).path + (f"?{parts.query}" if parts.query else "") if link else ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


# --- replaying -----------------------------------------------------------------------------------------


@dataclass
class Findings:
    """What an intruder got: secrets read, rows changed, crashes."""

    requests: int = 0
    read: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    changed: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)

    def all(self) -> list[str]:
        read = [f"reads {path}: {', '.join(words[:3])}" for path, words in self.read.items()]
        return read + [f"changes {path}" for path in self.changed] + [f"crashes {path}" for path in self.crashed]


def secrets_in(answer: Any, secrets: Iterable[str]) -> list[str]:
    """Those that stand in an answer. One after the other: an expression of a thousand words is twenty times slower."""
    text = html.unescape(answer.get_data().decode("utf-8", "replace")) + str(answer.headers)
    return [secret for secret in secrets if secret in text]


def look(findings: Findings, name: str, answer: Any, secrets: Iterable[str]) -> None:
    """Is there a secret in an answer, or did it crash?"""
    findings.requests += 1
    if words := secrets_in(answer, secrets):
        findings.read[name] += words
    if answer.status_code >= 500:
        findings.crashed.append(f"{answer.status_code} {name}")
    answer.close()


def swapped(path: str, old: str, new: str) -> str:
    return path.replace(f"/o/{old}/", f"/o/{new}/", 1)


def send(client: Any, form: Form, path: str, token: str, fields: Iterable[tuple[str, str]] | None = None) -> Any:
    """Send a form with a token of the sender."""
    given = [(name, value) for name, value in (form.fields if fields is None else fields) if name != "csrf_token"]
    if form.is_json:
        return client.open(path, method=form.method, json={}, headers={"X-CSRFToken": token, "If-Match": "*"})
    data: dict[str, list[str]] = defaultdict(list)
    for name, value in given:
        data[name].append(value)
    return client.open(path, method=form.method, data={**data, "csrf_token": token})
