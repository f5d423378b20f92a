from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from flask import Flask
from sqlalchemy import select

from core.db import db
from core.jobs.runner import work_off
from core.outbox.models import OutboxMessage
from core.outbox.services import queue_mail
from core.tenancy import unscoped
from core.testing.factories import World, inside


class MailServer:
    """A mail server on a real socket, that answers as told: `mode` is up, slow, later, never, refused or drop."""

    def __init__(self) -> None:
        self.mode, self.received = "up", list[EmailMessage]()
        self.envelopes: list[tuple[str, list[str]]] = []
        #: addresses it never takes
        self.unknown: set[str] = set()

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.unknown:
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        if self.mode == "slow":
            await asyncio.sleep(3)
        if self.mode == "later":
            return "451 4.7.1 Greylisted, come back later"
        if self.mode == "never":
            return "554 5.7.1 We do not want this"
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        if self.mode == "drop":
            server.transport.abort()  # type: ignore[union-attr]
        return "250 Taken"


@pytest.fixture
def server() -> Iterator[MailServer]:
    """The mail server, listening on loopback."""
    handler = MailServer()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    handler.port = controller.port  # type: ignore[attr-defined]
    yield handler
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def use(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """use(port): this installation sends its mail there."""

    def point(port: int) -> None:
        mail = app.extensions["mail"]
        monkeypatch.setattr(mail, "server", "127.0.0.1")
        monkeypatch.setattr(mail, "port", port)
        monkeypatch.setattr(mail, "suppress", False)

    return point


@pytest.fixture
def post(app: Flask, world: World) -> Callable[..., int]:
    """post(to=..., subject=...) -> id of a mail of club A in the outbox."""
    count = iter(range(1, 10_000))

    def put(**values: Any) -> int:
        given = {"to": "ann@members.example", "subject": "Rehearsal", "text": "On Sunday.", "unique_key": f"k{next(count)}", **values}
        with app.app_context(), inside(world.club) as actor:
            return queue_mail(actor=actor, **given).id

    return put


def deliver(app: Flask) -> int:
    """Send all that is due, as a worker does."""
    return work_off(app, mails=True)


def the_mail(app: Flask, pk: int) -> OutboxMessage:
    with app.app_context(), unscoped("looking at a mail in a test"):
        found = db.session.get(OutboxMessage, pk)
        db.session.expunge(found)
        db.session.rollback()
        return found


def all_mails(app: Flask) -> list[OutboxMessage]:
    with app.app_context(), unscoped("looking at mails in a test"):
        return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))
