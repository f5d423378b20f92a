"""One JSON line per event, without personal data or secrets."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

_SECRET = re.compile(r"(token|password|secret|key|authorization|cookie)", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\b\d{2}[.\s-]?\d{2}[.\s-]?\d{2}[-.\s]?\d{3}[.\s-]?\d{2}\b")


def scrub(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Hide secrets by name and national numbers by shape; keep one event on one line."""
    clean: dict[str, Any] = {}
    for name, value in event.items():
        if _SECRET.search(name):
            value = "***"
        elif isinstance(value, str):
            value = _LONG_NUMBER.sub("***", value)
        clean[name] = value
    return clean


def configure(level: str) -> None:
    """Send structlog and the standard library to standard error, as JSON."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        scrub,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
        )
    )
    root = logging.getLogger()
    if not any(getattr(h, "is_koepel", False) for h in root.handlers):
        handler.is_koepel = True  # type: ignore[attr-defined]
        root.addHandler(handler)
    root.setLevel(level)
    for noisy in ("flask_appbuilder", "fontTools", "xhtml2pdf", "reportlab", "waitress.queue", "alembic"):
        logging.getLogger(noisy).setLevel("ERROR")
