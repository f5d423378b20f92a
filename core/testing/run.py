"""`make test`: the whole suite on SQLite with browser, Redis and PostgreSQL beside it, then what uses the database on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from core.testing import servers
from core.testing.generated import hooks_of, load_registry, specs
from core.testing.mission import HOOKS, NOTES, hooks_nobody_called

ROOT = Path(__file__).resolve().parent.parent.parent


def main(arguments: list[str]) -> int:
    """Run both; the answer is right when both are."""
    has_postgres = look_around()
    for old in (*NOTES.glob("*.json"), *HOOKS.glob("*.json")):
        old.unlink()
    start, failed = time.monotonic(), []
    runs = [("SQLite", "sqlite", "")] + ([("PostgreSQL", "postgres", "1")] if has_postgres else [])
    for title, database, only in runs:
        print(f"\n--- tests on {title} ---", flush=True)
        environment = {**os.environ, "KOEPEL_TEST_DB": database, "KOEPEL_TEST_ONLY_DATABASE": only, "PYTHONDONTWRITEBYTECODE": ""}
        side_by_side = ["--numprocesses", workers(), "--dist", "loadfile", "--no-loadscope-reorder"]
        command = [sys.executable, "-m", "pytest", "-q", "-ra", *side_by_side, "--covers-to", database, *arguments]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 -- ourselves
        if code and not (code == 5 and only and arguments):  # a choice of tests may hold none for the database
            failed.append(title)
    servers.stop_all()
    if not arguments and (silent := hooks_nobody_called(declared_hooks())):
        print(f"\nNo test makes anybody call these hooks: {', '.join(silent)}")
        failed.append("hooks")
    print(f"\n{'Failed: ' + ' and '.join(failed) if failed else 'All well'} after {time.monotonic() - start:.0f} s.", flush=True)
    return 1 if failed else 0


def declared_hooks() -> list[str]:
    registry = load_registry()
    return [name for _owner, spec in specs(registry) for name in hooks_of(spec)]


def look_around() -> bool:
    """Find or start what tests need, and say what is missing; True when there is PostgreSQL."""
    found = {}
    for name, find in (("PostgreSQL", servers.postgres), ("Redis", servers.redis), ("browser", servers.chromium)):
        try:
            found[name] = find()
            print(f"{name}: {found[name]}")
        except servers.Missing as reason:
            print(f"{name}: tests that need it are skipped. {reason}")
    return "PostgreSQL" in found


def workers() -> str:
    return str(max(1, min(4, os.cpu_count() or 1)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
