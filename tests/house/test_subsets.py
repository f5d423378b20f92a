"""The core, and plugins that need few others, work when the rest is not there. `make subsets` tries every selection."""

from __future__ import annotations

import re
import subprocess
import sys

from core.testing import subsets
from core.testing.house import ROOT


def test_installations_without_some_plugins_work() -> None:
    imports = subsets.imports_of_all()
    titles = ["none", *(",".join(subsets.without(name, imports)) for name in ("memberships", "groups"))]
    command = [sys.executable, "-m", "core.testing.subsets", "--start", "--as", "admin.a", "admin.f", "--", *titles]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [re.fullmatch(r" +\d+ +(\d+) +(\d+) +(\d+) +[\d.]+  (\S+)", line) for line in done.stdout.splitlines()]
    found = {row[4]: (int(row[1]) > int(row[2]) > 150, int(row[3])) for row in rows if row}
    assert found == dict.fromkeys(titles, (True, 0))
