"""What can be done with the numbers of a federation. Everything flushes and nothing commits."""

from plugins.statistics.services.clubs import club_evolution
from plugins.statistics.services.evolution import evolution
from plugins.statistics.services.snapshots import checksum_of, compare, get_snapshot, remove_snapshot, snapshots_here, start_snapshot
from plugins.statistics.services.taking import take_snapshot

__all__ = [
    "checksum_of",
    "club_evolution",
    "compare",
    "evolution",
    "get_snapshot",
    "remove_snapshot",
    "snapshots_here",
    "start_snapshot",
    "take_snapshot",
]
