"""Every error gets a page in plain words, or JSON on the API, and never an inside view."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from core.db import db
from core.errors import Forbidden, NotFound, StaleVersion, UserMistake
from core.i18n import _

logger = logging.getLogger(__name__)

PAGES = (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)


def answer(code: int, message: str | None = None) -> Any:
    """Page or JSON for a status code."""
    db.session.rollback()
    if request.path.startswith("/api/"):
        return jsonify({"message": message or str(code), "request_id": g.get("request_id", "")}), code
    page = code if code in PAGES else (400 if code < 500 else 500)
    return render_template(f"koepel/errors/{page}.html", message=message, request_id=g.get("request_id", "")), code


def add_error_handlers(app: Flask) -> None:
    app.register_error_handler(NotFound, lambda _e: answer(404))
    app.register_error_handler(Forbidden, lambda _e: answer(403))
    app.register_error_handler(StaleVersion, lambda _e: answer(409))
    app.register_error_handler(StaleDataError, lambda _e: answer(409))
    app.register_error_handler(UserMistake, lambda e: answer(422, str(e.message)))

    @app.errorhandler(CSRFError)
    def csrf(_error: CSRFError) -> Any:
        return answer(400, _("This form was open too long or came from elsewhere. Go back, reload the page and try again."))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error
        return answer(error.code)

    @app.errorhandler(OperationalError)
    def busy(error: OperationalError) -> Any:
        logger.exception("database", extra={"request_id": g.get("request_id")})
        return answer(503 if "locked" in str(error).lower() else 500)

    @app.errorhandler(Exception)
    def unexpected(_error: Exception) -> Any:
        if app.config.get("PROPAGATE_EXCEPTIONS") or (app.testing and app.config.get("KOEPEL_RAISE")):
            raise _error
        logger.exception("unexpected", extra={"request_id": g.get("request_id")})
        return answer(500)
