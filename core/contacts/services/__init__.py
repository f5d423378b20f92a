"""What can be done with contacts. Everything flushes and nothing commits."""

from core.contacts.services.bin import in_bin, put_in_bin, restore
from core.contacts.services.functions import (
    Holder,
    end_function,
    functions_here,
    functions_of,
    get_function,
    give_function,
    holders,
    missing_functions,
    today,
    undo_ending,
    undo_giving,
)
from core.contacts.services.problems import MISSING, core_problems, missing_condition, problems_of
from core.contacts.services.saving import add_contacts, check_values, get_contact, save_contact
from core.contacts.services.similar import Similar, find_choices, find_similar, find_similar_to_each

__all__ = [
    "MISSING",
    "Holder",
    "Similar",
    "add_contacts",
    "check_values",
    "core_problems",
    "end_function",
    "find_choices",
    "find_similar",
    "find_similar_to_each",
    "functions_here",
    "functions_of",
    "get_contact",
    "get_function",
    "give_function",
    "holders",
    "in_bin",
    "missing_condition",
    "missing_functions",
    "problems_of",
    "put_in_bin",
    "restore",
    "save_contact",
    "today",
    "undo_ending",
    "undo_giving",
]
