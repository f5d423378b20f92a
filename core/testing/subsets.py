"""`make subsets`: does the core work with each selection of plugins?

Every selection that is complete (no plugin without those it requires or uses) starts on an empty database: migrations, rights, a
small world, and every page without an argument as platform, federation and club administrator and as a member, with the pages those
link to. Then the tests of the core run with no plugin, with all, and with all but one (and those that need it).

    python -m core.testing.subsets            # both
    python -m core.testing.subsets --start    # only start every selection and ask its pages
    python -m core.testing.subsets --tests    # only the tests of the core
    python -m core.testing.subsets --start none without:groups memberships,statistics
    python -m core.testing.subsets --start --as admin.a -- all
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from itertools import combinations
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import inspect
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect, Rule

from core import config as configuration
from core.db import db, metadata
from core.extend.manager import Plugins
from core.extend.registry import Registry
from core.migrations import derived
from core.migrations.runner import drift, pending
from core.organisations.models import PluginActivation
from core.testing.databases import make_test_app
from core.testing.factories import PASSWORD, inside, make_contact, make_world

ROOT = Path(__file__).resolve().parent.parent.parent
#: who asks, and where
VISITORS = {"platform": "platform", "admin.f": "federation-f", "admin.a": "club-a", "member.a": "club-a"}
#: asking this ends the visit
LAST = ("SessionView.logout",)
#: says that no worker runs, and none does
APART = ("HealthView.ready",)
_LINK = re.compile(r'\b(?:href|action|hx-get|hx-post|formaction)="(/[^"]*)"')
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_COUNTS = re.compile(r"(\d+) (passed|failed|errors?|skipped)\b")
Names = tuple[str, ...]


# --- selections ------------------------------------------------------------------------------------


def imports_of_all() -> dict[str, Names]:
    """{plugin: those it requires or uses} of all that are installed."""
    return {name: manifest.imports for name, manifest in Plugins().manifests.items()}


def complete(imports: Mapping[str, Sequence[str]]) -> list[Names]:
    """Every selection that holds what its members need, small ones first."""
    names = sorted(imports)
    found = (chosen for size in range(len(names) + 1) for chosen in combinations(names, size))
    return [chosen for chosen in found if all(set(imports[name]) <= set(chosen) for name in chosen)]


def without(name: str, imports: Mapping[str, Sequence[str]]) -> Names:
    """All but one plugin, and but those that need it."""
    gone = {name}
    while more := {other for other, needed in imports.items() if gone & set(needed)} - gone:
        gone |= more
    return tuple(sorted(imports.keys() - gone))


def extremes(imports: Mapping[str, Sequence[str]]) -> dict[str, Names]:
    """None, all, and all but one: {title: selection}."""
    return {"none": (), "all": tuple(sorted(imports)), **{f"without:{name}": without(name, imports) for name in sorted(imports)}}


# --- the application and its pages -------------------------------------------------------------------


@dataclass
class Look:
    """What was seen of an application with some plugins."""

    names: Names
    tables: int = 0
    asked: int = 0
    shown: int = 0
    #: of the processor
    seconds: float = 0
    problems: list[str] = field(default_factory=list)


def look(names: Names, visitors: Sequence[str] = tuple(VISITORS)) -> Look:
    """Start it and ask its pages; in a process of its own, which has seen no other plugin yet."""
    found, start = Look(names), time.process_time()
    with tempfile.TemporaryDirectory() as folder, noted(found.problems):
        try:
            config = configuration.load(
                {}, environment="test", instance_dir=Path(folder), plugins=names, embedded_worker=False, ask_second_factor=False, log_level="ERROR"
            )
            app = make_test_app(config)
            with app.app_context():
                found.problems += wrong_tables()
                found.tables = len(metadata.tables)
                furnish(app.extensions["koepel"])
                db.session.remove()
            for username in visitors:
                walk = Walk(app, username, VISITORS[username])
                walk.all_pages()
                found.asked, found.shown, found.problems = found.asked + walk.asked, found.shown + walk.shown, found.problems + walk.problems
        except Exception as error:  # noqa: BLE001 -- whatever keeps this selection from starting, the others are looked at too
            found.problems.append(f"{type(error).__name__}: {error}")
    found.seconds = time.process_time() - start
    return found


def wrong_tables() -> list[str]:
    """A database that is not what the models of these plugins say."""
    there, wanted = set(inspect(db.engine).get_table_names()) - derived.HIDDEN_TABLES - {"alembic_version"}, set(metadata.tables)
    found = [f"table {name} is of no plugin that is on" for name in sorted(there - wanted)] + [f"no table {name}" for name in sorted(wanted - there)]
    return found + [f"not migrated: {revision}" for revision in pending()] + [f"differs from its models: {change}" for change in drift()]


def furnish(registry: Registry) -> None:
    """A world in which every module is on, a federation has rules when there are any, and clubs have a contact."""
    manifests = registry.plugins.manifests
    world = make_world(federation_plugin=next((name for name, manifest in manifests.items() if manifest.kind == "federation"), None))
    for organisation in (world.federation, world.club):
        with inside(organisation):
            for name in (name for name, manifest in manifests.items() if manifest.starts_off):
                db.session.add(PluginActivation(plugin=name, active=True))
                if organisation.kind == "federation":
                    db.session.add(PluginActivation(plugin=name, active=True, for_clubs=True))
            if organisation.kind == "club":
                make_contact(email_1="somebody@members.example")
            db.session.flush()


@contextmanager
def noted(problems: list[str]) -> Iterator[None]:
    """What is logged as an error meanwhile is a problem: a part of a page that is out of order says so there only."""

    class Noting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            said = record.msg.get("event", "") if isinstance(record.msg, dict) else record.getMessage()
            problems.append(f"logged: {said} {type(error).__name__ if error else ''} {error or ''}".strip())

    handler = Noting(logging.ERROR)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


class Walk:
    """One person's visit to every page without an argument, and once to each kind of page those link to."""

    def __init__(self, app: Flask, username: str, slug: str) -> None:
        self.app, self.username, self.slug = app, username, slug
        self.client = app.test_client()
        self.addresses = app.url_map.bind("localhost")
        self.asked, self.shown = 0, 0
        self.problems: list[str] = []
        self._linked: dict[str, tuple[str, str]] = {}
        self._seen: set[str] = set()
        token = _TOKEN.search(self.client.get("/login/").text)
        answer = self.client.post("/login/", data={"username": username, "password": PASSWORD, "csrf_token": token[1] if token else ""})
        if answer.status_code != 302:
            self.problems.append(f"{username} cannot log in: {answer.status_code}")

    def all_pages(self) -> None:
        for rule in pages_without_arguments(self.app):
            _domain, path = rule.build({"org": self.slug} if "org" in rule.arguments else {}) or ("", "")
            self._seen.add(rule.endpoint)
            self.ask(path)
        for endpoint, (path, source) in list(self._linked.items()):
            if endpoint not in self._seen and self.ask(path) == 404:
                self.problems.append(f"{self.username}: {source} links to {path}, which does not exist here")

    def ask(self, path: str) -> int:
        """Status of a page; one that breaks is noted, and so is a link on it to nowhere."""
        with noted(self.problems):
            answer = self.client.get(path)
        code = answer.status_code
        self.asked, self.shown = self.asked + 1, self.shown + (code == 200)
        if code >= 500:
            self.problems.append(f"{self.username}: {code} {path}")
        if code == 200 and answer.mimetype == "text/html":
            for link in sorted({unescape(found) for found in _LINK.findall(answer.text)}):
                self._follow(link, path)
        answer.close()
        return code

    def _follow(self, link: str, source: str) -> None:
        try:
            endpoint, _values = self.addresses.match(link.partition("#")[0].partition("?")[0], method="GET")
        except (MethodNotAllowed, RequestRedirect):
            return
        except NotFound:
            self.problems.append(f"{self.username}: {source} links to {link}, which is nowhere")
            return
        if not endpoint.endswith("static"):
            self._linked.setdefault(endpoint, (link.partition("#")[0], source))


def pages_without_arguments(app: Flask) -> list[Rule]:
    """Every route that can be asked for as it is, inside an organisation or outside; those that end a visit come last."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and rule.arguments <= {"org"}]
    rules = [rule for rule in rules if rule.endpoint not in APART and not rule.endpoint.endswith("static")]
    return sorted(rules, key=lambda rule: (rule.endpoint in LAST, rule.rule))


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call it in a process of its own: a plugin that was read once is never unread."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        return pool.submit(function, *arguments).result()


# --- the tests of the core ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Ran:
    """How the tests of the core came out with some plugins."""

    title: str
    names: Names
    code: int
    counts: dict[str, int]
    seconds: float
    #: the end of what was said, when something failed
    said: str = ""


def run_tests(title: str, names: Names) -> Ran:
    start = time.monotonic()
    environment = {**os.environ, "KOEPEL_PLUGINS": ",".join(names)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/core"]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    counts = {word: int(number) for number, word in _COUNTS.findall(done.stdout.strip().rpartition("\n")[2])}
    return Ran(title, names, done.returncode, counts, time.monotonic() - start, done.stdout[-6000:] if done.returncode else "")


# --- the program -------------------------------------------------------------------------------------


def chosen(words: Sequence[str], imports: Mapping[str, Sequence[str]], otherwise: Mapping[str, Names]) -> dict[str, Names]:
    """{title: selection} of what was asked for: "none", "all", "without:groups" or names with commas."""
    known = extremes(imports)
    return {word: known[word] if word in known else tuple(sorted(word.split(","))) for word in words} if words else dict(otherwise)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m core.testing.subsets", description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--start", action="store_true", help="only start applications and ask their pages")
    parser.add_argument("--tests", action="store_true", help="only run the tests of the core")
    parser.add_argument("--as", dest="visitors", nargs="+", choices=VISITORS, default=tuple(VISITORS), metavar="WHO", help=f"who asks: {', '.join(VISITORS)}")
    parser.add_argument("selections", nargs="*", metavar="SELECTION", help="none, all, without:NAME or NAME,NAME; without any, every one")
    asked = parser.parse_args(arguments)
    are_spelt_out = bool(asked.selections) and not any(word == "all" or ":" in word for word in asked.selections)
    imports: dict[str, Names] = {} if are_spelt_out else apart(imports_of_all)
    right = True
    if asked.start or not asked.tests:
        right &= show_looks(chosen(asked.selections, imports, {",".join(names) or "none": names for names in complete(imports)}), asked.visitors)
    if asked.tests or not asked.start:
        right &= show_tests(chosen(asked.selections, imports, extremes(imports)))
    return 0 if right else 1


def show_looks(selections: Mapping[str, Names], visitors: Sequence[str]) -> bool:
    print(f"{'tables':>6} {'asked':>6} {'shown':>6} {'wrong':>6} {'s':>6}  plugins", flush=True)
    seen: list[Look] = []
    for title, names in selections.items():
        found: Look = apart(look, names, visitors)
        seen.append(found)
        print(f"{found.tables:6} {found.asked:6} {found.shown:6} {len(found.problems):6} {found.seconds:6.1f}  {title}", flush=True)
        for problem in dict.fromkeys(found.problems):
            print(f"       {problem[:400]}", flush=True)
    wrong = sum(bool(found.problems) for found in seen)
    print(f"{len(seen)} selections, {sum(found.asked for found in seen)} pages, {wrong} selections with something wrong.", flush=True)
    return not wrong


def show_tests(selections: Mapping[str, Names]) -> bool:
    print(f"{'passed':>6} {'failed':>6} {'skip':>6} {'s':>6}  plugins", flush=True)
    wrong = 0
    for title, names in selections.items():
        ran = run_tests(title, names)
        wrong += bool(ran.code)
        counts = ran.counts
        failed = counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
        print(f"{counts.get('passed', 0):6} {failed:6} {counts.get('skipped', 0):6} {ran.seconds:6.0f}  {title}", flush=True)
        if ran.said:
            print(ran.said, flush=True)
    print(f"The tests of the core with {len(selections)} selections: {wrong} with something wrong.", flush=True)
    return not wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
