"""Icons, drawn inline: they take the colour of the text and cost no request."""

from __future__ import annotations

import re
from functools import lru_cache

from markupsafe import Markup, escape

from core.web.vendored import FOLDER

_OUTLINE = 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'
_FILLED = 'fill="currentColor"'


class UnknownIcon(LookupError):
    """No icon of that name is taken over; `core/web/README.md` tells how to add one."""


@lru_cache(maxsize=1000)
def icon(name: str, cls: str = "") -> Markup:
    """The drawing called `name` (a Tabler name; `circle-check-filled` for a filled one).

    It is decoration for a screen reader: put words beside it, or an aria-label on the button.
    """
    filled = name.endswith("-filled")
    path = FOLDER / "icons" / ("filled" if filled else "outline") / f"{name.removesuffix('-filled')}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not path.is_file():
        raise UnknownIcon(name)
    inside = path.read_text(encoding="utf-8").partition(">")[2].rpartition("</svg>")[0]
    inside = inside.replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "")
    inside = re.sub(r">\s+<", "><", inside.strip())
    classes = f"icon {escape(cls)}" if cls else "icon"
    paint = _FILLED if filled else _OUTLINE
    return Markup(f'<svg class="{classes}" data-icon="{name}" viewBox="0 0 24 24" {paint} aria-hidden="true">{inside}</svg>')  # noqa: S704 -- our own files
