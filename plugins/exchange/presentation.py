"""Exchanges in words, for their pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from core.api import Status, _, _l, db, describe_subject, format_date, parse_date, show_gender
from plugins.exchange.catalogue import DECISION, FROM, UNTIL
from plugins.exchange.models import (
    ACCEPTED,
    APPLYING,
    CHANGED,
    CHECKING,
    CONFLICT,
    DONE,
    FAILED,
    NEW,
    PROBLEM,
    READY,
    REFUSED,
    SENDING,
    SENT,
    UNCHANGED,
    UNDOING,
    UNDONE,
    UNKNOWN_CLUB,
    WAITING,
    WITHDRAWN,
    Exchange,
    ExchangeRun,
)  # fmt: skip


def outcome_titles() -> dict[str, str]:
    return {
        CONFLICT: _("Both sides differ"),
        CHANGED: _("Changed"),
        NEW: _("New"),
        UNKNOWN_CLUB: _("Unknown club"),
        PROBLEM: _("Problem"),
        UNCHANGED: _("Unchanged"),
        SENT: _("Sent"),
    }


def state_of(run: ExchangeRun) -> Status:
    words: dict[str, tuple[str, Any]] = {
        CHECKING: (_("Being checked"), "info"),
        READY: (_("Waits for you"), "warn"),
        APPLYING: (_("Being applied"), "info"),
        SENDING: (_("Being written"), "info"),
        DONE: (_("Done"), "ok"),
        UNDOING: (_("Being undone"), "info"),
        UNDONE: (_("Undone"), "none"),
        FAILED: (_("Failed"), "bad"),
    }
    return Status(*words[run.state])


def proposal_state(state: str) -> Status:
    words: dict[str, tuple[str, Any]] = {
        WAITING: (_("Waiting"), "info"),
        ACCEPTED: (_("Accepted"), "ok"),
        REFUSED: (_("Refused"), "bad"),
        WITHDRAWN: (_("Withdrawn"), "none"),
    }
    return Status(*words[state])


def kind_title(kind: str) -> str:
    return {"change": _("Other details"), "end": _("End of membership"), "new": _("New person")}[kind]


def show_value(field: str, text: str) -> str:
    """A value as people read it."""
    if not text:
        return _("Not filled in")
    if field in ("birth_date", FROM, UNTIL):
        return format_date(parse_date(text))
    if field == "gender":
        return show_gender(text) or text
    if field == DECISION:
        return _("Accept") if text == "accept" else _("Waiting")
    return text


def _names(ids: Sequence[int]) -> dict[int, str]:
    return {row.id: row.name for row in db.session.execute(select(Exchange.id, Exchange.name).where(Exchange.id.in_(ids)))}


def describe() -> None:
    """What the history calls what happens here."""
    describe_subject(
        "exchange",
        title=_l("Exchange"),
        names=_names,
        fields={"name": _l("Name"), "partner": _l("With whom"), "purpose": _l("Why"), "legal_basis": _l("On what does it rest?"), "mapping": _l("Columns")},
        actions={"exchange.created": _l("Exchange agreed"), "exchange.changed": _l("Exchange changed")},
    )
    describe_subject(
        "exchange_run",
        title=_l("Exchange of data"),
        fields={"rows": _l("Rows"), "proposals": _l("Proposals")},
        actions={
            "exchange_run.received": _l("Data received"),
            "exchange_run.sent": _l("Data asked to send"),
            "exchange_run.checked": _l("Received data checked"),
            "exchange_run.applied": _l("Received data applied"),
            "exchange_run.written": _l("File written to send"),
            "exchange_run.undone": _l("Received data undone"),
        },
    )
    describe_subject(
        "exchange_proposal",
        title=_l("Proposal"),
        fields={"state": _l("Status")},
        actions={
            "exchange_proposal.accepted": _l("Proposal accepted"),
            "exchange_proposal.refused": _l("Proposal refused"),
            "exchange_proposal.waiting": _l("Answer to a proposal undone"),
        },
    )
