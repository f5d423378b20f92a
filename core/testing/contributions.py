"""What helps authors of plugins adds to the platform: commands only."""

from core.testing.scaffold.commands import COMMANDS as _COMMANDS

COMMANDS = _COMMANDS
