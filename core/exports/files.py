"""Writes rows to an XLSX or CSV file without holding them in memory."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import write_worksheet

from core.exports.cells import LONGEST_TEXT, clean_text, csv_text, to_cell, to_csv_cell

#: what a spreadsheet holds, the header not counted
MOST_ROWS = 1_048_575


def unique_headers(headers: Sequence[Any]) -> list[str]:
    """Headers as text; a repeated one gets a number, because each must be told apart."""
    seen: dict[str, int] = {}
    found = []
    for number, header in enumerate(headers, 1):
        text = clean_text(str(header)).strip()[:200] or str(number)
        seen[text] = seen.get(text, 0) + 1
        found.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return found


def write_xlsx(path: Path, headers: Sequence[Any], rows: Iterable[Sequence[Any]], *, sheet: str = "Koepel") -> int:
    """Write a worksheet with a bold, frozen header; returns the number of rows.

    Strings are always written as strings, so nothing in them becomes a formula.
    """
    names = unique_headers(headers)
    count = 0

    def records() -> Iterator[dict[str, Any]]:
        nonlocal count
        for row in rows:
            count += 1
            if count > MOST_ROWS:
                raise ValueError("an XLSX sheet holds 1,048,575 rows")
            yield dict(zip(names, map(_fast_cell, row), strict=True))

    first = _peek(records())
    if first is None:
        # the writer learns its columns from the first row
        write_worksheet([dict.fromkeys(names)], str(path), sheet, freeze_row=1, bold_headers=True, datetime_format="dd/mm/yyyy")
        return 0
    write_worksheet(first, str(path), sheet, freeze_row=1, bold_headers=True, datetime_format="dd/mm/yyyy", column_width=18.0)
    return count


def _fast_cell(value: Any) -> Any:
    if value is None:
        return None
    if type(value) is str and value.isprintable() and len(value) <= LONGEST_TEXT:
        return value or None
    return to_cell(value)


def _peek(records: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]] | None:
    try:
        first = next(records)
    except StopIteration:
        return None

    def again() -> Iterator[dict[str, Any]]:
        yield first
        yield from records

    return again()


def write_csv(path: Path, headers: Sequence[Any], rows: Iterable[Sequence[Any]]) -> int:
    """Write semicolons and a UTF-8 mark, as spreadsheet programs here expect; returns the number of rows."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow([csv_text(header) for header in unique_headers(headers)])
        for row in rows:
            writer.writerow([to_csv_cell(value) for value in row])
            count += 1
    return count


WRITERS = {"xlsx": write_xlsx, "csv": write_csv}
MIME_TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv"}
