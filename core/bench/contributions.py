"""What the benchmarks add to the platform: a command."""

from core.bench.commands import bench

COMMANDS = (bench,)
