"""Numbers without gaps: one row per series and fiscal year, taken in the transaction that stores the invoice.

Whoever takes a number holds that row until its invoice is stored, or the number is given back
with everything else.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from core.db import db, savepoint
from plugins.invoices.models import CREDIT, InvoiceNumber

#: what stands before the number of a credit note
CREDIT_PREFIX = "C"


def take_numbers(series: str, fiscal_year: int, count: int = 1) -> int:
    """The first of `count` numbers that follow each other. Inside transaction(), in the scope of the federation."""
    if count < 1:
        raise ValueError("take at least one number")
    last = _raise(series, fiscal_year, count)
    if last is None:
        try:
            with savepoint():
                db.session.add(InvoiceNumber(series=series, fiscal_year=fiscal_year, last=0))
                db.session.flush()
        except IntegrityError:
            db.session.expire_all()  # somebody else made the row at the same moment
        last = _raise(series, fiscal_year, count)
    if last is None:
        raise RuntimeError(f"no number in {series} {fiscal_year}")
    return last - count + 1


def _raise(series: str, fiscal_year: int, count: int) -> int | None:
    found: int | None = db.session.scalar(
        update(InvoiceNumber)
        .where(InvoiceNumber.series == series, InvoiceNumber.fiscal_year == fiscal_year)
        .values(last=InvoiceNumber.last + count)
        .returning(InvoiceNumber.last)
        .execution_options(synchronize_session=False)
    )
    return found


def next_number(series: str, fiscal_year: int) -> int:
    """The number that will be given next, to show in an example; nothing is taken."""
    last = db.session.scalar(select(InvoiceNumber.last).where(InvoiceNumber.series == series, InvoiceNumber.fiscal_year == fiscal_year))
    return (last or 0) + 1


def show_number(prefix: str, series: str, fiscal_year: int, sequence: int) -> str:
    """As people write it: 2027-0158, C2027-0003."""
    return f"{prefix}{CREDIT_PREFIX if series == CREDIT else ''}{fiscal_year}-{sequence:04}"
