"""When a request is accepted without anybody looking at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.extend.registry import registry
from core.i18n import _
from core.organisations.models import Organisation
from core.web.context import active_plugins
from plugins.memberships.hookspecs import Asked
from plugins.memberships.models import MembershipType


def missing_details(kind: MembershipType, person: Any) -> list[str]:
    """Sentences about what this type needs to know of the person and does not."""
    sentences = {
        "birth_date": (person.birth_date, _("No birth date")),
        "gender": (person.gender, _("No gender")),
        "address": (person.street and person.postcode and person.town, _("Incomplete home address")),
        "email": (person.email_1, _("No e-mail address 1")),
    }
    return [sentence for name, (known, sentence) in sentences.items() if name in (kind.needs or ()) and not known]


def accepted_at_once(federation: Organisation | None, asked: Sequence[Asked]) -> set[int]:
    """Places of what is accepted now: a club's own, and what the federation's rules say."""
    if federation is None:
        return set(range(len(asked)))
    yes = {place for place, item in enumerate(asked) if _by_rule(item)}
    never: set[int] = set()
    manifests = registry().plugins.manifests
    makers = {name for name in active_plugins() if name == federation.federation_plugin or manifests[name].kind == "module"}
    for answer in registry().plugins.ask("membership_acceptance", makers, federation=federation, asked=asked):
        yes |= {place for place, accept in answer.items() if accept}
        never |= {place for place, accept in answer.items() if not accept}
    return yes - never


def _by_rule(item: Asked) -> bool:
    rule = item.kind.acceptance
    if rule == "always":
        return True
    is_complete = not item.missing
    return is_complete and (rule == "complete" or (rule == "known" and item.was_member))
