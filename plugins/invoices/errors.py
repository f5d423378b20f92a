"""Mistakes with an answer of their own."""

from core.errors import UserMistake


class AlreadyIssued(UserMistake):
    """What was issued does not change; the message says the way out."""

    status = 409
