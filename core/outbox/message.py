"""From a row of the outbox to the bytes of a mail."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from flask import current_app
from flask_mail import Message

from core.outbox.services import one_line

_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}", re.ASCII)
#: tells the machines of receivers not to answer this mail
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
#: a name that looks like an address would pass for one; some programs read it as one
_NOT_IN_A_NAME = str.maketrans({'"': "'", "<": "(", ">": ")", "@": " at ", "\\": "/"})


def build(row: Any, files: list[tuple[str, str, bytes]]) -> Message:
    """The mail of a row, with its files: (name, type, content).

    Nothing a person typed reaches a header before it is one clean line: Flask-Mail checks the
    subject and the addresses, but neither the names of attachments nor extra headers.
    """
    sender = current_app.config["KOEPEL"].mail_from
    message = Message(
        subject=one_line(row.subject, longest=250),
        recipients=[row.to_address],
        body=row.text,
        html=row.html,
        sender=(one_line(row.sender_name, longest=120).translate(_NOT_IN_A_NAME), sender) if row.sender_name else sender,
        reply_to=row.reply_to,
        date=row.created_at.timestamp(),
        extra_headers=dict(HEADERS),
    )
    message.msgId = f"<{row.message_id}@{sender.rpartition('@')[2]}>"
    for name, content_type, content in files:
        message.attach(file_name(name), content_type if _TYPE.fullmatch(content_type or "") else "application/octet-stream", content)
    return message


def file_name(name: str) -> str:
    """A name for an attachment: no folders, no quotes, one line."""
    clean = one_line(name.replace("\\", "/"), longest=200).replace('"', "'")
    return PurePath(clean).name or "file"
