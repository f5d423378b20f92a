"""Writes rows to an XLSX or CSV file without holding them in memory."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import Any

from rustpy_xlsxwriter import write_worksheet, write_worksheets

from core.exports.cells import FIRST_XLSX_DAY, LONGEST_TEXT, clean_text, csv_text, to_cell, to_csv_cell

#: what a spreadsheet holds, the header not counted
MOST_ROWS = 1_048_575
_AT_ONCE = 1_000


def unique_headers(headers: Sequence[Any]) -> list[str]:
    """Headers as text; a repeated one gets a number, because each must be told apart."""
    seen: dict[str, int] = {}
    found = []
    for number, header in enumerate(headers, 1):
        text = clean_text(str(header)).strip()[:200] or str(number)
        seen[text] = seen.get(text, 0) + 1
        found.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return found


def write_sheets(path: Path, sheets: Sequence[tuple[str, Sequence[Any], Iterable[Sequence[Any]]]]) -> None:
    """Write a workbook of several sheets, each (title, headers, rows); every header is bold.

    As in write_xlsx, strings stay strings and rows are not held in memory.

    Example:
        write_sheets(path, [(_("Members"), [_("Name")], rows), (_("Clubs"), [_("Club"), _("Members")], clubs)])
    """
    titles = _sheet_titles([title for title, _headers, _rows in sheets])
    written: list[tuple[str, Any]] = []
    for title, (_title, headers, rows) in zip(titles, sheets, strict=True):
        names = unique_headers(headers)
        records = _peek(_records(names, rows))
        written.append((title, records if records is not None else [dict.fromkeys(names)]))
    write_worksheets(written, str(path), bold_headers=True, datetime_format="dd/mm/yyyy", column_width=dict.fromkeys(titles, 18.0))


def _records(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """What the writer takes, made column by column for a thousand rows at a time."""
    waiting = iter(rows)
    while batch := list(islice(waiting, _AT_ONCE)):
        columns = map(_cells, zip(*batch, strict=True))
        yield from (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


def _sheet_titles(wanted: Sequence[str]) -> list[str]:
    """What a spreadsheet takes as a title: at most 31 signs, none of []:*?/\\, each once."""
    found: list[str] = []
    for text in wanted:
        plain = "".join(" " if sign in "[]:*?/\\" else sign for sign in clean_text(text)).strip(" '")[:31] or "Koepel"
        title, number = plain, 2
        while title.casefold() in (other.casefold() for other in found):
            title, number = f"{plain[:27]} {number}", number + 1
        found.append(title)
    return found


def write_xlsx(path: Path, headers: Sequence[Any], rows: Iterable[Sequence[Any]], *, sheet: str = "Koepel") -> int:
    """Write a worksheet with a bold, frozen header; returns the number of rows.

    Strings are always written as strings, so nothing in them becomes a formula.
    """
    names = unique_headers(headers)
    count = 0

    def counted() -> Iterator[Sequence[Any]]:
        nonlocal count
        for row in rows:
            count += 1
            if count > MOST_ROWS:
                raise ValueError("an XLSX sheet holds 1,048,575 rows")
            yield row

    first = _peek(_records(names, counted()))
    if first is None:
        # the writer learns its columns from the first row
        write_worksheet([dict.fromkeys(names)], str(path), sheet, freeze_row=1, bold_headers=True, datetime_format="dd/mm/yyyy")
        return 0
    write_worksheet(first, str(path), sheet, freeze_row=1, bold_headers=True, datetime_format="dd/mm/yyyy", column_width=18.0)
    return count


def _cells(values: Sequence[Any]) -> Sequence[Any]:
    """A column of values as XLSX takes them; most columns hold one kind, that needs one look."""
    kinds = set(map(type, values)) - {NoneType}
    if kinds == {str}:
        texts = list(filter(None, values))
        if all(map(str.isprintable, texts)) and max(map(len, texts), default=0) <= LONGEST_TEXT:
            return [value or None for value in values]
    elif not kinds or kinds == {date} and min(filter(None, values)) >= FIRST_XLSX_DAY:
        return values
    return list(map(to_cell, values))


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
