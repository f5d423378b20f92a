"""`koepel doctor`: is everything there that Koepel needs? For an operator, so it may say what it found."""

from __future__ import annotations

import os
import shutil
import smtplib
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from core import config as configuration
from core import db
from core.config import Config
from core.errors import StartRefused
from core.health.services import LEAST_DISK, examine
from core.jobs import housekeeping
from core.migrations import runner

#: seconds to wait for the mail server
PATIENCE = 5


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is well, and what to do when not."""

    what: str
    is_well: bool
    answer: str


def examine_installation(make_app: Callable[[], Flask]) -> list[Finding]:
    """Look at everything; what comes first must be well before the rest can be asked."""
    try:
        config = configuration.load()
        app = make_app()
    except StartRefused as refused:
        return [Finding("settings", False, str(refused))]
    found = [Finding("settings", True, f"{config.environment}, {config.public_url}, instance in {config.instance_dir}"), _python()]
    with app.app_context():
        found += [_keys(config), _disk(config), database := _database(config)]
        if database.is_well:
            found.append(schema := _schema())
            found += [*_work(config)] if schema.is_well else []
    return [*found, _mail(config), _broker(config), _plugins(app)]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", sys.version_info >= (3, 11), version)


def _keys(config: Config) -> Finding:
    """Files with keys are for the one user Koepel runs as."""
    if os.name != "posix":
        return Finding("keys", True, "not looked at on this system")
    files = [config.instance_dir / name for name in ("secret.key", "field.key", "koepel.toml")]
    readable = [file.name for file in files if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077 and file.name != "koepel.toml"]
    return Finding("keys", not readable, f"others can read {', '.join(readable)}: chmod 600" if readable else "nobody else can read them")


def _disk(config: Config) -> Finding:
    free = shutil.disk_usage(config.instance_dir).free
    return Finding("disk", free >= LEAST_DISK, f"{free // 1_000_000} MB free")


def _database(config: Config) -> Finding:
    kind = "PostgreSQL" if config.database.startswith("postgres") else "SQLite"
    try:
        return Finding("database", db.is_alive(), f"{kind} answers")
    except SQLAlchemyError as error:
        return Finding("database", False, f"{kind} does not answer: {str(getattr(error, 'orig', error)).strip().splitlines()[0]}")


def _schema() -> Finding:
    try:
        missing = runner.pending()
    except StartRefused as refused:
        return Finding("schema", False, str(refused))
    if missing:
        return Finding("schema", False, f"not up to date, run koepel migrate ({len(missing)} to go)")
    return Finding("schema", True, "up to date")


def _work(config: Config) -> list[Finding]:
    health = examine(config.instance_dir, sends_mail=bool(config.mail_server)).checks
    workers = housekeeping.living_workers()
    return [
        Finding("worker", bool(workers), f"{workers} at work" if workers else "none gave a sign of life: start koepel serve or koepel worker"),
        Finding("jobs", health["jobs"] == "ok", "none waits too long" if health["jobs"] == "ok" else "some wait for more than a minute and a half"),
        Finding("mails", health["mails"] == "ok", "none waits too long" if health["mails"] == "ok" else "some wait for more than a minute and a half"),
    ]


def _mail(config: Config) -> Finding:
    if not config.mail_server:
        return Finding("mail server", not config.is_production, "none is set: mails wait in the outbox")
    where = f"{config.mail_server}:{config.mail_port}"
    try:
        connect = smtplib.SMTP_SSL if config.mail_use_ssl else smtplib.SMTP
        with connect(config.mail_server, config.mail_port, timeout=PATIENCE) as server:
            if config.mail_use_tls:
                server.starttls()
            if config.mail_username:
                server.login(config.mail_username, config.mail_password)
            return Finding("mail server", server.noop()[0] == 250, f"{where} answers")
    except (OSError, smtplib.SMTPException) as error:
        return Finding("mail server", False, f"{where}: {error}")


def _broker(config: Config) -> Finding:
    if not config.broker_url:
        return Finding("broker", True, "none is set: Koepel's own workers do the jobs")
    try:
        from kombu import Connection  # type: ignore[attr-defined] # noqa: PLC0415 -- optional dependency: Celery
    except ImportError:
        return Finding("broker", False, "Celery is not installed: pip install koepel[celery]")
    try:
        with Connection(config.broker_url, connect_timeout=PATIENCE) as connection:  # type: ignore[no-untyped-call]
            connection.ensure_connection(max_retries=1)
    except Exception as error:  # noqa: BLE001 -- whatever the transport raises, the answer is that it does not work
        return Finding("broker", False, f"does not answer: {type(error).__name__}")
    return Finding("broker", True, "answers")


def _plugins(app: Flask) -> Finding:
    order = app.extensions["koepel"].plugins.order
    return Finding("plugins", True, ", ".join(order) or "none")
