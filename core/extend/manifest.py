"""What a plugin says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Manifest:
    """A plugin's identity card; every `plugin.py` has one named `manifest`.

    name: also its folder, its Alembic branch and the prefix of its tables.
    kind: "module" (usable by any organisation) or "federation" (rules of one federation,
        active for that federation and its clubs only).
    requires: names of plugins whose `api` this one imports; they are started first.
    uses: the same, but an organisation may have them switched off: this one then does without.
    switches_off: for a federation: modules its clubs do not use unless it says so later.
    settings: for a federation: settings it starts with, as long as it chose no others, e.g.
        {"core.reference_day": "04-01", "users.password_policy": "seed"}.
    starts_off: a module that is off until an organisation, or a federation for its clubs, switches it on.
    table_prefix: when tables do not start with the name (e.g. "membership" for "memberships").

    Example:
        manifest = Manifest("memberships", _l("Memberships"), "1.0", table_prefix="membership")
    """

    name: str
    title: Any
    version: str
    description: Any = ""
    kind: Literal["module", "federation"] = "module"
    requires: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    switches_off: tuple[str, ...] = ()
    table_prefix: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    starts_off: bool = False

    @property
    def imports(self) -> tuple[str, ...]:
        """Plugins that have to be installed with this one."""
        return (*self.requires, *self.uses)

    @property
    def tables_start_with(self) -> str:
        return self.table_prefix or self.name
