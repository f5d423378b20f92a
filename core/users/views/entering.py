"""Logging somebody in, and pages with a secret in their address."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app, make_response

from core.web.entering import demo_allowed as demo_allowed
from core.web.entering import enter as enter
from core.web.entering import new_session as new_session

#: seconds; longer than looking somebody up and queueing a mail takes
EVEN = 0.2


@contextmanager
def same_time_for_everybody() -> Iterator[None]:
    """Let an answer take as long for somebody we know, who gets a mail, as for somebody we do not."""
    begun = time.monotonic()
    yield
    time.sleep(max(0.0, EVEN - (time.monotonic() - begun)))


def private(html: str, status: int = 200) -> Any:
    """A page nobody keeps, and whose address no other site gets to see."""
    response = make_response(html, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def site_address() -> str:
    """The address people use."""
    return str(current_app.config["KOEPEL"].public_url).rstrip("/")
