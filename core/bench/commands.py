"""`koepel bench`: measures ratios and writes docs/benchmarks.md."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from core.bench.compare import compare
from core.bench.report import cells, markdown
from core.bench.rows import all_rows
from core.config import ROOT


@click.command("bench")
@click.argument("names", nargs=-1)
@click.option("--size", type=click.IntRange(1_000, 1_000_000), default=100_000, show_default=True, help="Contacts, where the targets say 100,000.")
@click.option("--write/--no-write", default=True, help="Write docs/benchmarks.md; only when every line is measured.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep the databases here, so that the next run starts sooner.")
def bench(names: tuple[str, ...], size: int, write: bool, folder: Path | None) -> None:
    """Measure Koepel against its yardsticks; NAMES limits it to some lines."""
    chosen = [row for row in all_rows(size) if not names or row.name in names]
    if len(chosen) < len(set(names)):
        raise click.UsageError("known lines: " + ", ".join(row.name for row in all_rows(size)))
    results = []
    with tempfile.TemporaryDirectory(prefix="koepel-bench-") as made:
        place = folder or Path(made)
        place.mkdir(parents=True, exist_ok=True)
        for row in chosen:
            found = compare(row.ours, row.theirs, place, rounds=row.rounds)
            results.append((row, found))
            click.echo(f"{row.name:14} " + " | ".join(cells(row, found)[2:]))
    if write and not names:
        (ROOT / "docs" / "benchmarks.md").write_text(markdown(results, size), "utf-8")
        click.echo("docs/benchmarks.md is written.")
