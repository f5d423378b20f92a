"""Our fields against their columns, with tables of values; kept with the exchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any

from core.api import UserMistake, _, fold
from plugins.exchange.catalogue import CLUB, KEY, OurField

LONGEST_COLUMN, MOST_VALUES = 80, 200


@dataclass(frozen=True)
class Link:
    """One of our fields and their column. `values`: ours -> theirs."""

    field: str
    column: str
    send: bool = True
    receive: bool = True
    values: Mapping[str, str] = default(default_factory=dict)

    def theirs(self, ours: str) -> str:
        return self.values.get(ours, ours)

    def ours(self, theirs: str) -> str:
        wanted = fold(theirs)
        return next((mine for mine, other in self.values.items() if fold(other) == wanted), theirs)


def links_of(mapping: Sequence[Mapping[str, Any]]) -> list[Link]:
    """What an exchange keeps, as objects."""
    return [Link(m["field"], m["column"], bool(m.get("send")), bool(m.get("receive")), dict(m.get("values") or {})) for m in mapping]


def clean_mapping(links: Sequence[Link], fields: Sequence[OurField], *, sends: bool, receives: bool) -> list[dict[str, Any]]:
    """What to keep; UserMistake beside the field that is wrong, named "column-<field>" or "values-<field>"."""
    known = {f.key: f for f in fields}
    taken: dict[str, str] = {}
    kept = []
    for link in links:
        ours = known.get(link.field)
        column = " ".join(link.column.split())
        if ours is None or not column:
            continue
        if len(column) > LONGEST_COLUMN:
            raise UserMistake(_("Use at most %(number)s characters.", number=LONGEST_COLUMN), field=f"column-{link.field}")
        if fold(column) in taken:
            raise UserMistake(_("“%(column)s” is used for %(other)s already.", column=column, other=taken[fold(column)]), field=f"column-{link.field}")
        if len(link.values) > MOST_VALUES:
            raise UserMistake(_("Use at most %(number)s values.", number=MOST_VALUES), field=f"values-{link.field}")
        taken[fold(column)] = ours.title
        must = link.field in (KEY, CLUB)
        kept.append(
            {
                "field": link.field,
                "column": column,
                "send": ours.sends and sends and (link.send or must),
                "receive": ours.receives and receives and (link.receive or must),
                "values": dict(link.values),
            }
        )
    for key in (KEY, CLUB):
        if not any(item["field"] == key for item in kept):
            raise UserMistake(_("Say which column this is: without it nobody can be found."), field=f"column-{key}")
    return kept


def read_values(text: str, name: str) -> dict[str, str]:
    """Lines such as "F = V" as a table; UserMistake for a line without "="."""
    found = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        ours, sign, theirs = line.partition("=")
        if not sign or not ours.strip() or not theirs.strip():
            raise UserMistake(_("Write one pair on each line, such as F = V. This is none: “%(line)s”.", line=line.strip()[:60]), field=f"values-{name}")
        found[ours.strip()[:80]] = theirs.strip()[:80]
    return found


def write_values(values: Mapping[str, str]) -> str:
    return "\n".join(f"{ours} = {theirs}" for ours, theirs in values.items())


def suggested(fields: Sequence[OurField]) -> list[Link]:
    """What a new exchange starts with: our own titles, both ways where that is possible."""
    usual = {"box", "country", "status", "decision"}
    return [Link(f.key, f.title, f.sends, f.receives) for f in fields if "." not in f.key and f.key not in usual]
