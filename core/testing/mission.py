"""Which rows of docs/acceptance.tsv passing tests prove.

As a pytest plugin it notes what tests with `@pytest.mark.covers("R035")` came out as; as a
program it prints the rows per chapter, covered and not, from the last `make test`.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pluggy
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ROWS = ROOT / "docs" / "acceptance.tsv"
PAGE = ROOT / "docs" / "coverage.md"
#: notes of the last runs, one file per run: rows that tests prove, hooks that tests made somebody call
NOTES = ROOT / ".make" / "covers"
HOOKS = ROOT / ".make" / "hooks"

_covered: dict[str, dict[str, str]] = defaultdict(dict)
_called: set[str] = set()


@dataclass(frozen=True)
class Row:
    """A line of the acceptance list."""

    id: str
    chapter: str
    title: str
    text: str


def read_rows(file: Path = ROWS) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as lines:
        return [Row(line["id"], line["chapter"], line["title"], line["text"]) for line in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


# --- the plugin ------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--covers-to", metavar="NAME", help="note in .make/covers/NAME.json which rows of the acceptance list are proven")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    known = {row.id for row in read_rows()} if ROWS.exists() else None
    for item in items:
        for mark in item.iter_markers("covers"):
            unknown = set(mark.args) - known if known is not None else set()
            if unknown or not mark.args:
                raise pytest.UsageError(f"{item.nodeid}: covers() names rows that are not in docs/acceptance.tsv: {sorted(unknown)}")
            item.user_properties.append(("covers", list(mark.args)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        named: list[str] = [row for name, rows in report.user_properties if name == "covers" for row in cast(list[str], rows)]
        for row in named:
            _covered[row][report.nodeid] = report.outcome


def watch_hooks(manager: pluggy.PluginManager) -> None:
    """Note which hooks are called from now on."""
    manager.add_hookcall_monitoring(lambda hook, _implementations, _arguments: _called.add(hook), lambda *_call: None)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["hooks"] = sorted(_called)
        return
    name = session.config.getoption("--covers-to")
    if name:
        for folder, noted in ((NOTES, _covered), (HOOKS, sorted(_called))):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.json").write_text(json.dumps(noted, indent=1, sort_keys=True), encoding="utf-8")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of xdist ends: take over what it noted."""
    _called.update(getattr(node, "workeroutput", {}).get("hooks", ()))


def hooks_nobody_called(declared: Iterable[str]) -> list[str]:
    """Asking and telling hooks that no test of the last runs made anybody call; register_ hooks are called at every start."""
    called = {name for file in HOOKS.glob("*.json") for name in json.loads(file.read_text(encoding="utf-8"))}
    return sorted(name for name in declared if not name.startswith("register_") and name not in called)


# --- the program -----------------------------------------------------------------------------


def outcomes() -> dict[str, dict[str, str]]:
    """{row: {test: outcome}} of the last runs; a test that failed in one of them has failed."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for file in sorted(NOTES.glob("*.json")):
        for row, tests in json.loads(file.read_text(encoding="utf-8")).items():
            for test, outcome in tests.items():
                if outcome == "failed" or found[row].get(test) in (None, "skipped"):
                    found[row][test] = outcome
    return found


def report(rows: list[Row], found: dict[str, dict[str, Any]]) -> list[str]:
    """Lines to print: per chapter what is covered, and every row that is not."""
    lines, covered_at_all = [], 0
    chapters: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        chapters[row.chapter].append(row)
    for chapter, its in chapters.items():
        covered = [row for row in its if "passed" in found.get(row.id, {}).values()]
        covered_at_all += len(covered)
        lines.append(f"{chapter}  {its[0].title}: {len(covered)} of {len(its)}")
        lines += [f"     covered   {' '.join(row.id for row in covered)}"] if covered else []
        lines += [f"     {'FAILED   ' if 'failed' in found.get(row.id, {}).values() else 'uncovered'} {row.id} {row.text}" for row in its if row not in covered]
    return [*lines, "", f"{covered_at_all} of {len(rows)} rows are proven by a passing test."]


def page(rows: list[Row], found: dict[str, dict[str, Any]]) -> str:
    """The same for the documentation: a table of chapters."""
    lines = [
        "# What must be true", "",
        "`docs/acceptance.tsv` lists what the platform must do, one row each. A test that proves a row names it with",
        '`@pytest.mark.covers("R133")`; `make coverage-of-mission` prints which rows passing tests name, and writes this page.', "",
        "| | Chapter | Rows | Proven |", "|---|---|---|---|",
    ]  # fmt: skip
    for chapter in dict.fromkeys(row.chapter for row in rows):
        its = [row for row in rows if row.chapter == chapter]
        proven = sum("passed" in found.get(row.id, {}).values() for row in its)
        lines.append(f"| {chapter} | {its[0].title} | {len(its)} | {proven} |")
    return "\n".join([*lines, ""])


def main() -> int:
    if not any(NOTES.glob("*.json")):
        print("No test run is noted yet; running the tests that name a row, on SQLite.")
        subprocess.run([sys.executable, "-m", "pytest", "-q", "-m", "covers", "--covers-to", "sqlite", *sys.argv[1:]], cwd=ROOT, check=False)
    rows, found = read_rows(), outcomes()
    print("\n".join(report(rows, found)))
    PAGE.write_text(page(rows, found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
