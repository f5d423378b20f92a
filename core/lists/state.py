"""Everything one request asks of a list page, and the addresses that ask a little more or less."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from core.access import Actor
from core.errors import UserMistake
from core.i18n import _
from core.lists.columns import Column
from core.lists.cursors import seal, unseal
from core.lists.definition import ListDefinition
from core.lists.engine import PAGE_SIZES, Cursor, Page, Sort, fetch_page
from core.lists.filterset import FilterSet
from core.lists.listing import Listing, listing_for
from core.lists.services import chosen_columns


@dataclass(frozen=True)
class Notice:
    """Something of the address that was not understood; `url` asks the same without it."""

    text: str
    url: str


@dataclass(frozen=True)
class ListState:
    """A question to a list: filters, sort, page size and place. Made anew for every request."""

    listing: Listing
    actor: Actor
    base_url: str
    asked: FilterSet
    sort: Sort
    size: int = PAGE_SIZES[0]
    cursor: Cursor | None = None
    mistakes: tuple[str, ...] = field(default=())

    @classmethod
    def read(cls, definition: ListDefinition, args: Any, *, actor: Actor, base_url: str) -> ListState:
        """Take a request's arguments apart; what cannot be used is told, not dropped."""
        listing = listing_for(definition, actor=actor)
        mistakes: list[str] = []
        try:
            sort = Sort.parse(args.get("sort"), listing)
        except UserMistake as mistake:
            mistakes.append(str(mistake))
            sort = Sort.parse(None, listing)
        size = PAGE_SIZES[0]
        if args.get("size"):
            if args["size"] in map(str, PAGE_SIZES):
                size = int(args["size"])
            else:
                mistakes.append(_("A page has 25, 50 or 100 rows."))
        state = cls(listing, actor, base_url, FilterSet.parse(args, listing), sort, size)
        if args.get("at"):
            cursor = unseal(args["at"], state.context)
            if cursor is None:
                mistakes.append(_("This page of the list is no longer there. Here is the first page."))
            state = replace(state, cursor=cursor)
        return replace(state, mistakes=tuple(mistakes))

    @property
    def definition(self) -> ListDefinition:
        return self.listing.definition

    @property
    def context(self) -> str:
        """What a sealed cursor belongs to: it opens in no other list, sort or organisation."""
        return f"{self.actor.organisation_id}/{self.definition.name}/{self.sort.text}"

    @cached_property
    def columns(self) -> list[Column]:
        return chosen_columns(self.listing, actor=self.actor)

    def fetch(self) -> Page | None:
        """The rows; None when the question was only half understood, so that nothing wrong is shown."""
        if self.asked.problems:
            return None
        return fetch_page(self.listing, self.asked, columns=self.columns, sort=self.sort, cursor=self.cursor, size=self.size)

    # --- addresses ---------------------------------------------------------------------------

    @property
    def sort_text(self) -> str:
        return "" if self.sort.text == self.definition.default_sort else self.sort.text

    def _pairs(self, *, asked: FilterSet, sort: str, size: int, at: str = "") -> list[tuple[str, str]]:
        pairs = asked.pairs()
        pairs += [("sort", sort)] if sort else []
        pairs += [("size", str(size))] if size != PAGE_SIZES[0] else []
        return pairs + ([("at", at)] if at else [])

    def url(self, *, asked: FilterSet | None = None, sort: str | None = None, size: int | None = None, at: Cursor | None = None) -> str:
        """The address of this list with some of it changed; a change starts at the first page."""
        pairs = self._pairs(
            asked=asked if asked is not None else self.asked,
            sort=self.sort_text if sort is None else sort,
            size=size or self.size,
            at=seal(at, self.context) if at is not None else "",
        )
        return f"{self.base_url}?{urlencode(pairs)}" if pairs else self.base_url

    def sort_url(self, column: Column) -> str:
        """Sort on a column; again turns it around."""
        turned = self.sort.column.name == column.name and not self.sort.descending
        text = f"-{column.name}" if turned else column.name
        return self.url(sort="" if text == self.definition.default_sort else text)

    def direction(self, column: Column) -> str | None:
        if self.sort.column.name != column.name:
            return None
        return "desc" if self.sort.descending else "asc"

    @property
    def clear_url(self) -> str:
        return self.url(asked=FilterSet(self.listing))

    def hidden(self, *, without: str = "") -> list[tuple[str, str]]:
        """Hidden fields that keep the rest of the question when a form asks a part of it."""
        return [pair for pair in self._pairs(asked=self.asked, sort=self.sort_text, size=self.size) if pair[0] != without]

    def chips(self) -> list[tuple[Any, str]]:
        """(sentence, address without it) for each active filter."""
        return [(sentence, self.url(asked=self.asked.without(sentence.name))) for sentence in self.asked.sentences()]

    def notices(self) -> list[Notice]:
        found = [Notice(text, self.url()) for text in self.mistakes]
        return found + [Notice(p.message, self.url(asked=self.asked.without_problem(p))) for p in self.asked.problems]
