"""First drafts: a federation is a copy of federations/example, a module one of the folder `module` here."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from core.errors import StartRefused
from core.testing.house import ROOT

EXAMPLE = "example"
MODULE = Path(__file__).parent / "module"
_NAME = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
_MARK = re.compile(r"^# \[/?\w+\]\n", re.MULTILINE)
README = """# {title}

The rules of this federation. Everything is in `plugin.py`, as declarations: its types of membership,
the functions in its clubs, its extra fields, and the day on which clubs have to be in order.
[A federation in one evening](../README.md) explains each of them.

    koepel check-plugin {name}
    koepel create-organisation "{title}" --plugin {name}
"""
#: names Python or the house uses already
_TAKEN = {"core", "plugins", "federations", "tests", "translations", "example", "module", "platform"}


def write_federation(name: str, root: Path = ROOT) -> list[Path]:
    """Write federations/NAME, green from the start: a copy of the example with its own name."""
    target = _target(name, "federations", root)
    made = _copy(root / "federations" / EXAMPLE, target, {"Example federation": _title(name), "example": name}, name)
    readme = target / "README.md"
    readme.write_text(README.format(title=_title(name), name=name), "utf-8")
    return made


def write_plugin(name: str, root: Path = ROOT) -> list[Path]:
    """Write plugins/NAME, green from the start: one table, a list of it and its rights."""
    target = _target(name, "plugins", root)
    words = {"Sample": _class(name), "sample": name, "SAMPLE TITLE": _title(name)}
    return _copy(MODULE, target, words, name)


def _target(name: str, package: str, root: Path) -> Path:
    if not _NAME.match(name) or len(name) > 30 or name in _TAKEN:
        raise StartRefused(f"{name!r} is no name for a plugin: use small letters, digits and _, at most 30, such as choir_school")
    for place in ("plugins", "federations"):
        if (root / place / name).exists():
            raise StartRefused(f"{place}/{name} is there already")
    return root / package / name


def _copy(source: Path, target: Path, words: dict[str, str], name: str) -> list[Path]:
    made = []
    for file in sorted(source.rglob("*")):
        if file.is_dir() or "__pycache__" in file.parts:
            continue
        place = target / Path(*(_renamed(part, words, name) for part in file.relative_to(source).parts))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_rewritten(file.read_text("utf-8"), words), "utf-8")
        shutil.copymode(file, place)
        made.append(place)
    return made


def _renamed(part: str, words: dict[str, str], name: str) -> str:
    return part.replace(".tmpl", "").replace("test_example", f"test_{name}").replace("sample", words.get("sample", "sample"))


def _rewritten(text: str, words: dict[str, str]) -> str:
    text = _MARK.sub("", text)
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, words[word])
    return text


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _class(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
