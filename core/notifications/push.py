"""Notifications on a phone or computer where Koepel is not open (web push). Off without keys. Nothing is sent inside a request."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Literal

import requests
from flask import current_app
from sqlalchemy import or_, select, update

from core import clock
from core.access import system_actor
from core.db import db, is_one_of, transaction
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.jobs.api import JobRun, enqueue
from core.notifications.endpoints import PushSession, check_endpoint, check_key
from core.notifications.models import Notification, PushSubscription
from core.notifications.receivers import Receiver
from core.organisations.models import Organisation
from core.users.models import OrganisationRole, User

logger = logging.getLogger(__name__)

JOB = "push_notifications"
#: browsers of one login
MOST_BROWSERS = 10
#: seconds to wait for a push service; it keeps a message for a browser that is off so long
TIMEOUT, KEEP = 10.0, 24 * 3600
#: answers that say that the browser does not want any more
_GONE = (404, 410)
Sent = Literal["sent", "gone", "failed"]


def _is_test() -> bool:
    return bool(current_app.config["KOEPEL"].environment == "test")


def is_on() -> bool:
    """Has this installation keys for it?"""
    return bool(current_app.config["KOEPEL"].has_push)


# --- browsers ----------------------------------------------------------------------------------------


def subscribe(user_id: int, given: Any, *, user_agent: str) -> PushSubscription:
    """Keep the browser of a login: `given` is what PushSubscription.toJSON() says. One that was another's changes owner."""
    keys = given.get("keys") if isinstance(given, dict) else None
    if not isinstance(keys, dict):
        raise UserMistake(_("This browser gave an address for notifications that we cannot use."))
    endpoint = check_endpoint(given.get("endpoint"), is_test=_is_test())
    p256dh, auth = check_key(keys.get("p256dh"), 65), check_key(keys.get("auth"), 16)
    digest = hashlib.sha256(endpoint.encode()).hexdigest()
    row = db.session.scalars(select(PushSubscription).where(PushSubscription.endpoint_hash == digest)).one_or_none()
    if row is None:
        row = PushSubscription(endpoint_hash=digest, endpoint=endpoint)
        db.session.add(row)
    row.user_id, row.p256dh, row.auth, row.user_agent, row.made_at = user_id, p256dh, auth, user_agent[:200], clock.now()
    db.session.flush()
    for older in browsers_of(user_id)[MOST_BROWSERS:]:
        db.session.delete(older)
    db.session.flush()
    return row


def browsers_of(user_id: int) -> Sequence[PushSubscription]:
    """The browsers of a login, the last one first."""
    query = select(PushSubscription).where(PushSubscription.user_id == user_id).order_by(PushSubscription.made_at.desc(), PushSubscription.id.desc())
    return db.session.scalars(query).all()


def unsubscribe(user_id: int, pk: int) -> None:
    """Nothing any more on this browser; NotFound for those of others."""
    row = db.session.scalars(select(PushSubscription).where(PushSubscription.id == pk, PushSubscription.user_id == user_id)).one_or_none()
    if row is None:
        raise NotFound(f"browser {pk}")
    db.session.delete(row)
    db.session.flush()


# --- sending -----------------------------------------------------------------------------------------


def queue_push(found: Iterable[Receiver], key: str, here: Organisation, *, wait: timedelta) -> None:
    """Have what was told under `key` sent to the browsers of its receivers, if there are any; two queries."""
    shown = [receiver for receiver in found if receiver.in_app]
    if not shown or not is_on():
        return
    contacts, users = [r.contact_id for r in shown if r.contact_id], [r.user_id for r in shown if r.user_id]
    query = select(PushSubscription.id).join(OrganisationRole, OrganisationRole.user_id == PushSubscription.user_id)
    wanted = or_(is_one_of(OrganisationRole.contact_id, contacts), is_one_of(OrganisationRole.user_id, users))
    if db.session.scalar(query.where(wanted).limit(1)) is not None:
        enqueue(JOB, {"key": key}, actor=system_actor(here.id), unique_key=f"{key}:{shown[0].key}", run_at=clock.now() + wait)


def run_push(run: JobRun) -> None:
    """Send one notification to every browser of its receivers; each of them once, and unseen ones only."""
    from py_vapid import Vapid  # noqa: PLC0415 -- slow import

    session, vapid = PushSession(is_test=_is_test()), Vapid.from_string(current_app.config["KOEPEL"].push_private_key)
    rows = _waiting(str(run.arguments["key"]))
    for number, (notification, browser) in enumerate(rows, start=1):
        item = f"{notification.id}:{browser.id}"
        if not run.is_done(item):
            outcome = deliver(browser, payload_of(notification), vapid=vapid, session=session)
            with transaction():
                _note(browser.id, outcome)
                run.item(item, outcome == "sent", label=_("A browser"))
        run.progress(number, len(rows))


def _waiting(key: str) -> list[Any]:
    """(notification, browser) of all that is new; a browser of two roles counts once."""
    held = or_(OrganisationRole.contact_id == Notification.contact_id, OrganisationRole.user_id == Notification.user_id)
    query = (
        select(Notification, PushSubscription)
        .join(OrganisationRole, held)
        .join(User, User.id == OrganisationRole.user_id)
        .join(PushSubscription, PushSubscription.user_id == User.id)
        .where(Notification.unique_key == key, Notification.is_shown.is_(True), Notification.seen_at.is_(None), User.active.is_(True))
        .order_by(Notification.id, PushSubscription.id)
    )
    once = {(notification.id, browser.id): (notification, browser) for notification, browser in db.session.execute(query)}
    for row in {id(row): row for pair in once.values() for row in pair}.values():
        db.session.expunge(row)  # read outside the small transactions below
    db.session.rollback()
    return list(once.values())


def payload_of(notification: Notification) -> dict[str, str]:
    """What the service worker shows."""
    return {"title": notification.subject, "body": notification.text[:300], "url": notification.url, "tag": notification.unique_key}


def deliver(browser: PushSubscription, payload: dict[str, str], *, vapid: Any, session: requests.Session) -> Sent:
    """Hand one message to the push service of a browser."""
    from pywebpush import WebPushException, webpush  # noqa: PLC0415 -- slow import

    config = current_app.config["KOEPEL"]
    try:
        check_endpoint(browser.endpoint, is_test=_is_test())
        webpush(
            {"endpoint": browser.endpoint, "keys": {"p256dh": browser.p256dh, "auth": browser.auth}},
            json.dumps(payload),
            vapid_private_key=vapid,
            vapid_claims={"sub": f"mailto:{config.push_contact or config.mail_from}"},
            ttl=KEEP,
            timeout=TIMEOUT,
            requests_session=session,
        )
    except WebPushException as error:
        status = error.response.status_code if error.response is not None else 0
        logger.info("push refused", extra={"status": status})
        return "gone" if status in _GONE else "failed"
    except (UserMistake, ValueError):
        return "gone"  # an address or key that cannot be used
    except (requests.RequestException, OSError) as error:
        logger.info("push failed", extra={"error": type(error).__name__})
        return "failed"
    return "sent"


def _note(browser_id: int, outcome: Sent) -> None:
    if outcome == "gone":
        row = db.session.get(PushSubscription, browser_id)
        if row is not None:
            db.session.delete(row)
            db.session.flush()
    elif outcome == "sent":
        db.session.execute(
            update(PushSubscription).where(PushSubscription.id == browser_id).values(used_at=clock.now()).execution_options(synchronize_session=False)
        )


def make_keys() -> tuple[str, str]:
    """A new pair for the settings: (public, private)."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 -- only for the command
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 -- only for the command

    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    number = private.private_numbers().private_value.to_bytes(32, "big")
    return tuple(base64.urlsafe_b64encode(raw).decode().rstrip("=") for raw in (point, number))  # type: ignore[return-value]
