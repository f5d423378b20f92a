"""Reading the JSON of extra fields in SQL, written so that an index can be used.

The key stands in the statement itself (it is ours: ^[a-z][a-z0-9_]*$), because an index on an
expression is only used for exactly that expression.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Float, String, case, cast, func, literal_column, type_coerce

from core.db import is_postgres

KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")


def _literal(text: str) -> Any:
    return literal_column(f"'{text}'")


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        raise ValueError(f"not a key of an extra field: {key!r}")
    return key


def text_of(column: Any, key: str) -> Any:
    """The value as text: NULL when there is none; a list as JSON."""
    if is_postgres():
        return column.op("->>", return_type=String())(_literal(_checked(key)))
    return type_coerce(func.json_extract(column, _literal(f"$.{_checked(key)}")), String())


def number_of(column: Any, key: str) -> Any:
    """The value as a number; NULL when it is none."""
    if is_postgres():
        is_number = func.jsonb_typeof(column.op("->")(_literal(_checked(key)))) == _literal("number")
        return case((is_number, cast(text_of(column, key), Float)))
    return type_coerce(func.json_extract(column, _literal(f"$.{_checked(key)}")), Float())


def is_true(column: Any, key: str) -> Any:
    """Condition: the value is yes. Unknown (NULL) when there is none."""
    if is_postgres():
        return text_of(column, key) == _literal("true")
    return func.json_extract(column, _literal(f"$.{_checked(key)}")) == literal_column("1")
