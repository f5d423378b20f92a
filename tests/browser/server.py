"""A real server of Koepel in a process of its own, on an instance folder of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@dataclass
class Site:
    """A running server."""

    address: str
    instance: Path


def _environment(instance: Path, port: int, settings: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KOEPEL_")}
    return {
        **kept,
        "KOEPEL_INSTANCE_DIR": str(instance),
        "KOEPEL_PORT": str(port),
        "KOEPEL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "KOEPEL_LOG_LEVEL": "WARNING",
        "PYTHONPATH": str(ROOT),
        **settings,
    }


def koepel(*arguments: str, instance: Path, port: int = 8080, **settings: str) -> str:
    """Run one command of `koepel` on an instance and return what it says. settings: KOEPEL_MAIL_PORT="25" ..."""
    command = [sys.executable, "-c", "from core.cli import main; main()", *arguments]
    done = subprocess.run(command, env=_environment(instance, port, settings), capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout


def make_demo(instance: Path) -> Path:
    """An instance with the demo in it."""
    koepel("migrate", instance=instance)
    koepel("demo", instance=instance)
    return instance


@contextmanager
def serving(instance: Path, port: int = 0, **settings: str) -> Iterator[Site]:
    """A server, with its worker, on a free port (or on one that was free a moment ago)."""
    if not port:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    log = instance / "serve.log"
    command = [sys.executable, "-c", "from core.cli import main; main()", "serve"]
    with log.open("w") as written:
        server = subprocess.Popen(command, env=_environment(instance, port, settings), stdout=written, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/login/", server, log)
            yield Site(f"http://127.0.0.1:{port}", instance)
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise AssertionError(f"the server stopped: {log.read_text('utf-8')[-4000:]}")
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 -- our own server
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"the server does not answer: {log.read_text('utf-8')[-4000:]}")
