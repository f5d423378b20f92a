"""Members over time, and the clubs over seasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Response, request, url_for

from core.api import (
    CoreView,
    NotFound,
    Organisation,
    _,
    current_actor,
    current_organisation,
    expose,
    federations_of,
    needs,
    record,
    today,
    transaction,
)  # fmt: skip
from plugins.memberships.api import types_of
from plugins.statistics import periods
from plugins.statistics.chart import NARROW, chart_of
from plugins.statistics.dimensions import Dimension, dimensions, everybody
from plugins.statistics.files import Sheet, as_bytes, as_csv, club_sheets, evolution_sheets, too_small
from plugins.statistics.services.clubs import ClubEvolution, ClubLine, club_evolution
from plugins.statistics.services.evolution import Evolution, Group, evolution

READ, EXPORT = "statistics.read", "statistics.export"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = 50


def federation_here() -> Organisation:
    """The federation whose numbers these are; a region looks at those of its own clubs."""
    organisation = current_organisation()
    if organisation.kind not in ("federation", "region"):
        raise NotFound("numbers")
    return federations_of(organisation)[0]


def hides_small() -> bool:
    """Whoever may not see the members must not guess them from a number, nor must whoever gets the file."""
    return not current_actor().can("memberships.read") or request.values.get("small") == "hide"


def as_file(name: str, sheets: Sequence[Sheet], *, main: int = 0) -> Response:
    """A workbook to keep, or its main sheet as CSV; the note of who took it is written first."""
    is_csv = request.form.get("file") == "csv"
    with transaction():
        record("statistics.exported", current_organisation(), actor=current_actor(), note=name)
    headers = {"Content-Disposition": f'attachment; filename="{name}-{today_here():%Y-%m-%d}.{"csv" if is_csv else "xlsx"}"'}
    return Response(as_csv(sheets[main]) if is_csv else as_bytes(sheets), mimetype="text/csv" if is_csv else XLSX, headers=headers)


def today_here() -> date:
    return today(current_organisation().time_zone)


class MemberNumbers(CoreView):
    """Members per month, season or reference day, by one of many things."""

    route_base = "/o/<org>/reports/members"
    default_view = "show"

    @expose("/")
    @needs(READ)
    def show(self) -> Any:
        federation = federation_here()
        start, reference = periods.year_start(types_of(federation)), periods.reference_day(federation)
        ways = dimensions(federation)
        found = self._found(federation, ways)
        return self.render(
            "statistics/members.html",
            found=found,
            chart=chart_of(found),
            narrow=chart_of(found, width=NARROW),
            ways=[(way.key, way.title) for way in ways],
            period=self._period(),
            periods=periods.choice_titles(start, reference),
            too_small=too_small(),
            is_region=current_organisation().kind == "region",
        )

    @expose("/export", methods=["POST"])
    @needs(EXPORT)
    def export(self) -> Any:
        """The same numbers as a file."""
        federation = federation_here()
        found = self._found(federation, dimensions(federation))
        return as_file(f"members-{found.dimension.key.replace('.', '-')}", evolution_sheets(found))

    def _period(self) -> str:
        asked = request.values.get("period", "")
        return asked if asked in periods.CHOICES else periods.USUAL

    def _found(self, federation: Organisation, ways: Sequence[Dimension]) -> Evolution:
        start, reference = periods.year_start(types_of(federation)), periods.reference_day(federation)
        samples = periods.samples(self._period(), today_here(), start=start, reference=reference)
        way = next((way for way in ways if way.key == request.values.get("by")), ways[0])
        return evolution(samples, way, federation, hides_small=hides_small())


class ClubNumbers(CoreView):
    """How the clubs of a federation come, go and grow."""

    route_base = "/o/<org>/reports/clubs"
    default_view = "show"

    @expose("/")
    @needs(READ)
    def show(self) -> Any:
        found = self._found()
        drawn = Evolution([s.sample for s in found.seasons], everybody(), [Group("all", _("Affiliated"), [s.affiliated for s in found.seasons])])
        order = request.args.get("order", "")
        clubs = sorted(self._asked(found.clubs), key=_order(order))
        page = max(1, min(request.args.get("page", 1, type=int), -(-len(clubs) // PAGE) or 1))
        return self.render(
            "statistics/clubs.html",
            found=found,
            seasons=self._number(),
            chart=chart_of(drawn),
            narrow=chart_of(drawn, width=NARROW),
            clubs=clubs[(page - 1) * PAGE : page * PAGE],
            total=len(clubs),
            first=(page - 1) * PAGE + 1,
            pages=[(n, None if n == page else self._address(page=n)) for n in range(1, -(-len(clubs) // PAGE) + 1)] if len(clubs) > PAGE else [],
            order=order,
            address=self._address,
            too_small=too_small(),
            is_region=current_organisation().kind == "region",
        )

    @expose("/export", methods=["POST"])
    @needs(EXPORT)
    def export(self) -> Any:
        """Seasons and clubs as a file; as CSV the clubs."""
        return as_file("clubs", club_sheets(self._found()), main=1)

    def _address(self, **changed: Any) -> str:
        asked = {name: value for name in ("seasons", "order", "q") if (value := request.args.get(name))}
        return url_for(".show", **{**asked, **changed})

    def _number(self) -> int:
        return 10 if request.values.get("seasons") == "10" else 5

    def _found(self) -> ClubEvolution:
        federation = federation_here()
        samples = periods.years(today_here(), self._number(), periods.year_start(types_of(federation)))
        return club_evolution(samples, federation, hides_small=hides_small())

    def _asked(self, clubs: Sequence[ClubLine]) -> list[ClubLine]:
        text = request.args.get("q", "").strip().casefold()
        return [club for club in clubs if text in club.name.casefold() or text == club.number.casefold()] if text else list(clubs)


def _order(name: str) -> Any:
    if name == "members":
        return lambda club: (-(club.numbers[-1] or 0), club.name.casefold())
    if name == "growth":
        return lambda club: (-(club.difference or 0), club.name.casefold())
    if name == "shrink":
        return lambda club: (club.difference or 0, club.name.casefold())
    return lambda club: club.name.casefold()


