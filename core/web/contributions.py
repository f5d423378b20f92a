"""What the web room adds to the platform."""

from core.access import PARTS, Permission
from core.extend.contributions import MenuEntry
from core.i18n import _l
from core.web.dashboard import DashboardView
from core.web.installable import InstalledApp
from core.web.session import SessionView

PERMISSIONS = (
    Permission("dashboard.read", _l("See the dashboard"), roles=("club_admin", "federation_admin", "region_admin", "platform_admin", *PARTS)),
)
VIEWS = (SessionView, DashboardView, InstalledApp)
MENU = (
    MenuEntry(_l("Dashboard"), "layout-dashboard", "DashboardView.show", "dashboard.read", kinds=("club", "region", "federation", "platform"), position=10),
)
