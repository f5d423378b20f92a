"""/healthz: is the process alive. /readyz: can it do its work, for whatever watches it."""

from __future__ import annotations

from typing import Any

from flask import current_app, jsonify

from core.health.services import examine
from core.web.views import CoreView, expose, needs


class HealthView(CoreView):
    route_base = ""
    default_view = "alive"

    @expose("/healthz")
    @needs("public")
    def alive(self) -> Any:
        """Asks nothing and nobody."""
        return _fresh({"status": "ok"}, 200)

    @expose("/readyz")
    @needs("public")
    def ready(self) -> Any:
        """Database, disk, how long work waits, and whether a worker lives; no names, no numbers."""
        config = current_app.config["KOEPEL"]
        health = examine(config.instance_dir, sends_mail=bool(config.mail_server))
        return _fresh({"status": "ok" if health.is_well else "trouble", "checks": health.checks}, 200 if health.is_well else 503)


def _fresh(answer: dict[str, Any], code: int) -> Any:
    response = jsonify(answer)
    response.headers["Cache-Control"] = "no-store"
    return response, code
