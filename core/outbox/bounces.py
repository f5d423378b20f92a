"""Mails that came back: reading delivery reports of mail servers, and noting them with the address and the mail.

A report counts only when it carries the Message-ID of a mail of ours, which nobody can guess, and
is about the address that mail went to. So nobody can have an address marked by writing to us.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import Literal

from sqlalchemy import select

from core import clock
from core.db import db, transaction
from core.jobs.models import DONE, FAILED
from core.organisations.models import Organisation
from core.outbox.models import OutboxMessage
from core.outbox.refusals import note_refusal
from core.tenancy import scope, unscoped

logger = logging.getLogger(__name__)

#: nobody needs more of a report than its head
LARGEST = 2_000_000
_OURS = re.compile(rb"<([0-9a-f]{32})@[^>\s]{1,255}>")
_SAID = re.compile(rb"^Diagnostic-Code:[ \t]*(?:[A-Za-z]+[ \t]*;)?[ \t]*(.{1,400}(?:\r?\n[ \t]+.{1,400}){0,3})", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(rb"^Status:[ \t]*(\d\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
_ENVELOPE = re.compile(rb"^From [^\r\n]*\r?\n", re.MULTILINE)
#: second and third number of a status that pass by themselves: a full mailbox, a message that is too large
_PASSES = re.compile(rb"5\.2\.[23]$")
Read = Literal["noted", "passes", "unknown"]


@dataclass
class Count:
    """What became of the reports."""

    noted: int = 0
    #: not for good: the mail server tries again, or a mailbox is full
    passes: int = 0
    #: no report we understand, or not about a mail of ours
    unknown: int = 0

    def add(self, outcome: Read) -> None:
        setattr(self, outcome, getattr(self, outcome) + 1)


def split(data: bytes) -> list[bytes]:
    """One report, or several one after the other as in an mbox file."""
    if not data.startswith(b"From "):
        return [data] if data.strip() else []
    return [part for part in _ENVELOPE.split(data) if part.strip()]


def read_reports(reports: Iterable[bytes]) -> Count:
    """Note what came back; a transaction per report."""
    count = Count()
    for report in reports:
        count.add(read_report(report[:LARGEST]))
    return count


def read_report(report: bytes) -> Read:
    """Note one report."""
    from flufl.bounce import all_failures  # noqa: PLC0415 -- slow import

    message: Message = BytesParser(policy=policy.compat32).parsebytes(report)
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 -- written by strangers, who can write anything
        logger.warning("a delivery report could not be read")
        return "unknown"
    addresses = {address.decode("ascii", "replace").lower() for address in permanent}
    if not addresses:
        return "passes" if temporary else "unknown"
    status = _STATUS.search(report)
    passes = status is not None and _PASSES.match(status[1]) is not None
    said = _SAID.search(report)
    text = (said[1] if said else status[1] if status else b"").decode("utf-8", "replace")
    outcome: Read = "unknown"
    for mail_id, organisation_id in _mails(report, addresses):
        outcome = "passes" if passes else "noted"
        _note(mail_id, organisation_id, text, marks=not passes)
    return outcome


def _mails(report: bytes, addresses: set[str]) -> Iterator[tuple[int, int]]:
    """Mails of ours the report is about: (id, organisation)."""
    found = {match.decode() for match in _OURS.findall(report)}
    with unscoped("the mails a delivery report is about"):
        rows = db.session.execute(
            select(OutboxMessage.id, OutboxMessage.organisation_id, OutboxMessage.to_address).where(OutboxMessage.message_id.in_(found))
        ).all()
    db.session.rollback()
    yield from ((row.id, row.organisation_id) for row in rows if row.to_address.lower() in addresses)


def _note(mail_id: int, organisation_id: int, said: str, *, marks: bool) -> None:
    with transaction():
        with unscoped("the organisation of a mail that came back"):
            organisation = db.session.get_one(Organisation, organisation_id)
        with scope(organisation):
            mail = db.session.scalars(select(OutboxMessage).where(OutboxMessage.id == mail_id)).one()
            if mail.state == DONE:
                mail.state, mail.reason, mail.error, mail.finished_at = FAILED, "returned", " ".join(said.split())[:1_000], clock.now()
                db.session.flush()
                if marks:
                    note_refusal(mail.to_address, said, how="returned")
