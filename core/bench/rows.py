"""What is measured: our side, the yardstick beside it, and what the ratio should be."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

from core.extend.manager import installed

OURS, BARE, DJANGO, FAB = "core.bench.", "core.bench.yardsticks.bare:", "core.bench.yardsticks.django_admin:", "core.bench.yardsticks.stock_fab:"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    sides: (function of a side, size) of ours and of the yardstick.
    at_most: the largest ratio that meets the target; with `times_faster`, the yardstick must
        take at least so many times our time.
    per_second: enough by itself, whatever the ratio.
    sql, growth_mb: limits on the statements of one request and on memory, when there are any.
    """

    name: str
    work: str
    yardstick: str
    ours: tuple[str, int]
    theirs: tuple[str, int]
    at_most: float | None = None
    times_faster: float | None = None
    per_second: int | None = None
    sql: int | None = None
    growth_mb: int | None = None
    rounds: int = 5

    @property
    def target(self) -> str:
        parts = [f"≤ {self.at_most:g}"] if self.at_most else [f"≥ {self.times_faster:g} times faster"]
        parts += [f"or ≥ {self.per_second:,} a second"] if self.per_second is not None else []
        parts += [f"≤ {self.sql} SQL"] if self.sql is not None else []
        parts += [f"growth ≤ {self.growth_mb} MB"] if self.growth_mb is not None else []
        return ", ".join(parts)


def all_rows(n: int) -> list[Row]:
    """The rows of the core, and of each plugin with a `bench.py`."""
    found = rows(n)
    for module in installed().values():
        name = module.rpartition(".")[0] + ".bench"
        if importlib.util.find_spec(name):
            found += importlib.import_module(name).rows(n)
    return found


def rows(n: int) -> list[Row]:
    """What the core measures, with `n` contacts where the targets say 100,000."""
    page, tenth, small = OURS + "lists:first_page", n // 10, max(n // 100, 100)
    return [
        Row("list-fab", "contact list, 25 rows, 12 columns of which 3 extra fields, 40 menu lines", "stock Flask-AppBuilder ModelView, same menu", (page, n), (FAB + "model_view", n), 0.3, sql=8),
        Row("list-django", "the same list", "Django admin changelist", (page, n), (DJANGO + "changelist", n), 1.0),
        Row("list-growth", f"the same list with {10 * n:,} contacts", f"with {small:,} contacts", (page, 10 * n), (page, small), 1.3),
        Row("list-deep", "its page at 99 %", "its first page", (OURS + "lists:deep_page", n), (page, n), 1.3),
        Row("filter", "filter on three fields, one an extra field, no index made", "the first page", (OURS + "lists:filtered", n), (page, n), 4.0),
        Row("search", "search without a hit", "the same in the Django admin", (OURS + "lists:search_without_hit", n), (DJANGO + "search", n), 0.25),
        Row("export", f"XLSX export of {n:,} x 20 as a job", "the bare writer, fed from memory", (OURS + "flows:export_workbook", n), (BARE + "write_workbook", n), 1.6, growth_mb=60, rounds=3),
        Row("import", f"CSV import of {n:,} rows as a job: reading, checking, matching, audit", "the driver's executemany of the same rows", (OURS + "flows:import_list", n), (BARE + "insert_people", n), 4.0, growth_mb=150, rounds=3),
        Row("import-django", f"CSV import of {tenth:,} rows", "django-import-export, bulk", (OURS + "flows:import_list", tenth), (DJANGO + "import_csv", tenth), times_faster=8, rounds=3),
        Row("jobs", "1,000 jobs that do nothing, full bookkeeping", "a bare claim loop, 10 at a time", (OURS + "flows:no_op_jobs", 1_000), (BARE + "claim_loop", 1_000), 1 / 0.3, per_second=1_000),
        Row("start", "start of a web worker with all plugins", "importing Flask-AppBuilder", (OURS + "flows:start_worker", 0), (BARE + "import_fab", 0), 1.3, sql=0),
        Row("import-growth", f"import of {n:,} rows", f"import of {tenth:,} rows", (OURS + "flows:import_list", n), (OURS + "flows:import_list", tenth), 11, rounds=3),
        Row("export-growth", f"export of {n:,} rows", f"export of {tenth:,} rows", (OURS + "flows:export_workbook", n), (OURS + "flows:export_workbook", tenth), 11, rounds=3),
    ]  # fmt: skip
