"""What templates need for the look: icons, versioned files, the accent, and how values are shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, render_template, request, url_for
from flask_babel import format_date as babel_date
from markupsafe import Markup, escape

from core.i18n import _, format_date, format_instant, format_number
from core.lists.columns import Status
from core.web.accent import accent_css, logo_css
from core.web.icons import icon

STATUS_ICONS = {"ok": "circle-check", "warn": "alert-triangle", "bad": "circle-x", "info": "clock", "none": "minus"}
A_YEAR = 31_536_000


def prepare_look(app: Flask) -> None:
    """Install the template globals, filters and the long cache of versioned files."""
    app.jinja_env.globals.update(
        icon=icon, asset=asset, accent_style=accent_style, show_value=show_value, status_badge=status_badge, initials_of=initials_of,
        avatar_shade=avatar_shade, partial=partial,
    )
    app.jinja_env.filters.update(show=show_value, short_month=short_month)

    @app.after_request
    def keep_versioned_files(response: Response) -> Response:
        if request.endpoint == "static" and "v" in request.args and response.status_code in (200, 304):
            response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
        return response


def asset(name: str) -> str:
    """Address of a file under `static/`, with a version, so that it can be kept for a year."""
    path = Path(current_app.static_folder or "") / name
    return url_for("static", filename=name, v=_version(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=500)
def _version(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def accent_style(accent: str | None = None, organisations: Iterable[Any] = ()) -> Markup:
    """Content of the `<style nonce>` of a page: only colours that were checked, so it is safe."""
    return Markup(accent_css(accent) + logo_css(organisations))  # noqa: S704 -- made of checked colours and slugs


def partial(template: str, values: Mapping[str, Any], **more: Any) -> Markup:
    """A template of a plugin with exactly the values it asked for, to stand in a larger page."""
    return Markup(render_template(template, **{**values, **more}))  # noqa: S704 -- a template escapes by itself


def show_value(value: Any) -> Any:
    """A value as people read it: dates as 11/03/2027, yes and no as words, lists with commas."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, Status):
        return status_badge(value.text, value.tone)
    if isinstance(value, datetime):
        return format_instant(value) if value.tzinfo else f"{value:%d/%m/%Y %H:%M}"  # without zone: local wall time
    if isinstance(value, date):
        return format_date(value)
    if isinstance(value, int):
        return format_number(value) if abs(value) >= 10_000 else str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, list | tuple | set):
        return Markup(", ").join(show_value(v) for v in value)
    return value


def status_badge(text: Any, tone: str = "none", drawing: str | None = None) -> Markup:
    """A coloured badge with an icon and words: colour never stands alone."""
    cls = "k-status" if tone == "none" else f"k-status k-status-{escape(tone)}"
    return Markup('<span class="{}">{}{}</span>').format(cls, icon(drawing or STATUS_ICONS[tone]), text)


def short_month(day: date) -> str:
    """The month as it stands in a small square: mrt, mai, Mar."""
    return babel_date(day, "MMM").rstrip(".")


def initials_of(name: Any) -> str:
    """Two letters for an avatar: first of the first and first of the last word."""
    words = [w for w in str(name).replace("-", " ").split() if w[0].isalpha()]
    return "".join(w[0] for w in ([words[0], words[-1]] if len(words) > 1 else words)).upper()


def avatar_shade(name: Any) -> str:
    """Always the same of four quiet colours for the same name."""
    shade = sum(str(name).encode()) % 4
    return f" k-avatar-{shade + 1}" if shade else ""
