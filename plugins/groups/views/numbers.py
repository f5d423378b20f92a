"""Reports > Groups over seasons: how many linked groups there are, how many people in them, and of what kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import and_, cast, func, literal, or_, select
from sqlalchemy.types import Integer

from core.db import db
from core.fields.expressions import number_of
from core.i18n import _, _l, in_own_language
from core.organisations.models import Organisation
from core.web.context import federation_setting
from plugins.groups.models import GroupLink
from plugins.groups.services.catalogue import terms_of
from plugins.groups.services.seasons import START
from plugins.memberships.api import MonthDay
from plugins.statistics.api import UNKNOWN, Counted, Dimension, Measure, SeasonNumbers, by_region, fields_as_dimensions

g = GroupLink
#: clubs' own words that are looked up for the titles of a page
MOST_WORDS = 500
LINKS = Counted(
    g,
    lambda day: and_(g.linked_on <= day, or_(g.season_start.is_(None), g.season_start <= day)),
    lambda day: and_(or_(g.unlinked_on.is_(None), g.unlinked_on > day), or_(g.season_end.is_(None), g.season_end >= day)),
)


class GroupNumbers(SeasonNumbers):
    route_base = "/o/<org>/reports/groups"
    title = _l("Groups over seasons")
    text = _l("The groups your clubs linked, on the last day of each season; of the season that runs, today.")
    empty_title = _l("No linked groups in these seasons")
    empty_text = _l("As soon as clubs link their groups to you, you see here how their number changes.")
    counted = LINKS
    file_name = "groups"

    def measures(self, federation: Organisation) -> list[Measure]:
        """Groups, everybody in them, and who has which function."""
        twice = _("Somebody who is in two groups counts in both.")
        functions = [
            Measure(f"function-{term.key}", term.title, cast(func.coalesce(number_of(g.functions, term.key), 0), Integer), note=twice)
            for term in terms_of("function", federation)
        ]
        return [Measure("groups", _("Linked groups"), is_people=False), Measure("people", _("People in groups"), g.member_count, note=twice), *functions]

    def dimensions(self, federation: Organisation) -> list[Dimension]:
        """By the words the federation has, by region, and by the fields with a list of answers that it asks of a group."""
        words = [_by_word(kind, title, federation) for kind, title in (("type", _("Type")), ("composition", _("Composition")), ("category", _("Category")))]
        return [
            Dimension("all", _("All groups"), literal("all"), lambda _value: _("All groups")),
            *(way for way in words if way.order != (UNKNOWN,)),
            by_region(federation),
            *fields_as_dimensions("group", g.shared, federation),
        ]

    def first_day(self, federation: Organisation) -> MonthDay:
        start = federation_setting(federation, START)
        return MonthDay.parse(str(start)) if start else super().first_day(federation)


def _by_word(kind: str, title: str, federation: Organisation) -> Dimension:
    known = {term.key: term.title for term in terms_of(kind, federation, even_inactive=True)}
    return Dimension(kind, title, getattr(g, kind), _title_of(kind, known), order=(*known, UNKNOWN))


def _title_of(kind: str, known: Mapping[str, str]) -> Callable[[str], str]:
    """What a word is called: as the federation says, or a club that made it. Clubs' words are asked once, when there are any."""
    word: Any = getattr(g, kind)

    @cache
    def of_clubs() -> dict[str, str]:
        rows = db.session.execute(select(word, g.words).where(word.is_not(None), word.not_in(known)).order_by(g.id.desc()).limit(MOST_WORDS))
        return {key: in_own_language((words or {}).get(kind)) for key, words in rows}

    def title(value: str) -> str:
        if value == UNKNOWN:
            return _("Not filled in")
        return known.get(value) or of_clubs().get(value) or value

    return title
