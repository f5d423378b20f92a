"""A push service on loopback, and a browser that is subscribed to it, for tests of notifications on phones."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask

from core.notifications.push import make_keys


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@contextmanager
def push_service() -> Iterator[Any]:
    """Answers `status` to whatever is pushed and keeps it in `got`: (path, headers, body); `address` is its first browser."""

    class Handler(BaseHTTPRequestHandler):
        got: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []
        status = 201
        address = ""

        def do_POST(self) -> None:  # noqa: N802 -- the name the library calls
            body = self.rfile.read(int(self.headers["Content-Length"]))
            Handler.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(Handler.status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Handler.address = f"http://127.0.0.1:{server.server_port}/push/1"
    try:
        yield Handler
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def switch_push_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give this installation keys for the time of a test; returns the public one."""
    public, private = make_keys()
    config = app.config["KOEPEL"].model_copy(update={"push_public_key": public, "push_private_key": private})
    monkeypatch.setitem(app.config, "KOEPEL", config)
    return public


class Browser:
    """What the push manager of a browser gives, and how it reads a message."""

    def __init__(self, endpoint: str) -> None:
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.given = {"endpoint": endpoint, "keys": {"p256dh": encoded(point), "auth": encoded(self.auth)}}

    def read(self, body: bytes) -> dict[str, Any]:
        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))  # type: ignore[no-any-return]
