"""Names made comparable: no case, no accents, no punctuation, one space."""

import re
import unicodedata

_SPECIAL = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i"})
_NOT_WORD = re.compile(r"[^a-z0-9@.+_ -]+")
_PLAIN = re.compile(r"[a-z0-9@.+_-]+(?: [a-z0-9@.+_-]+)*")
_SPACES = re.compile(r"\s+")


def fold(text: str) -> str:
    """Fold a name or address for matching.

    Example: fold("D’Hondt  René") == "d hondt rene"
    """
    small = text.lower()
    if _PLAIN.fullmatch(small):  # nothing to fold: most names and addresses
        return small
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_SPECIAL))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return _SPACES.sub(" ", _NOT_WORD.sub(" ", plain)).strip()
