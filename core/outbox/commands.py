"""`koepel bounces`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext

from core.outbox.bounces import Count, read_report, read_reports, split


@click.command("bounces")
@click.argument("maildir", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@with_appcontext
def bounces(maildir: Path | None) -> None:
    """Note mails that came back: delivery reports on the standard input, or the new ones in the folder MAILDIR.

    Let the mail server pass what comes in for the sender address to this command. What was read in
    a folder is marked as seen, and not read again.
    """
    count = read_folder(maildir) if maildir is not None else read_reports(split(sys.stdin.buffer.read()))
    click.echo(f"{count.noted} noted, {count.passes} not for good, {count.unknown} not about a mail of ours")


def read_folder(path: Path) -> Count:
    """The reports nobody read yet."""
    import mailbox  # noqa: PLC0415 -- slow import

    folder, count = mailbox.Maildir(str(path), create=False), Count()
    for key in sorted(folder.keys()):
        message = folder.get_message(key)
        if "S" in message.get_flags():
            continue
        count.add(read_report(folder.get_bytes(key)))
        message.add_flag("S")
        message.set_subdir("cur")
        folder[key] = message
    return count


COMMANDS = (bounces,)
