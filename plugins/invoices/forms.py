"""The forms of invoicing. The services check; these only read what was typed."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, FieldList, FormField, HiddenField, SelectField, StringField, TextAreaField
from wtforms import Form as PlainForm
from wtforms.validators import Length, Optional

from core.i18n import LANGUAGES, _l
from core.web.forms import Form
from core.web.widgets import DayField, MoneyField, TextAreaWidget, WholeNumberField

MONTHS = (
    _l("January"), _l("February"), _l("March"), _l("April"), _l("May"), _l("June"),
    _l("July"), _l("August"), _l("September"), _l("October"), _l("November"), _l("December"),
)  # fmt: skip


def months() -> list[tuple[int, Any]]:
    return [*enumerate(MONTHS, start=1)]


#: empty rows offered on a new order
ROWS = 4


class ReferenceForm(Form):
    """Step 1 of a run."""

    reference_on = DayField(_l("Reference date"), [Optional()], description=_l("Everybody whose membership counts on this day is invoiced."))
    invoice_on = DayField(
        _l("Invoice date"),
        [Optional()],
        description=_l("The date that stands on the invoices. Agree it with your mother organisation if it sends invoices too."),
    )
    due_on = DayField(_l("Pay by"), [Optional()])


class DatesForm(Form):
    """The dates that can still change in a draft."""

    invoice_on = DayField(_l("Invoice date"), [Optional()])
    due_on = DayField(_l("Pay by"), [Optional()])


class FeeForm(Form):
    """What a type costs in a period."""

    type_id = SelectField(_l("Membership type"), coerce=int, validate_choice=False)
    amount_cents = MoneyField(_l("Fee per member"), description=_l("In euro, for example 18,50."))
    from_on = DayField(_l("From"), [Optional()])
    until_on = DayField(_l("Until"), [Optional()], description=_l("Leave this empty if the fee goes on."))
    ends_former = BooleanField(_l("End the former fee the day before"))
    version = HiddenField()


class SettingsForm(Form):
    """How the federation invoices."""

    iban = StringField(_l("Account number (IBAN)"), [Length(max=42)])
    bic = StringField(_l("Bank code (BIC)"), [Length(max=14)], description=_l("You may leave this empty."))
    payment_days = WholeNumberField(_l("Days to pay"), [Optional()])
    reference_day = WholeNumberField(_l("Day of the yearly reference date"), [Optional()])
    reference_month = SelectField(_l("Month of the yearly reference date"), coerce=int, choices=months)
    fiscal_month = SelectField(
        _l("First month of the fiscal year"),
        coerce=int,
        choices=months,
        description=_l("Invoices are numbered from 1 in every fiscal year."),
    )
    prefix = StringField(_l("Before the number"), [Length(max=6)], description=_l("For example F: numbers become F2027-0001. You may leave this empty."))
    vat_nl = TextAreaField(LANGUAGES["nl"], [Length(max=500)], widget=TextAreaWidget())
    vat_fr = TextAreaField(LANGUAGES["fr"], [Length(max=500)], widget=TextAreaWidget())
    vat_de = TextAreaField(LANGUAGES["de"], [Length(max=500)], widget=TextAreaWidget())
    vat_en = TextAreaField(LANGUAGES["en"], [Length(max=500)], widget=TextAreaWidget())


class LineForm(PlainForm):
    """One line of an order."""

    text = StringField(_l("Description"), [Length(max=300)])
    quantity = WholeNumberField(_l("Number"), [Optional()])
    unit_cents = MoneyField(_l("Price"), [Optional()])


class OrderForm(Form):
    """An invoice for one club, with free lines."""

    debtor_id = StringField(_l("Club"))
    title = StringField(_l("About"), [Length(max=160)], description=_l("For example: T-shirts for the walking day."))
    due_on = DayField(_l("Pay by"), [Optional()], description=_l("Empty: the usual number of days after it is sent."))
    note = TextAreaField(_l("Note on the invoice"), [Length(max=1000)], widget=TextAreaWidget())
    lines = FieldList(FormField(LineForm), min_entries=1, max_entries=60)
    version = HiddenField()

    def add_rows(self, number: int) -> None:
        for _row in range(min(number, 60 - len(self.lines.entries))):
            self.lines.append_entry()


class PaymentForm(Form):
    """Money that came in."""

    amount_cents = MoneyField(_l("Amount"), [Optional()])
    paid_on = DayField(_l("Paid on"), [Optional()])
    note = StringField(_l("Note"), [Length(max=200)])


class PaidForm(Form):
    """Asked before many invoices are marked as paid."""

    paid_on = DayField(_l("Paid on"), description=_l("The day on the bank statement."))


class CreditForm(Form):
    """A credit note for what is open, or for a part."""

    amount_cents = MoneyField(_l("Amount"), [Optional()], description=_l("At most what is still open."))
    reason = StringField(_l("Reason"), [Length(max=300)], description=_l("The club reads this on the credit note."))


def first_error(form: Any) -> str:
    """A mistake somewhere in a form with rows, for above the rows."""
    for field in form:
        for error in field.errors:
            if isinstance(error, str):
                return error
    return ""
