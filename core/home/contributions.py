"""What the room of the member's own page adds to the platform."""

from core.access import Permission
from core.extend.contributions import MenuEntry
from core.home.views import HomeView
from core.i18n import _l

PERMISSIONS = (Permission("home.read", _l("See one's own page"), roles=("member", "club_admin"), on_behalf=True),)
VIEWS = (HomeView,)
MENU = (MenuEntry(_l("Home"), "home", "HomeView.show", "home.read", area="mine", kinds=("club",), position=10),)
