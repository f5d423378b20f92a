"""What can be done with logins. Everything flushes and nothing commits."""

from core.users.services.accounts import (
    change_password,
    check_credentials,
    create_user,
    deactivate,
    give_role,
    organisations_of,
    password_problem,
    set_language,
    set_password,
)
from core.users.services.sessions import (
    OpenSession,
    close_session,
    end_other_sessions,
    end_session,
    end_sessions,
    login_of_session,
    open_session,
    sessions_of,
    touch_session,
    turn_session,
    user_of_session,
)

__all__ = [
    "OpenSession",
    "change_password",
    "check_credentials",
    "close_session",
    "create_user",
    "deactivate",
    "end_other_sessions",
    "end_session",
    "end_sessions",
    "give_role",
    "login_of_session",
    "open_session",
    "organisations_of",
    "password_problem",
    "sessions_of",
    "set_language",
    "set_password",
    "touch_session",
    "turn_session",
    "user_of_session",
]
