"""The file a backup is: a ZIP whose last bytes are the digest of all others.

A single changed byte anywhere is noticed, and every part is checked by itself as well, so that
`koepel backup verify` can say what is broken.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

FORMAT = 1
MANIFEST = "manifest.json"
_MARK = b"sha256:"
_TRAILER = len(_MARK) + 64
CHUNK = 1024 * 1024


class Writer:
    """Writes parts one after the other; the file gets its name only when it is complete."""

    def __init__(self, target: Path) -> None:
        self.target, self._draft = target, target.with_name(f".{target.name}.part")
        self.parts: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Writer:
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.fdopen(os.open(self._draft, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "w+b")
        self._zip = zipfile.ZipFile(self._file, "w", allowZip64=True)
        return self

    def add(self, name: str, blocks: Iterable[bytes], *, compress: bool = True, **facts: Any) -> None:
        """Add a part; `facts` go into the manifest beside its size and digest."""
        digest, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as part:
            for block in blocks:
                part.write(block)
                digest.update(block)
                size += len(block)
        self.parts[name] = {"size": size, "sha256": digest.hexdigest(), **facts}

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest and the digest, and give the file its name."""
        text = json.dumps({"format": FORMAT, **manifest, "parts": self.parts}, indent=1, sort_keys=True)
        self._zip.writestr(MANIFEST, text)
        self._zip.comment = _MARK + b"0" * 64
        self._zip.close()
        self._file.flush()
        end = self._file.seek(0, os.SEEK_END) - _TRAILER
        self._file.seek(0)
        digest = _digest(_blocks(self._file, end))
        self._file.seek(end)
        self._file.write(_MARK + digest.encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._draft.replace(self.target)

    def __exit__(self, *_failure: Any) -> None:
        self._file.close()
        self._draft.unlink(missing_ok=True)


#: what reading a file raises in which some byte is another one: a flag, a length, a name, the content
_DAMAGE = (OSError, KeyError, ValueError, RuntimeError, EOFError, struct.error, zipfile.BadZipFile, zlib.error)


class Reader:
    """Reads a backup; ValueError when the file is no backup at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest: dict[str, Any] = json.loads(self._zip.read(MANIFEST))
        except _DAMAGE as error:
            raise ValueError(f"{path} is no backup of Koepel, or it is damaged: {error}") from error
        if self.manifest.get("format") != FORMAT:
            raise ValueError(f"{path} has format {self.manifest.get('format')}, this version reads {FORMAT}")

    @property
    def parts(self) -> dict[str, dict[str, Any]]:
        return dict(self.manifest["parts"])

    def open(self, name: str) -> IO[bytes]:
        return self._zip.open(name)

    def problems(self) -> list[str]:
        """Everything that is not as it was when the backup was made."""
        found = []
        with self.path.open("rb") as file:
            end = file.seek(0, os.SEEK_END) - _TRAILER
            file.seek(0)
            digest = _digest(_blocks(file, end))
            if file.read(_TRAILER) != _MARK + digest.encode():
                found.append("the file was changed, or is not complete")
        names = set(self._zip.namelist()) - {MANIFEST}
        found += [f"{name}: missing" for name in sorted(set(self.parts) - names)]
        found += [f"{name}: not in the manifest" for name in sorted(names - set(self.parts))]
        for name in sorted(names & set(self.parts)):
            try:
                with self.open(name) as part:
                    digest = _digest(iter(lambda part=part: part.read(CHUNK), b""))  # type: ignore[misc]
            except _DAMAGE as error:
                found.append(f"{name}: cannot be read ({error})")
                continue
            if digest != self.parts[name]["sha256"]:
                found.append(f"{name}: changed")
        return found

    def close(self) -> None:
        self._zip.close()


def _blocks(file: IO[bytes], length: int) -> Iterator[bytes]:
    while length > 0 and (block := file.read(min(CHUNK, length))):
        length -= len(block)
        yield block


def _digest(blocks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()
