"""Reads the table in a CSV file, whatever program wrote it. Knows nothing of contacts."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import UserMistake
from core.i18n import _, format_number
from core.imports.encoding import guess_encoding

SEPARATORS = (";", ",", "\t", "|")
_BLOCK = 256 * 1024
_LONGEST_CELL = 20_000
#: a row whose first cell starts with this is an explanation, not a person
COMMENT = "#"


@dataclass(frozen=True)
class Limits:
    """How large a file may be. `WEB` holds for uploads, `OPERATOR` for the command."""

    bytes: int
    rows: int
    columns: int


WEB = Limits(bytes=10 * 1024 * 1024, rows=50_000, columns=200)
OPERATOR = Limits(bytes=1024 * 1024 * 1024, rows=2_000_000, columns=200)


@dataclass(frozen=True)
class Table:
    """A table that was read once to know it is sound; `rows()` reads it again, row by row.

    headers: one per column, never empty, never twice the same.
    warnings: sentences about what was found and solved (empty titles, an example row).
    """

    source: bytes | Path
    headers: tuple[str, ...]
    encoding: str
    separator: str
    row_count: int
    warnings: tuple[str, ...]
    #: rows of the file above the first row of data, titles included
    skipped: int
    #: which columns of the file the headers stand for
    picked: tuple[int, ...]
    #: 1 when the first line only names the separator: spreadsheets do not show it
    hidden: int = 0

    def as_json(self) -> dict[str, Any]:
        """What is needed to open the same file again without looking through it first."""
        return {name: getattr(self, name) for name in ("headers", "encoding", "separator", "row_count", "warnings", "skipped", "picked", "hidden")}

    @classmethod
    def from_json(cls, source: bytes | Path, stored: Mapping[str, Any]) -> Table:
        values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
        return cls(source, **values)

    def rows(self) -> Iterator[tuple[int, list[str], int]]:
        """(row number as a spreadsheet shows it, cells in the order of `headers`, cells too many)."""
        width = self.picked[-1] + 1
        plain = self.picked == tuple(range(width))
        with _open_text(self.source, self.encoding) as text:
            for number, row in enumerate(_records(text, self.separator), 1 - self.hidden):
                if number <= self.skipped or _is_left_out(row):
                    continue
                surplus = 0
                if len(row) != width:
                    surplus = sum(1 for cell in row[width:] if cell and not cell.isspace())
                    row = row[:width] + [""] * (width - len(row))
                yield number, row if plain else [row[i] for i in self.picked], surplus


def read_table(data: bytes | Path, filename: str, *, limits: Limits = WEB) -> Table:
    """Find encoding, separator and column titles, and check that the whole file can be read.

    Raises UserMistake, with a sentence that says what to do, for everything that is no CSV
    table within `limits`.
    """
    _check_file(data, filename, limits)
    with _open_bytes(data) as stream:
        encoding = guess_encoding(iter(lambda: stream.read(_BLOCK), b""))
    try:
        with _open_text(data, encoding) as text:
            sample = text.read(64 * 1024)
        if not sample.strip("\ufeff\r\n\t ;,|"):
            raise UserMistake(_("This file is empty. Fill in the template, save it as CSV and choose it again."))
        if "\x00" in sample:
            raise _damaged()
        separator, has_directive = _find_separator(sample)
        return _survey(data, encoding, separator, limits, has_directive)
    except UnicodeDecodeError:
        raise _damaged() from None


def _damaged() -> UserMistake:
    return UserMistake(
        _("This file is damaged: it holds characters that no list can hold. Open it in your spreadsheet, save it again as CSV UTF-8 and choose that file.")
    )


# --- is it a CSV file at all ------------------------------------------------------------------

_SAVE_AS = {
    "excel": lambda: _("This is an Excel file, not a CSV file. Open it in Excel, choose Save as, pick CSV UTF-8 as type, and choose that file here."),
    "calc": lambda: _("This is a LibreOffice file, not a CSV file. Open it, choose Save as, pick Text CSV as type, and choose that file here."),
    "zip": lambda: _("This is a zip file. Unpack it first and choose the CSV file that is in it."),
    "packed": lambda: _("This is a packed file. Unpack it first and choose the CSV file that is in it."),
    "page": lambda: _("This is a web page, not a CSV file. Open it in your spreadsheet, choose Save as, pick CSV UTF-8 as type, and choose that file here."),
    "other": lambda: _("This is not a CSV file. Open your list in your spreadsheet, choose Save as, pick CSV UTF-8 as type, and choose that file here."),
}
_MAGIC = (
    (b"\xd0\xcf\x11\xe0", "excel"),
    (b"\x1f\x8b", "packed"),
    (b"Rar!", "packed"),
    (b"7z\xbc\xaf", "packed"),
    (b"BZh", "packed"),
    (b"\xfd7zXZ", "packed"),
    (b"%PDF", "other"),
    (b"{\\rtf", "other"),
    (b"\x89PNG", "other"),
    (b"\xff\xd8\xff", "other"),
    (b"GIF8", "other"),
    (b"SQLite format 3", "other"),
)


def _check_file(data: bytes | Path, filename: str, limits: Limits) -> None:
    size = data.stat().st_size if isinstance(data, Path) else len(data)
    if size == 0:
        raise UserMistake(_("This file is empty. Fill in the template, save it as CSV and choose it again."))
    if size > limits.bytes:
        raise UserMistake(
            _(
                "This file is larger than %(limit)s MB. Cut your list into smaller files and import them one after the other.",
                limit=limits.bytes // 1024 // 1024,
            )
        )
    with _open_bytes(data) as stream:
        start = stream.read(2048)
        kind = _kind_of(start, stream)
    if kind:
        raise UserMistake(_SAVE_AS[kind]())
    if not filename.lower().endswith(".csv"):
        raise UserMistake(_SAVE_AS["excel" if filename.lower().endswith((".xlsx", ".xls", ".xlsm")) else "other"]())


def _kind_of(start: bytes, stream: BinaryIO) -> str | None:
    """Which other kind of file this is; None when it may be a CSV file."""
    if start.startswith(b"PK\x03\x04") or start.startswith(b"PK\x05\x06"):
        return _kind_of_zip(stream)
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            return kind
    text = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml", b"<div", b"<meta")):
        return "page"
    return None


def _kind_of_zip(stream: BinaryIO) -> str:
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()[:500]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return "zip"
    if any(name.startswith("xl/") for name in names):
        return "excel"
    return "calc" if "content.xml" in names else "zip"


# --- reading ------------------------------------------------------------------------------------


@contextmanager
def _open_bytes(data: bytes | Path) -> Iterator[BinaryIO]:
    with data.open("rb") if isinstance(data, Path) else io.BytesIO(data) as stream:
        yield stream


@contextmanager
def _open_text(data: bytes | Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    """Text with its line ends as they are: the csv module wants to see them."""
    errors = "strict" if encoding.startswith("utf") else "replace"
    with _open_bytes(data) as stream, io.TextIOWrapper(stream, encoding, errors=errors, newline="") as text:
        yield text


def _records(text: io.TextIOBase, separator: str, *, strict: bool = False) -> Iterator[list[str]]:
    reader = csv.reader(text, delimiter=separator, strict=strict)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if strict and "limit" not in str(error):
                raise
            raise _open_quote(number) from None
        yield row


def _open_quote(number: int) -> UserMistake:
    return UserMistake(_('Row %(row)s: a double quote (") is opened and never closed. Remove it or close it, and save the file again.', row=number))


def _is_comment(row: Sequence[str]) -> bool:
    return bool(row) and row[0].startswith(COMMENT) and len(row[0]) > 1


def _is_left_out(row: Sequence[str]) -> bool:
    """Empty rows and explanations."""
    if not row:
        return True
    first = row[0]
    if first:
        if first[0] == COMMENT and len(first) > 1:
            return True
        if not first.isspace():
            return False
    return not any(cell and not cell.isspace() for cell in row)


def _find_separator(sample: str) -> tuple[str, bool]:
    """(separator, was it said in a first line "sep=;")."""
    directive = re.match(r"\ufeff?\"?sep=(.)\"?\r?\n", sample, re.IGNORECASE)
    if directive and directive[1] in SEPARATORS:
        return directive[1], True
    best, best_score = SEPARATORS[0], 0.0
    for separator in SEPARATORS:
        try:
            rows = [row for row in islice(_records(io.StringIO(sample, newline=""), separator), 60) if not _is_left_out(row)]
        except UserMistake:
            continue
        widths = Counter(len(row) for row in rows[:50])
        width, same = widths.most_common(1)[0] if widths else (1, 0)
        if width > 1:
            score = (same / sum(widths.values())) * min(width, 12) + (len(rows[0]) == width)
            if score > best_score:
                best, best_score = separator, score
    return best, False


def _survey(data: bytes | Path, encoding: str, separator: str, limits: Limits, has_directive: bool) -> Table:
    """Read the whole file once: titles, number of rows, columns that are really used."""
    try:
        return _survey_once(data, encoding, separator, limits, has_directive, strict=True)
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise _open_quote(_row_of_open_quote(data, encoding, separator)) from None
        # quotes in the middle of a text: not by the book, but readable
        return _survey_once(data, encoding, separator, limits, has_directive, strict=False)


def _row_of_open_quote(data: bytes | Path, encoding: str, separator: str) -> int:
    with _open_text(data, encoding) as text:
        return sum(1 for _row in _records(text, separator))


def _survey_once(data: bytes | Path, encoding: str, separator: str, limits: Limits, has_directive: bool, *, strict: bool) -> Table:
    with _open_text(data, encoding) as text:
        records = enumerate(_records(text, separator, strict=strict), 1 - has_directive)
        if has_directive:
            next(records)
        skipped, titles, waiting, comments = _find_titles(records)
        if len(titles) > limits.columns:
            raise UserMistake(
                _(
                    "This file has %(columns)s columns; at most %(limit)s can be read. Remove the columns you do not need.",
                    columns=format_number(len(titles)),
                    limit=limits.columns,
                )
            )
        nameless = [i for i, title in enumerate(titles) if not title]
        used: set[int] = set()
        count = 0
        for number, row in _chain(waiting, records):
            if _is_left_out(row):
                comments += _is_comment(row)
                continue
            count += 1
            whole = "".join(row)
            if len(whole) > _LONGEST_CELL and any(len(cell) > _LONGEST_CELL for cell in row):
                raise _open_quote(number)
            if "\x00" in whole:
                raise _damaged()
            for i in nameless:
                if i not in used and i < len(row) and row[i] and not row[i].isspace():
                    used.add(i)
    if count == 0:
        raise UserMistake(_("This file has column titles, but no rows under them. Fill in one row per contact and save the file again."))
    if count > limits.rows:
        raise UserMistake(
            _(
                "This file has %(count)s rows; at most %(limit)s can be imported at once. "
                "Cut your list into smaller files and import them one after the other.",
                count=format_number(count),
                limit=format_number(limits.rows),
            )
        )
    picked = tuple(i for i, title in enumerate(titles) if title or i in used)
    if not picked:
        raise UserMistake(_("The first row holds no column titles. Put a title above each column, or start from the template."))
    headers, warnings = _name_headers([titles[i] for i in picked], picked)
    if comments:
        warnings.append(_("Rows that start with # were left out: they explain, they are no contacts."))
    return Table(data, tuple(headers), encoding, separator, count, tuple(warnings), skipped, picked, int(has_directive))


def _chain(first: list[tuple[int, list[str]]], rest: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield from first
    yield from rest


def _find_titles(records: Iterator[tuple[int, list[str]]]) -> tuple[int, list[str], list[tuple[int, list[str]]], int]:
    """(number of the title row, its cells, rows already read after it, explanations among them).

    A lonely text above the table ("List of members 2027") is no title row.
    """
    seen: list[tuple[int, list[str]]] = []
    comments = 0
    for number, row in records:
        comments += _is_comment(row)
        if not _is_left_out(row):
            seen.append((number, row))
        if len(seen) == 6:
            break
    if not seen:
        raise UserMistake(_("This file is empty. Fill in the template, save it as CSV and choose it again."))
    filled = [sum(1 for cell in row if cell.strip()) for _number, row in seen]
    index = next((i for i, n in enumerate(filled) if n > 1), 0) if max(filled) > 2 else 0
    number, row = seen[index]
    titles = [" ".join(cell[:500].split()) for cell in row]
    while titles and not titles[-1]:
        titles.pop()
    if _looks_like_data(titles):
        raise UserMistake(_("The first row looks like a contact, not like column titles. Put a row with titles above it, or start from the template."))
    sample = [r for _n, r in seen[index + 1 :]]
    # data without a title is a column when most rows have it, and a slip when one row has it
    while sample and sum(1 for r in sample if len(r) > len(titles) and r[len(titles)].strip()) * 2 > len(sample):
        titles.append("")
    return number, titles, seen[index + 1 :], comments


_DATE_LIKE = re.compile(r"\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}")
_NUMBER_LIKE = re.compile(r"\+?[\d\s./()-]{4,}")


def _looks_like_data(titles: Sequence[str]) -> bool:
    filled = [title for title in titles if title]
    if any(re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", title) for title in filled):
        return True
    values = sum(1 for title in filled if _DATE_LIKE.fullmatch(title) or _NUMBER_LIKE.fullmatch(title))
    return bool(filled) and values * 3 >= len(filled)


def _column_letter(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _name_headers(titles: list[str], picked: Sequence[int]) -> tuple[list[str], list[str]]:
    """Titles that can be told apart, and sentences about those that could not."""
    headers: list[str] = []
    warnings: list[str] = []
    taken: set[str] = set()
    for title, index in zip(titles, picked, strict=True):
        name = title[:120]
        if not name:
            name = _("Column %(letter)s", letter=_column_letter(index))
            warnings.append(_("Column %(letter)s has no title.", letter=_column_letter(index)))
        base, number = name, 2
        while name.casefold() in taken:
            name = f"{base} ({number})"
            number += 1
        if name != base:
            warnings.append(_("The title “%(title)s” stands above more than one column.", title=base))
        taken.add(name.casefold())
        headers.append(name)
    return headers, warnings
