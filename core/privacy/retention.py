"""Forgetting what is past its time: one job a day runs the rules of all rooms and plugins, a page shows it beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, inspect, select

from core.access import acting, system_actor
from core.audit.services import record
from core.db import db, transaction
from core.extend.contributions import RetentionRule
from core.extend.registry import registry
from core.i18n import _
from core.jobs.api import JobRun
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped

CHUNK = 500
#: shown of each rule on the page
MOST_SHOWN = 20
_REASON = "forgetting what is past its time, in all organisations"


def rules(scope_name: str, kind: str | None = None) -> list[RetentionRule]:
    """The rules of everything ("platform"), or those of an organisation of this kind, by position."""
    found = [rule for rule in registry().all("retention_rules") if rule.scope == scope_name and (kind is None or kind in rule.kinds)]
    return sorted(found, key=lambda rule: (rule.position, rule.name))


def key_of(rule: RetentionRule) -> Any:
    mapper = inspect(rule.model)
    return getattr(rule.model, mapper.get_property_by_column(mapper.primary_key[0]).key)


# --- the dry run ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What one rule would forget now. `number` is None when the rule is off here."""

    rule: RetentionRule
    number: int | None
    shown: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


def preview(rule: RetentionRule) -> Preview:
    """How many it would be and the first few of them; nothing is changed. In the scope at hand."""
    due = rule.due()
    if due is None:
        return Preview(rule, None)
    key = key_of(rule)
    number = int(db.session.scalar(due.order_by(None).with_only_columns(func.count(key))) or 0)
    ids = list(db.session.scalars(due.order_by(key).limit(MOST_SHOWN)))
    held = dict(rule.held(ids)) if rule.held and ids else {}
    labels: Mapping[int, str] = rule.label(ids) if rule.label and ids else {}
    return Preview(
        rule,
        number,
        tuple(labels.get(pk, _("Number %(number)s", number=pk)) for pk in ids if pk not in held),
        tuple(f"{labels.get(pk, pk)}: {why}" for pk, why in held.items()),
    )


def previews(organisation: Organisation) -> list[Preview]:
    """What the next night would take: of this organisation, and for the platform of everything."""
    if organisation.kind != "platform":
        return [preview(rule) for rule in rules("organisation", organisation.kind)]
    with unscoped("what the clean-up of the platform would take"):
        return [preview(rule) for rule in rules("platform")]


# --- doing it ---------------------------------------------------------------------------------------------


def apply(rule: RetentionRule, within: Any = None) -> int:
    """Forget all that is due by one rule, 500 at a time; returns how many. Outside a transaction.

    within: the organisation whose scope it is; without, everything at once.
    """
    number = last = 0
    while True:
        with transaction(), _place(within):
            due = rule.due()
            if due is None:
                return number
            key = key_of(rule)
            ids = list(db.session.scalars(due.where(key > last).order_by(key).limit(CHUNK)))
            if not ids:
                return number
            last = ids[-1]
            held = rule.held(ids) if rule.held else {}
            going = [pk for pk in ids if pk not in held]
            if going:
                _forget(rule, key, going)
            number += len(going)


def _forget(rule: RetentionRule, key: Any, ids: list[int]) -> None:
    if rule.forget is not None:
        rule.forget(ids)
    else:
        db.session.execute(delete(rule.model).where(key.in_(ids)).execution_options(synchronize_session=False))


def _place(within: Organisation | None) -> AbstractContextManager[Any]:
    return unscoped(_REASON) if within is None else scope(within)


def clean_up(job: JobRun) -> None:
    """The daily job: every rule of the platform, then those of each organisation. Safe to run twice."""
    platform_rules, total = rules("platform"), 0
    for done, rule in enumerate(platform_rules, start=1):
        total += _told(job, rule, apply(rule))
        job.progress(done, len(platform_rules))
    for organisation in _organisations():
        counts = _of_one(organisation)
        if counts:
            with transaction(), scope(organisation):
                text = ", ".join(f"{title}: {number}" for title, number in counts.items())
                record("organisation.cleaned_up", organisation, actor=system_actor(organisation.id), note=text)
            total += sum(counts.values())
    job.progress(len(platform_rules), len(platform_rules), _("%(number)s things past their time were forgotten.", number=total))


def _told(job: JobRun, rule: RetentionRule, number: int) -> int:
    if number:
        with transaction():
            job.item(rule.name, True, str(number), label=str(rule.title))
    return number


def _organisations() -> Iterator[Organisation]:
    with unscoped("the organisations whose data is looked at for what is past its time"):
        ids = list(db.session.scalars(select(Organisation.id).where(Organisation.kind != "platform").order_by(Organisation.id)))
    for pk in ids:
        with unscoped("one organisation whose data is looked at"):
            found = db.session.get(Organisation, pk)
        if found is not None:
            yield found


def _of_one(organisation: Organisation) -> dict[str, int]:
    counts = {}
    for rule in rules("organisation", organisation.kind):
        with acting(system_actor(organisation.id, language=organisation.language)):
            number = apply(rule, organisation)
        if number:
            counts[str(rule.title)] = number
    return counts
