"""What jobs add to the platform."""

from core.access import Permission
from core.extend.contributions import MenuEntry, NotificationKind, Tab
from core.i18n import _l
from core.jobs.commands import worker
from core.jobs.retention import RULES as _RULES
from core.jobs.telling import KIND
from core.jobs.views import JobView

ADMINS = ("club_admin", "region_admin", "federation_admin", "platform_admin")
EVERYWHERE = ("club", "region", "federation", "platform")

PERMISSIONS = (
    Permission("jobs.read", _l("See the work in the background"), roles=ADMINS),
    Permission("jobs.write", _l("Have work in the background tried again"), roles=ADMINS),
)
VIEWS = (JobView,)
MENU = (MenuEntry(_l("Jobs and mails"), "list-check", "JobView.list", "jobs.read", kinds=EVERYWHERE, position=950, matches=("OutboxView.",)),)
TABS = (Tab("jobs", _l("Jobs"), "JobView.list", "jobs.read", position=10, kinds=EVERYWHERE),)
RETENTION_RULES = _RULES
COMMANDS = (worker,)
NOTIFICATION_KINDS = (
    NotificationKind(
        KIND, _l("Something I asked did not work"), audience="user", hint=_l("When a task in the background stops before it is done."), position=90
    ),
)
