"""The table of `koepel bench`, on the screen and in docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from core import clock
from core.bench.compare import Ratio
from core.bench.rows import Row

HEAD = """# Benchmarks

Each line is measured side by side in one run: both sides work in turn, in processes of their
own, on the same machine and the same invented people, and the ratio is the median of the
pairs. A ratio under 1 means that Koepel takes less time than the yardstick. Seconds are only
there to show how much was measured: compare ratios. Make the table again with `make bench`.

"""


def is_met(row: Row, found: Ratio) -> bool:
    """Does the measurement meet every part of the target?"""
    is_quick = row.per_second is not None and found.facts.get("per_second", 0) >= row.per_second
    if row.at_most is not None and found.ratio > row.at_most and not is_quick:
        return False
    if row.times_faster is not None and 1 / found.ratio < row.times_faster:
        return False
    if row.sql is not None and found.facts.get("sql", 0) > row.sql:
        return False
    return row.growth_mb is None or found.growth_mb <= row.growth_mb


def cells(row: Row, found: Ratio) -> list[str]:
    ratio = f"{found.ratio:.2f}" if row.times_faster is None else f"{found.ratio:.3f} ({1 / found.ratio:.1f} times faster)"
    extra = [f"{found.facts['sql']} SQL"] if row.sql is not None else []
    extra += [f"{found.facts['per_second']:,.0f} a second"] if row.per_second is not None else []
    extra += [f"growth {found.growth_mb:.0f} MB"] if row.growth_mb is not None else []
    return [row.work, row.yardstick, f"{found.ours:.3f} s", f"{found.yardstick:.3f} s", ", ".join([ratio, *extra]), row.target, "yes" if is_met(row, found) else "**no**"]


def markdown(results: Sequence[tuple[Row, Ratio]], size: int) -> str:
    """The whole page."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, SQLite, {clock.today():%Y-%m-%d}, {size:,} contacts unless a line says otherwise."
    lines = [HEAD + f"Measured on {machine}\n", "| work | yardstick | ours | yardstick's | ratio | target | met |", "|---|---|---|---|---|---|---|"]
    lines += ["| " + " | ".join(cells(row, found)) + " |" for row, found in results]
    return "\n".join(lines) + "\n"
