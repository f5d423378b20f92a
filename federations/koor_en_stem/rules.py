"""What Koor&Stem asks a club: a fee per linked choir and per head, the premium of each insurance, and what was ordered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.api import Words
from federations.koor_en_stem.choices import INSURANCE
from federations.koor_en_stem.words import say
from plugins.groups.api import Charge
from plugins.invoices.api import FeeLine, TypeFee

#: the fee of this type is what every head pays; an insured type asks its premium on top of that
UNINSURED = "uninsured"
_INSURED = {key: name for key, name in INSURANCE if key != UNINSURED}
_HEAD = say("Bijdrage per lid", "Cotisation par membre", "Beitrag pro Mitglied", "Fee per member")
_HEAD_RULE = say(
    "voor iedereen die op de referentiedatum lid is, verzekerd of niet",
    "pour chaque membre à la date de référence, assuré ou non",
    "für alle, die am Stichtag Mitglied sind, versichert oder nicht",
    "for everybody who is a member on the reference date, insured or not",
)
_PREMIUM = say("Verzekeringspremie", "Prime d’assurance", "Versicherungsprämie", "Insurance premium")
_PREMIUM_RULE = say(
    "bovenop de bijdrage, voor elk lid met dit type lidmaatschap",
    "en plus de la cotisation, pour chaque membre de ce type",
    "zusätzlich zum Beitrag, für jedes Mitglied mit dieser Art der Mitgliedschaft",
    "on top of the fee, for each member with this type of membership",
)
_CHARGED = {
    "each": say("voor elk koor dat gelinkt is", "pour chaque chœur lié", "für jeden verbundenen Chor", "for each linked choir"),
    "group": say("voor elk koor dat het vroeg", "pour chaque chœur qui l’a demandé", "für jeden Chor, der es bestellt hat", "for each choir that asked for it"),
    "club": say("één keer per vereniging", "une fois par association", "einmal pro Verein", "once per club"),
}


def fee_lines(lines: Sequence[FeeLine], fees: Mapping[int, TypeFee], charges: Sequence[Charge]) -> list[FeeLine]:
    """From the fee of each type to what stands on the invoice: choirs, heads, premiums, then what was ordered."""
    charged = [charge for charge in charges if charge.unit_cents]
    return [
        *(_charge(charge) for charge in charged if charge.per == "each"),
        *_heads(lines, fees),
        *(_charge(charge) for charge in charged if charge.per != "each"),
    ]


def _heads(lines: Sequence[FeeLine], fees: Mapping[int, TypeFee]) -> list[FeeLine]:
    """One line for all heads and one premium per insurance; a type of another kind keeps its own line."""
    base = next((fee.cents for fee in fees.values() if fee.key == UNINSURED), None)
    if base is None:
        return list(lines)
    split = {line.type_id for line in lines if line.type_id is not None and _is_split(fees[line.type_id], base)}
    parts = [line for line in lines if line.type_id in split]
    heads = [member for line in parts for member in line.members]
    found = [FeeLine(_HEAD, base, heads, "per_head", _joined(_HEAD, _HEAD_RULE))] if heads else []
    found += [_premium(line, fees, base) for line in parts if line.unit_cents > base]
    return found + [line for line in lines if line.type_id not in split]


def _is_split(fee: TypeFee, base: int) -> bool:
    """An insurance cheaper than none has no premium to show: its fee stays one line."""
    return fee.key == UNINSURED or (fee.key in _INSURED and fee.cents >= base)


def _premium(line: FeeLine, fees: Mapping[int, TypeFee], base: int) -> FeeLine:
    name, key = line.text, fees[line.type_id or 0].key
    cents, text, why = line.unit_cents - base, _joined(_PREMIUM, name), _joined(name, _PREMIUM_RULE)
    return replace(line, text=text, unit_cents=cents, rule=f"premium_{key}", rule_text=why, type_id=None)


def _charge(charge: Charge) -> FeeLine:
    groups = ", ".join(charge.groups)
    text = {language: f"{name} ({groups})" for language, name in charge.name.items()}
    return FeeLine(text, charge.unit_cents, (), f"option_{charge.option}", _joined(charge.name, _CHARGED[charge.per]), quantity=charge.quantity)


def _joined(first: Mapping[str, str], second: Mapping[str, str]) -> Words:
    """Two texts with a colon between them, per language; a language one of them lacks is read in Dutch."""
    return Words({code: f"{first.get(code) or first.get('nl') or ''}: {second.get(code) or second.get('nl') or ''}" for code in {*first, *second}})
