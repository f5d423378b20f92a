"""Extra fields as columns of the import."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from core.access import current_actor
from core.errors import UserMistake
from core.fields.extra_field import ExtraField
from core.fields.services import definitions, may_edit
from core.fields.types import kind_of
from core.i18n import _, _l, format_date
from core.imports import values
from core.imports.columns import CellMistake, ImportColumn

GROUP = _l("Extra fields")


def columns(target: str) -> list[ImportColumn]:
    """One column per field that may be brought in; never a file or a sensitive value."""
    actor = current_actor()
    return [
        _column(field, number)
        for number, field in enumerate(definitions(target))
        if field.in_import and not field.is_sensitive and kind_of(field).importable and may_edit(field, actor)
    ]


def _column(field: ExtraField, number: int) -> ImportColumn:
    return ImportColumn(
        name=f"extra.{field.key}",
        label=field.title,
        attribute=field.key,
        parse=_parser(field),
        synonyms=tuple({text for text in field.label.values() if text and text != field.title} | {field.key.replace("_", " ")}),
        example=_example(field),
        writes="extra",
        group=_("Extra fields of %(owner)s", owner=field.owner_name) if field.owner_name else GROUP,
        choices=_choices(field),
        position=500 + number,
    )


def _choices(field: ExtraField) -> Callable[[], Any] | None:
    if field.type == "yes_no":
        return lambda: [("1", _("Yes")), ("0", _("No"))]
    return field.choice_titles if field.type in ("choice", "multi_choice") else None


def _parser(field: ExtraField) -> Callable[[str], Any]:
    if field.type == "date":
        return lambda text: values.parse_date(text).isoformat()
    if field.type == "email":
        return values.parse_email
    if field.type == "phone":
        return values.parse_phone
    if field.type == "text":
        return partial(values.parse_text, longest=200)
    if field.type == "long_text":
        return values.parse_remarks
    return partial(_parse, field)


def _parse(field: ExtraField, text: str) -> Any:
    try:
        return kind_of(field).clean(text, field)
    except UserMistake as mistake:
        raise CellMistake(mistake.message, _suggestion(field, text)) from None


def _suggestion(field: ExtraField, text: str) -> str | None:
    """The only choice that starts with, or holds, what was typed."""
    if field.type != "choice":
        return None
    typed = text.strip().casefold()
    near = [title for _value, title in field.choice_titles() if typed and (title.casefold().startswith(typed) or typed in title.casefold())]
    return near[0] if len(near) == 1 else None


def _example(field: ExtraField) -> str:
    from core import clock  # noqa: PLC0415 -- only for the example of a date

    known: dict[str, str] = {
        "number": "12",
        "date": format_date(clock.today()),
        "yes_no": _("Yes"),
        "email": "maria.peeters@mail.example",
        "phone": "0470 12 34 56",
        "url": "www.example.org",
        "iban": "BE68 5390 0754 7034",
    }
    return known.get(field.type, "")
