"""Is this file what it says it is? Looks at the content, not at what the browser claims."""

from __future__ import annotations

import io
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import PurePath

import filetype
from PIL import Image, ImageOps

from core.contacts.parsing import parse_line
from core.errors import UserMistake
from core.i18n import _

#: extension -> content type of everything we take; nothing that a browser runs is among them
TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "txt": "text/plain",
    "csv": "text/csv",
}
IMAGES = ("jpg", "jpeg", "png", "gif", "webp")
DOCUMENTS = ("pdf", "docx", "xlsx", "pptx", "odt", "ods", "txt", "csv")
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "PNG", "image/webp": "WEBP"}
MOST_PIXELS = 25_000_000
LONGEST_SIDE = 4_000
MOST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 5_000
LONGEST_NAME = 120
Image.MAX_IMAGE_PIXELS = MOST_PIXELS


@dataclass(frozen=True)
class Inspected:
    """A file that may be kept, as it will be kept."""

    data: bytes
    filename: str
    content_type: str


def clean_filename(filename: str, fallback: str = "file") -> str:
    """What the file is called for people: no folders, no marks that turn the reading direction."""
    name = parse_line(PurePath(filename.replace("\\", "/")).name[:400], longest=400) or ""
    name = "".join(letter for letter in name if letter not in '<>:"/|?*;\\').strip(". ")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return (name or fallback)[:LONGEST_NAME]
    return f"{(stem or fallback)[: LONGEST_NAME - len(extension[:10]) - 1]}.{extension[:10]}"


def extension_of(filename: str) -> str:
    return PurePath(filename).suffix.lower().lstrip(".")


def inspect_file(data: bytes, filename: str, *, allowed: tuple[str, ...]) -> Inspected:
    """What will be kept of an upload; UserMistake when it is not one of the allowed kinds."""
    name = clean_filename(filename)
    extension = extension_of(name)
    if not data:
        raise UserMistake(_("This file is empty. Choose another one."))
    if extension not in allowed or extension not in TYPES:
        kinds = ", ".join(sorted(kind for kind in allowed if kind != "jpeg"))
        raise UserMistake(_("This kind of file cannot be kept. Use one of these: %(kinds)s.", kinds=kinds))
    wanted = TYPES[extension]
    if extension in IMAGES:
        return _clean_image(data, name)
    if extension in ("txt", "csv"):
        _check_text(data)
    elif extension == "pdf":
        _check_pdf(data)
    else:
        _check_package(data, extension)
    return Inspected(data, name, wanted)


def _not_what_it_says() -> UserMistake:
    return UserMistake(_("The content of this file is not what its name says. Save it again, then choose it here."))


def _check_text(data: bytes) -> None:
    head = data[:200_000].lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if b"\x00" in data or filetype.guess(data) is not None or head.startswith((b"<", b"%pdf", b"mz", b"#!")):
        raise _not_what_it_says()


def _check_pdf(data: bytes) -> None:
    kind = filetype.guess(data)
    if kind is None or kind.mime != TYPES["pdf"] or b"%%EOF" not in data[-2048:]:
        raise _not_what_it_says()


def _check_package(data: bytes, extension: str) -> None:
    """An office document is a zip: with the right parts, without macros, and not a bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            names = {part.filename for part in parts}
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise UserMistake(_("This file is too large when unpacked. Save it again with less in it."))
            if any(name.lower().endswith(("vbaproject.bin", ".exe", ".js")) or name.startswith("Scripts/") for name in names):
                raise UserMistake(_("This file has macros in it. Save it without them, then choose it here."))
            if extension in ("odt", "ods"):
                said = package.read("mimetype")[:200] if "mimetype" in names else b""
                is_right = said.decode("ascii", "replace").strip() == TYPES[extension]
            else:
                folder = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/"}[extension]
                is_right = "[Content_Types].xml" in names and any(name.startswith(folder) for name in names)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError):
        raise _not_what_it_says() from None
    if not is_right:
        raise _not_what_it_says()


def _clean_image(data: bytes, name: str) -> Inspected:
    """Draw the picture anew, so that nothing but the picture is kept: no place, camera or script."""
    unreadable = UserMistake(_("This picture cannot be read. Save it again as JPG or PNG, then choose it here."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "GIF", "WEBP"]) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                content_type = Image.MIME[picture.format or ""]
                drawn = _redraw(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UserMistake(_("This picture is too large. Make it smaller than %(pixels)s million pixels.", pixels=MOST_PIXELS // 1_000_000)) from None
    except Exception as error:  # noqa: BLE001 -- decoders of hostile pictures raise anything
        raise unreadable from error
    if content_type != TYPES[extension_of(name)]:
        raise _not_what_it_says()
    kind = _FORMATS[content_type]
    out = io.BytesIO()
    if kind == "JPEG":
        drawn.convert("RGB").save(out, kind, quality=88, optimize=True)
    else:
        drawn.save(out, kind)
    if content_type == "image/gif":
        name, content_type = f"{name.rpartition('.')[0]}.png", "image/png"
    return Inspected(out.getvalue(), name, content_type)


def _redraw(picture: Image.Image) -> Image.Image:
    """The pixels the right way up, not larger than useful, without anything that was attached."""
    upright = ImageOps.exif_transpose(picture)
    has_alpha = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    plain = upright.convert("RGBA" if has_alpha else "RGB")
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    drawn = Image.new(plain.mode, plain.size)
    drawn.paste(plain)
    return drawn
