"""Places where tests pull the plug."""

from __future__ import annotations

import os

KILL = 9


def failpoint(name: str) -> None:
    """Kill this process, as a power cut would, when KOEPEL_FAILPOINT names this place."""
    if os.environ.get("KOEPEL_FAILPOINT") == name:
        os.kill(os.getpid(), KILL)
