"""Files of other projects that we ship: what they are, and a check that nobody changed them.

Add icons from an unpacked or packed `@tabler/icons`:

    npm pack @tabler/icons@3.51.0
    python -m core.web.vendored add-icons tabler-icons-3.51.0.tgz bell circle-check-filled
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tarfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "static" / "vendor"
MANIFEST = FOLDER / "vendor.toml"


def packages(manifest: Path = MANIFEST) -> list[dict[str, Any]]:
    """What `vendor.toml` lists: name, version, licence, source and the files with their SHA-256."""
    return list(tomllib.loads(manifest.read_text(encoding="utf-8"))["package"])


def problems(manifest: Path = MANIFEST) -> list[str]:
    """Differences between the manifest and the files beside it; empty when all is well."""
    folder, found, listed = manifest.parent, [], {manifest.name}
    for package in packages(manifest):
        for name, expected in package["files"].items():
            listed.add(name)
            path = folder / name
            if not path.is_file():
                found.append(f"{name}: listed, but not there")
            elif _sha256(path) != expected:
                found.append(f"{name}: changed since it was taken over")
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    return found + [f"{name}: there, but not listed" for name in sorted(there - listed)]


def write_manifest(described: Iterable[dict[str, Any]], manifest: Path = MANIFEST) -> None:
    """Write `vendor.toml` again, with the SHA-256 of the files as they are now."""
    folder, lines = manifest.parent, ["# Files of other projects, taken over unchanged except for source-map comments.", ""]
    for package in described:
        lines.append("[[package]]")
        lines += [f'{key} = "{package[key]}"' for key in ("name", "version", "licence", "source")]
        lines.append("[package.files]")
        lines += [f'"{name}" = "{_sha256(folder / name)}"' for name in sorted(package["files"])]
        lines.append("")
    manifest.write_text("\n".join(lines), encoding="utf-8")


def add_icons(archive: Path, names: Iterable[str]) -> None:
    """Copy icons out of a packed `@tabler/icons`; `name-filled` means the filled drawing."""
    described = packages()
    icons = next(p for p in described if p["name"] == "@tabler/icons")
    with tarfile.open(archive) as packed:
        for name in names:
            kind, drawing = ("filled", name.removesuffix("-filled")) if name.endswith("-filled") else ("outline", name)
            source = packed.extractfile(f"package/icons/{kind}/{drawing}.svg")
            if source is None:
                raise FileNotFoundError(name)
            target = f"icons/{kind}/{drawing}.svg"
            (FOLDER / target).write_bytes(source.read())
            icons["files"][target] = ""
    write_manifest(described)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m core.web.vendored")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="compare the files with the manifest")
    adding = commands.add_parser("add-icons", help="take icons over from a packed @tabler/icons")
    adding.add_argument("archive", type=Path)
    adding.add_argument("names", nargs="+")
    given = parser.parse_args()
    if given.command == "add-icons":
        add_icons(given.archive, given.names)
        return 0
    found = problems()
    print("\n".join(found) or "all files are as listed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
