"""Making PDFs, in a child process that is killed when it takes too long.

Never in a request: from a job, or a command. The child is started once and makes many.
"""

from __future__ import annotations

import base64
import json
import os
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from core.errors import KoepelError

CHILD = Path(__file__).resolve().parent / "child.py"
#: what a page is allowed to take, in seconds
SECONDS = 20
#: what starting the child may take
STARTING_SECONDS = 60
#: a new child after so many: nothing a renderer forgets to free grows without end
MOST_PAGES = 250
#: the face of every page; its files are in `fonts/`
FACE = "Koepel"
FONT_CSS = f"""
@font-face {{ font-family: {FACE}; src: url(DejaVuSansCondensed.ttf); }}
@font-face {{ font-family: {FACE}; src: url(DejaVuSansCondensed-Bold.ttf); font-weight: bold; }}
"""


class PdfFailed(KoepelError):
    """The PDF could not be made; the text is for the log."""


@dataclass(frozen=True)
class Pdf:
    """`left_out`: pictures and fonts the page asked for that it may not have."""

    data: bytes
    left_out: tuple[str, ...] = ()


class Printer:
    """Turns HTML into PDF. Use it in a `with` for as many pages as there are.

    Example:
        with Printer() as printer:
            pdf = printer.print(html)
    """

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._pages = 0

    def __enter__(self) -> Printer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def print(self, html: str) -> Pdf:
        """The PDF of one page of HTML; PdfFailed when it cannot be made in time."""
        child = self._started()
        answer, data = self._ask(child, {"html": html, "seconds": self.seconds}, self.seconds)
        if not answer["ok"]:
            raise PdfFailed(answer["error"])
        return Pdf(data, tuple(answer["left_out"]))

    def _ask(self, child: subprocess.Popen[bytes], request: dict[str, Any] | None, seconds: float) -> tuple[dict[str, Any], bytes]:
        """Send a request and read the answer; the child is killed when it does not come in time."""
        ended = threading.Event()
        watch = threading.Timer(seconds, self._kill, (child, ended))
        watch.start()
        try:
            if request is not None:
                text = json.dumps(request).encode()
                child.stdin.write(struct.pack(">I", len(text)) + text)  # type: ignore[union-attr]
                child.stdin.flush()  # type: ignore[union-attr]
            answer = json.loads(_exactly(child.stdout, struct.unpack(">I", _exactly(child.stdout, 4))[0]))
            return answer, _exactly(child.stdout, answer["bytes"])
        except (EOFError, OSError) as error:
            self.close()
            raise PdfFailed("it took too long" if ended.is_set() else "the process that makes PDFs stopped") from error
        finally:
            watch.cancel()

    def close(self) -> None:
        """End the child, if there is one."""
        child, self._child, self._pages = self._child, None, 0
        if child is not None:
            child.kill()
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    try:
                        stream.close()
                    except OSError:
                        continue  # it was writing when it was killed
            child.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        self._pages += 1
        if self._pages > MOST_PAGES or (self._child is not None and self._child.poll() is not None):
            self.close()
            self._pages = 1
        if self._child is None:
            kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "HOME") if name in os.environ}
            self._child = subprocess.Popen(  # noqa: S603 -- our own script, no text of anybody in its arguments
                [sys.executable, "-I", "-W", "ignore", str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=kept
            )
            self._ask(self._child, None, STARTING_SECONDS)
        return self._child

    @staticmethod
    def _kill(child: subprocess.Popen[bytes], ended: threading.Event) -> None:
        ended.set()
        child.kill()


def _exactly(stream: Any, number: int) -> bytes:
    found: bytes = stream.read(number)
    if len(found) < number:
        raise EOFError
    return found


def svg_address(svg: str) -> str:
    """A drawing as the `src` of an <img>: it stays vector in the PDF."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
