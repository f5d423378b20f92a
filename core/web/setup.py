"""What templates may use everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader

from core import i18n
from core.access import current_actor
from core.config import ROOT
from core.extend.registry import Registry
from core.web.look import prepare_look
from core.web.shell import Shell, tabs


def prepare_templates(app: Flask) -> None:
    """Our templates come before FAB's; each plugin's are in its own folder of that name."""
    registry: Registry = app.extensions["koepel"]
    folders = [ROOT / "core" / "web" / "templates"]
    folders += [Path(module.__file__ or "").parent / "templates" for module in registry.plugins.modules.values()]
    app.jinja_loader = ChoiceLoader([FileSystemLoader([str(f) for f in folders if f.is_dir()])])
    app.jinja_env.globals.update(
        shell=Shell(),
        tabs=tabs,
        can=lambda permission: current_actor().can(permission),
        format_date=i18n.format_date,
        format_long_date=i18n.format_long_date,
        format_instant=i18n.format_instant,
        format_money=i18n.format_money,
        format_number=i18n.format_number,
        in_own_language=i18n.in_own_language,
    )
    app.jinja_env.filters.update(
        date=i18n.format_date, long_date=i18n.format_long_date, instant=i18n.format_instant, money=i18n.format_money, number=i18n.format_number
    )
    app.jinja_env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    prepare_look(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def template_folders(app: Flask) -> list[Any]:
    loader: Any = app.jinja_loader
    return list(loader.loaders[0].searchpath)
