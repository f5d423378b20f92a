"""Where the bytes are: `instance/files/ab/abcdef...`, written so that a power cut leaves no half file."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from flask import current_app

CHUNK = 1024 * 1024


def root() -> Path:
    return Path(current_app.config["KOEPEL"].instance_dir) / "files"


def path_of_name(storage_name: str) -> Path:
    if len(storage_name) != 32 or not storage_name.isalnum():
        raise ValueError("not a name of the store")
    return root() / storage_name[:2] / storage_name


def write(source: IO[bytes]) -> tuple[str, int, str]:
    """Write a stream; returns its random name, size and SHA-256."""
    name = secrets.token_hex(16)
    target = path_of_name(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    waiting = root() / "tmp"
    waiting.mkdir(exist_ok=True)
    draft = waiting / name
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            while block := source.read(CHUNK):
                digest.update(block)
                size += len(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    return name, size, digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """A rename is only certain once the folder is written too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def delete(storage_name: str) -> None:
    path_of_name(storage_name).unlink(missing_ok=True)


def names_older_than(moment: float) -> Iterator[str]:
    """Names of files, finished or not, that were written before `moment` (seconds since 1970)."""
    if not root().is_dir():
        return
    for folder in sorted(root().iterdir()):
        if not folder.is_dir():
            continue
        for file in folder.iterdir():
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < moment:
                    yield f"tmp/{file.name}" if folder.name == "tmp" else file.name


def delete_draft(name: str) -> None:
    (root() / "tmp" / Path(name).name).unlink(missing_ok=True)
