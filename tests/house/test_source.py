"""The source keeps to the rules of the house; each rule finds a violation planted for it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from core.testing import house
from core.testing.house import ROOT
from core.web import vendored

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def plant(folder: Path, name: str, text: str) -> list[Path]:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return [file]


def test_no_name_hides_what_is_inside() -> None:
    assert house.junk_drawers(house.our_files(tests=True)) == []


def test_a_junk_drawer_is_found(tmp_path: Path) -> None:
    assert house.junk_drawers(plant(tmp_path, "utils.py", "")) == ["utils.py"]


def test_files_and_functions_can_be_read_to_the_end() -> None:
    assert house.too_long(house.our_files(tests=True)) == []


def test_a_long_function_and_a_long_file_are_found(tmp_path: Path) -> None:
    long = "def f() -> None:\n" + "    print()\n" * house.LONGEST_FUNCTION
    assert house.too_long(plant(tmp_path, "a.py", long)) == [f"a.py:1: f has {house.LONGEST_FUNCTION + 1} lines, at most {house.LONGEST_FUNCTION}"]
    lines = house.LONGEST_FILE + 1
    assert house.too_long(plant(tmp_path, "b.py", "\n" * lines)) == [f"b.py: {lines} lines, at most {house.LONGEST_FILE}"]


def test_nothing_speaks_sql_past_the_guard() -> None:
    assert house.raw_sql(house.our_files()) == []


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("from sqlalchemy import text\nsession.execute(text('DELETE FROM contact'))", "text()"),
        ("from sqlalchemy import insert\nsession.execute(insert(Contact))", "insert()"),
        ("import sqlalchemy as sa\nsession.execute(sa.text('x'))", "sa.text()"),
        ("session.bulk_insert_mappings(Contact, [])", ".bulk_insert_mappings()"),
        ("connection.exec_driver_sql('SELECT 1')", ".exec_driver_sql()"),
        ("cursor.execute('SELECT 1')", ".execute() of a string"),
        ("cursor.execute(f'DELETE FROM {table}')", ".execute() of a string"),
    ],
)
def test_sql_past_the_guard_is_found(tmp_path: Path, code: str, what: str) -> None:
    found = house.raw_sql(plant(tmp_path, "services.py", code))
    assert [line.partition(": ")[2] for line in found] == [what]


def test_what_only_looks_like_sql_is_left_alone(tmp_path: Path) -> None:
    assert house.raw_sql(plant(tmp_path, "services.py", "rows.insert(0, 'x')\nnode.text('x')\nsession.execute(select(Contact))")) == []


def test_every_exception_to_a_rule_has_its_reason() -> None:
    assert house.reasonless_exceptions(house.our_files(tests=True)) == []


def test_an_exception_without_reason_is_found(tmp_path: Path) -> None:
    lines = "import a  # no" + "qa: PLC0415\nimport b  # no" + "qa: PLC0415 -- slow import\n"
    assert len(house.reasonless_exceptions(plant(tmp_path, "a.py", lines))) == 1


def requires() -> dict[str, tuple[str, ...]]:
    from core.extend.manager import Plugins  # noqa: PLC0415 -- slow import

    return {name: manifest.imports for name, manifest in Plugins().manifests.items()}


def test_imports_run_one_way() -> None:
    assert house.wrong_way_imports(house.our_files(), requires()) == []


def test_federations_use_the_door_only() -> None:
    assert house.past_the_door(house.python_files(ROOT / "federations")) == []


@pytest.mark.parametrize(
    ("place", "line", "why"),
    [
        ("core/contacts/services.py", "import plugins.memberships.api", "the core knows no plugin"),
        ("core/contacts/services.py", "from core.testing.factories import make_contact", "this is for tests"),
        ("plugins/a/services.py", "from federations.okra_sport import plugin", "a plugin knows no federation"),
        ("plugins/a/services.py", "from plugins.b.models import Thing", "only its api and hookspecs are for others"),
        ("plugins/a/services.py", "from plugins.c.api import thing", "the manifest of a does not require c"),
        ("plugins/a/services.py", "def f() -> None:\n    from plugins.b.services import x", "only its api and hookspecs are for others"),
    ],
)
def test_an_import_the_wrong_way_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, line: str, why: str) -> None:
    monkeypatch.setattr(house, "ROOT", tmp_path)
    found = house.wrong_way_imports(plant(tmp_path, place, line), {"a": ("b",)})
    assert {problem.rpartition(": ")[2] for problem in found} == {why}


def test_a_federation_past_the_door_is_found(tmp_path: Path) -> None:
    found = house.past_the_door(plant(tmp_path, "plugin.py", "from core.api import Manifest\nfrom core.db import db\n"))
    assert found == ["plugin.py:2: core.db", "plugin.py:2: core.db.db"]


def templates() -> list[Path]:
    return [file for name in ("core", "plugins", "federations") for file in (ROOT / name).glob("**/templates/**/*.html")]


def test_templates_keep_to_the_content_security_policy() -> None:
    assert house.unsafe_templates(templates()) == []


@pytest.mark.parametrize("line", ['<a onclick="go()">x</a>', "<script>go()</script>", '<img src="//elsewhere.example/x.png">', '<script src="https://elsewhere.example/x.js"></script>'])
def test_an_unsafe_template_is_found(tmp_path: Path, line: str) -> None:
    assert len(house.unsafe_templates(plant(tmp_path, "a.html", line))) == 1


def test_every_template_can_be_read(app) -> None:  # type: ignore[no-untyped-def]
    assert len(templates()) > 20
    for file in templates():
        app.jinja_env.parse(file.read_text(encoding="utf-8"), filename=str(file))


def test_the_lock_agrees_with_the_project_and_has_no_address() -> None:
    project = PROJECT["project"]
    wanted = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    assert house.lock_problems((ROOT / "requirements.lock").read_text("utf-8"), wanted) == []


def test_a_wrong_lock_is_found() -> None:
    lock = "--index-url https://somewhere.example\nflask==3.1.0 \\\n    --hash=sha256:aa\nclick==8.1.0\n"
    assert house.lock_problems(lock, ["flask>=3.2", "click", "pluggy"]) == [
        "an address: --index-url https://somewhere.example",
        "click has no hash",
        "flask>=3.2 is locked to 3.1.0",
        "pluggy is not locked",
    ]


def test_files_of_others_are_as_they_were_taken_over() -> None:
    assert vendored.problems() == []


def test_the_project_names_no_registry_and_no_machine() -> None:
    assert house.foreign_words(house.tracked_files(), skip=("core/web/static/vendor/", "tests/browser/vendor/")) == []


def test_a_named_registry_is_found(tmp_path: Path) -> None:
    assert house.foreign_words(plant(tmp_path, "a.md", "see pypi" + ".org")) == ["a.md: pypi" + ".org"]
