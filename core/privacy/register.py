"""The register of processing (Art. 30): every field with its purpose, basis, term and who sees it, out of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from core.contacts.attributes import ATTRIBUTES
from core.exports.files import write_xlsx
from core.extend.registry import registry
from core.fields.catalogue import fields_of
from core.i18n import _, _l, _n
from core.organisations.models import Organisation
from core.privacy.consents import purposes
from core.privacy.settings import months_of
from core.web.context import active_plugins

BASES: dict[str, Any] = {
    "contract": _l("Membership agreement"),
    "consent": _l("Consent"),
    "legal_duty": _l("Legal duty"),
    "legitimate_interest": _l("Legitimate interest"),
}
_AUDIENCES: dict[str, Any] = {"member": _l("the person"), "club": _l("the club"), "federation": _l("the federation")}
#: why the facts of every contact are kept, by group of attributes
_GROUPS: dict[str, tuple[Any, str]] = {
    "person": (_l("Knowing who is a member, of which age, and telling people apart"), "contract"),
    "reach": (_l("Reaching people about their membership and activities"), "contract"),
    "address": (_l("Post, invoices and where members come from"), "contract"),
    "remarks": (_l("Notes of the administrators that help in contact with the person"), "legitimate_interest"),
}
_FEDERATION_READS = frozenset({"first_name", "last_name", "birth_date", "gender", "street", "house_number", "box", "postcode", "town", "country", "email_1"})


@dataclass(frozen=True)
class Row:
    """One line of the register."""

    about: str
    what: str
    purpose: str
    basis: str
    kept: str
    seen_by: str
    is_protected: str


def heads() -> list[str]:
    return [_("About"), _("What"), _("Purpose"), _("Legal basis"), _("Kept"), _("Seen by"), _("Protected")]


def rows(organisation: Organisation) -> list[Row]:
    """The whole register of one organisation: facts of contacts, extra fields, and what modules keep."""
    return [*_attributes(organisation), *_extra_fields(), *_consents(), *_tables()]


def _attributes(organisation: Organisation) -> list[Row]:
    months = months_of(organisation)
    kept = _n("%(num)s month after leaving", "%(num)s months after leaving", months) if months else _("Until the person is erased")
    found = []
    for attribute in ATTRIBUTES:
        purpose, basis = _GROUPS[attribute.group]
        seen = ["member", "club"] + (["federation"] if attribute.name in _FEDERATION_READS else [])
        found.append(Row(_("Contact"), str(attribute.label), str(purpose), str(BASES[basis]), kept, _names(seen), ""))
    return found


def _extra_fields() -> list[Row]:
    targets = {target.name: str(target.title) for target in registry().all("field_targets")}
    found = []
    for field in fields_of():
        if not field.is_active:
            continue
        basis = str(BASES.get(field.legal_basis or "", field.legal_basis or ""))
        months = field.retention_months
        kept = _n("%(num)s month after leaving", "%(num)s months after leaving", months) if months else _("Until the person is erased")
        seen = [*field.sees, *(["federation"] if field.federation_reads and "federation" not in field.sees else [])]
        found.append(
            Row(targets.get(field.target, field.target), field.title, field.purpose, basis, kept, _names(seen), _("Yes") if field.is_sensitive else "")
        )
    return found


def _consents() -> list[Row]:
    kept, seen, basis = _("Until the person is erased"), _names(["member", "club"]), str(BASES["consent"])
    return [Row(_("Consents"), str(purpose), _("Proof of what people agreed to"), basis, kept, seen, "") for purpose in purposes(only_active=True)]


def _tables() -> list[Row]:
    """What rooms and active modules keep besides, with the terms after which it goes by itself."""
    active = {"core", *active_plugins()}
    terms = {rule.model.__tablename__: str(rule.term) for rule in registry().all("retention_rules") if rule.model is not None}
    found = []
    for owned in registry().owned("personal_tables"):
        table = owned.item
        if owned.plugin in active:
            kept = str(table.kept) or terms.get(table.name) or _("Until the person is erased")
            seen = _names(["member"]) if table.of_login else _names(["member", "club"])
            found.append(Row(_("Use of Koepel"), str(table.title), _("Running and securing the platform"), str(BASES["legitimate_interest"]), kept, seen, ""))
    return found


def _names(audience: Sequence[str]) -> str:
    return ", ".join(str(_AUDIENCES.get(name, name)) for name in audience)


def write(path: Path, organisation: Organisation) -> int:
    """The register as a spreadsheet; returns the number of lines."""
    return write_xlsx(path, heads(), (astuple(row) for row in rows(organisation)), sheet=_("Register of processing"))
