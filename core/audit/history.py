"""The history of a thing in words: who, when, what, from what to what."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from core.audit.services import entries_about
from core.i18n import _, _l, format_date

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

#: what the second half of an action says when nobody gave it a better name
_VERBS: dict[str, Any] = {
    "created": _l("Added"),
    "changed": _l("Changed"),
    "deleted": _l("Put in the bin"),
    "restored": _l("Brought back"),
    "erased": _l("Erased"),
    "imported": _l("Imported"),
    "exported": _l("Exported"),
    "requested": _l("Requested"),
    "accepted": _l("Accepted"),
    "refused": _l("Refused"),
    "ended": _l("Ended"),
    "sent": _l("Sent"),
    "moved": _l("Moved"),
    "revealed": _l("Protected value shown"),
}

#: attribute -> label, or a function that finds it
Labels = Mapping[str, Any] | Callable[[str], Any]


@dataclass
class _Described:
    fields: list[Labels] = field(default_factory=list)
    actions: dict[str, Any] = field(default_factory=dict)
    show: dict[str, Callable[..., str]] = field(default_factory=dict)
    title: Any = None
    names: Callable[[Sequence[int]], Mapping[int, str]] | None = None


_described: dict[str, _Described] = {}


def describe_subject(
    subject_type: str,
    *,
    fields: Labels | None = None,
    actions: Mapping[str, Any] | None = None,
    show: Mapping[str, Callable[..., str]] | None = None,
    title: Any = None,
    names: Callable[[Sequence[int]], Mapping[int, str]] | None = None,
) -> None:
    """Teach the history the words of a table. Called at import by the room that owns it.

    fields: labels of attributes, or a function attribute -> label (None when it does not know).
    actions: full action names, e.g. {"membership.ended": _l("Membership ended")}.
    show: attribute -> function from the stored value to what people read; the key "extra.*"
        holds for all of a kind and gets (attribute, value).
    title: what one of these is called ("Contact"), for the log of the organisation.
    names: ids -> what each is called, in one query; those that are gone or erased are left out.
    """
    found = _described.setdefault(subject_type, _Described())
    if fields is not None:
        found.fields.append(fields)
    found.actions.update(actions or {})
    found.show.update(show or {})
    found.title, found.names = title or found.title, names or found.names


@dataclass(frozen=True)
class Change:
    """One changed field; `hidden` when the values may not be shown."""

    label: str
    before: str = ""
    after: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class HistoryLine:
    id: int
    at: datetime
    who: str
    action: str
    title: str
    changes: tuple[Change, ...]
    note: str
    is_emptied: bool


def subject_title(subject_type: str) -> str:
    """What a thing of this table is called."""
    return str(_described.get(subject_type, _Described()).title or subject_type.replace("_", " ").capitalize())


def subject_names(subject_type: str, ids: Sequence[int]) -> Mapping[int, str]:
    """What these things are called, as far as they still exist."""
    names = _described.get(subject_type, _Described()).names
    return names(ids) if names and ids else {}


def title_of(subject_type: str, action: str) -> str:
    """An action in words that stand by themselves: "Membership ended", or "Season: changed" when nobody gave it a name."""
    described = _described.get(subject_type, _Described())
    words = _title(described, action)
    return words if action in described.actions or not described.title else f"{described.title}: {words[:1].lower()}{words[1:]}"


def known_actions() -> list[tuple[str, str]]:
    """(action, words) of every action a room described, by words."""
    found = {action: str(words) for described in _described.values() for action, words in described.actions.items()}
    return sorted(found.items(), key=lambda item: item[1].casefold())


def line_of(entry: Any) -> HistoryLine:
    """One entry in words."""
    return _line(entry, whoever([entry])[entry.id])


def whoever(entries: Sequence[Any]) -> dict[int, str]:
    """Who did each of these, by id: "Ann", or "Ann on behalf of Lotte" with one query for all of them."""
    names = subject_names("contact", sorted({entry.on_behalf_of_id for entry in entries if entry.on_behalf_of_id is not None}))
    return {entry.id: _who(entry, names) for entry in entries}


def _who(entry: Any, names: Mapping[int, str]) -> str:
    if entry.on_behalf_of_id is None:
        return entry.actor_name or (_("Erased person") if entry.actor_id else "")
    return _("%(name)s on behalf of %(person)s", name=entry.actor_name or _("Erased person"), person=names.get(entry.on_behalf_of_id) or _("Erased person"))


def history_of(subject_type: str, subject_id: int, *, limit: int = 50, before: int | None = None) -> list[HistoryLine]:
    """What happened to one thing, newest first, in the language of the reader."""
    entries = entries_about(subject_type, subject_id, limit=limit, before=before)
    who = whoever(entries)
    return [_line(entry, who[entry.id]) for entry in entries]


def _line(entry: Any, who: str) -> HistoryLine:
    words = _described.get(entry.subject_type, _Described())
    return HistoryLine(
        id=entry.id,
        at=entry.at,
        who=who,
        action=entry.action,
        title=_title(words, entry.action),
        changes=tuple(_change(words, name, pair) for name, pair in (entry.changes or {}).items()),
        note=entry.note,
        is_emptied=entry.redacted_at is not None,
    )


def _title(words: _Described, action: str) -> str:
    verb = action.partition(".")[2]
    return str(words.actions.get(action) or _VERBS.get(verb) or verb.replace("_", " ").capitalize())


def _change(words: _Described, name: str, pair: Any) -> Change:
    label = _label(words, name)
    if isinstance(pair, dict):
        return Change(label, hidden=True)
    kind = f"{name.partition('.')[0]}.*"
    if name not in words.show and kind in words.show:
        return Change(label, words.show[kind](name, pair[0]), words.show[kind](name, pair[1]))
    show: Callable[..., str] = words.show.get(name, show_plain)
    return Change(label, show(pair[0]), show(pair[1]))


def _label(words: _Described, name: str) -> str:
    for labels in words.fields:
        found = labels(name) if callable(labels) else labels.get(name)
        if found:
            return str(found)
    return name.removeprefix("extra.").replace("_", " ").capitalize()


def show_plain(value: Any) -> str:
    """A stored value as people read it; "" for nothing."""
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(show_plain(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {show_plain(item)}" for key, item in value.items())
    text = str(value)
    return format_date(date.fromisoformat(text)) if _DAY.fullmatch(text) else text
