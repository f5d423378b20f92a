"""Inline icons."""

from markupsafe import Markup


def icon(name: str, cls: str = "") -> Markup:
    return Markup("")
