"""The hook of this plugin: which fees a federation asks for its members."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from core.extend.hookspecs import hookspec

if TYPE_CHECKING:
    from core.organisations.models import Organisation


class CountedMember(NamedTuple):
    """Somebody who counts on the reference date. `extra` has the extra fields of the membership."""

    membership_id: int
    contact_id: int
    type_id: int
    name: str
    birth_date: date | None
    from_on: date
    until_on: date | None
    extra: Mapping[str, Any] = MappingProxyType({})
    #: the name folded, for the order of lists
    name_key: str = ""


class TypeFee(NamedTuple):
    """What the federation asks for one membership type on the reference date. `key`: of a declared type, else empty."""

    key: str
    cents: int


@dataclass(frozen=True)
class FeeLine:
    """One line of an invoice: an amount, and the members it is asked for.

    text: what stands on the invoice, per language ({"nl": ..., "en": ...}).
    members: who is counted; each pays `unit_cents` (an amount below zero is a discount, as long
        as the invoice as a whole is not below zero). Somebody may be in several lines: she is
        listed once, with what they ask together.
    rule: stable key of the rule; rule_text: the rule in words, per language.
    type_id: the membership type the amount is added up under; None: none.
    quantity: when it is not the number of members (a contribution per club: members=(), quantity=1).
    """

    text: Mapping[str, str]
    unit_cents: int
    members: Sequence[CountedMember]
    rule: str
    rule_text: Mapping[str, str]
    type_id: int | None = None
    quantity: int | None = None

    @property
    def times(self) -> int:
        return len(self.members) if self.quantity is None else self.quantity


class InvoiceHooks:
    """Hooks of the invoices plugin."""

    @hookspec
    def federation_fee_lines(
        self,
        federation: Organisation,
        club: Organisation,
        members: Sequence[CountedMember],
        day: date,
        usual: Callable[[Sequence[CountedMember]], list[FeeLine]],
        fees: Mapping[int, TypeFee],
        kept: dict[str, Any],
    ) -> Sequence[FeeLine] | None:
        """What the federation asks a club for `members`, the people who count on `day`.

        Asked of the plugin that gives the federation its rules. None, or no such hook: the fee of
        each membership type. A member in no line is shown as "not charged by the rules". No query
        per member: it is called for every club. `usual(members)` gives the lines of the fee per
        membership type, for a rule that only changes who is counted. `fees` has that fee by the id
        of the type. `kept` is empty when a calculation begins and the same for all its clubs: for
        what is read once.

        Example:
            @hookimpl
            def federation_fee_lines(federation, club, members, day):
                young = [m for m in members if m.birth_date and age_on(m.birth_date, day) < 26]
                return [FeeLine({"nl": "Jongeren"}, 500, young, "young", {"nl": "Jonger dan 26"})]
        """
