"""`make lint`: every check, one after the other, and which of them found something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = Path(sys.executable).parent
CHECKS: tuple[tuple[str, list[str]], ...] = (
    ("style", [str(PROGRAMS / "ruff"), "check", "."]),
    ("types", [str(PROGRAMS / "mypy")]),
    ("imports", [str(PROGRAMS / "lint-imports"), "--no-cache"]),
    ("templates", [str(PROGRAMS / "djlint"), "core", "plugins", "federations", "--lint", "--quiet"]),
    ("translations", [sys.executable, "-m", "core.testing.strings", "--check"]),
    ("house", [sys.executable, "-m", "pytest", "-q", "tests/house"]),
)


def main() -> int:
    wrong = []
    for title, command in CHECKS:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        print(f"{'ok  ' if done.returncode == 0 else 'MEND'}  {title}", flush=True)
        if done.returncode:
            wrong.append(title)
            print(done.stdout + done.stderr, flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
