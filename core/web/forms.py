"""Base of all hand-written forms."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm

from core.errors import UserMistake


class Form(FlaskForm):
    """A form with a CSRF token, whose fields can carry the mistakes a service found."""

    def blame(self, mistake: UserMistake) -> None:
        """Put a service's complaint beside its field, or above the form."""
        field: Any = self._fields.get(mistake.field or "")
        if field is None:
            self.form_errors.append(mistake.message)
        else:
            field.errors = [*field.errors, mistake.message]
