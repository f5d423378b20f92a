"""Errors that mean something to the caller. Everything else is a bug and stays loud."""

from typing import ClassVar


class KoepelError(Exception):
    """Base of all expected errors."""


class UserMistake(KoepelError):
    """Input the user can correct.

    `message` is already translated, plain, and says what to do; `field` names the form
    field it belongs to, or None when it concerns the whole form. `status` is the HTTP status
    when nobody shows it beside a form: a subclass may say 409.
    """

    status: ClassVar[int] = 422

    def __init__(self, message: object, field: str | None = None) -> None:
        super().__init__(str(message))
        self.message = message
        self.field = field


class NotFound(KoepelError):
    """The thing does not exist, or belongs to somebody else: both look the same (404)."""


class Forbidden(KoepelError):
    """The actor may see this exists, but lacks the right to do it (403)."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


class StaleVersion(KoepelError):
    """Somebody else saved this object after the form was opened."""


class OutOfScope(KoepelError):
    """Tenant data was touched without a scope or across its border. Always a bug."""


class StartRefused(KoepelError):
    """The installation is configured in a way that is unsafe or cannot work."""
