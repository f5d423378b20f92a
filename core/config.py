"""What an installation can set, in `instance/koepel.toml` or as `KOEPEL_<NAME>` in the environment."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import StartRefused

ROOT = Path(__file__).resolve().parent.parent


class Config(BaseModel):
    """Typed settings. Every field may be given in the file or the environment (which wins)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: Literal["production", "demo", "test"] = Field("demo", description="`production` switches every safety check on; `demo` is what `make run` uses.")
    instance_dir: Path = Field(ROOT / "instance", description="Folder of the embedded database, uploads and keys.")
    database_url: str = Field("", description="SQLAlchemy address of the database; empty: SQLite in the instance folder.")
    secret_key: str = Field("", description="At least 32 random bytes; signs cookies. Made on the first start when empty, except in production.")
    secret_key_fallbacks: tuple[str, ...] = Field((), description="Former secret keys, while rotating.")
    field_keys: tuple[str, ...] = Field((), description="Keys (Fernet) that encrypt sensitive fields, newest first.")
    public_url: str = Field("http://127.0.0.1:8080", description="Address people use; links in mails start with it.")
    trusted_hosts: tuple[str, ...] = Field((), description="Host names this installation answers to; empty: the one of `public_url`.")
    proxy_hops: int = Field(0, ge=0, le=5, description="How many reverse proxies stand in front and set X-Forwarded-*.")
    host: str = Field("127.0.0.1", description="Address `koepel serve` listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port `koepel serve` listens on.")
    threads: int = Field(8, ge=1, le=64, description="Request threads of `koepel serve`.")
    plugins: tuple[str, ...] | None = Field(None, description="Enabled plugins; unset: all that are installed.")
    mail_server: str = Field("", description="SMTP server; empty: mails wait in the outbox.")
    mail_port: int = Field(25, description="Port of the SMTP server.")
    mail_username: str = Field("", description="Account on the SMTP server.")
    mail_password: str = Field("", description="Its password.")
    mail_use_tls: bool = Field(False, description="STARTTLS.")
    mail_use_ssl: bool = Field(False, description="TLS from the start.")
    mail_from: str = Field("koepel@localhost.example", description="Sender of all mails; clubs and federations are in Reply-To.")
    push_public_key: str = Field("", description="Public VAPID key for notifications on phones; empty: off. Make both with `koepel push-keys`.")
    push_private_key: str = Field("", description="Private VAPID key.")
    push_contact: str = Field("", description="E-mail address push services may write to when something is wrong; empty: that of `mail_from`.")
    broker_url: str = Field("", description="Redis or RabbitMQ address for Celery workers; empty: Koepel's own workers.")
    broker_prefix: str = Field("koepel", pattern=r"^[a-z0-9_-]{1,40}$", description="Before the names of queues, so that several installations can share a broker.")
    embedded_worker: bool = Field(True, description="Run jobs inside `koepel serve` too.")
    session_hours: int = Field(12, ge=1, le=720, description="Absolute life of a login.")
    session_idle_hours: int = Field(8, ge=1, le=720, description="A login ends after so long without a click.")
    ask_second_factor: bool = Field(True, description="Who administers a federation must set up a second step to log in; can only be switched off outside production.")
    max_upload_mb: int = Field(25, ge=1, le=500, description="Largest request in MiB.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def has_push(self) -> bool:
        """Can notifications be sent to browsers that are closed?"""
        return bool(self.push_public_key and self.push_private_key)

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.instance_dir / 'koepel.db'}"

    @property
    def hosts(self) -> list[str]:
        return list(self.trusted_hosts) or [urlsplit(self.public_url).hostname or "127.0.0.1", "localhost", "127.0.0.1"]


def load(environ: Mapping[str, str] = os.environ, **overrides: Any) -> Config:
    """Read the file, then the environment, then `overrides`; refuse what is wrong or unsafe."""
    instance = Path(environ.get("KOEPEL_INSTANCE_DIR") or overrides.get("instance_dir") or ROOT / "instance")
    values: dict[str, Any] = {"instance_dir": instance}
    file = Path(environ.get("KOEPEL_CONFIG") or instance / "koepel.toml")
    if file.exists():
        values |= tomllib.loads(file.read_text("utf-8"))
    for name, field in Config.model_fields.items():
        raw = environ.get(f"KOEPEL_{name.upper()}")
        if raw is not None:
            is_list = "tuple" in str(field.annotation)
            values[name] = tuple(part.strip() for part in raw.split(",") if part.strip()) if is_list else raw
    for name in ("host", "port"):
        values.setdefault(name, environ[name.upper()]) if environ.get(name.upper()) else None
    values |= overrides
    try:
        config = Config(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise StartRefused(f"setting {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if not overrides.get("public_url") and "public_url" not in values and not config.is_production:
        config = config.model_copy(update={"public_url": f"http://{config.host}:{config.port}"})
    config = _with_keys(config)
    check(config)
    return config


def _with_keys(config: Config) -> Config:
    """Outside production, make the keys once and keep them in the instance folder (mode 600)."""
    from cryptography.fernet import Fernet  # noqa: PLC0415 -- slow import, only needed at start

    update: dict[str, Any] = {}
    makers: dict[str, tuple[str, Callable[[], str]]] = {
        "secret_key": ("secret.key", lambda: secrets.token_urlsafe(48)),
        "field_keys": ("field.key", lambda: Fernet.generate_key().decode()),
    }
    for name, (file, make) in makers.items():
        if getattr(config, name) or config.is_production:
            continue
        path = config.instance_dir / file
        config.instance_dir.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as made:
                made.write(make())
        except FileExistsError:
            pass
        text = path.read_text("utf-8")
        update[name] = text if name == "secret_key" else (text,)
    return config.model_copy(update=update)


def check(config: Config) -> None:
    """Refuse to start in a way that is unsafe."""
    if len(config.secret_key.encode()) < 32:
        raise StartRefused("setting secret_key: give at least 32 random bytes")
    if not config.is_production:
        return
    if len(set(config.secret_key)) < 10:
        raise StartRefused("setting secret_key: this is not random")
    if not config.field_keys:
        raise StartRefused("setting field_keys: give at least one key, see the documentation")
    if not config.ask_second_factor:
        raise StartRefused("setting ask_second_factor: it cannot be off in production")
    if not config.is_https:
        raise StartRefused("setting public_url: production needs an https:// address")
