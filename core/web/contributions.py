"""What the web room adds to the platform."""

from core.web.dashboard import DashboardView
from core.extend.contributions import MenuEntry
from core.access import Permission
from core.i18n import _l
from core.web.session import SessionView

PERMISSIONS = (
    Permission("dashboard.read", _l("See the dashboard"), roles=("club_admin", "federation_admin", "region_admin", "platform_admin", "member")),
)
VIEWS = (SessionView, DashboardView)
MENU = (
    MenuEntry(_l("Dashboard"), "layout-dashboard", "DashboardView.show", "dashboard.read", kinds=("club", "region", "federation", "platform"), position=10),
)
