"""From counted members to lines: the rule of the federation's plugin, or one fee per membership type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from flask_babel import force_locale
from sqlalchemy import select

from core.db import db
from core.extend.registry import registry
from core.i18n import LANGUAGES, _, format_money
from core.organisations.models import Organisation
from plugins.invoices.hookspecs import CountedMember, FeeLine, TypeFee
from plugins.invoices.services.fees import fees_on
from plugins.memberships.api import MembershipType

HOOK = "federation_fee_lines"
PER_TYPE = "fee_per_type"
#: the plugin that answers when the federation has no rules of its own: ourselves


@dataclass
class FeeRules:
    """The rules of one federation on one day, asked club after club."""

    federation: Organisation
    day: date
    #: what the rules of a plugin read once for all clubs
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def plugin(self) -> str | None:
        """Name of the plugin that brings rules of its own; None: one fee per membership type."""
        name = self.federation.federation_plugin
        return name if name and hasattr(registry().plugins.modules.get(name), HOOK) else None

    @cached_property
    def fees(self) -> dict[int, int]:
        """Membership type -> cents. Plain numbers: rows would be read again after every commit."""
        return {type_id: fee.amount_cents for type_id, fee in fees_on(self.day).items()}

    @cached_property
    def titles(self) -> dict[int, Mapping[str, str]]:
        """Membership type -> its name per language, in the order of the federation."""
        return {row.id: row.name or {"nl": row.key} for row in self._types}

    @cached_property
    def type_fees(self) -> dict[int, TypeFee]:
        """Membership type that has a fee -> its key and fee, for the rules of a plugin."""
        return {row.id: TypeFee(row.key or "", self.fees[row.id]) for row in self._types if row.id in self.fees}

    @cached_property
    def _types(self) -> Sequence[Any]:
        t = MembershipType
        return db.session.execute(select(t.id, t.name, t.key).order_by(t.position, t.id)).all()

    @cached_property
    def _rule_texts(self) -> dict[int, Mapping[str, str]]:
        def text(cents: int) -> dict[str, str]:
            return in_all_languages(lambda: _("Fee per member: %(amount)s", amount=format_money(cents)))

        return {type_id: text(cents) for type_id, cents in self.fees.items()}

    def lines_for(self, club: Organisation, members: Sequence[CountedMember]) -> Sequence[FeeLine]:
        """What this club is asked for these members."""
        plugin = self.plugin
        if plugin is not None:
            asked = {
                "federation": self.federation, "club": club, "members": members, "day": self.day,
                "usual": self.per_type, "fees": self.type_fees, "kept": self.kept,
            }  # fmt: skip
            for lines in registry().plugins.ask(HOOK, [plugin], **asked):
                if lines is not None:
                    return list(lines)
        return self.per_type(members)

    def per_type(self, members: Sequence[CountedMember]) -> list[FeeLine]:
        """One line per membership type that has a fee, in the order of the federation."""
        by_type: dict[int, list[CountedMember]] = {}
        for member in members:
            by_type.setdefault(member.type_id, []).append(member)
        return [
            FeeLine(self.titles[type_id], self.fees[type_id], by_type[type_id], PER_TYPE, self._rule_texts[type_id], type_id)
            for type_id in self.titles
            if type_id in by_type and type_id in self.fees
        ]


def in_all_languages(make: Callable[[], str]) -> dict[str, str]:
    """A text of ours in every language, for those who read it later."""
    found = {}
    for code in LANGUAGES:
        with force_locale(code):
            found[code] = str(make())
    return found


def text_in(texts: Mapping[str, str], language: str) -> str:
    """One language of a text, else Dutch, else any."""
    return texts.get(language) or texts.get("nl") or next((text for text in texts.values() if text), "")
