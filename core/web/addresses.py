"""Rules of addresses whose builder is made when an address is first built.

Werkzeug compiles two small functions per rule, for url_for(). With hundreds of rules that was a
fifth of the start, and a process builds few of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class LateRule(Rule):
    """A rule that finds addresses at once, and learns to build one when that is asked."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        made: list[Callable[..., tuple[str, str]]] = []

        def build(rule: Rule, *args: Any, **values: Any) -> tuple[str, str]:
            if not made:  # two threads may both make it: the outcome is the same
                made.append(Rule._compile_builder(rule, append_unknown))
            return made[0](rule, *args, **values)

        return build
