"""What the outbox adds to the platform."""

from core.access import Permission
from core.extend.contributions import Tab
from core.i18n import _l
from core.outbox.commands import COMMANDS as _COMMANDS
from core.outbox.views import OutboxView

ADMINS = ("club_admin", "region_admin", "federation_admin", "platform_admin")
EVERYWHERE = ("club", "region", "federation", "platform")

PERMISSIONS = (
    Permission("mails.read", _l("See which mails were sent"), roles=(*ADMINS, "communication"), data=_l("Mails sent to you")),
    Permission("mails.write", _l("Send mails again"), roles=(*ADMINS, "communication")),
)
VIEWS = (OutboxView,)
TABS = (Tab("jobs", _l("Mails"), "OutboxView.list", "mails.read", position=20, kinds=EVERYWHERE),)
COMMANDS = _COMMANDS
