"""What other plugins may use of reports; stable.

A page of numbers over seasons is a class: what is counted, by what, and a tab on the page of reports.

Example:
    class BookNumbers(SeasonNumbers):
        route_base = "/o/<org>/reports/books"
        counted = Counted(Book, lambda day: Book.bought_on <= day, lambda day: Book.sold_on.is_(None) | (Book.sold_on > day))
"""

from plugins.statistics.counted import Counted, Measure
from plugins.statistics.dimensions import UNKNOWN, Dimension, by_region, fields_as_dimensions
from plugins.statistics.views.seasons import SeasonNumbers

__all__ = ["UNKNOWN", "Counted", "Dimension", "Measure", "SeasonNumbers", "by_region", "fields_as_dimensions"]
