"""Is a password one of those that are guessed first? The list of leaked passwords comes with the library zxcvbn; nothing is asked outside."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

_LEET = str.maketrans("@4310$5!7", "aaeiossit")


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """30,000 leaked passwords and the first names of the library, and our own words (common_passwords.txt; # starts a remark)."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 -- slow import, only needed when somebody chooses a password

    lines = Path(__file__).with_name("common_passwords.txt").read_text("utf-8").splitlines()
    own = (word for line in lines if not line.startswith("#") for word in line.split())
    return frozenset(FREQUENCY_LISTS["passwords"]).union(FREQUENCY_LISTS["male_names"], FREQUENCY_LISTS["female_names"], own)


def is_guessable(typed: str) -> bool:
    """Is it leaked, a common word (twice, dressed up with digits and signs), a row of keys, or one sign repeated?"""
    small = typed.casefold()
    if small in _common() or len(set(small)) <= 2 or _is_row(small):
        return True
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", small)
    for text in (small, bare.translate(_LEET)):
        core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)
        plain = re.sub(r"[\W\d_]+", "", text)
        if not plain and _is_row(re.sub(r"\D", "", text)[:8]):
            return True
        for word in (core, plain):
            half = len(word) // 2
            if word in _common() or (half >= 3 and word == word[:half] * 2 and word[:half] in _common()):
                return True
    return False


_ROWS = (
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
)


def _is_row(text: str) -> bool:
    """Mostly keys in a row: what is not in one is at most three signs."""
    best = 0
    for row in _ROWS:
        for start in range(len(text)):
            length = 1
            while start + length <= len(text) and text[start : start + length] in row:
                length += 1
            best = max(best, length - 1)
    return best >= 4 and len(text) - best <= 3
