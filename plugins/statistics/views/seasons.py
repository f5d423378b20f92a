"""A page that shows over seasons what another plugin counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import Response, request

from core.api import CoreView, NotFound, Organisation, active_plugins, current_organisation, expose, needs
from plugins.memberships.api import MonthDay, types_of
from plugins.statistics import periods
from plugins.statistics.chart import NARROW, chart_of
from plugins.statistics.counted import Counted, Measure
from plugins.statistics.dimensions import Dimension
from plugins.statistics.files import evolution_sheets, too_small
from plugins.statistics.services.evolution import Evolution, evolution
from plugins.statistics.views.numbers import EXPORT, READ, as_file, federation_here, hides_small, today_here


class SeasonNumbers(CoreView):
    """Numbers per season with a chart and as a file; a subclass says what is counted and by what.

    title, text, empty_title, empty_text: words of the page. file_name: of the file.
    Beside the class goes a Tab("reports", ...) with the permission "statistics.read".

    Example:
        class GroupNumbers(SeasonNumbers):
            route_base = "/o/<org>/reports/groups"
            counted = Counted(GroupLink, ...)
    """

    default_view = "show"
    title: ClassVar[Any]
    text: ClassVar[Any]
    empty_title: ClassVar[Any]
    empty_text: ClassVar[Any]
    counted: ClassVar[Counted]
    file_name: ClassVar[str]

    def measures(self, federation: Organisation) -> Sequence[Measure]:
        """What can be counted, the usual one first."""
        raise NotImplementedError

    def dimensions(self, federation: Organisation) -> Sequence[Dimension]:
        """By what, the usual one first."""
        raise NotImplementedError

    def first_day(self, federation: Organisation) -> MonthDay:
        """The day of the year on which a season begins."""
        return periods.year_start(types_of(federation))

    @expose("/")
    @needs(READ)
    def show(self) -> Any:
        federation = self._federation()
        ways, measures = self.dimensions(federation), self.measures(federation)
        measure = self._measure(measures)
        found = self._found(federation, ways, measure)
        return self.render(
            "statistics/seasons.html",
            view=self,
            found=found,
            chart=chart_of(found),
            narrow=chart_of(found, width=NARROW),
            ways=[(way.key, way.title) for way in ways],
            measures=[(each.key, each.title) for each in measures],
            measure=measure,
            seasons=self._number(),
            too_small=too_small(),
            is_region=current_organisation().kind == "region",
        )

    @expose("/export", methods=["POST"])
    @needs(EXPORT)
    def export(self) -> Response:
        """The same numbers as a file."""
        federation = self._federation()
        measure = self._measure(self.measures(federation))
        found = self._found(federation, self.dimensions(federation), measure)
        return as_file(f"{self.file_name}-{found.dimension.key.replace('.', '-')}", evolution_sheets(found, measure.title))

    def _federation(self) -> Organisation:
        """This page is of another plugin, which may be there where reports are not."""
        if "statistics" not in active_plugins():
            raise NotFound("numbers")
        return federation_here()

    def _number(self) -> int:
        return 10 if request.values.get("seasons") == "10" else 5

    def _measure(self, measures: Sequence[Measure]) -> Measure:
        return next((each for each in measures if each.key == request.values.get("count")), measures[0])

    def _found(self, federation: Organisation, ways: Sequence[Dimension], measure: Measure) -> Evolution:
        samples = periods.years(today_here(), self._number(), self.first_day(federation))
        way = next((way for way in ways if way.key == request.values.get("by")), ways[0])
        return evolution(samples, way, federation, hides_small=measure.is_people and hides_small(), counted=self.counted, measure=measure)
