"""What other rooms and plugins use of notifications."""

from core.notifications.models import Notification
from core.notifications.services import notify, take_back

__all__ = ["Notification", "notify", "take_back"]
