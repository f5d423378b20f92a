"""Koepel as an app on a telephone or a computer: what it is called, what works without a connection.

The service worker keeps style sheets, scripts and pictures (their addresses carry a version) and
one page that says there is no connection. It never keeps a page, because pages hold personal data.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Response, current_app, g, redirect, request, url_for
from flask_babel import force_locale
from sqlalchemy import select

from core.db import db
from core.i18n import LANGUAGES, _, current_language
from core.organisations.models import Organisation
from core.tenancy import unscoped
from core.web.look import asset
from core.web.session import landing_page
from core.web.shell import LIGHT
from core.web.views import CoreView, expose, needs

#: what may be told of by name to anybody, as on the pages that look for an account
KINDS = ("club", "federation")
WORKER = "js/service-worker.js"
#: what the page without a connection is made of
FILES = (
    "vendor/tabler/tabler.min.css", "css/koepel.css", "img/koepel.svg", "img/app-192.png", "js/theme.js", "vendor/tabler/tabler.min.js",
    "vendor/htmx/htmx.min.js", "js/page.js", "js/confirm.js", "js/forms.js", "js/lists.js", "js/choices.js", "js/install.js",
)  # fmt: skip
#: the worker may load from here and nowhere else, and run nothing but itself
WORKER_POLICY = "default-src 'none'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
SHORT = 15


class InstalledApp(CoreView):
    """Nobody has to be logged in: browsers ask for these files without a cookie."""

    route_base = ""
    default_view = "offline"

    @expose("/manifest.webmanifest")
    @needs("public")
    def manifest(self) -> Any:
        """The app of the whole installation."""
        return _manifest(None)

    @expose("/manifest/<slug>.webmanifest")
    @needs("public")
    def manifest_of(self, slug: str) -> Any:
        """The app of a club or federation; the general one for all that is no such thing."""
        with unscoped("the name of an organisation, as the page to find an account tells it"):
            found = db.session.scalars(
                select(Organisation).where(Organisation.slug == slug, Organisation.kind.in_(KINDS), Organisation.closed_on.is_(None))
            ).one_or_none()
        with force_locale(found.language if found else current_language()):
            return _manifest(found)

    @expose("/o/<org>/")
    @needs("login")
    def start(self) -> Any:
        """Where the app of an organisation opens: at home, or at the dashboard."""
        return redirect(landing_page(g.organisation.slug, next(role for organisation, role in g.held if organisation.id == g.organisation.id)))

    @expose("/service-worker.js")
    @needs("public")
    def worker(self) -> Any:
        """The worker for readers of one language; another answer, even by a byte, replaces the one a browser has."""
        language = _language(request.args.get("language", ""))
        settings = {"cache": f"koepel-{_version_of(language)}", "offline": url_for(".offline", language=language), "files": [asset(name) for name in FILES]}
        source = f"const SETTINGS = {json.dumps(settings)};\n{_text(current_app.static_folder or '')}"
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": WORKER_POLICY, "Service-Worker-Allowed": "/"}
        return Response(source, headers=headers, content_type="text/javascript; charset=utf-8")

    @expose("/offline/<language>")
    @needs("public")
    def offline(self, language: str) -> Any:
        """The page that is kept for when there is no connection: the same for everybody."""
        with force_locale(_language(language)):
            return self.render("koepel/offline.html")


def _language(code: str) -> str:
    return code if code in LANGUAGES else current_language()


def _manifest(organisation: Organisation | None) -> Response:
    name = organisation.name if organisation else "Koepel"
    start = url_for("InstalledApp.start", org=organisation.slug) if organisation else "/"
    icons = [
        {"src": asset(f"img/app-{kind}{side}.png"), "sizes": f"{side}x{side}", "type": "image/png", "purpose": purpose}
        for kind, purpose in (("", "any"), ("maskable-", "maskable"))
        for side in (192, 512)
    ]
    content = {
        "id": start,
        "name": name,
        "short_name": short_name(name),
        "description": _("Activities, news and your details in one place."),
        "lang": organisation.language if organisation else current_language(),
        "start_url": start,
        "scope": "/",
        "display": "standalone",
        "background_color": LIGHT,
        "theme_color": LIGHT,
        "icons": icons,
    }
    return Response(json.dumps(content, ensure_ascii=False), headers={"Cache-Control": "no-cache"}, content_type="application/manifest+json")


def short_name(name: str) -> str:
    """What fits under an icon: whole words, the last ones, because clubs are told apart by their place."""
    short = ""
    for word in reversed(name.split()):
        longer = f"{word} {short}".strip()
        if len(longer) > SHORT:
            break
        short = longer
    return short or name[:SHORT]


def _version_of(language: str) -> str:
    """Another one as soon as any of the files, or the page, is another."""
    folder = Path(current_app.static_folder or "")
    page = Path(__file__).parent / "templates" / "koepel" / "offline.html"
    files = [folder / WORKER, page, *(folder / name for name in FILES)]
    return _digest(language, tuple((str(path), path.stat().st_mtime_ns) for path in files))


@lru_cache(maxsize=20)
def _digest(language: str, files: tuple[tuple[str, int], ...]) -> str:
    content = hashlib.sha256(language.encode())
    for path, _changed in files:
        content.update(Path(path).read_bytes())
    return content.hexdigest()[:12]


def _text(folder: str) -> str:
    return (Path(folder) / WORKER).read_text("utf-8")
