"""Paging by the place of the last row, not by counting rows: page 4,000 costs what page 1 costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, literal, or_, tuple_
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression


@dataclass(frozen=True)
class Term:
    """One expression a list is sorted on."""

    expression: Any
    descending: bool = False
    nullable: bool = True


def terms_of(order_by: Sequence[Any], identity: Any, *, descending: bool) -> list[Term]:
    """The sort terms of a column, with the row's id as last word so that no two rows tie."""
    found = [_term(expression, descending) for expression in order_by]
    return [*found, Term(identity, descending, nullable=False)]


def _term(expression: Any, descending: bool) -> Term:
    if isinstance(expression, UnaryExpression) and expression.modifier in (operators.desc_op, operators.asc_op):
        descending ^= expression.modifier is operators.desc_op
        expression = expression.element
    columns = getattr(getattr(expression, "property", None), "columns", None)
    return Term(expression, descending, nullable=columns[0].nullable if columns else True)


def _is_empty(expression: Any) -> Any:
    return case((expression.is_(None), 1), else_=0)


def ordering(terms: Sequence[Term], *, backwards: bool = False) -> list[Any]:
    """ORDER BY clauses. Rows without a value come last, however the list is sorted."""
    clauses = []
    for term in terms:
        if term.nullable:
            flag = _is_empty(term.expression)
            clauses.append(flag.desc() if backwards else flag.asc())
        clauses.append(term.expression.desc() if term.descending ^ backwards else term.expression.asc())
    return clauses


def beyond(terms: Sequence[Term], values: Sequence[Any], *, backwards: bool = False) -> Any:
    """The rows after (or before) the row that has `values` for `terms`."""
    steps: list[tuple[Any, Any, bool]] = []  # (expression, value, goes down)
    for term, value in zip(terms, values, strict=True):
        if term.nullable:
            steps.append((_is_empty(term.expression), int(value is None), backwards))
        if value is not None:
            steps.append((term.expression, value, term.descending ^ backwards))
    if len({down for _e, _v, down in steps}) == 1:
        # one comparison of rows is what databases can answer from an index
        here = tuple_(*(e for e, _v, _d in steps))
        there = tuple_(*(literal(v, e.type) for e, v, _d in steps))
        return here < there if steps[0][2] else here > there
    alternatives = []
    for number, (expression, value, down) in enumerate(steps):
        further = expression < value if down else expression > value
        alternatives.append(and_(*(e == v for e, v, _d in steps[:number]), further))
    return or_(*alternatives)
