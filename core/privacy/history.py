"""What the log calls things that have to do with privacy."""

from core.audit.history import describe_subject
from core.i18n import _l

describe_subject(
    "contact",
    actions={
        "contact.exported": _l("All data of this person exported"),
        "contact.erasure_asked": _l("Asked to be forgotten"),
        "contact.erasure_withdrawn": _l("Does not ask to be forgotten any more"),
        "contact.erasure_accepted": _l("Will be erased"),
        "contact.erasure_refused": _l("Erasing refused"),
        "contact.erasure_undone": _l("Erasing undone"),
        "contact.fields_forgotten": _l("Extra information forgotten after its term"),
        "contact.consent_given": _l("Agrees"),
        "contact.consent_withdrawn": _l("Does not agree"),
    },
)
describe_subject("organisation", actions={"organisation.cleaned_up": _l("Old data cleaned up")})
describe_subject("consent_purpose", title=_l("Consent"), fields={"title": _l("Title"), "text": _l("Text"), "is_active": _l("Is asked")})
describe_subject("ab_user", title=_l("Login"), actions={"ab_user.erased": _l("Login erased")})
