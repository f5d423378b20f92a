"""What plugins say of the demo before there is one: nothing slow is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class DemoLogin:
    """A user of the demo; roles are {organisation slug: role}, the first one is home. `title` is for the login page.

    linked: user name of another login of the same person, made before; the two are linked.

    Example:
        DemoLogin("admin.choirs", Words(nl="Koren", ...), "An", "Claes", {"choirs": "federation_admin"})
    """

    username: str
    title: Any
    first_name: str
    last_name: str
    roles: Mapping[str, str] = field(default_factory=dict)
    linked: str = ""
