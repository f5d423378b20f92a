"""Values of extra fields, as the API gives and takes them."""

from __future__ import annotations

from typing import Any

from core.access import Actor
from core.errors import UserMistake
from core.fields import services as extra_fields
from core.i18n import _

#: the most keys `extra` may bring
MOST_KEYS = 200


def shown_extra(target: str, extra: dict[str, Any] | None, actor: Actor) -> dict[str, Any]:
    """The values of extra fields this actor may see, by key; sensitive ones are never given out."""
    fields = [field for field in extra_fields.definitions(target) if extra_fields.may_see(field, actor) and not extra_fields.is_sensitive(field)]
    return {field.key: (extra or {}).get(field.key) for field in fields}


def check_extra(values: dict[str, Any]) -> None:
    """Plain values only: what an extra field holds is a text, a number, yes or no, or a list of texts."""
    for key, value in (values.get("extra") or {}).items():
        is_list = isinstance(value, list) and len(value) <= MOST_KEYS and all(isinstance(item, str) for item in value)
        if not (value is None or is_list or isinstance(value, (str, int, float, bool))):
            raise UserMistake(_("This is not a value a field can hold."), field=f"extra.{key}"[:60])
    if len(values.get("extra") or {}) > MOST_KEYS:
        raise UserMistake(_("These are more fields than there are."), field="extra")
