"""What other plugins may use of invoices; stable.

Example (a bank file):
    invoice = find_by_communication(read_communication(text))
    if invoice is not None:
        record_payment(invoice, amount_cents=cents, paid_on=day, reference=line_id, actor=actor)
"""

from plugins.invoices.communication import communication_of, qr_payload, qr_svg, read_communication, show_communication
from plugins.invoices.demo import seed_last_run
from plugins.invoices.hookspecs import CountedMember, FeeLine, TypeFee
from plugins.invoices.models import Fee, Invoice, InvoiceLine, InvoiceRun, Payment
from plugins.invoices.services.estimating import Estimate, estimate
from plugins.invoices.services.fees import fees_on, save_fee
from plugins.invoices.services.invoices import OrderLine, find_by_communication, get_invoice, issue_order, save_order
from plugins.invoices.services.payments import record_payment, undo_payment

__all__ = [
    "CountedMember",
    "Estimate",
    "Fee",
    "FeeLine",
    "Invoice",
    "InvoiceLine",
    "InvoiceRun",
    "OrderLine",
    "Payment",
    "TypeFee",
    "communication_of",
    "estimate",
    "fees_on",
    "find_by_communication",
    "get_invoice",
    "issue_order",
    "qr_payload",
    "qr_svg",
    "read_communication",
    "record_payment",
    "save_fee",
    "save_order",
    "seed_last_run",
    "show_communication",
    "undo_payment",
]
