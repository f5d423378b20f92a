"""Handing mails to the mail server, one at a time, and understanding what it answers.

What it says decides: taken; never (5xx) or later (4xx) for this one mail; or no answer at all,
which is nobody's fault and costs no try. When the line breaks after the whole mail went over,
it may have arrived: it is sent once more, with the same Message-ID, and then no more.
"""

from __future__ import annotations

import contextlib
import logging
import smtplib
import ssl
import time
from datetime import timedelta
from typing import Any

from flask import current_app
from flask_mail import Connection
from sqlalchemy import select, update

from core import clock
from core.db import db, transaction
from core.demo.mode import is_demonstration
from core.errors import NotFound
from core.jobs.claims import backoff
from core.jobs.execution import Outcome
from core.jobs.failpoints import failpoint
from core.jobs.models import DONE, FAILED, RUNNING, WAITING
from core.organisations.models import Organisation
from core.outbox.message import build
from core.outbox.models import OutboxMessage
from core.outbox.refusals import is_about_address, note_refusal
from core.tenancy import scope, unscoped

logger = logging.getLogger(__name__)

COLUMNS = (
    OutboxMessage.id, OutboxMessage.organisation_id, OutboxMessage.attempts, OutboxMessage.max_attempts, OutboxMessage.unsure,
    OutboxMessage.message_id, OutboxMessage.to_address, OutboxMessage.sender_name, OutboxMessage.reply_to, OutboxMessage.subject,
    OutboxMessage.text, OutboxMessage.html, OutboxMessage.file_ids, OutboxMessage.created_at,
)

#: seconds to wait for any one answer of the mail server
TIMEOUT = 20.0
#: mails over one connection
MOST_MAILS = 50
#: times a mail may have been sent without anybody knowing
MOST_UNSURE = 2
#: when the mail server does not answer: next try, and how long the others wait
PAUSE = timedelta(minutes=1)
#: when a mail of the demo, which is not sent, is looked at again
A_DAY = timedelta(days=1)


class _Watching:
    """Notices when a whole mail has gone over the line."""

    went_over = False

    def data(self, message: Any) -> Any:
        self.went_over = False
        return super().data(message)  # type: ignore[misc]

    def send(self, content: Any) -> None:
        super().send(content)  # type: ignore[misc]
        if isinstance(content, bytes) and content.endswith(b"\r\n.\r\n"):
            self.went_over = True


class _Server(_Watching, smtplib.SMTP):
    pass


class _SecureServer(_Watching, smtplib.SMTP_SSL):
    pass


class Line(Connection):
    """Flask-Mail's connection, with a time-out and checked certificates."""

    host: Any

    def open(self) -> None:
        settings = self.mail
        trusted = ssl.create_default_context()
        if settings.use_ssl:
            self.host = _SecureServer(settings.server, settings.port, timeout=TIMEOUT, context=trusted)
        else:
            self.host = _Server(settings.server, settings.port, timeout=TIMEOUT)
        if settings.use_tls:
            self.host.starttls(context=trusted)
        if settings.username and settings.password:
            self.host.login(settings.username, settings.password)

    def close(self) -> None:
        host, self.host = self.host, None
        if host is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                host.quit()
            host.close()


class Postman:
    """Delivers mails over one line, kept open while there is more to send. For one thread."""

    def __init__(self) -> None:
        self._line: Line | None = None
        self._sent = 0
        self._pause_until = 0.0

    @property
    def pauses(self) -> bool:
        """The mail server did not answer a moment ago: leave it alone."""
        return time.monotonic() < self._pause_until

    def deliver(self, claimed: Any, *, worker: str) -> Outcome:
        """Send one mail that was taken; needs an application context of its own. In the demo none leaves."""
        if is_demonstration():
            return _held(claimed)
        try:
            mail = build(claimed, _files(claimed))
        except NotFound:
            return _failed(claimed, "no_file")
        try:
            line = self._open_line()
        except (smtplib.SMTPException, OSError) as error:
            logger.warning("mail server does not answer", extra={"error": type(error).__name__})
            self.hang_up()
            self._pause_until = time.monotonic() + PAUSE.total_seconds()
            return _unreachable(claimed)
        mark_unsure(claimed, worker=worker)
        try:
            line.send(mail)
            failpoint("mail.sent_unwritten")
        except smtplib.SMTPServerDisconnected:
            outcome = _broken_off(claimed, went_over=line.host.went_over)
            self.hang_up()
        except smtplib.SMTPRecipientsRefused as error:
            outcome = _answered(claimed, *next(iter(error.recipients.values())))
            _note_refusal(claimed, *next(iter(error.recipients.values())))
        except smtplib.SMTPResponseException as error:
            outcome = _answered(claimed, error.smtp_code, error.smtp_error)
            if error.smtp_code == 421:
                self.hang_up()
        except (TimeoutError, OSError):
            outcome = _broken_off(claimed, went_over=line.host.went_over)
            self.hang_up()
        except Exception:  # one mail that cannot be sent must not stop the others
            logger.exception("mail could not be sent", extra={"mail": claimed.id})
            self.hang_up()
            outcome = _failed(claimed, "unexpected")
        else:
            outcome = _sent(claimed)
            self._sent += 1
            if self._sent >= MOST_MAILS:
                self.hang_up()
        return outcome

    def hang_up(self) -> None:
        """Close the line, if it is open."""
        line, self._line, self._sent = self._line, None, 0
        if line is not None:
            line.close()

    def _open_line(self) -> Line:
        if self._line is not None:
            try:
                if self._line.host.noop()[0] == 250:
                    return self._line
            except (smtplib.SMTPException, OSError):
                logger.info("mail server closed the line")
            self.hang_up()
        line = Line(current_app.extensions["mail"])
        try:
            line.open()
        except BaseException:
            line.close()
            raise
        self._line = line
        return line


def mark_unsure(claimed: Any, *, worker: str) -> None:
    """Note that from here on nobody knows whether the mail went, until an outcome is stored."""
    with transaction(), unscoped("note that a mail is being sent"):
        db.session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == claimed.id, OutboxMessage.worker == worker, OutboxMessage.state == RUNNING)
            .values(unsure=OutboxMessage.unsure + 1)
            .execution_options(synchronize_session=False)
        )
    failpoint("mail.marked")


def _files(claimed: Any) -> list[tuple[str, str, bytes]]:
    """The files to send along, read from the store of its organisation only."""
    if not claimed.file_ids:
        return []
    from core.files.models import StoredFile  # noqa: PLC0415 -- only for mails with files
    from core.files.services import path_of  # noqa: PLC0415 -- only for mails with files

    with unscoped("the organisation of a mail"):
        organisation = db.session.get_one(Organisation, claimed.organisation_id)
    found = []
    with scope(organisation):
        rows = {row.id: row for row in db.session.scalars(select(StoredFile).where(StoredFile.id.in_(claimed.file_ids)))}
        for file_id in claimed.file_ids:
            if file_id not in rows:
                raise NotFound(str(file_id))
            path = path_of(rows[file_id])
            if not path.is_file():
                raise NotFound(str(file_id))
            found.append((rows[file_id].filename, rows[file_id].content_type, path.read_bytes()))
    db.session.rollback()
    return found


def _sent(claimed: Any) -> Outcome:
    now = clock.now()
    return Outcome(claimed.id, {"state": DONE, "reason": None, "error": "", "text": "", "html": None, "sent_at": now, "finished_at": now})


def _failed(claimed: Any, reason: str, error: str = "") -> Outcome:
    return Outcome(claimed.id, {"state": FAILED, "reason": reason, "error": error[:1_000], "finished_at": clock.now(), "unsure": claimed.unsure})


def _later(claimed: Any, reason: str, error: str = "", *, unsure: int) -> Outcome:
    if claimed.attempts >= claimed.max_attempts:
        return _failed(claimed, reason, error)
    again = clock.now() + backoff(claimed.attempts)
    return Outcome(claimed.id, {"state": WAITING, "reason": reason, "error": error[:1_000], "run_at": again, "unsure": unsure, "sent_to_broker_at": None})


def _unreachable(claimed: Any) -> Outcome:
    values = {"state": WAITING, "reason": "unreachable", "run_at": clock.now() + PAUSE, "attempts": claimed.attempts - 1, "sent_to_broker_at": None}
    return Outcome(claimed.id, values)


def _held(claimed: Any) -> Outcome:
    again = clock.now() + A_DAY
    return Outcome(claimed.id, {"state": WAITING, "run_at": again, "attempts": claimed.attempts - 1, "sent_to_broker_at": None})


def _answered(claimed: Any, code: int, text: bytes | str) -> Outcome:
    """The server refused: for good (5xx) or for the moment (4xx)."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    said = f"{code} {' '.join(said.split())}"
    if 500 <= code < 600:
        return _failed(claimed, "rejected", said)
    return _later(claimed, "later", said, unsure=claimed.unsure)


def _note_refusal(claimed: Any, code: int, text: bytes | str) -> None:
    """The server says that this receiver does not exist: remember it with the address."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if not is_about_address(code, said):
        return
    with unscoped("the organisation of a mail"):
        organisation = db.session.get_one(Organisation, claimed.organisation_id)
    with transaction(), scope(organisation):
        note_refusal(claimed.to_address, f"{code} {said}", how="refused")


def _broken_off(claimed: Any, *, went_over: bool) -> Outcome:
    if not went_over:
        return _later(claimed, "unreachable", unsure=claimed.unsure)
    unsure = claimed.unsure + 1
    if unsure >= MOST_UNSURE:
        return _failed(claimed, "unsure")
    return _later(claimed, "unsure", unsure=unsure)
