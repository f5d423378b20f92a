"""The pages about logins."""

from core.users.views.access import AccessPage, ContactAccess
from core.users.views.account import AccountPage
from core.users.views.acting import ActFor
from core.users.views.admins import AdminsPage
from core.users.views.findable import FindableView
from core.users.views.linking import LinkConfirmation, LinkedLogins, LoginSwitch
from core.users.views.links import InvitationView, link_address, link_page, mail_link
from core.users.views.login_rules import LoginRulesPage
from core.users.views.lookup import AccountFinder
from core.users.views.mailed_links import LoginLinkView, NewPasswordView
from core.users.views.parts import PartsPage

VIEWS = (
    AdminsPage,
    PartsPage,
    AccountPage,
    AccessPage,
    ContactAccess,
    InvitationView,
    LoginLinkView,
    NewPasswordView,
    AccountFinder,
    FindableView,
    LoginRulesPage,
    LinkedLogins,
    LinkConfirmation,
    LoginSwitch,
    ActFor,
)

__all__ = [
    "VIEWS",
    "AccessPage",
    "ActFor",
    "AccountFinder",
    "AccountPage",
    "AdminsPage",
    "ContactAccess",
    "FindableView",
    "InvitationView",
    "LinkConfirmation",
    "LinkedLogins",
    "LoginLinkView",
    "LoginRulesPage",
    "LoginSwitch",
    "NewPasswordView",
    "PartsPage",
    "link_address",
    "link_page",
    "mail_link",
]
