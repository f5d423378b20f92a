"""What a job found in a long list, kept until the list is imported, so that it is read and checked once.

One file per import in the instance folder: per thousand rows a line of JSON with the values of
the contact's own columns, which only depend on the text and the day. Cells of extra fields and
plugins are kept as typed: what is allowed there may change, so they are checked again. A file
that does not fit any more (another mapping, a correction, another day or version) is not used.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import IO, Any

from flask import current_app

from core import __version__, clock
from core.imports.checking import CheckedRow
from core.imports.layout import Corrections, Layout
from core.imports.models import ImportRun

_LINE = 1_000
#: (row number, values with None for what is checked again, cells by place to check again)
KeptRow = tuple[int, list[Any], list[str]]


def folder() -> Path:
    return Path(current_app.config["KOEPEL"].instance_dir) / "checked"


def path_of(run: ImportRun) -> Path:
    return folder() / f"{run.organisation_id}-{run.id}.json"


def forget(run: ImportRun) -> None:
    path_of(run).unlink(missing_ok=True)


def forget_before(moment: float) -> None:
    """Remove files (also of lists that are gone) that were written before a moment."""
    for path in folder().glob("*.json*") if folder().is_dir() else ():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < moment:
                path.unlink()


def fingerprint(run: ImportRun, corrections: Corrections) -> str:
    """What the values of a contact depend on."""
    typed = sorted((row, sorted(cells.items())) for row, cells in corrections.items())
    facts = [__version__, clock.today().isoformat(), run.organisation_id, run.id, run.file_id, run.row_count, run.reading, run.mapping, typed]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


class Keeper:
    """Writes the rows that pass by; `finish` puts the file in its place."""

    def __init__(self, run: ImportRun, layout: Layout, corrections: Corrections) -> None:
        folder().mkdir(parents=True, exist_ok=True)
        self.path = path_of(run)
        self.own = {i for i, _attribute in layout.contact}
        self.layout = layout
        self._cells = {layout.cells[i] for i in self.own}
        self._waiting: list[KeptRow] = []
        self._wrong = 0
        self._half = self.path.with_suffix(f".json-{os.getpid()}")
        self._file: IO[str] = os.fdopen(os.open(self._half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8")
        self._file.write(fingerprint(run, corrections) + "\n")

    def rows(self, rows: Iterable[CheckedRow]) -> Iterator[CheckedRow]:
        others = [(i, cell) for i, cell in enumerate(self.layout.cells) if i not in self.own]
        for row in rows:
            if row.problems and any(problem.index is None or problem.index in self._cells for problem in row.problems):
                self._wrong += 1
            else:
                self._waiting.append((row.row_no, row.values, [row.cells[cell] for _i, cell in others]))
            if len(self._waiting) == _LINE:
                self._write()
            yield row

    def _write(self) -> None:
        own = sorted(self.own)
        columns = list(zip(*(values for _row_no, values, _texts in self._waiting), strict=True)) if self._waiting else []
        days = [i for i in own if columns and isinstance(next(filter(None, columns[i]), None), date)]  # a column holds one kind
        line = {
            "rows": [row_no for row_no, _values, _texts in self._waiting],
            "columns": [[_text(value) for value in columns[i]] if i in days else columns[i] for i in own] if columns else [],
            "days": days,
            "texts": [texts for _row_no, _values, texts in self._waiting] if len(self.own) < len(self.layout.columns) else None,
            "wrong": self._wrong,
        }
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._waiting, self._wrong = [], 0

    def finish(self) -> None:
        self._write()
        self._file.write("end\n")
        self._file.close()
        self._half.replace(self.path)

    def drop(self) -> None:
        self._file.close()
        self._half.unlink(missing_ok=True)


def _text(value: Any) -> Any:
    return value.isoformat() if value is not None else None


class KeptCheck:
    """A check that still fits: `rows()` gives the rows, `wrong` afterwards how many were left out."""

    def __init__(self, file: IO[str], layout: Layout) -> None:
        self._file, self.layout, self.wrong = file, layout, 0
        self._own = sorted(i for i, _attribute in layout.contact)

    def rows(self) -> Iterator[KeptRow]:
        width, own = len(self.layout.columns), self._own
        blank: list[Any] = [None] * width
        for text in self._file:
            if text == "end\n":
                self._file.close()
                return
            line = json.loads(text)
            self.wrong += line["wrong"]
            columns = line["columns"]
            for place in line["days"]:
                at = own.index(place)
                columns[at] = [value and date.fromisoformat(value) for value in columns[at]]
            texts = line["texts"] or [[]] * len(line["rows"])
            whole = own == list(range(width))
            for row_no, values, cells in zip(line["rows"], zip(*columns, strict=True), texts, strict=True):
                if whole:
                    yield row_no, list(values), cells
                    continue
                found = blank.copy()
                for place, value in zip(own, values, strict=True):
                    found[place] = value
                yield row_no, found, cells


def find(run: ImportRun, layout: Layout, corrections: Corrections) -> KeptCheck | None:
    """The kept check of an import, when it still holds."""
    path = path_of(run)
    try:
        file = path.open(encoding="utf-8")
    except OSError:
        return None
    if file.readline().strip() == fingerprint(run, corrections) and _is_whole(path):
        return KeptCheck(file, layout)
    file.close()
    return None


def _is_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-4, os.SEEK_END)
        return file.read() == b"end\n"


def keeping(run: ImportRun, layout: Layout, corrections: Corrections, check: Callable[[Keeper], Any]) -> Any:
    """Check with a keeper at hand; a check that fails keeps nothing."""
    keeper = Keeper(run, layout, corrections)
    try:
        found = check(keeper)
    except BaseException:
        keeper.drop()
        raise
    keeper.finish()
    return found


