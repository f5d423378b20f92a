"""Consents in the list of contacts: a column and a filter for each that is asked here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g

from core.i18n import _l
from core.lists.columns import Column, Status
from core.lists.filters import Filter
from core.privacy import consents
from core.web.context import current_organisation

_GROUP = _l("Consents")
_STATES = {"yes": Status(_l("Agrees"), "ok"), "no": Status(_l("Does not agree"), "none")}  # type: ignore[arg-type]  # a lazy text
_CHOICES = (("yes", _l("Agrees")), ("no", _l("Does not agree")), ("none", _l("Not answered yet")))


@dataclass(frozen=True)
class _Asked:
    """A purpose as a list needs it, also after the transaction it was read in."""

    id: int
    key: str
    title: str
    text_number: int


def _asked() -> Sequence[_Asked]:
    """What is asked here; at most one query per request and organisation."""
    organisation = current_organisation()
    if not consents.something_is_asked(organisation):
        return ()
    known: dict[int, Sequence[_Asked]] = g.setdefault("consent_purposes", {})
    if organisation.id not in known:
        known[organisation.id] = [_Asked(each.id, each.key, str(each), each.text_number) for each in consents.purposes(only_active=True)]
    return known[organisation.id]


def columns(list_name: str) -> list[Column]:
    return [
        Column(
            f"consent.{purpose.key}", list_name, purpose.title, _GROUP, load=_loader(purpose), kind="status", show=_state, export=_text, position=70
        )
        for purpose in _asked()
    ]  # fmt: skip


def filters(list_name: str) -> list[Filter]:
    return [
        Filter(
            f"consent.{purpose.key}", list_name, purpose.title, _GROUP, "choice", _condition(purpose.id), choices=_choices, operators=("is",),
            position=70, icon="shield-check",
        )
        for purpose in _asked()
    ]  # fmt: skip


def _loader(purpose: _Asked) -> Callable[[Sequence[int]], Mapping[int, Any]]:
    return lambda ids: consents.answers(purpose.id, purpose.text_number, ids)


def _state(answer: str) -> Status:
    return Status(str(_STATES[answer].text), _STATES[answer].tone)


def _text(answer: str) -> str:
    return str(_STATES[answer].text)


def _choices() -> Sequence[tuple[str, Any]]:
    return _CHOICES


def _condition(purpose_id: int) -> Callable[[str, Any], Any]:
    return lambda _operator, value: consents.said_condition(purpose_id, str(value))
