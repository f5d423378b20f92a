"""The personalised template: a CSV file with the columns of this organisation."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence

from core.exports.cells import csv_text
from core.i18n import _
from core.imports.catalogue import describe
from core.imports.columns import ImportColumn
from core.imports.plan import PlannedRow
from core.imports.table import COMMENT


def template(columns: Sequence[ImportColumn]) -> bytes:
    """Titles and one example row, which the import leaves out because it starts with #."""
    example = [describe(column) for column in columns]
    example[0] = _("%(mark)s EXAMPLE, is not imported: %(value)s", mark=COMMENT, value=example[0])
    return _csv([[str(column.label) for column in columns], example])


def left_out(headers: Sequence[str], rows: Iterable[PlannedRow]) -> bytes:
    """The rows that have a problem, as they were sent, with a column that says what is wrong."""
    lines = [[*headers, _("What is wrong")]]
    for row in rows:
        messages = dict.fromkeys(_located(headers, problem.index, problem.message) for problem in row.problems)
        lines.append([*row.cells, " ".join(messages)])
    return _csv(lines)


def _located(headers: Sequence[str], index: int | None, message: str) -> str:
    sentence = message if message.endswith(".") else f"{message}."
    return sentence if index is None else f"{headers[index]}: {sentence}"


def _csv(lines: Iterable[Sequence[str]]) -> bytes:
    """Semicolons and a UTF-8 mark, as spreadsheet programs here expect; nothing becomes a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    for line in lines:
        writer.writerow([csv_text(cell) for cell in line])
    return codecs.BOM_UTF8 + buffer.getvalue().encode()
