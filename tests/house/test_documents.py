"""Documents say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.extend.registry import KEYS, Registry
from core.testing import generated
from core.testing.house import ROOT
from core.testing.mission import Row, read_rows, report

HEADINGS = ("What it is", "For whom", "Start", "Where is what", "Licence")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return generated.load_registry()


def test_generated_pages_are_up_to_date() -> None:
    different = [path.name for path, text in generated.pages().items() if not path.exists() or path.read_text("utf-8") != text]
    assert different == [], "run make generated"


def test_every_hook_says_what_it_is_for(registry: Registry) -> None:
    assert [name for _owner, spec in generated.specs(registry) for name, hook in generated.hooks_of(spec).items() if not hook.__doc__] == []


def test_every_hook_has_a_real_implementer(registry: Registry) -> None:
    hooks = [name for _owner, spec in generated.specs(registry) for name in generated.hooks_of(spec)]
    assert [name for name in hooks if not generated.implementers(registry, name)] == []


def test_every_hook_called_at_start_has_its_place_in_the_registry() -> None:
    declared = {name.removeprefix("register_") for name in generated.hooks_of(generated.CoreHooks) if name.startswith("register_")}
    assert declared == set(KEYS)


def test_the_readme_has_what_a_newcomer_looks_for() -> None:
    found = re.findall(r"^## (.+)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert [heading for heading in HEADINGS if heading not in found] == []


def rooms() -> list[Path]:
    return sorted(file.parent for name in ("plugins", "federations") for file in (ROOT / name).glob("*/plugin.py"))


@pytest.mark.parametrize("room", rooms(), ids=lambda room: room.name)
def test_every_plugin_has_a_readme(room: Path) -> None:
    assert (room / "README.md").exists()
    assert (room / "README.md").read_text("utf-8").startswith("# ")


def test_the_acceptance_list_is_complete() -> None:
    rows = read_rows()
    assert [row.id for row in rows] == [f"R{number:03}" for number in range(1, 311)]
    assert sorted({row.chapter for row in rows}) == list("ABCDEFGHIJKLMNOPQRST")
    assert all(row.text and row.title for row in rows)


def test_a_row_counts_as_covered_only_by_a_test_that_passes() -> None:
    rows = [Row("R001", "A", "Login", "one"), Row("R002", "A", "Login", "two"), Row("R003", "B", "Admins", "three")]
    outcomes = {"R001": {"a": "passed", "b": "failed"}, "R002": {"c": "failed"}, "R003": {"d": "skipped"}}
    assert report(rows, outcomes) == [
        "A  Login: 1 of 2",
        "     covered   R001",
        "     FAILED    R002 two",
        "B  Admins: 0 of 1",
        "     uncovered R003 three",
        "",
        "1 of 3 rows are proven by a passing test.",
    ]
