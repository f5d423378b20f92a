"""An extra field as the rest of the platform sees it, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.i18n import in_own_language

#: whose value is never shown, searched or mailed
ALWAYS_SENSITIVE = frozenset({"national_number"})


@dataclass(frozen=True)
class ExtraField:
    """One extra field in one organisation.

    owner_id: the organisation that made it; None when a plugin declared it.
    owner_name: name of that federation; "" for the organisation's own and for modules.
    id: row of the definition, when there is one.
    """

    key: str
    target: str
    type: str
    label: Mapping[str, str]
    help: Mapping[str, str]
    choices: tuple[tuple[str, Mapping[str, str]], ...] = ()
    required: bool = False
    sensitive: bool = False
    in_list: bool = True
    in_import: bool = True
    in_export: bool = True
    federation_reads: bool = False
    sees: tuple[str, ...] = ("member", "club")
    edits: tuple[str, ...] = ("club",)
    purpose: str = ""
    legal_basis: str | None = None
    retention_months: int | None = None
    position: int = 100
    is_active: bool = True
    owner_id: int | None = None
    owner_name: str = ""
    declared_by: str | None = None
    id: int | None = None

    @property
    def title(self) -> str:
        """The label in the reader's language."""
        return in_own_language(dict(self.label), self.key.replace("_", " ").capitalize())

    @property
    def hint(self) -> str:
        return in_own_language(dict(self.help))

    @property
    def is_sensitive(self) -> bool:
        return self.sensitive or self.type in ALWAYS_SENSITIVE

    def choice_title(self, value: str) -> str:
        return next((in_own_language(dict(label), v) for v, label in self.choices if v == value), value)

    def choice_titles(self) -> list[tuple[str, str]]:
        return [(value, in_own_language(dict(label), value)) for value, label in self.choices]
