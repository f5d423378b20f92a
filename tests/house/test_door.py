"""core.api is typed, documented, and can be imported first."""

from __future__ import annotations

import inspect
import subprocess
import sys
import tomllib

from core import api
from core.config import ROOT, Config, load
from core.testing.house import imports_of, our_files, shown

#: of a library, with its own documentation
BORROWED = {"_", "_l", "_n"}


def test_every_name_of_the_door_is_there_once_and_sorted() -> None:
    public = {name for name, item in vars(api).items() if not name.startswith("__") and name != "annotations" and not inspect.ismodule(item)}
    assert public == set(api.__all__)
    assert len(api.__all__) == len(set(api.__all__))


def test_every_class_and_function_of_the_door_says_what_it_is() -> None:
    items = {name: getattr(api, name) for name in api.__all__ if name not in BORROWED}
    assert [name for name, item in items.items() if (inspect.isclass(item) or inspect.isfunction(item)) and not inspect.getdoc(item)] == []


def test_every_function_of_the_door_is_typed() -> None:
    functions = [getattr(api, name) for name in api.__all__ if name not in BORROWED and inspect.isfunction(getattr(api, name))]
    untyped = [f.__name__ for f in functions if inspect.signature(f).return_annotation is inspect.Signature.empty]
    assert untyped == []


def test_the_door_can_be_imported_first() -> None:
    done = subprocess.run([sys.executable, "-c", "import core.api"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_core_does_not_use_its_own_door() -> None:
    found = [f"{shown(file)}:{line}" for file in our_files() if shown(file).startswith("core/") for line, module in imports_of(file) if module == "core.api"]
    assert [place for place in found if not place.startswith("core/testing/")] == []


def test_the_example_settings_are_settings(tmp_path) -> None:  # type: ignore[no-untyped-def]
    values = tomllib.loads((ROOT / "instance" / "koepel.example.toml").read_text("utf-8"))
    assert set(values) <= set(Config.model_fields)
    config = load({}, **{**values, "instance_dir": tmp_path, "secret_key": "k" * 10 + "0123456789abcdefghijklmn", "field_keys": ("key",)})
    assert config.is_production
