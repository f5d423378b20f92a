"""What a resource shows and takes, declared one by one: what is not declared cannot be read or written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from core.errors import UserMistake
from core.i18n import _

Kind = Literal["text", "integer", "number", "boolean", "date", "instant", "object", "list"]

#: the longest text a field takes; the services have tighter limits of their own
LONGEST = 20_000
LARGEST = 2**31 - 1
_JSON_TYPES: dict[Kind, str] = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "string",
    "instant": "string",
    "object": "object",
    "list": "array",
}
_FORMATS: dict[Kind, str] = {"date": "date", "instant": "date-time"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class ApiField:
    """One field of a resource.

    get: row -> value; default the attribute of that name. Dates and instants may stay as they are.
    writable: it may be given when the row is made or changed; required: when it is made.
    choices: the only values it takes.
    permission: needed besides that of the resource; without it the field is not there.
    in_list: False when it costs a query per row: only there when one row is asked.

    Example:
        ApiField("town", help=_l("Town"), writable=True)
    """

    name: str
    kind: Kind = "text"
    help: Any = ""
    get: Callable[[Any], Any] | None = None
    writable: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    permission: str | None = None
    in_list: bool = True

    def read(self, row: Any) -> Any:
        """The value of a row as JSON."""
        return plain(self.get(row) if self.get is not None else getattr(row, self.name))

    def schema(self) -> dict[str, Any]:
        """As OpenAPI describes it."""
        found: dict[str, Any] = {"type": _JSON_TYPES[self.kind] if self.required else [_JSON_TYPES[self.kind], "null"]}
        if self.kind in _FORMATS:
            found["format"] = _FORMATS[self.kind]
        if self.kind == "list":
            found["items"] = {}
        if self.choices:
            found["enum"] = [*self.choices, *([] if self.required else [None])]
        if str(self.help):
            found["description"] = str(self.help)
        if not self.writable:
            found["readOnly"] = True
        return found


def plain(value: Any) -> Any:
    """A value as JSON: days and instants in ISO 8601, instants in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


def take(body: Any, fields: Sequence[ApiField], *, complete: bool) -> dict[str, Any]:
    """The values of a JSON body, each of the kind declared; UserMistake for everything else.

    `complete`: what is required must be there. A key that is not declared, or that may only be
    read, is a mistake: nothing that was sent is dropped in silence.
    """
    if not isinstance(body, dict):
        raise UserMistake(_("Send a JSON object."))
    known = {field.name: field for field in fields}
    for name in body:
        if name not in known:
            raise UserMistake(_("There is no field “%(name)s” here.", name=str(name)[:60]), field=str(name)[:60])
        if not known[name].writable:
            raise UserMistake(_("The field “%(name)s” can only be read.", name=name), field=name)
    if complete:
        for field in fields:
            if field.required and body.get(field.name) in (None, ""):
                raise UserMistake(_("Give a value for “%(name)s”.", name=field.name), field=field.name)
    return {name: _typed(value, known[name]) for name, value in body.items()}


def _typed(value: Any, field: ApiField) -> Any:
    if value is None:
        if field.required:
            raise UserMistake(_("Give a value for “%(name)s”.", name=field.name), field=field.name)
        return None
    if not _fits(value, field.kind):
        raise UserMistake(_("“%(name)s” must be of type %(kind)s.", name=field.name, kind=_type_name(field.kind)), field=field.name)
    if field.choices and value not in field.choices:
        raise UserMistake(_("“%(name)s” must be one of: %(choices)s.", name=field.name, choices=", ".join(field.choices)), field=field.name)
    if field.kind == "date":
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise UserMistake(_("“%(name)s” is not a day that exists.", name=field.name), field=field.name) from None
    if field.kind == "instant":
        return _instant(value, field)
    return value


def _instant(value: str, field: ApiField) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UserMistake(_("“%(name)s” must be an instant with its time zone, like 2027-03-11T19:45:00Z.", name=field.name), field=field.name)
    return moment


def _fits(value: Any, kind: Kind) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind == "integer":
        return isinstance(value, int) and abs(value) <= LARGEST
    if kind == "number":
        return isinstance(value, (int, float)) and abs(value) < 1e15  # also refuses NaN
    if kind == "object":
        return isinstance(value, dict)
    if kind == "list":
        return isinstance(value, list)
    if not isinstance(value, str) or len(value) > LONGEST or "\x00" in value:
        return False
    return kind != "date" or _DAY.fullmatch(value) is not None


def _type_name(kind: Kind) -> str:
    return {"date": "date (YYYY-MM-DD)", "instant": "date-time"}.get(kind, _JSON_TYPES[kind])
