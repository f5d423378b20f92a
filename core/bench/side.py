"""One side of a comparison, in a process of its own: it sets up, then works once per line it is sent.

`python -m core.bench.side core.bench.lists:contact_page FOLDER SIZE`
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def peak_mb() -> float:
    """Largest memory of this process since the last reset, in MiB."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5", "utf-8")
    except OSError:  # not on Linux: memory is then counted from the start
        return


def compiled(folder: Path) -> dict[str, str]:
    """Environment of a program whose modules are compiled already, as in an installation that was started before."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder.resolve() / "compiled")}


def serve(name: str, folder: Path, size: int) -> None:
    """Answer each line with what one piece of work took."""
    module, _colon, function = name.partition(":")
    work = getattr(importlib.import_module(module), function)(folder, size)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _line in sys.stdin:
        gc.collect()
        reset_peak()
        before = peak_mb()
        begun = time.perf_counter()
        facts: dict[str, Any] = work() or {}
        answer = {"seconds": time.perf_counter() - begun, "growth_mb": peak_mb() - before, **facts}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
