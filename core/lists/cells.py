"""The cells of a list as HTML. In Python, because a page has hundreds of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from core.i18n import _, format_money
from core.lists.columns import Column, Person, Status
from core.lists.engine import Page
from core.web.look import avatar_shade, show_value, status_badge

#: columns after this one make room on narrow screens, unless they hold a status
WIDE = 5
#: so many columns stand as one line below a name on a phone, where there is no other line
ON_PHONE = 3
_NUMERIC = ("number", "money")


@dataclass(frozen=True)
class ShownRow:
    """A row as the template writes it; `name` is what it is called for a screen reader."""

    id: int
    name: str
    cells: Markup


def shown_rows(page: Page, profile_url: str | None) -> Iterator[ShownRow]:
    """The rows of a page; `profile_url` has 0 where the id belongs."""
    head, _zero, tail = (profile_url or "").rpartition("0")
    statuses = [place for place, column in enumerate(page.columns) if column.kind == "status"]
    empty = _empty()
    classes = [cell_class(column, place) for place, column in enumerate(page.columns)]
    for row in page.rows:
        shown = [column.shown(value) for column, value in zip(page.columns, row.values, strict=True)]
        url = f"{head}{row.id}{tail}" if profile_url else ""
        below = _line(page.columns, shown) + "".join(_on_phone(shown[place]) for place in statuses)
        cells = [
            f'<td class="{cls}">{_main(column, value, url, below) if place == 0 else _plain(column, value) or empty}</td>'
            for place, (column, value, cls) in enumerate(zip(page.columns, shown, classes, strict=True))
        ]
        yield ShownRow(row.id, str(shown[0] or row.id) if shown else str(row.id), Markup("".join(cells)))  # noqa: S704 -- every part is escaped


def cell_class(column: Column, place: int) -> str:
    if place == 0:
        return "k-cell-main"
    found = ["k-hide-sm"]
    if place >= WIDE and column.kind != "status":
        found.append("k-hide-md")
    if column.kind in _NUMERIC:
        found.append("k-num")
    return " ".join(found)


def _empty() -> str:
    return f'<span class="visually-hidden">{escape(_("Empty"))}</span>'


def _main(column: Column, value: Any, url: str, below: str) -> str:
    """The first cell: what the row is called, linked to its profile, with its statuses on a phone."""
    if isinstance(value, Person):
        small = f'<small{" class=" + chr(34) + "k-warn" + chr(34) if value.warns else ""}>{escape(value.below)}</small>' if value.below else ""
        return (
            f'<div class="k-person"><span class="k-avatar{avatar_shade(value.name)}" aria-hidden="true">{escape(value.initials)}</span>'
            f'<div class="k-grow">{_named(escape(value.name), url)}{small}{below}</div></div>'
        )
    text = _plain(column, value, linked=False) or "–"
    return f'<div class="k-person"><div class="k-grow">{_named(text, url)}{below}</div></div>'


def _named(text: Any, url: str) -> str:
    return f'<a href="{escape(url)}">{text}</a>' if url else f'<span class="k-strong">{text}</span>'


def _line(columns: Sequence[Column], shown: Sequence[Any]) -> str:
    """What a phone shows of the next columns, below a name that has no line of its own."""
    if not shown or isinstance(shown[0], Person):
        return ""
    said = [_plain(column, value, linked=False) for column, value in zip(columns[1 : ON_PHONE + 1], shown[1:], strict=False) if column.kind != "status"]
    return f'<small class="d-block d-md-none text-wrap">{" · ".join(filter(None, said))}</small>' if any(said) else ""


def _on_phone(value: Any) -> str:
    if isinstance(value, Markup):
        return f'<span class="d-md-none">{value}</span>'
    if not isinstance(value, Status):
        return ""
    return f'<span class="d-md-none">{status_badge(value.short or value.text, value.tone)}</span>'


def _plain(column: Column, value: Any, *, linked: bool = True) -> str:
    if value is None or value == "":
        return ""
    if column.kind == "money" and isinstance(value, int):
        return f'<span class="text-nowrap">{escape(format_money(value))}</span>'
    if linked and column.kind == "email":
        return f'<a href="mailto:{quote(str(value), safe="@+.-_")}">{escape(value)}</a>'
    if linked and column.kind == "phone":
        return f'<a class="text-nowrap" href="tel:{quote(str(value).replace(" ", ""), safe="+")}">{escape(value)}</a>'
    if isinstance(value, date):
        return f'<span class="text-nowrap">{escape(show_value(value))}</span>'
    return str(escape(show_value(value)))


def header_class(column: Column, place: int) -> str:
    return "k-hide-md" if place >= WIDE and column.kind != "status" else ""
