"""What a plugin says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Manifest:
    """A plugin's identity card; every `plugin.py` has one named `manifest`.

    name: also its folder, its Alembic branch and the prefix of its tables.
    kind: "module" (usable by any organisation) or "federation" (rules of one federation,
        active for that federation and its clubs only).
    requires: names of plugins whose `api` this one imports; they are started first.
    switches_off: for a federation: modules its clubs do not use unless it says so later.
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
    switches_off: tuple[str, ...] = ()
    table_prefix: str | None = None

    @property
    def tables_start_with(self) -> str:
        return self.table_prefix or self.name
