"""Who is chosen on a form: ticked in the list of contacts, or named on the page itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request, url_for

from core.api import NotFound, UserMistake, _, current_actor, current_organisation, row_id, transaction
from core.contacts.services import find_choices
from core.selections.bulk import start
from core.selections.services import freeze, get_selection
from plugins.joining.actions import LIST
from plugins.joining.services import AT_ONCE, people_of


def selection_here() -> Any:
    """The selection named in the address; None when there is none."""
    if current_organisation().kind != "club":
        raise NotFound("only clubs have members")
    text = request.args.get("selection")
    if not text:
        return None
    try:
        found = get_selection(row_id(text), actor=current_actor())
    except ValueError:
        raise NotFound("selection") from None
    if found.list_name != LIST:
        raise NotFound("selection")
    return found


def ids_here() -> list[int]:
    """The contact named in the address of the page."""
    pk = request.args.get("contact", type=row_id)
    return [pk] if pk else []


def check_known(ids: Sequence[int]) -> dict[int, Any]:
    """These contacts by id; a mistake beside the field when one of them is not of this club."""
    if not ids:
        raise UserMistake(_("Choose at least one contact."), field="contacts")
    known = people_of(ids)
    if len(known) != len(set(ids)):
        raise UserMistake(_("Choose contacts from the list."), field="contacts")
    return known


def is_for_a_job(ids: Sequence[int]) -> bool:
    return len(ids) > AT_ONCE


def start_job(name: str, ids: Sequence[int], selection: Any, values: dict[str, Any]) -> str:
    """Have it done by a worker; returns the address of the page that shows how far it is."""
    actor = current_actor()
    with transaction():
        chosen = get_selection(selection.id, actor=actor) if selection is not None else freeze(list(ids), LIST, actor=actor)
        return url_for("JobView.show", pk=start(chosen, name, values, actor=actor).id)


def some_contacts(ids: Sequence[int]) -> list[Any]:
    """Contacts to choose from without a script; those that were chosen are among them."""
    found: dict[int, Any] = {contact.id: contact for contact in find_choices("", limit=200)}
    missing = [pk for pk in ids if pk not in found]
    return sorted([*found.values(), *people_of(missing).values()], key=lambda contact: contact.name_key)
