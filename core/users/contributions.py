"""What the users room adds to the platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, false

from core.access import Actor, Permission
from core.contacts.services import get_contact
from core.extend.contributions import MenuEntry, Tab
from core.i18n import _l, _n
from core.lists.actions import BulkAction
from core.lists.columns import Column, Status
from core.lists.filters import Filter
from core.users import history as history  # teaches the log our words
from core.users.commands import COMMANDS as _COMMANDS
from core.users.forms import InvitationForm
from core.users.retention import RULES as _RULES
from core.users.services import members
from core.users.services.login_rules import PERMISSION as LOGIN_RULES
from core.users.services.members import INVITE
from core.users.views import VIEWS as _VIEWS
from core.users.views.entering import site_address
from core.users.views.links import link_address
from core.web.context import current_organisation

EVERYWHERE = ("club", "region", "federation", "platform")

PERMISSIONS = (
    Permission("users.manage", _l("Appoint and remove administrators"), roles=("club_admin", "region_admin", "federation_admin", "platform_admin")),
    Permission(INVITE, _l("Invite contacts to make a login"), roles=("club_admin", "federation_admin", "members")),
    Permission(LOGIN_RULES, _l("Set the rules for logins"), roles=("federation_admin",)),
)
VIEWS = _VIEWS
MENU = (
    MenuEntry(_l("Security"), "shield-lock", "AccountPage.show", "login", area="mine", kinds=EVERYWHERE, position=900, short=_l("Login")),
    MenuEntry(_l("Settings"), "settings", "AdminsPage.list", "login", kinds=EVERYWHERE, position=900, tabs="settings"),
)
TABS = (
    Tab("settings", _l("Admins"), "AdminsPage.list", "users.manage", icon="user-shield", position=20, kinds=EVERYWHERE),
    Tab("contact", _l("Access"), "ContactAccess.show", "contacts.read", icon="eye", position=800),
    Tab("settings", _l("Logins"), "LoginRulesPage.show", LOGIN_RULES, icon="lock", position=25, kinds=("federation",)),
)
COMMANDS = _COMMANDS
RETENTION_RULES = _RULES


# --- on the list of contacts -------------------------------------------------------------------------

_STATES = {"none": Status(_l("None"), "none"), "invited": Status(_l("Invited"), "info"), "active": Status(_l("Active"), "ok")}  # type: ignore[arg-type]  # a lazy text


def _state(value: str) -> Status:
    return Status(str(_STATES[value].text), _STATES[value].tone)


def _state_text(value: str) -> str:
    return str(_STATES[value].text)


def _state_choices() -> Sequence[tuple[str, Any]]:
    return [(name, state.text) for name, state in _STATES.items()]


def _state_condition(operator: str, value: Any) -> Any:
    active, invited = members.has_login_condition(), members.is_invited_condition()
    return {"active": active, "invited": and_(~active, invited), "none": and_(~active, ~invited)}.get(value, false())


def _invite(item_id: int, values: Mapping[str, Any], *, actor: Actor) -> None:
    contact = get_contact(item_id)
    members.invite_member(
        contact, current_organisation(), subject=values["subject"], text=values["text"], address_of=link_address, site=site_address(), actor=actor
    )


def _explain_invite(number: int, _values: Mapping[str, Any]) -> str:
    return _n(
        "%(num)s contact gets a mail at e-mail address 1, with a link to choose a user name and a password.",
        "%(num)s contacts get a mail each at e-mail address 1, with a link to choose a user name and a password.",
        number,
    )


COLUMNS = (
    Column("login", "contacts", _l("Login"), _l("Contact"), load=members.login_states, kind="status", show=_state, export=_state_text, position=45),
)
FILTERS = (
    Filter("login", "contacts", _l("Login"), _l("Contact details"), "choice", _state_condition, choices=_state_choices, operators=("is",), position=80),
)
BULK_ACTIONS = (
    BulkAction(
        "invite", "contacts", _l("Send invitation"), INVITE, run=_invite, form=InvitationForm, explain=_explain_invite, icon="mail-forward", position=60
    ),
)
