"""FAB's security manager, with sessions and rights of our own, and the security headers."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_login import current_user

from core.access import current_actor
from core.rest.authentication import carries_key
from core.users.models import User
from core.users.services import login_of_session

SESSION_KEY = "sid"


class CoreSecurityManager(SecurityManager):
    """Asks our sessions who is there, and our actor what is allowed."""

    user_model = User

    def create_db(self) -> None:
        """Tables come from migrations, rights from `koepel sync-permissions`: nothing at start."""

    def load_user(self, pk: Any) -> User | None:
        """The user of this request's login; the cookie alone is not enough."""
        token = session.get(SESSION_KEY)
        if not token or carries_key():
            return None
        found = login_of_session(token, idle_hours=current_app.config["KOEPEL"].session_idle_hours)
        if found is None or str(found.user.id) != str(pk):
            return None
        g.login = found
        return found.user

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """FAB asks ("can_read", "contacts"); we answer for "contacts.read" in this organisation."""
        if not current_user.is_authenticated:
            return False
        return current_actor().can(f"{view_name}.{permission_name.removeprefix('can_')}")

    def get_user_roles(self, user: Any = None) -> list[Any]:
        """Roles of the organisation in the URL only."""
        return list(g.get("roles", []))

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        return False

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        return set()


def csp_nonce() -> str:
    """The nonce of this response, for our own <script> and <style> blocks."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def add_headers(app: Flask) -> None:
    """Security headers on every response, also on errors."""
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    https = app.config["KOEPEL"].is_https

    @app.after_request
    def headers(response: Response) -> Response:
        nonce = csp_nonce()
        response.headers.setdefault(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
            "style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
            "form-action 'self'; frame-ancestors 'none'",
        )
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if https:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.endpoint and not request.endpoint.endswith("static") and g.get("is_logged_in"):
            response.headers["Cache-Control"] = "no-store, private"
        response.headers["X-Request-Id"] = g.get("request_id", "")
        return response
