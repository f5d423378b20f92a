"""Telling the user what happened, with a way back."""

from __future__ import annotations

from typing import Any

from flask import flash


def done(message: Any, undo_url: str | None = None) -> None:
    """Say that something was done; `undo_url` is POSTed by the Undo button.

    The category carries the address, so no second store is needed: "done" or "done undo:<url>".
    """
    flash(str(message), f"done undo:{undo_url}" if undo_url else "done")


def warn(message: Any) -> None:
    """Say that something needs attention."""
    flash(str(message), "warning")
