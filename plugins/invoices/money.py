"""Amounts are whole cents, everywhere."""

from __future__ import annotations

from core.errors import UserMistake
from core.i18n import _, format_money

#: ten million euro: more is a typing mistake
LARGEST_CENTS = 10**9


def signed_money(cents: int) -> str:
    """A difference as people read it: "+ € 12,50", "− € 3,00", "–" for none."""
    if cents == 0:
        return "–"
    return f"{'+' if cents > 0 else '−'}\u00a0{format_money(abs(cents))}"


def signed_number(number: int) -> str:
    """A difference in numbers: "+22", "−3", "0"."""
    return f"+{number}" if number > 0 else f"−{-number}" if number < 0 else "0"


def check_cents(cents: int | None, *, field: str, least: int = 0) -> int:
    """An amount somebody typed; UserMistake when it cannot be one."""
    if cents is None:
        raise UserMistake(_("Fill in an amount, for example 18,50."), field=field)
    if not isinstance(cents, int) or isinstance(cents, bool):
        raise TypeError("amounts are whole cents")
    if cents < least or cents > LARGEST_CENTS:
        raise UserMistake(_("This amount cannot be right. Type it like 18,50."), field=field)
    return cents
