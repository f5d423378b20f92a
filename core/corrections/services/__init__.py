"""Correcting one's own details, and deciding about what members ask. Everything flushes and nothing commits."""

from core.corrections.services.asking import IDENTITY, SETTING, Outcome, as_member, correct, is_direct, own_contact, set_direct, waiting_of, withdraw
from core.corrections.services.deciding import DECIDE, accept, count_waiting, get_correction, refuse, waiting_corrections
from core.corrections.services.privacy import asked_by, forget_contact

__all__ = [
    "DECIDE",
    "IDENTITY",
    "SETTING",
    "Outcome",
    "accept",
    "as_member",
    "asked_by",
    "correct",
    "count_waiting",
    "forget_contact",
    "get_correction",
    "is_direct",
    "own_contact",
    "refuse",
    "set_direct",
    "waiting_corrections",
    "waiting_of",
    "withdraw",
]
