"""What backups add to the platform."""

from core.backup.commands import backup, restore

COMMANDS = (backup, restore)
