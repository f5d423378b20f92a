"""Giving out files: only to who may have them, and never to be run by a browser."""

from __future__ import annotations

from typing import Any

from flask import abort, send_file

from core.access import current_actor
from core.files import services
from core.files.models import StoredFile
from core.files.purposes import may_read, purpose_named
from core.web.views import CoreView, expose, needs

SANDBOX = "sandbox; default-src 'none'"


class FileView(CoreView):
    """A stored file of the organisation in the address."""

    route_base = "/o/<org>/files"
    default_view = "download"

    @expose("/<int:pk>")
    @needs("login")
    def download(self, pk: int) -> Any:
        """The right is that of what the file is for; who lacks it cannot tell that it exists."""
        file = services.get(pk)
        if not may_read(file, current_actor()):
            abort(404)
        return answer_with(file)

    @expose("/<int:pk>/picture")
    @needs("login")
    def picture(self, pk: int) -> Any:
        """The same, shown in a page: only pictures, which were drawn anew when they came in."""
        file = services.get(pk)
        if not may_read(file, current_actor()) or not file.is_image or not purpose_named(file.purpose).is_shown:
            abort(404)
        return answer_with(file, inline=True)


def answer_with(file: StoredFile, *, inline: bool = False) -> Any:
    """The answer that gives out a file. The caller has checked that the person may have it."""
    path = services.path_of(file)
    if not path.is_file():
        abort(404)
    response = send_file(path, mimetype=file.content_type, as_attachment=not inline, download_name=file.filename, conditional=True, etag=file.sha256, max_age=0)
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
