"""First drafts of plugins are green from the start: written into a copy of the house, and tried there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import StartRefused
from core.testing.conformance import problems_of
from core.testing.house import ROOT
from core.testing.scaffold import write_federation, write_plugin


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with two plugins that were just made."""
    copy = tmp_path_factory.mktemp("house")
    for name in ("core", "federations", "plugins", "translations"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / name, copy / name)
    write_federation("alpine", copy)
    write_plugin("choir_school", copy)
    return copy


def run(house: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KOEPEL_", "PYTEST_", "COVERAGE_"))}
    return subprocess.run(
        [sys.executable, *arguments], cwd=house, env={**kept, "PYTHONPATH": str(house), **environment}, capture_output=True, text=True, timeout=300, check=False
    )


def test_their_tests_pass(house: Path) -> None:
    done = run(house, "-m", "pytest", "-q", "-p", "no:cacheprovider", "federations/alpine", "plugins/choir_school")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "9 passed" in done.stdout


def test_they_pass_the_linter(house: Path) -> None:
    done = run(house, "-m", "ruff", "check", "federations/alpine", "plugins/choir_school")
    assert done.returncode == 0, done.stdout


def test_they_are_picked_up_and_used(house: Path, tmp_path: Path) -> None:
    program = """
from click.testing import CliRunner
from flask.cli import ScriptInfo
from core.cli import cli, make_app
info = ScriptInfo(create_app=make_app, set_debug_flag=False)
for line in ("migrate", "check-plugin choir_school", "create-organisation Alpine --plugin alpine"):
    print(CliRunner().invoke(cli, line.split(), obj=info).output)
"""
    done = run(house, "-c", program, KOEPEL_INSTANCE_DIR=str(tmp_path))
    for said in ("rights are in the database", "choir_school keeps the rules of the house.", "/o/alpine/"):
        assert said in done.stdout, done.stdout + done.stderr


def test_nothing_of_the_pattern_is_left(house: Path) -> None:
    made = [*(house / "federations/alpine").rglob("*"), *(house / "plugins/choir_school").rglob("*")]
    texts = {path: path.read_text("utf-8") for path in made if path.is_file() and path.suffix in (".py", ".md")}
    assert [str(path) for path, text in texts.items() if "sample" in text.lower() or "example" in text.lower() or "# [" in text] == []


@pytest.mark.parametrize("name", ["Alpine", "../evil", "core", "a-b", "", "x" * 31, "memberships", "okra_sport"])
def test_names_that_cannot_be_are_refused(name: str) -> None:
    with pytest.raises(StartRefused):
        write_federation(name)
    with pytest.raises(StartRefused):
        write_plugin(name)


def test_conformance_finds_what_is_wrong(house: Path) -> None:
    write_federation("broken", house)
    plugin = house / "federations/broken/plugin.py"
    text = plugin.read_text("utf-8")
    text = text.replace('purpose="Everybody gets a shirt at the yearly festival."', 'purpose=""').replace(', en="Chair"', "")
    text = text.replace("from core.api import", "from core.db import db\nfrom core.api import", 1)
    plugin.write_text(text + "\n\ndef readiness_checks(organisation, day):\n    return []\n\n\ndef register_nonsense():\n    return []\n", "utf-8")
    (house / "federations/broken/README.md").unlink()
    shutil.rmtree(house / "federations/broken/tests")
    done = run(house, "-c", "from core.testing.conformance import problems_of; print(*problems_of('broken'), sep='\\n')")
    for part in (
        "readiness_checks lacks @hookimpl", "there is no hook register_nonsense", "no purpose", "function chair: no text in en", "README.md is missing",
        "no tests", "core.db",
    ):  # fmt: skip
        assert part in done.stdout, done.stdout + done.stderr


def test_an_unknown_plugin_is_told() -> None:
    assert problems_of("nonsense")[0].startswith("there is no plugin 'nonsense'")
