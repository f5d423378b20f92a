"""Which logins are linked, as rows: a link opens no login, it lets one person go from one to the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Integer, Select, and_, bindparam, delete, or_, select, union_all
from sqlalchemy.sql import ColumnElement

from core.db import db
from core.users.models import User, UserLink, UserLinkRequest, UserSession


@dataclass(frozen=True)
class LinkedLogin:
    """The other side of a link, as its owner sees it."""

    link_id: int
    user_id: int
    name: str
    username: str


def links_of(user_id: int) -> list[LinkedLogin]:
    """The logins somebody may go to, by name."""
    query = select(UserLink.id, User).join(User, or_(and_(UserLink.low_id == user_id, User.id == UserLink.high_id), _is_low_of(user_id)))
    return [LinkedLogin(link_id, user.id, user.full_name, user.username) for link_id, user in db.session.execute(query.order_by(User.first_name, User.id))]


def _is_low_of(user_id: int) -> ColumnElement[bool]:
    return and_(UserLink.high_id == user_id, User.id == UserLink.low_id)


def within_reach() -> Select[tuple[int]]:
    """Ids of the logins of one person: the one at hand (`user_id`), the one that logged in (`home_id`), and those linked to that one."""
    home, user = bindparam("home_id", type_=Integer()), bindparam("user_id", type_=Integer())
    low, high = select(UserLink.high_id).where(UserLink.low_id == home), select(UserLink.low_id).where(UserLink.high_id == home)
    myself = select(User.id).where(or_(User.id == home, User.id == user))
    return select(union_all(myself, low, high).subquery().c[0])


def link_between(one: int, other: int) -> UserLink | None:
    low, high = sorted((one, other))
    return db.session.scalars(select(UserLink).where(UserLink.low_id == low, UserLink.high_id == high)).one_or_none()


def may_go(home_id: int, target: User) -> bool:
    """May whoever logged in as `home_id` go on as this login? Asked each time."""
    return target.active and (target.id == home_id or link_between(home_id, target.id) is not None)


def end_link(link: UserLink) -> None:
    """Take a link away, with every login that was reached through it. Inside transaction()."""
    low, high = link.low_id, link.high_id
    through = or_(
        and_(UserSession.user_id == low, UserSession.home_user_id == high),
        and_(UserSession.user_id == high, UserSession.home_user_id == low),
    )
    db.session.execute(delete(UserSession).where(through))
    db.session.execute(delete(UserLinkRequest).where(UserLinkRequest.user_id.in_((low, high)), UserLinkRequest.other_id.in_((low, high))))
    db.session.delete(link)
    db.session.flush()


def end_links(user_ids: Iterable[int]) -> None:
    """A password was changed or a login closed: nobody comes in from another login any more. Inside transaction()."""
    ids = list(user_ids)
    for link in db.session.scalars(select(UserLink).where(or_(UserLink.low_id.in_(ids), UserLink.high_id.in_(ids)))).all():
        end_link(link)
    asked = delete(UserLinkRequest).where(or_(UserLinkRequest.user_id.in_(ids), UserLinkRequest.other_id.in_(ids)), UserLinkRequest.used_at.is_(None))
    db.session.execute(asked)
