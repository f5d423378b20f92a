"""What the log calls things that happen to logins and administrators."""

from core.audit.history import describe_subject
from core.i18n import _l

describe_subject(
    "organisation_role",
    title=_l("Administrator"),
    actions={
        "organisation_role.admin_added": _l("Administrator appointed"),
        "organisation_role.admin_removed": _l("Administrator removed"),
        "organisation_role.part_given": _l("Part in running this given"),
        "organisation_role.part_taken": _l("Part in running this taken away"),
    },
)
describe_subject("ab_user", title=_l("Login"), actions={"ab_user.linked": _l("Users linked"), "ab_user.unlinked": _l("Users unlinked")})
describe_subject(
    "invitation",
    title=_l("Link for an administrator"),
    actions={"invitation.created": _l("Link for an administrator made"), "invitation.withdrawn": _l("Link for an administrator withdrawn")},
)
