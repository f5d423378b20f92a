"""What the pages of Settings > Privacy share."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from core.i18n import _
from core.web.views import CoreView


class SettingsPart(CoreView):
    """A page of Settings > Privacy; its parts stand side by side above it."""

    def render(self, template: str, **context: Any) -> str:
        return super().render(template, parts=_parts(), **context)


def _parts() -> list[dict[str, Any]]:
    here = (request.endpoint or "").partition(".")[0]
    parts = (
        (_("Requests"), "PrivacyRequests.list"),
        (_("Consents"), "ConsentPurposes.list"),
        (_("Register of processing"), "ProcessingRegister.show"),
        (_("Cleaning up"), "RetentionPage.show"),
    )
    return [{"title": title, "url": url_for(endpoint), "current": endpoint.startswith(f"{here}.")} for title, endpoint in parts]
