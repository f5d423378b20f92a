"""The pages of this plugin."""

from plugins.joining.views.health import HealthPage
from plugins.joining.views.join import JoinPage
from plugins.joining.views.leave import LeavePage

VIEWS = (JoinPage, LeavePage, HealthPage)
__all__ = ["VIEWS", "HealthPage", "JoinPage", "LeavePage"]
