"""Code in documents is cut out of code that runs, and compared by a test.

In the code: `# [name]` and `# [/name]` around a part. In the document, before a fenced block:
`<!-- from example/plugin.py: name -->`, with the path as seen from the document.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

_QUOTED = re.compile(r"<!-- from (?P<file>\S+): (?P<name>\w+) -->\n```\w*\n(?P<text>.*?)```", re.DOTALL)


def part_of(source: str, name: str) -> str | None:
    """The lines between the marks of a part; None when there is no such part."""
    found = re.search(rf"^# \[{name}\]\n(.*?)^# \[/{name}\]$", source, re.DOTALL | re.MULTILINE)
    return dedent(found[1]).strip("\n") + "\n" if found else None


def different(document: Path) -> list[str]:
    """Quoted parts that are not what the code says, as "file: name"."""
    found = []
    for quoted in _QUOTED.finditer(document.read_text("utf-8")):
        source = document.parent / quoted["file"]
        if not source.exists() or part_of(source.read_text("utf-8"), quoted["name"]) != quoted["text"]:
            found.append(f"{quoted['file']}: {quoted['name']}")
    return found


def quoted_in(document: Path) -> list[str]:
    """Names of the parts a document quotes."""
    return [quoted["name"] for quoted in _QUOTED.finditer(document.read_text("utf-8"))]
