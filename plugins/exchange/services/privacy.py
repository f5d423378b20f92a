"""People in exchanges: what is told to them, how they are forgotten, how long rows are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from core.api import Actor, Contact, RetentionRule, _l, db, now, unscoped
from plugins.exchange.models import WAITING, Exchange, ExchangeLink, ExchangeRow, ExchangeRun, Proposal
from plugins.memberships.api import FederationMember

#: rows of a run, and answered proposals
ROWS_KEPT, PROPOSALS_KEPT = timedelta(days=30), timedelta(days=90)


_OF_PROPOSAL = ("partner", "kind", "number", "label", "fields", "before", "state", "made_at", "decided_at", "decided_by")
_OF_ROW = ("number", "label", "outcome", "fields", "choice", "problem")


def data_about(contact: Contact) -> dict[str, Any]:
    """With which systems data of this person is exchanged, and what was proposed."""
    club, pk = contact.organisation_id, contact.id
    with unscoped("exchanges in which a person is known, for the person"):
        links = db.session.execute(
            select(Exchange.name, Exchange.partner, Exchange.purpose, Exchange.legal_basis, ExchangeLink.number)
            .join(ExchangeLink, ExchangeLink.exchange_id == Exchange.id)
            .where(ExchangeLink.club_id == club, ExchangeLink.contact_id == pk)
        ).all()
        proposals = db.session.scalars(select(Proposal).where(Proposal.organisation_id == club, Proposal.contact_id == pk).order_by(Proposal.id)).all()
        rows = db.session.scalars(select(ExchangeRow).where(ExchangeRow.club_id == club, ExchangeRow.contact_id == pk).order_by(ExchangeRow.id)).all()
    if not links and not proposals and not rows:
        return {}
    told = {
        "exchanges": [dict(row._mapping) for row in links],
        "exchange_proposals": [{name: getattr(row, name) for name in _OF_PROPOSAL} for row in proposals],
        "exchange_rows": [{name: getattr(row, name) for name in _OF_ROW} for row in rows],
    }
    return {name: found for name, found in told.items() if found}


def forget(contact: Contact, actor: Actor) -> None:
    """A person is erased: nothing of her stays in any exchange."""
    club, pk = contact.organisation_id, contact.id
    with unscoped("a person is erased: exchanges in which she is known"):
        for model, mine in (
            (ExchangeLink, (ExchangeLink.club_id == club, ExchangeLink.contact_id == pk)),
            (Proposal, (Proposal.organisation_id == club, Proposal.contact_id == pk)),
        ):
            db.session.execute(delete(model).where(*mine).execution_options(synchronize_session=False))
        blank: dict[str, Any] = {"contact_id": None, "membership_id": None, "fields": {}, "choice": {}, "agreed": {}, "label": "", "number": "", "problem": ""}
        db.session.execute(
            update(ExchangeRow).where(ExchangeRow.club_id == club, ExchangeRow.contact_id == pk).values(**blank).execution_options(synchronize_session=False)
        )


def _old_runs() -> Any:
    return select(ExchangeRun.id).where(ExchangeRun.created_at < now() - ROWS_KEPT, ExchangeRun.rows_forgotten_at.is_(None))


def old_rows() -> Any:
    return select(ExchangeRow.id).where(ExchangeRow.run_id.in_(_old_runs())).order_by(ExchangeRow.id)


def forget_rows(ids: list[int]) -> None:
    """Remove some of these rows; a run of which none is left says since when."""
    db.session.execute(delete(ExchangeRow).where(ExchangeRow.id.in_(ids)).execution_options(synchronize_session=False))
    left = select(ExchangeRow.id).where(ExchangeRow.run_id == ExchangeRun.id)
    over = (ExchangeRun.id.in_(_old_runs()), ~left.exists())
    db.session.execute(update(ExchangeRun).where(*over).values(rows_forgotten_at=now()).execution_options(synchronize_session=False))


def answered_long_ago() -> Any:
    return select(Proposal.id).where(Proposal.state != WAITING, Proposal.decided_at < now() - PROPOSALS_KEPT).order_by(Proposal.id)


def numbers_of_nobody() -> Any:
    """Links to people the federation knows nothing of any more."""
    known = select(FederationMember.id).where(
        FederationMember.organisation_id == ExchangeLink.club_id,
        FederationMember.contact_id == ExchangeLink.contact_id,
        FederationMember.federation_id == ExchangeLink.organisation_id,
    )
    return select(ExchangeLink.id).where(~known.exists()).order_by(ExchangeLink.id)


RULES = [
    RetentionRule("exchange_rows", _l("Rows of exchanges"), _l("30 days after they came or went"), old_rows, ExchangeRow, forget=forget_rows, position=86),
    RetentionRule("exchange_proposals", _l("Answered proposals"), _l("90 days after the answer"), answered_long_ago, Proposal, position=87),
    RetentionRule(
        "exchange_numbers", _l("Member numbers of other systems"), _l("As long as the federation knows the person"), numbers_of_nobody, ExchangeLink,
        position=88,
    ),
]  # fmt: skip
