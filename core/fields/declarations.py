"""How a plugin declares an extra field; the same shape as one made in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Target = Literal["contact", "membership", "organisation", "group", "activity", "resource"]
FieldType = Literal["text", "long_text", "number", "date", "yes_no", "choice", "multi_choice", "file", "email", "phone", "url", "iban", "national_number"]


@dataclass(frozen=True)
class FieldDeclaration:
    """An extra field that comes with a federation or module.

    key: stable, ^[a-z][a-z0-9_]*$, the key in the owner's `extra` JSON.
    label, help: {"nl": ..., "fr": ..., "de": ..., "en": ...}.
    choices: [(value, {"nl": ...})] for choice and multi_choice.
    purpose, legal_basis: what the register of processing says; a field without is refused.
    sensitive: kept encrypted, shown only when asked for, in no list, search or mail (always for
        national_number).
    sees, edits: who may read and change the value: "member", "club" or "federation".

    Example:
        FieldDeclaration("work_situation", "contact", "choice", {"nl": "Werksituatie", ...}, ...)
    """

    key: str
    target: Target
    type: FieldType
    label: Mapping[str, str]
    help: Mapping[str, str] = field(default_factory=dict)
    choices: Sequence[tuple[str, Mapping[str, str]]] = ()
    required: bool = False
    in_list: bool = True
    in_import: bool = True
    in_export: bool = True
    federation_reads: bool = False
    sensitive: bool = False
    purpose: str = ""
    legal_basis: Literal["contract", "consent", "legal_duty", "legitimate_interest"] = "contract"
    retention_months: int = 24
    sees: tuple[str, ...] = ("member", "club")
    edits: tuple[str, ...] = ("club",)
    position: int = 100
