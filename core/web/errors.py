"""Every error gets a page in plain words, or JSON on the API, and never an inside view."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.http import HTTP_STATUS_CODES

from core.db import db
from core.errors import Forbidden, NotFound, StaleVersion, UserMistake
from core.i18n import _

logger = logging.getLogger(__name__)

PAGES = (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)


def answer(code: int, message: str | None = None, *, field: str | None = None) -> Any:
    """Page or JSON for a status code."""
    db.session.rollback()
    if request.path.startswith("/api/"):
        return answer_api(code, message, field=field)
    page = code if code in PAGES else (400 if code < 500 else 500)
    try:
        return render_template(f"koepel/errors/{page}.html", message=message, request_id=g.get("request_id", "")), code
    except Exception:  # noqa: BLE001 -- whatever is wrong with the page about an error, somebody waits for an answer
        logger.exception("error page", extra={"request_id": g.get("request_id")})
        return bare(code)


def bare(code: int) -> Response:
    """An answer that needs nothing that works: no page, no addresses, no language."""
    text = f"{code} {HTTP_STATUS_CODES.get(code, 'Error')}\n{g.get('request_id', '')}\n"
    return Response(text, code, content_type="text/plain; charset=utf-8")


def answer_api(code: int, message: str | None = None, *, field: str | None = None) -> Response:
    """What programs get: a sentence, the field it is about, and the number to quote."""
    body = {"code": code, "message": message or HTTP_STATUS_CODES.get(code, "Error"), "request_id": g.get("request_id", "")}
    response = jsonify(body if field is None else {**body, "field": field})
    response.status_code = code
    if code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def add_error_handlers(app: Flask) -> None:
    app.register_error_handler(NotFound, lambda _e: answer(404))
    app.register_error_handler(Forbidden, lambda _e: answer(403))
    app.register_error_handler(StaleVersion, lambda _e: answer(409))
    app.register_error_handler(StaleDataError, lambda _e: answer(409))
    app.register_error_handler(UserMistake, lambda e: answer(e.status, str(e.message), field=e.field))

    @app.errorhandler(CSRFError)
    def csrf(_error: CSRFError) -> Any:
        return answer(400, _("This form was open too long or came from elsewhere. Go back, reload the page and try again."))

    @app.errorhandler(SecurityError)
    def stranger(_error: SecurityError) -> Any:
        return bare(400)  # a host that is not ours: no address can be made for it

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error
        return answer(error.code)

    @app.errorhandler(DataError)
    def unfit(_error: DataError) -> Any:
        logger.exception("value the database cannot hold", extra={"request_id": g.get("request_id")})
        return answer(400)

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
