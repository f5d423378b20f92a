"""Two people changed a contact at once: the second one sees both versions and picks per field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.access import current_actor
from core.audit.history import HistoryLine, history_of
from core.contacts.models import Contact
from core.contacts.services import check_values
from core.contacts.versions import Difference, Version, compare, values_of, version_of, version_with


@dataclass(frozen=True)
class Conflict:
    """What both versions say. `version` is the number of theirs; a save must start from it."""

    contact: Contact
    version: int
    was: Version
    mine: Version
    theirs: Version
    picks: Mapping[str, str]
    is_answer: bool = False

    @property
    def differences(self) -> list[Difference]:
        """Fields to pick from; a pick that was made already is kept."""
        found = compare(self.was, self.mine, self.theirs)
        return [replace(d, chosen=self.picks.get(d.name, d.chosen)) for d in found]  # type: ignore[arg-type]

    @property
    def unpicked(self) -> set[str]:
        return {d.name for d in self.differences if d.chosen not in ("mine", "theirs")}

    def picked_values(self) -> dict[str, Any]:
        """The fields of which "mine" was picked, as save_contact takes them."""
        return values_of({d.name: self.mine.get(d.name) for d in self.differences if d.chosen == "mine"})

    @property
    def packed(self) -> str:
        """For a hidden field: nothing is stored before somebody picked."""
        return json.dumps({"was": self.was, "mine": self.mine, "theirs": self.theirs})

    @property
    def last_change(self) -> HistoryLine | None:
        """Who was first."""
        return next(iter(history_of("contact", self.contact.id, limit=1)), None)


def from_form(contact: Contact, form: Any) -> Conflict:
    """The form was opened before the contact was changed by somebody else."""
    theirs = version_of(contact)
    was = _only_known(unpack(form.was.data), theirs)
    cleaned, _mistakes = check_values(contact, form.values(), actor=current_actor())
    return Conflict(contact, contact.version, {**theirs, **was}, version_with({**theirs, **was}, cleaned), theirs, {})


def from_request(contact: Contact, posted: Mapping[str, Any]) -> Conflict:
    """The answer to a conflict page: the versions it showed, and what was picked."""
    stored = version_of(contact)
    shown = {name: _only_known(version, stored) for name, version in unpack(posted.get("versions")).items() if isinstance(version, dict)}
    picks = {name.removeprefix("pick-"): side for name, side in posted.items() if name.startswith("pick-") and side in ("mine", "theirs")}
    number = str(posted.get("version", ""))
    was, mine, theirs = (shown.get(name, stored) for name in ("was", "mine", "theirs"))
    return Conflict(contact, int(number) if number.isdecimal() else 0, was, mine, theirs, picks, is_answer=True)


def again(contact: Contact, shown: Conflict) -> Conflict:
    """A third person saved meanwhile: start over from what was picked."""
    picked = {**shown.theirs, **{d.name: shown.mine.get(d.name) for d in shown.differences if d.chosen == "mine"}}
    return Conflict(contact, contact.version, shown.theirs, picked, version_of(contact), {})


def unpack(text: Any) -> dict[str, Any]:
    """JSON out of a hidden field, which anybody may have changed."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _only_known(version: Mapping[str, Any], stored: Version) -> Version:
    return {name: version[name] for name in stored if name in version}
