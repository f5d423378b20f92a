"""What notifications add to the platform."""

from __future__ import annotations

from core.access import current_actor
from core.extend.contributions import JobKind, MenuEntry
from core.i18n import _l
from core.notifications.commands import COMMANDS as _COMMANDS
from core.notifications.push import JOB, run_push
from core.notifications.retention import RULES as _RULES
from core.notifications.services import unseen
from core.notifications.views import NotificationsPage, PreferencesPage, PushView

EVERYWHERE = ("club", "region", "federation", "platform")

VIEWS = (NotificationsPage, PreferencesPage, PushView)
MENU = (
    MenuEntry(
        _l("Notifications"), "bell", "NotificationsPage.list", "login", area="mine", kinds=EVERYWHERE, position=20, short=_l("Alerts"),
        count=lambda: unseen(current_actor()),
    ),
    MenuEntry(_l("Settings and preferences"), "adjustments-horizontal", "PreferencesPage.edit", "login", area="mine", kinds=EVERYWHERE, position=800),
)
COMMANDS = _COMMANDS
JOBS = (
    JobKind(JOB, _l("Show notifications on phones"), run_push, queue="mail"),
)
RETENTION_RULES = _RULES
