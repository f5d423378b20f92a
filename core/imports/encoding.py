"""Which letters do these bytes mean, and which letters were meant before somebody's spreadsheet broke them?"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

#: encodings with one byte per letter that spreadsheets still write: Windows, DOS, old Mac
_ONE_BYTE = ("cp1252", "cp850", "mac_roman")
_LETTERS = frozenset("àâäáãåāçčèéêëęìíîïłñńòóôöõøùúûüýÿžšœæßÀÂÄÁÃÅÇČÈÉÊËÌÍÎÏÑÒÓÔÖÕØÙÚÛÜÝŸŽŠŒÆ")
_NEUTRAL = frozenset("’‘“”–—…€°§«»´·\u00a0\u00ad")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def guess_encoding(blocks: Iterable[bytes]) -> str:
    """Name of the encoding of a text, given as consecutive blocks of its bytes.

    UTF-8 is certain when every byte fits; only then is the one-byte encoding guessed that makes
    the most sense.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    sample = b""
    is_utf8 = True
    for number, block in enumerate(blocks):
        if number == 0:
            for mark, encoding in _BOMS:
                if block.startswith(mark):
                    return encoding
            wide = _wide_encoding(block)
            if wide:
                return wide
        if is_utf8:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                is_utf8 = False
        if len(sample) < 20_000:
            sample += _around_high_bytes(block)
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    return "utf-8" if is_utf8 else max(_ONE_BYTE, key=lambda name: _plausibility(sample, name))


def _wide_encoding(block: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of Western text is zero."""
    even, odd = block[0:4000:2], block[1:4000:2]
    if len(odd) < 4:
        return None
    if odd.count(0) > 0.6 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.6 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def _around_high_bytes(block: bytes) -> bytes:
    """Bytes above 127 with a letter before and after, a few thousand at most."""
    found = islice(re.finditer(rb"[\x80-\xff]+", block), 2_000)
    return b" ".join(block[max(m.start() - 1, 0) : m.end() + 1] for m in found)


def _plausibility(sample: bytes, encoding: str) -> int:
    score = 0
    before = " "
    for letter in sample.decode(encoding, "replace"):
        if letter > "\x7f":
            if letter in _LETTERS:
                score += -1 if letter.isupper() and before.islower() else 1
            elif letter not in _NEUTRAL:
                score -= 1
        before = letter
    return score


# --- letters that were broken earlier -----------------------------------------------------------


@lru_cache(maxsize=4)
def _broken_pattern(encoding: str) -> tuple[re.Pattern[str], dict[str, int]]:
    """How UTF-8 looks when it was read as `encoding`, and the byte each letter stands for."""
    byte_of: dict[str, int] = {}
    for byte in range(0x80, 0x100):
        letter = bytes([byte]).decode(encoding, "ignore") or chr(byte)
        byte_of.setdefault(letter, byte)
    leads = "".join(letter for letter, byte in byte_of.items() if 0xC2 <= byte <= 0xC5)
    wide = "".join(letter for letter, byte in byte_of.items() if byte == 0xE2)
    rest = "".join(letter for letter, byte in byte_of.items() if byte < 0xC0)
    rest_class = f"[{re.escape(rest)}]"
    return re.compile(f"[{re.escape(leads)}]{rest_class}|[{re.escape(wide)}]{rest_class}{{2}}"), byte_of


def _is_likely(letter: str) -> bool:
    """A letter, quote or sign one finds in names and addresses here."""
    return "\u00a0" <= letter <= "\u017f" or "\u2010" <= letter <= "\u2026" or letter in "€™"


def repair(text: str) -> str | None:
    """What was meant, when `text` is UTF-8 that was once read as something else; else None.

    Example: repair("AndrÃ©") == "André"; repair("André") is None
    """
    if text.isascii():
        return None
    fixed = text
    for encoding in _ONE_BYTE:
        pattern, byte_of = _broken_pattern(encoding)

        def meant(match: re.Match[str], byte_of: dict[str, int] = byte_of) -> str:
            try:
                letter = bytes(byte_of[c] for c in match.group()).decode("utf-8")
            except UnicodeDecodeError:
                return match.group()
            return letter if _is_likely(letter) else match.group()

        for _round in range(3):  # some files went through it more than once
            again = pattern.sub(meant, fixed)
            if again == fixed:
                break
            fixed = again
    return fixed if fixed != text else None


_LOST = re.compile("[\ufffd\u0080-\u009f\ue000-\uf8ff\u2500-\u259f]")


def has_lost_letters(text: str) -> bool:
    """Are there signs that stand where a letter was lost?"""
    return not text.isascii() and _LOST.search(text) is not None
