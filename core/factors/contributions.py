"""What this room adds to the platform."""

from __future__ import annotations

from core.factors import history as history  # teaches the log our words
from core.factors.commands import COMMANDS as _COMMANDS
from core.factors.views import VIEWS as _VIEWS

VIEWS = _VIEWS
COMMANDS = _COMMANDS
