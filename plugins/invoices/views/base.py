"""What the pages of invoicing have in common."""

from __future__ import annotations

from typing import Any

from core.web.views import CoreView
from plugins.invoices.lists.runs import show_name
from plugins.invoices.models import InvoiceMember
from plugins.invoices.money import signed_money, signed_number


def shown_name(member: InvoiceMember) -> str:
    return show_name((member.name, member.restricted_at))


class InvoicingView(CoreView):
    """Gives its templates the words for differences and names."""

    def render(self, template: str, **context: Any) -> str:
        return super().render(template, signed_money=signed_money, signed_number=signed_number, shown_name=shown_name, **context)
