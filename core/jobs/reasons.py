"""Why a job or a mail did not work, in the language of whoever reads it."""

from __future__ import annotations

from typing import Any

from core.i18n import _, _l

REASONS: dict[str, Any] = {
    "mistake": "",  # the text of the mistake says it all
    "gone": _l("What this was about no longer exists."),
    "forbidden": _l("The person who asked for this no longer has the right to do it."),
    "switched_off": _l("This part of Koepel is switched off here."),
    "unknown": _l("This version of Koepel does not know this kind of work."),
    "unexpected": _l("Something went wrong on our side. We made a note of it."),
    "crashed": _l("The program stopped while doing this, several times. We made a note of it."),
    # mails
    "address": _l("This address cannot receive mail."),
    "refused": _l("Mail to this address came back before, so it was not tried. Correct the address, or say that it works again."),
    "returned": _l("The mail came back: it could not be delivered."),
    "rejected": _l("The mail server of the receiver refused this mail."),
    "later": _l("The mail server asks us to try again later."),
    "unreachable": _l("Our mail server does not answer or refuses us. We keep trying."),
    "unsure": _l("The connection broke off while sending. The mail may have arrived."),
    "no_file": _l("An attachment no longer exists."),
}


def explain(row: Any) -> str:
    """The reason of a job or mail as a sentence; empty when nothing is wrong."""
    if not row.reason:
        return ""
    sentence = str(REASONS.get(row.reason, ""))
    if row.reason == "mistake":
        return str(row.error)
    if row.error:
        return _("%(reason)s They said: %(answer)s", reason=sentence, answer=f"{row.error.rstrip('.')}.")
    return sentence
