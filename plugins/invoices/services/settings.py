"""What a federation decides about its invoices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from stdnum import bic as bic_rules
from stdnum import iban as iban_rules
from stdnum.exceptions import ValidationError

from core.access import Actor, require
from core.audit.services import record
from core.db import db
from core.errors import UserMistake
from core.i18n import DEFAULT_LANGUAGE, LANGUAGES, _
from core.organisations.models import Organisation
from core.organisations.services.readiness import REFERENCE_DAY
from core.web.context import federation_setting

KEY = "invoices.settings"
EXEMPT = {
    "nl": "Vrijgesteld van btw op basis van artikel 44 van het Btw-wetboek.",
    "fr": "Exonéré de la TVA en vertu de l’article 44 du Code de la TVA.",
    "de": "Von der Mehrwertsteuer befreit gemäß Artikel 44 des Mehrwertsteuergesetzbuches.",
    "en": "Exempt from VAT under article 44 of the Belgian VAT Code.",
}


@dataclass(frozen=True)
class InvoiceSettings:
    """reference: day and month of the yearly run. fiscal_month: month in which a fiscal year begins."""

    reference_day: int = 1
    reference_month: int = 4
    payment_days: int = 30
    fiscal_month: int = 1
    prefix: str = ""
    vat_note: Mapping[str, str] = field(default_factory=lambda: dict(EXEMPT))

    def reference_on(self, year: int) -> date:
        """The reference date of a year; 29 February is the 28th in other years."""
        try:
            return date(year, self.reference_month, self.reference_day)
        except ValueError:
            return date(year, self.reference_month + 1, 1) - timedelta(days=1)

    def next_reference(self, today: date, last: date | None) -> date:
        """The reference date that comes next: of this year, or of the year after the last run."""
        year = today.year if last is None else max(today.year, last.year + 1)
        return self.reference_on(year)

    def fiscal_year_of(self, day: date) -> int:
        """The fiscal year of a day, called after the year in which it begins."""
        return day.year if day.month >= self.fiscal_month else day.year - 1

    def vat_note_in(self, language: str) -> str:
        return self.vat_note.get(language) or self.vat_note.get(DEFAULT_LANGUAGE, "")


def settings_of(federation: Organisation) -> InvoiceSettings:
    """What it chose; until it chose a reference date, the day on which its clubs have to be in order."""
    chosen = federation.setting(KEY)
    if chosen:
        return InvoiceSettings(**chosen)
    month, day = (int(part) for part in str(federation_setting(federation, REFERENCE_DAY) or "04-01").split("-"))
    return InvoiceSettings(reference_day=day, reference_month=month)


def save_settings(federation: Organisation, settings: InvoiceSettings, *, iban: str, bic: str, actor: Actor) -> Organisation:
    """Keep the settings and the account; UserMistake beside the field that is wrong."""
    require(actor, "invoices.settings")
    account, bank = check_iban(iban), check_bic(bic)
    if not 1 <= settings.payment_days <= 120:
        raise UserMistake(_("Give clubs 1 to 120 days to pay."), field="payment_days")
    if not 1 <= settings.fiscal_month <= 12:
        raise UserMistake(_("Choose a month."), field="fiscal_month")
    try:
        date(2028, settings.reference_month, settings.reference_day)
    except ValueError:
        raise UserMistake(_("This day does not exist. Correct the day or the month."), field="reference_day") from None
    if len(settings.prefix) > 6 or not settings.prefix.replace("-", "").replace("/", "").isalnum() and settings.prefix:
        raise UserMistake(_("Use at most 6 letters and digits before the number."), field="prefix")
    kept = {**asdict(settings), "vat_note": {code: settings.vat_note.get(code, "").strip()[:500] for code in LANGUAGES}}
    before: dict[str, Any] = federation.setting(KEY) or {}
    changes = {f"settings.{name}": (before.get(name), value) for name, value in kept.items() if before.get(name) != value}
    changes |= {name: (getattr(federation, name), value) for name, value in (("iban", account), ("bic", bank)) if getattr(federation, name) != value}
    federation.settings = {**(federation.settings or {}), KEY: kept}
    federation.iban, federation.bic = account, bank
    db.session.flush()
    if changes:
        record("invoice_settings.changed", federation, actor=actor, changes=changes)
    return federation


def check_iban(text: str) -> str | None:
    """An account number without spaces; None when it is empty."""
    plain = "".join(text.split()).upper()
    if not plain:
        return None
    try:
        return str(iban_rules.validate(plain))
    except ValidationError:
        raise UserMistake(_("This account number is not right. Type it over from a bank statement, like BE68 5390 0754 7034."), field="iban") from None


def check_bic(text: str) -> str | None:
    plain = "".join(text.split()).upper()
    if not plain:
        return None
    try:
        return str(bic_rules.validate(plain))
    except ValidationError:
        raise UserMistake(_("This bank code (BIC) is not right. You may leave it empty."), field="bic") from None


def show_iban(iban: str | None) -> str:
    """In groups of four, as on a bank card."""
    return " ".join((iban or "")[i : i + 4] for i in range(0, len(iban or ""), 4))
