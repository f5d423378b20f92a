"""Which column of the file is which column of Koepel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from core.contacts.names import fold
from core.imports.columns import ImportColumn
from core.imports.encoding import repair

#: columns no list may fill in: they are about rights, ownership and Koepel's own administration
FORBIDDEN = frozenset(
    {
        "organisation id", "organisatie id", "organization id", "organisationid", "org id", "club id", "clubid",
        "federation id", "federatie id", "tenant id", "owner id", "is admin", "isadmin", "admin", "administrator",
        "beheerder", "superuser", "is superuser", "is staff", "staff", "role", "roles", "role id", "rol", "rollen",
        "permission", "permissions", "rechten", "password", "wachtwoord", "paswoord", "mot de passe", "passwort",
        "kennwort", "password hash", "passwd", "pwd", "user id", "userid", "gebruiker id", "is active", "active",
        "version", "import id", "deleted at", "created at", "changed at", "created by", "changed by", "name key",
        "search text", "extra", "csrf token", "contact id",
    }
)
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def header_key(header: str) -> str:
    """A title made comparable: header_key("E-mailadres_1 ") == "e mailadres 1"."""
    return _NOT_WORD.sub(" ", fold(repair(header) or header)).strip()


@dataclass(frozen=True)
class Match:
    """What is known about one column of the file.

    column: name of the column of Koepel; None when it is not imported.
    how: "title" (recognised), "remembered" (linked before), "chosen" (linked now), "left_out"
        (by choice), "forbidden" (never imported), "taken" (another one is linked to the same
        column) or "unknown".
    suggestion: column that is probably meant.
    """

    column: str | None
    how: str
    suggestion: str | None = None

    @property
    def is_open(self) -> bool:
        """Does it wait for a decision of the user?"""
        return self.how in ("unknown", "taken")


def match_headers(
    headers: Sequence[str], columns: Sequence[ImportColumn], remembered: Mapping[str, str | None], samples: Sequence[Sequence[str]]
) -> list[Match]:
    """Link every header; `remembered` has earlier choices by header_key (None: leave out).

    `samples` are a few values per column of the file, to guess from when the title says nothing.
    """
    by_word = _words(columns)
    known = {column.name for column in columns}
    taken: set[str] = set()
    found: list[Match | None] = [None] * len(headers)
    keys = [header_key(header) for header in headers]
    for i, key in enumerate(keys):
        if key in FORBIDDEN and key not in by_word:  # unless it is the name of an own field
            found[i] = Match(None, "forbidden")
        elif key in remembered and (remembered[key] is None or remembered[key] in known):
            name = remembered[key]
            found[i] = Match(None, "left_out") if name is None else _take(name, "remembered", taken)
    for i, key in enumerate(keys):
        if found[i] is None and key in by_word:
            found[i] = _take(by_word[key], "title", taken)
    return [match or Match(None, "unknown", _suggest(keys[i], samples[i], columns, by_word, taken)) for i, match in enumerate(found)]


def _take(name: str, how: str, taken: set[str]) -> Match:
    if name in taken:
        return Match(None, "taken")
    taken.add(name)
    return Match(name, how)


def _words(columns: Sequence[ImportColumn]) -> dict[str, str]:
    """Every title and synonym -> column; a title goes before another column's synonym."""
    found: dict[str, str] = {}
    for column in columns:
        found.setdefault(header_key(str(column.label)), column.name)
    for column in columns:
        for word in (*column.synonyms, column.name.replace(".", " ")):
            found.setdefault(header_key(word), column.name)
    found.pop("", None)
    return found


def _suggest(key: str, sample: Sequence[str], columns: Sequence[ImportColumn], by_word: Mapping[str, str], taken: set[str]) -> str | None:
    best, best_score = None, 0.74
    for word, name in by_word.items():
        if name in taken or not key:
            continue
        matcher = SequenceMatcher(None, key, word)
        score = matcher.ratio() if min(matcher.real_quick_ratio(), matcher.quick_ratio()) > best_score else 0.0
        if len(word) > 2 and set(word.split()) <= set(key.split()):
            score = max(score, 0.8)
        if score > best_score:
            best, best_score = name, score
    return best or _suggest_by_values(sample, columns, taken)


def _suggest_by_values(sample: Sequence[str], columns: Sequence[ImportColumn], taken: set[str]) -> str | None:
    values = [value for value in sample if value.strip()]
    if not values:
        return None
    free = [column.name for column in columns if column.name not in taken]
    for pattern, names in (
        (r"[^\s@]+@[^\s@]+\.[^\s@]+", ("email_1", "email_2", "email_3")),
        (r"(\+32|0032|0)\s*4[5-9]\d[\d\s./-]+", ("mobile_1", "mobile_2", "mobile_3")),
        (r"(\+|0)[\d\s./()-]{7,}", ("phone",)),
        (r"[FMVX]", ("gender",)),
        (r"\d{1,2}[/.-]\d{1,2}[/.-](19[0-9]\d|20[01]\d)", ("birth_date",)),
    ):
        if all(re.fullmatch(pattern, value.strip()) for value in values):
            return next((name for name in names if name in free), None)
    return None


def samples_of(rows: Iterable[tuple[int, list[str], int]], width: int, *, wanted: int = 3, looked_at: int = 200) -> list[list[str]]:
    """The first few different values of each column."""
    found: list[list[str]] = [[] for _column in range(width)]
    for count, (_number, cells, _surplus) in enumerate(rows):
        if count == looked_at or all(len(values) == wanted for values in found):
            break
        for values, cell in zip(found, cells, strict=True):
            text = cell.strip()
            if text and len(values) < wanted and text not in values:
                values.append(text)
    return found


def as_json(matches: Sequence[Match]) -> list[list[Any]]:
    return [[m.column, m.how, m.suggestion] for m in matches]


def from_json(stored: Sequence[Sequence[Any]]) -> list[Match]:
    return [Match(column, how, suggestion) for column, how, suggestion in stored]
