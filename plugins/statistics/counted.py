"""What can be counted on a row of days: members here, and what other plugins bring with a page of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_

from plugins.memberships.api import Membership


@dataclass(frozen=True)
class Counted:
    """Rows of a table that a federation reads.

    model: has organisation_id (the club) and federation_id. where: conditions on it.
    begun, goes_on: SQL conditions for a day; a row counts on a day that has begun it and not ended it.

    Example:
        Counted(GroupLink, lambda day: GroupLink.linked_on <= day, lambda day: or_(GroupLink.unlinked_on.is_(None), GroupLink.unlinked_on > day))
    """

    model: Any
    begun: Callable[[date], ColumnElement[bool]]
    goes_on: Callable[[date], ColumnElement[bool]]
    where: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Measure:
    """How much each row counts for.

    amount: an SQL number per row; None: each row is one.
    is_people: small numbers are hidden from whoever may not see the people.
    note: a sentence below the chart.
    """

    key: str
    title: str
    amount: Any = None
    is_people: bool = True
    note: str = ""


MEMBERS = Counted(
    Membership,
    lambda day: Membership.from_on <= day,
    lambda day: or_(Membership.until_on.is_(None), Membership.until_on >= day),
    (Membership.status == "accepted",),
)
