"""What can be done with joining, leaving and repairing. Everything flushes and nothing commits."""

from plugins.joining.services.acts import check_batch
from plugins.joining.services.effects import Effect
from plugins.joining.services.foreseeing import foresee_joining, foresee_leaving, people_of
from plugins.joining.services.health import ADDRESSES, FUNCTIONS, NO_GROUP, NO_MEMBERSHIP, POINTS, Health, examine, stand_of_links, usual_function
from plugins.joining.services.joining import join_contact, join_new, join_several
from plugins.joining.services.leaving import leave_contact, leave_several
from plugins.joining.services.repairing import correct_addresses, fill_vacancies, say_right, try_again
from plugins.joining.services.undoing import undo_batch, undo_for
from plugins.joining.services.wishes import AT_ONCE, WRITE, JoinWish, has_groups, new_batch, values_of, wish_of

__all__ = [
    "ADDRESSES",
    "AT_ONCE",
    "FUNCTIONS",
    "NO_GROUP",
    "NO_MEMBERSHIP",
    "POINTS",
    "WRITE",
    "Effect",
    "Health",
    "JoinWish",
    "check_batch",
    "correct_addresses",
    "examine",
    "fill_vacancies",
    "foresee_joining",
    "foresee_leaving",
    "has_groups",
    "join_contact",
    "join_new",
    "join_several",
    "leave_contact",
    "leave_several",
    "new_batch",
    "people_of",
    "say_right",
    "stand_of_links",
    "try_again",
    "undo_batch",
    "undo_for",
    "usual_function",
    "values_of",
    "wish_of",
]
