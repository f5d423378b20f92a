"""The pages of this plugin."""

from plugins.exchange.lists import AnsweredList, ProposalList
from plugins.exchange.views.exchanges import ExchangeView
from plugins.exchange.views.proposals import ProposalView
from plugins.exchange.views.runs import ExchangeRunView

VIEWS = (ExchangeView, ExchangeRunView, ProposalList, AnsweredList, ProposalView)

__all__ = ["VIEWS", *(view.__name__ for view in VIEWS)]
