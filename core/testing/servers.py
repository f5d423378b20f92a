"""PostgreSQL, Redis and Chromium for tests: the ones that run here, else private ones, else a reason."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

POSTGRES = "KOEPEL_TEST_POSTGRES_URL"
REDIS = "KOEPEL_TEST_REDIS_URL"
CHROMIUM = "KOEPEL_TEST_CHROMIUM"
LOCAL_POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
LOCAL_REDIS = "redis://127.0.0.1:6379/0"
#: the first that is here
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: seconds a private server may take to answer
PATIENCE = 30


class Missing(Exception):
    """Why there is no such server, and what to do about it."""


#: loaded now: a child that is another user may not read Python's own files any more
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None

_stops: list[Callable[[], None]] = []
_reasons: dict[str, str] = {}


def postgres() -> str:
    """Address of a PostgreSQL server where we may make databases and roles."""
    return _find(POSTGRES, LOCAL_POSTGRES, answers_postgres, start_postgres)


def redis() -> str:
    """Address of a Redis server."""
    return _find(REDIS, LOCAL_REDIS, answers_redis, start_redis)


def chromium() -> str:
    """Path of Chromium or a browser like it."""
    found = os.environ.get(CHROMIUM) or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None or not Path(found).exists():
        raise Missing(f"Chromium is not here: install the package chromium, or set {CHROMIUM}")
    os.environ[CHROMIUM] = found
    return found


def _find(variable: str, local: str, answers: Callable[[str], bool], start: Callable[[], str]) -> str:
    """Looked for once; child processes (and workers of xdist) get it from the environment."""
    if variable in _reasons:
        raise Missing(_reasons[variable])
    named = os.environ.get(variable)
    try:
        if named and not answers(named):
            raise Missing(f"nothing answers at {variable}")
        found = named or (local if answers(local) else start())
    except Missing as reason:
        _reasons[variable] = str(reason)
        raise
    os.environ[variable] = found
    return found


def answers_postgres(url: str) -> bool:
    """Is there a server, and may we make databases and roles?"""
    engine = create_engine(url, connect_args={"connect_timeout": 3})
    try:
        with engine.connect() as connection:
            return bool(connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar())
    except (SQLAlchemyError, ImportError):
        return False
    finally:
        engine.dispose()


def answers_redis(url: str) -> bool:
    try:
        from redis import Redis  # noqa: PLC0415 -- optional dependency: celery[redis]
        from redis.exceptions import RedisError  # noqa: PLC0415 -- optional dependency
    except ImportError:
        return False
    try:
        return bool(Redis.from_url(url, socket_connect_timeout=3).ping())
    except (RedisError, ValueError):
        return False


def start_postgres() -> str:
    """A private server on a free port, which forgets everything when it stops."""
    programs = next((p for p in _postgres_folders() if (p / "initdb").exists() and (p / "postgres").exists()), None)
    if programs is None:
        raise Missing(f"PostgreSQL is not here: install the package postgresql, or set {POSTGRES}")
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="koepel-postgres-"))
    _stops.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    command: list[str | Path] = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **_as_user(user))  # noqa: S603 -- programs of the system
    if made.returncode:
        raise Missing(f"initdb failed: {made.stderr.strip()[-400:]}")
    port = free_port()
    settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "full_page_writes": "off", "max_connections": "200"}
    _start(
        [programs / "postgres", "-D", data, "-p", port, *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))],
        folder,
        user,
        stop_signal=signal.SIGINT,
    )
    return _wait(f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres", answers_postgres, "the private PostgreSQL server", folder)


def start_redis() -> str:
    """A private server on a free port, in memory only."""
    program = shutil.which("redis-server")
    if program is None:
        raise Missing(f"Redis is not here: install the package redis-server, or set {REDIS}")
    folder = Path(tempfile.mkdtemp(prefix="koepel-redis-"))
    _stops.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    port = free_port()
    _start([program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder], folder, None, stop_signal=signal.SIGTERM)
    return _wait(f"redis://127.0.0.1:{port}/0", answers_redis, "the private Redis server", folder)


def stop_all() -> None:
    """Stop what was started here."""
    for stop in reversed(_stops):
        with contextlib.suppress(OSError):
            stop()
    _stops.clear()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _postgres_folders() -> list[Path]:
    on_path = shutil.which("initdb")
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name) if p.parent.name.isdigit() else 0, reverse=True)
    return [*packaged, *([Path(on_path).resolve().parent, Path(on_path).parent] if on_path else [])]


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: the user to run it as."""
    if os.name != "posix" or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 -- not on Windows

    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


def _as_user(user: str | None) -> dict[str, Any]:
    return {"user": user, "extra_groups": []} if user else {}


def _start(command: list[object], folder: Path, user: str | None, *, stop_signal: signal.Signals) -> None:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 -- programs of the system
            [str(part) for part in command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_die_with_parent if _libc else None,
            **_as_user(user),
        )

    def stop() -> None:
        process.send_signal(stop_signal)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    _stops.append(stop)


def _die_with_parent() -> None:
    """When the tests are killed, the servers they started end too."""
    if _libc is not None:
        _libc.prctl(1, signal.SIGTERM)


def _wait(url: str, answers: Callable[[str], bool], what: str, folder: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if answers(url):
            return url
        time.sleep(0.1)
    raise Missing(f"{what} does not answer: {(folder / 'log').read_text('utf-8', 'replace')[-400:]}")


atexit.register(stop_all)
