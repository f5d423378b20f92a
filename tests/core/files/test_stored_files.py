"""Files: hostile ones, links, quota, expiry. The bytes are on disk; the row says who may have them."""

import io
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from core import clock
from core.db import db, transaction
from core.errors import NotFound, UserMistake
from core.files import services, storage
from core.files.inspection import clean_filename, inspect_file
from core.files.models import StoredFile
from core.tenancy import scope
from core.testing.factories import World, inside
from core.users.models import User

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
ALL = ("pdf", "jpg", "jpeg", "png", "gif", "webp", "docx", "xlsx", "odt", "txt", "csv")


class PowerCut(Exception):
    """Ends a transaction half way."""


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "green").save(out, kind, **options)
    return out.getvalue()


def with_place() -> bytes:
    """A photo that says where it was taken, and carries a script in its comment."""
    exif = Image.Exif()
    exif[0x010F] = "Canarycamera"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (50.0, 51.0, 52.0)
    exif[0x0112] = 6  # on its side
    return picture(exif=exif, comment=b"<?php canary(); ?>")


def package(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in names.items():
            file.writestr(name, content)
    return out.getvalue()


def huge_png() -> bytes:
    """50,000 by 50,000 pixels in a few hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 10_000))
        + chunk(b"IEND", b"")
    )


HOSTILE = {
    "page.html": b"<html><script>alert(1)</script></html>",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "program.exe": b"MZ\x90\x00" + b"\0" * 100,
    "empty.pdf": b"",
    "really-html.pdf": b"<html><script>alert(1)</script></html>",
    "really-program.pdf": b"MZ\x90\x00" + b"\0" * 100,
    "half.pdf": b"%PDF-1.4 and then nothing",
    "really-html.txt": b"  <!doctype html><script>alert(1)</script>",
    "really-pdf.txt": PDF,
    "zeros.csv": b"a;b\n\x00\x00",
    "really-html.png": b"<html>",
    "half.png": picture("PNG")[:60],
    "really-png.jpg": picture("PNG"),
    "huge.png": huge_png(),
    "plain.docx": package({"readme.txt": b"hello"}),
    "macro.docx": package({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>", "word/vbaProject.bin": b"x"}),
    "bomb.xlsx": package({"[Content_Types].xml": b"<x/>", "xl/sheet.xml": b"0" * (210 * 1024 * 1024)}),
    "no-zip.docx": b"PK\x03\x04 nothing",
    "double.pdf.html": PDF,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_with_a_sentence(context: Flask, name: str) -> None:
    with pytest.raises(UserMistake):
        inspect_file(HOSTILE[name], name, allowed=ALL)


def test_pictures_are_drawn_anew_without_place_camera_or_script(context: Flask) -> None:
    assert b"Canarycamera" in with_place()

    kept = inspect_file(with_place(), "holiday.JPG", allowed=ALL)

    assert [word for word in (b"Canarycamera", b"php", b"Exif") if word in kept.data] == []
    with Image.open(io.BytesIO(kept.data)) as image:
        assert (image.size, dict(image.getexif()), image.info.get("comment")) == ((20, 40), {}, None)


def test_a_picture_that_is_also_a_script_comes_out_as_a_picture(context: Flask) -> None:
    both = picture("GIF").replace(b"GIF89a", b"GIF89a", 1) + b"/*';alert(1);//*/"

    kept = inspect_file(both, "party.gif", allowed=ALL)

    assert (b"alert" in kept.data, kept.filename, kept.content_type) == (False, "party.png", "image/png")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\An\\attest.pdf", "attest.pdf"),
        ("good\u202etxt.pdf", "goodtxt.pdf"),
        ('a"b<c>;d.pdf', "abcd.pdf"),
        (".pdf", "pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("", "file"),
    ],
)
def test_names_of_files_lead_nowhere(context: Flask, given: str, kept: str) -> None:
    assert clean_filename(given) == kept


@pytest.fixture(autouse=True)
def empty_store(app: Flask) -> None:
    with app.app_context():
        shutil.rmtree(storage.root(), ignore_errors=True)


def keep(world: World, *, data: bytes = PDF, filename: str = "attest.pdf", purpose: str = "extra_field", **more: Any) -> int:
    with inside(world.club) as actor:
        return services.store(data, filename=filename, purpose=purpose, actor=actor, **more).id


def test_stored_file_is_on_disk_under_a_random_name(context: Flask, world: World) -> None:
    pk = keep(world)

    with scope(world.club):
        file = services.get(pk)
        path = services.path_of(file)
        assert path.read_bytes() == PDF
        assert (file.size, file.content_type, path.name == file.storage_name, "attest" in str(path)) == (len(PDF), "application/pdf", True, False)
        assert path.stat().st_mode & 0o077 == 0
        assert list((storage.root() / "tmp").iterdir()) == []


def test_too_large_and_out_of_room_are_refused(context: Flask, world: World) -> None:
    with pytest.raises(UserMistake, match="at most 10 MB"):
        keep(world, data=b"%PDF" + b"0" * (10 * 1024 * 1024))
    with inside(world.club):
        organisation = db.session.merge(world.club)
        organisation.settings = {"files.quota_mb": 0}
    with pytest.raises(UserMistake, match="no room left"):
        keep(world)


def test_unknown_purpose_is_a_bug(context: Flask, world: World) -> None:
    with pytest.raises(KeyError):
        keep(world, purpose="nonsense")


def test_removed_file_is_gone_from_disk_only_when_that_is_certain(context: Flask, world: World) -> None:
    pk = keep(world)
    with scope(world.club):
        path = services.path_of(services.get(pk))
    with suppress(PowerCut), inside(world.club):
        services.remove(services.get(pk))
        raise PowerCut
    assert path.is_file()

    with inside(world.club):
        services.remove(services.get(pk))

    assert not path.exists()
    with scope(world.club), pytest.raises(NotFound):
        services.get(pk)


def test_expired_files_and_orphans_are_cleaned_up(context: Flask, world: World) -> None:
    gone, kept = keep(world, expires_at=clock.now() - timedelta(minutes=1)), keep(world, expires_on=clock.today())
    with scope(world.club):
        path = services.path_of(services.get(gone))
    with suppress(PowerCut), inside(world.club) as actor:
        services.store(PDF, filename="lost.pdf", purpose="extra_field", actor=actor)
        raise PowerCut
    orphans = [p for p in storage.root().rglob("*") if p.is_file()]
    assert len(orphans) == 3

    with transaction():
        assert services.purge() == 1
    db.session.rollback()
    assert services.sweep() == 0  # young bytes may belong to a transaction that is still running
    for file in storage.root().rglob("*"):
        if file.is_file():
            os.utime(file, (1, 1))
    (storage.root() / "tmp" / "half").write_bytes(b"x")
    os.utime(storage.root() / "tmp" / "half", (1, 1))
    assert services.sweep() == 2

    assert not path.exists()
    with scope(world.club):
        assert db.session.scalars(select(StoredFile.id)).all() == [kept]
        assert services.path_of(services.get(kept)).is_file()


# --- links -----------------------------------------------------------------------------------------


@pytest.fixture
def export(app: Flask, world: World) -> int:
    """A file of admin.a."""
    with app.app_context():
        user_id = db.session.scalars(select(User.id).where(User.username == "admin.a")).one()
        with inside(world.club) as actor:
            return services.store(b"a;b\n", filename="leden.csv", purpose="export", actor=replace(actor, user_id=user_id)).id


@pytest.mark.parametrize(
    ("who", "slug", "code"),
    [("admin.a", "club-a", 200), ("member.a", "club-a", 404), ("admin.b", "club-b", 404), ("admin.b", "club-a", 404), ("admin.f", "federation-f", 404)],
)
def test_only_who_may_have_a_file_gets_it(login: Callable[[str], FlaskClient], export: int, who: str, slug: str, code: int) -> None:
    assert login(who).get(f"/o/{slug}/files/{export}", buffered=True).status_code == code


def test_nobody_gets_a_file_without_login(client: FlaskClient, export: int) -> None:
    answer = client.get(f"/o/club-a/files/{export}", buffered=True)
    assert answer.status_code in (302, 404)
    assert b"a;b" not in answer.data


def test_files_are_sent_to_be_kept_and_not_run(login: Callable[[str], FlaskClient], export: int) -> None:
    answer = login("admin.a").get(f"/o/club-a/files/{export}", buffered=True)

    assert answer.data == b"a;b\n"
    assert {name: answer.headers[name] for name in ("Content-Disposition", "X-Content-Type-Options", "Content-Security-Policy")} == {
        "Content-Disposition": "attachment; filename=leden.csv",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    assert set(answer.headers["Cache-Control"].replace(" ", "").split(",")) >= {"no-store", "private"}


def test_expired_file_is_not_given_out_before_it_is_deleted(app: Flask, world: World, login: Callable[[str], FlaskClient], export: int) -> None:
    with app.app_context(), inside(world.club):
        services.get(export).expires_at = clock.now() - timedelta(seconds=1)
        db.session.flush()

    assert login("admin.a").get(f"/o/club-a/files/{export}", buffered=True).status_code == 404


def test_strange_numbers_are_not_found(login: Callable[[str], FlaskClient], export: int) -> None:
    admin = login("admin.a")
    assert [admin.get(f"/o/club-a/files/{pk}").status_code for pk in (0, 99999, 9**20)] == [404, 404, 404]
    assert admin.get(f"/o/club-a/files/{export}/picture").status_code == 404


def test_used_room_counts_own_files_only(context: Flask, world: World) -> None:
    keep(world)
    with inside(world.other_club):
        assert services.used_bytes() == 0
    with inside(world.club):
        assert services.used_bytes() == len(PDF)
