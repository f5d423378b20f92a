"""Something one can do with a selection of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.access import Actor


@dataclass(frozen=True)
class BulkAction:
    """An entry of the Actions menu above the list named `list_name`.

    It always runs as a job over a frozen selection, one item per savepoint, with a result per
    item; failed items can be tried again.

    run: called per item inside a transaction: run(item_id, values, actor=...). Raises
        UserMistake with a translated text when this item cannot be done.
    form: WTForms class, or a function that makes such a form, asked before it starts; None: starts at once.
    explain: (count, values) -> sentence telling the consequence before the click.
    undo: like run, puts one item back; None: cannot be undone.
    endpoint: a page that takes over (export, documents); it gets `?selection=<id>`, plus
        `arguments`. Together with `run` it is the page that asks and explains, and starts the job
        with core.selections.bulk.start.
    is_danger: shown last, in red.
    exactly: how many rows it needs (merging: 2); 0: any number.

    Example:
        BulkAction("end_memberships", "contacts", _l("End memberships"), "memberships.write",
                   run=end_item, form=EndForm, icon="user-minus")
    """

    name: str
    list_name: str
    title: Any
    permission: str
    run: Callable[..., Any] | None = None
    form: Callable[[], Any] | None = None
    explain: Callable[[int, Mapping[str, Any]], str] | None = None
    undo: Callable[..., Any] | None = None
    endpoint: str | None = None
    icon: str = "bolt"
    position: int = 100
    arguments: Mapping[str, Any] = field(default_factory=dict)
    is_danger: bool = False
    exactly: int = 0

    def __post_init__(self) -> None:
        if self.run is None and self.endpoint is None:
            raise ValueError(f"action {self.name}: give run, endpoint, or both")

    def execute(self, item_id: int, values: Mapping[str, Any], *, actor: Actor) -> Any:
        """Do it to one item."""
        if self.run is None:
            raise TypeError(f"action {self.name} is a page, not a deed")
        return self.run(item_id, values, actor=actor)
