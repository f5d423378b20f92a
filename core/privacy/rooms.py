"""What the rooms of the core keep about people, table by table."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.security.sqla.models import ApiKey as FabApiKey
from sqlalchemy import and_, delete, exists, or_, select, update

from core.access import Actor
from core.audit.models import AuditEntry
from core.audit.services import Record, record_many, redact_names
from core.contacts.models import Contact
from core.db import db
from core.extend.contributions import PersonalTable
from core.factors.models import AuthenticatorApp, LoginStep, Passkey, RecoveryCode
from core.files import services as files
from core.files.models import StoredFile
from core.i18n import _l
from core.imports.models import ImportCorrection, ImportRow, ImportRun
from core.jobs.models import RUNNING, Job, JobItem
from core.lists.models import ListPreference, SavedFilter
from core.notifications.models import Notification, NotificationChoice, PushSubscription
from core.organisations.models import ClubNote
from core.outbox.models import OutboxMessage
from core.privacy.models import Consent, ContactView, ErasureRequest, ExportNote
from core.privacy.subject import NONE, Subject
from core.rest.models import ApiKey, RestCall
from core.selections.models import Selection
from core.tenancy import unscoped
from core.users.models import Invitation, LoginAttempt, LoginLink, Tally, User, UserLink, UserLinkRequest, UserSession


def _of_contact(model: Any) -> Any:
    return lambda subject: model.contact_id == subject.contact.id


def _of_user(column: Any) -> Any:
    """Told to who it is; forgotten once that login does nothing else here."""
    return lambda subject: column.in_(subject.user_ids) if subject.user_ids else None


def _delete_of_leaving(column: Any) -> Any:
    def forget(subject: Subject, _actor: Actor) -> None:
        if subject.leaving:
            db.session.execute(delete(column.class_).where(column.in_(subject.leaving)).execution_options(synchronize_session=False))

    return forget


# --- what somebody did here --------------------------------------------------------------------------


def _forget_jobs(subject: Subject, _actor: Actor) -> None:
    """Work this person asked for, and what other work says about this person."""
    if subject.leaving:
        ids = list(db.session.scalars(select(Job.id).where(Job.actor_user_id.in_(subject.leaving), Job.state != RUNNING)))
        db.session.execute(delete(JobItem).where(JobItem.job_id.in_(ids)).execution_options(synchronize_session=False))
        db.session.execute(delete(Job).where(Job.id.in_(ids)).execution_options(synchronize_session=False))


def _item_about(subject: Subject) -> Any:
    return JobItem.label.in_(subject.names) if subject.names else None


def _mail_to(subject: Subject) -> Any:
    if not subject.addresses:
        return None
    return OutboxMessage.to_address.in_(subject.addresses)


def _forget_mails(subject: Subject, _actor: Actor) -> None:
    """Mails to this person; those to others stay, without who had them sent."""
    if subject.addresses:
        shared = _shared(subject)
        ended, mine = OutboxMessage.state.in_(("done", "failed")), [address for address in subject.addresses if address not in shared]
        _delete(OutboxMessage, _mail_to(subject), or_(ended, OutboxMessage.to_address.in_(mine)))
        if subject.homeless:
            with unscoped("mails about a login that is erased"):
                _delete(OutboxMessage, ended, OutboxMessage.to_address.in_(_proven(subject)))
    if subject.leaving:
        sent = update(OutboxMessage).where(OutboxMessage.actor_user_id.in_(subject.leaving)).values(actor_user_id=None)
        db.session.execute(sent.execution_options(synchronize_session=False))


def _shared(subject: Subject) -> set[str]:
    """Addresses other people here have too: what waits for them may be about somebody else."""
    same = [column.in_(subject.addresses) for column in (Contact.email_1, Contact.email_2, Contact.email_3)]
    others = select(Contact.email_1, Contact.email_2, Contact.email_3).where(Contact.id != subject.contact.id, or_(*same))
    return {address for row in db.session.execute(others) for address in row if address}


def _proven(subject: Subject) -> list[str]:
    rows = db.session.execute(select(User.email, User.mail_address).where(User.id.in_(subject.homeless)))
    return [address for row in rows for address in row if address]


def _delete(model: Any, *conditions: Any) -> None:
    db.session.execute(delete(model).where(*conditions).execution_options(synchronize_session=False))


# --- who saw whom --------------------------------------------------------------------------------------


def _seen(subject: Subject) -> Any:
    return or_(ContactView.contact_id == subject.contact.id, ContactView.user_id.in_(subject.user_ids or NONE))


def _forget_views(subject: Subject, _actor: Actor) -> None:
    """Who saw this person. Whom this person saw stays told to them, without the name."""
    _delete(ContactView, ContactView.contact_id == subject.contact.id)


def _told(subject: Subject) -> Any:
    return or_(Notification.contact_id == subject.contact.id, Notification.about_id == subject.contact.id, Notification.user_id.in_(subject.leaving or NONE))


def _forget_told(subject: Subject, _actor: Actor) -> None:
    """What was told to the person or about it, and what names it in passing: to a parent about several children, say."""
    named = [Notification.text.contains(name, autoescape=True) for name in subject.names if " " in name]
    _delete(Notification, or_(_told(subject), *named))


def _chosen(subject: Subject) -> Any:
    return or_(NotificationChoice.contact_id == subject.contact.id, NotificationChoice.user_id.in_(subject.leaving or NONE))


# --- imports -----------------------------------------------------------------------------------------


def _correction_of(subject: Subject) -> Any:
    row = and_(ImportRow.import_id == ImportCorrection.import_id, ImportRow.row_no == ImportCorrection.row_no)
    return exists(select(ImportRow.id).where(row, ImportRow.contact_id == subject.contact.id))


def _forget_imports(subject: Subject, _actor: Actor) -> None:
    """Cells somebody typed, old values, and the file itself: what is in it cannot be taken out for one person."""
    _delete(ImportCorrection, _correction_of(subject))
    rows = db.session.execute(select(ImportRow.import_id, ImportRow.row_no).where(ImportRow.contact_id == subject.contact.id)).all()
    for import_id, row_no in rows:
        run = db.session.get_one(ImportRun, import_id)
        run.notes = {key: value for key, value in (run.notes or {}).items() if key != str(row_no)}
        run.kept = {key: value for key, value in (run.kept or {}).items() if key != str(subject.contact.id)}
        if run.file_id is not None:
            file = db.session.get(StoredFile, run.file_id)
            run.file_id = None
            db.session.flush()
            if file is not None:
                files.remove(file)
    db.session.flush()
    _delete(ImportRow, ImportRow.contact_id == subject.contact.id)


# --- the login ---------------------------------------------------------------------------------------


def _counted(column: Any) -> Any:
    def mine(subject: Subject) -> Any:
        names = [name.lower() for name in (*subject.user_names, *subject.addresses)]
        keys = [f"account:{name}" for name in (*names, *subject.user_names)] + [f"{kind}:{pk}" for kind in ("login", "password") for pk in subject.user_ids]
        keys.append(f"contact:{subject.contact.id}")
        return column.in_(keys)

    return mine


def _linked(subject: Subject) -> Any:
    """Told about each login of the person; a link is forgotten with either end of it."""
    ids = subject.user_ids or NONE
    return or_(UserLink.low_id.in_(ids), UserLink.high_id.in_(ids))


def _asked_to_link(subject: Subject) -> Any:
    ids = subject.user_ids or NONE
    return or_(UserLinkRequest.user_id.in_(ids), UserLinkRequest.other_id.in_(ids))


def _forget_user(subject: Subject, _actor: Actor) -> None:
    """A login nobody needs any more keeps its number only: other rows name it."""
    with unscoped("a login is erased: it holds no role anywhere else"):
        for user in db.session.scalars(select(User).where(User.id.in_(subject.homeless))):
            user.first_name = user.last_name = ""
            user.username, user.email = f"erased-{user.id}", f"erased-{user.id}@login.invalid"
            user.mail_address = user.language = user.password = None
            user.active = False
        db.session.flush()


def _forget_doings(subject: Subject, actor: Actor) -> None:
    """In the log stays what was done, by a number instead of a name."""
    if subject.homeless:
        with unscoped("the name of an erased login in every log"):
            _unname(subject.homeless, actor)
    if subject.leaving:
        _unname(subject.leaving, actor)


def _unname(user_ids: tuple[int, ...], actor: Actor) -> None:
    named = select(AuditEntry.organisation_id, AuditEntry.actor_id).where(AuditEntry.actor_id.in_(user_ids), AuditEntry.actor_name != "").distinct()
    found = db.session.execute(named.order_by(AuditEntry.organisation_id)).all()
    for owner, user_id in found:
        record_many([Record("ab_user.erased", "ab_user", user_id)], actor=actor, organisation_id=owner)
    if found:
        redact_names(user_ids)


# Of rows that are kept, the name of who made them goes: see core.privacy.signatures.
PERSONAL_TABLES = (
    PersonalTable(ErasureRequest, _l("Requests to be forgotten"), _of_contact(ErasureRequest), forget="empty"),
    PersonalTable(Consent, _l("What you agreed to"), _of_contact(Consent)),
    PersonalTable(ContactView, _l("Who saw your details"), _seen, forget=_forget_views),
    PersonalTable(ExportNote, _l("Exports you made"), _of_user(ExportNote.user_id), forget="keep"),
    PersonalTable(Invitation, _l("Links for a login"), _of_contact(Invitation), hides=("token_hash",)),
    PersonalTable(ImportCorrection, _l("Corrections in lists that were brought in"), _correction_of),
    PersonalTable(ImportRow, _l("Lists that were brought in"), _of_contact(ImportRow), forget=_forget_imports, hides=("import_id",)),
    PersonalTable(
        ImportRun, _l("Lists you brought in"), _of_user(ImportRun.created_by_id), forget="keep",
        hides=("file_id", "reading", "mapping", "states", "notes", "acts", "kept", "error", "job_id", "created_by_id", "changed_at"),
    ),
    PersonalTable(
        ClubNote, _l("Notes about clubs you wrote"), _of_user(ClubNote.written_by_id), forget="keep",
        hides=("text", "written_by_id"),
    ),
    PersonalTable(
        OutboxMessage, _l("Mails to you"), _mail_to, forget=_forget_mails, hides=("unique_key", "message_id", "worker", "state", "reason", "file_ids")
    ),
    PersonalTable(JobItem, _l("Work that was done about you"), _item_about),
    PersonalTable(Job, _l("Work you asked for"), _of_user(Job.actor_user_id), forget=_forget_jobs, hides=("unique_key", "worker", "queue", "state", "reason")),
    PersonalTable(SavedFilter, _l("Filters you kept"), _of_user(SavedFilter.user_id), forget=_delete_of_leaving(SavedFilter.user_id)),
    PersonalTable(ListPreference, _l("Columns you chose"), _of_user(ListPreference.user_id), forget=_delete_of_leaving(ListPreference.user_id)),
    PersonalTable(Selection, _l("What you selected"), _of_user(Selection.user_id), forget=_delete_of_leaving(Selection.user_id)),
    PersonalTable(ApiKey, _l("Keys for programs you made"), _of_user(ApiKey.user_id), forget=_delete_of_leaving(ApiKey.user_id), hides=("key_hash", "prefix")),
    PersonalTable(
        RestCall, _l("Calls of your programs"), _of_user(RestCall.user_id), forget=_delete_of_leaving(RestCall.user_id), hides=("key", "fingerprint")
    ),
    PersonalTable(
        AuditEntry, _l("What you did here"), lambda s: and_(AuditEntry.actor_id.in_(s.user_ids), AuditEntry.subject_type != "contact") if s.user_ids else None,
        forget=_forget_doings, hides=("batch", "actor_id", "subject_id", "changes", "note", "salt", "redacted_at"),
    ),
    PersonalTable(Notification, _l("Notifications"), _told, forget=_forget_told, hides=("unique_key", "receiver")),
    PersonalTable(NotificationChoice, _l("How you want to be told"), _chosen, hides=("receiver",)),
    PersonalTable(
        PushSubscription, _l("Devices that show notifications"), _of_user(PushSubscription.user_id), hides=("endpoint_hash", "endpoint", "p256dh", "auth"),
        of_login=True,
    ),
    PersonalTable(AuthenticatorApp, _l("Your app with codes"), _of_user(AuthenticatorApp.user_id), hides=("secret",), of_login=True),
    PersonalTable(Passkey, _l("Your passkeys"), _of_user(Passkey.user_id), hides=("credential_id", "public_key", "handle"), of_login=True),
    PersonalTable(RecoveryCode, _l("Your recovery codes"), _of_user(RecoveryCode.user_id), hides=("code_hash",), of_login=True),
    PersonalTable(LoginStep, _l("Logins that were begun"), _of_user(LoginStep.user_id), hides=("token_hash", "challenge"), of_login=True),
    PersonalTable(UserLink, _l("Logins you linked"), _linked, of_login=True),
    PersonalTable(UserLinkRequest, _l("Requests to link logins"), _asked_to_link, hides=("token_hash",), of_login=True),
    PersonalTable(UserSession, _l("Where you logged in"), _of_user(UserSession.user_id), hides=("token_hash",), of_login=True),
    PersonalTable(LoginLink, _l("Links to log in with"), _of_user(LoginLink.user_id), hides=("token_hash",), of_login=True),
    PersonalTable(LoginAttempt, _l("Failed logins"), _counted(LoginAttempt.key), of_login=True),
    PersonalTable(Tally, _l("How often a link was asked for"), _counted(Tally.key), of_login=True),
    PersonalTable(FabApiKey, _l("Keys of the platform"), _of_user(FabApiKey.user_id), hides=("uuid", "key_hash", "lookup_hash", "key_prefix"), of_login=True),
    PersonalTable(User, _l("Your login"), _of_user(User.id), forget=_forget_user, hides=("password",), of_login=True),
)  # fmt: skip
