"""The process that makes PDFs: what it makes, and what it cannot be made to do."""

from __future__ import annotations

import hashlib
import http.server
import io
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from core.pdf.child import FONTS
from core.pdf.services import FONT_CSS, PdfFailed, Printer, svg_address

HEAD = f"<html><head><style>{FONT_CSS} body {{ font-family: Koepel }}</style></head><body>"


@pytest.fixture(scope="module")
def printer() -> Iterator[Printer]:
    with Printer() as made:
        yield made


def text_of(data: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def test_letters_of_our_neighbours_are_printed(printer: Printer) -> None:
    pdf = printer.print(f"{HEAD}<p>Łukasz Őri Çelik Ελλάδα <b>Жуков</b></p></body></html>")
    assert "Łukasz Őri Çelik Ελλάδα Жуков" in " ".join(text_of(pdf.data).split())
    assert pdf.left_out == ()


class Canary(http.server.BaseHTTPRequestHandler):
    hits: list[str] = []

    def do_GET(self) -> None:
        Canary.hits.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@pytest.fixture
def canary() -> Iterator[int]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Canary.hits.clear()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "part",
    [
        '<img src="{url}">',
        '<link rel="stylesheet" href="{url}">',
        "<style>@import url({url});</style>",
        '<div style="background-image: url({url})">x</div>',
        "<style>@font-face {{ font-family: X; src: url({url}); }} p {{ font-family: X }}</style><p>x</p>",
        "<style>@page {{ background-image: url({url}); }}</style>",
        '<pdf:font name="X" src="{url}">',
    ],
)
@pytest.mark.parametrize("where", ["http://127.0.0.1:{port}/x", "http://localhost:{port}/x", "{file}", "file://{file}"])
def test_nothing_is_fetched_or_read(printer: Printer, canary: int, tmp_path: Path, part: str, where: str) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><text x="0" y="15">SECRET</text></svg>', encoding="utf-8")
    url = where.format(port=canary, file=secret)
    try:
        pdf = printer.print(f"{HEAD}<p>before</p>{part.format(url=url)}<p>after</p></body></html>")
    except PdfFailed:
        return  # refused as a whole: nothing was read either
    finally:
        assert Canary.hits == []
    assert "SECRET" not in text_of(pdf.data)


def test_what_is_left_out_is_named(printer: Printer) -> None:
    pdf = printer.print(f'{HEAD}<img src="http://127.0.0.1:9/x.png"><p>text</p></body></html>')
    assert any("remote resources are not allowed" in line for line in pdf.left_out)
    assert "text" in text_of(pdf.data)


def test_drawings_stay_drawings(printer: Printer) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><rect width="10" height="10"/></svg>'
    pdf = printer.print(f'{HEAD}<img src="{svg_address(svg)}" width="50" height="50"></body></html>')
    page = PdfReader(io.BytesIO(pdf.data)).pages[0]
    assert (list(page.images), pdf.left_out) == ([], ())


def test_a_page_that_takes_too_long_is_killed_and_the_next_one_is_made() -> None:
    with Printer(seconds=1.5) as printer:
        start = time.monotonic()
        with pytest.raises(PdfFailed, match="too long|limit|seconds"):
            printer.print(HEAD + "<table>" + "<tr><td>x</td></tr>" * 30_000 + "</table></body></html>")
        assert time.monotonic() - start < 6
        assert "next" in text_of(printer.print(f"{HEAD}<p>next</p></body></html>").data)


def test_a_page_that_is_wrong_fails_alone() -> None:
    with Printer(seconds=3) as printer:
        with pytest.raises(PdfFailed):
            printer.print(HEAD + "<div>" * 5_000 + "x")
        assert "fine" in text_of(printer.print(f"{HEAD}<p>fine</p></body></html>").data)


def test_the_same_page_gives_the_same_bytes(printer: Printer) -> None:
    page = f"{HEAD}<p>same</p></body></html>"
    assert printer.print(page).data == printer.print(page).data


def test_fonts_are_the_ones_that_were_taken_over() -> None:
    for package in tomllib.loads((FONTS / "fonts.toml").read_text("utf-8"))["package"]:
        for name, digest in package["files"].items():
            assert hashlib.sha256((FONTS / name).read_bytes()).hexdigest() == digest
    assert sorted(path.name for path in FONTS.iterdir()) == ["DejaVuSansCondensed-Bold.ttf", "DejaVuSansCondensed.ttf", "LICENSE.txt", "fonts.toml"]
