"""The pages of invoicing."""

from plugins.invoices.lists.invoices import InvoiceList
from plugins.invoices.lists.runs import RunClubList, RunMemberList
from plugins.invoices.views.fees import FeeView
from plugins.invoices.views.invoices import InvoiceView
from plugins.invoices.views.orders import OrderView
from plugins.invoices.views.runs import RunView
from plugins.invoices.views.settings import InvoiceSettingsView

VIEWS = (InvoiceList, RunView, RunClubList, RunMemberList, FeeView, InvoiceSettingsView, OrderView, InvoiceView)
