"""The process that turns HTML into PDF. Started as a script; imports nothing of ours.

It reads requests from its input and writes answers to its output until the input ends, each as
four bytes of length and then JSON (the PDF itself follows as raw bytes). It opens no network,
reads no file outside the fonts folder, and has limits the system keeps.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

FONTS = Path(__file__).resolve().parent / "fonts"
MOST_MEMORY = 1_024 * 1024 * 1024
MOST_PROCESSOR_SECONDS = 600
LARGEST_FILE = 64 * 1024 * 1024
LARGEST_DOCUMENT = 4_000_000
MOST_PIXELS = 12_000_000


def limit_myself() -> None:
    """Limits of the system, where it has them (Windows has not: there the parent's clock decides)."""
    try:
        import resource  # noqa: PLC0415 -- absent on Windows
    except ImportError:
        return
    for name, most in (
        ("RLIMIT_AS", MOST_MEMORY),
        ("RLIMIT_CPU", MOST_PROCESSOR_SECONDS),
        ("RLIMIT_FSIZE", LARGEST_FILE),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", 128),
    ):
        with contextlib.suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), (most, most))


def close_network() -> None:
    """Whatever the renderer would like to fetch, there is no line to do it on."""

    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        raise OSError("no network here")

    socket.socket.connect = refuse  # type: ignore[method-assign]
    socket.socket.connect_ex = refuse  # type: ignore[method-assign]
    socket.create_connection = refuse
    socket.getaddrinfo = refuse


class Refusals(logging.Handler):
    """Collects what the renderer left out: it says so in its log only."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.found) < 20:
            self.found.append(record.getMessage()[:300])


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Answer requests until there are no more."""
    from reportlab import rl_config  # noqa: PLC0415 -- after the limits
    from xhtml2pdf import pisa  # noqa: PLC0415 -- after the limits
    from xhtml2pdf.config.resources import ResourceAccessPolicy  # noqa: PLC0415 -- after the limits

    rl_config.useA85 = 0
    rl_config.invariant = 1  # the same page gives the same bytes
    close_network()
    refusals = Refusals()
    for name in ("xhtml2pdf", "reportlab", "svglib", "PIL"):
        logging.getLogger(name).addHandler(refusals)
    write(target, {"ready": True, "bytes": 0}, b"")
    while (request := read(source)) is not None:
        refusals.found.clear()
        policy = ResourceAccessPolicy.server(
            str(FONTS), allow_remote=False, max_render_seconds=request["seconds"], max_document_bytes=LARGEST_DOCUMENT, max_image_pixels=MOST_PIXELS
        )
        out = io.BytesIO()
        try:
            made = pisa.CreatePDF(request["html"], dest=out, encoding="utf-8", resource_policy=policy, path=str(FONTS / "page.html"))
            answer = {"ok": not made.err, "error": "" if not made.err else "the renderer gave up"}
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one document, the next one may be right
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"[:500]}
        pdf = out.getvalue() if answer["ok"] else b""
        write(target, {**answer, "left_out": refusals.found, "bytes": len(pdf)}, pdf)


def read(source: BinaryIO) -> dict[str, Any] | None:
    head = source.read(4)
    if len(head) < 4:
        return None
    found = source.read(struct.unpack(">I", head)[0])
    return dict(json.loads(found))


def write(target: BinaryIO, answer: dict[str, Any], pdf: bytes) -> None:
    text = json.dumps(answer).encode()
    target.write(struct.pack(">I", len(text)) + text + pdf)
    target.flush()


def main() -> None:
    limit_myself()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up between the answers
    sys.stdout = sys.stderr
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
