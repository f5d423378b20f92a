"""What the profile of a contact shows: facts, extra fields by owner, and the cards of plugins."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from flask import render_template, url_for
from markupsafe import Markup

from core.access import current_actor
from core.contacts.attributes import BY_NAME, CAN_BE_OF_OTHERS
from core.contacts.models import Contact
from core.contacts.parsing import country_name
from core.extend.contributions import ContactSection
from core.extend.registry import registry
from core.fields import services as extra
from core.fields.extra_field import ExtraField
from core.i18n import _, _n, format_date
from core.outbox.refusals import refusals_of
from core.web.context import active_plugins, current_organisation

logger = logging.getLogger(__name__)

#: shown even when empty, because they should not be
ALWAYS = ("birth_date", "gender", "email_1", "mobile_1")


@dataclass(frozen=True)
class Fact:
    """A line of a card: label, one or more lines of text, perhaps a link and a remark."""

    label: str
    lines: tuple[str, ...] = ()
    url: str | None = None
    remark: str = ""
    warning: str = ""
    #: what is known of an address that does not work (core.outbox)
    refusal: Any = None


def facts(contact: Contact) -> list[Fact]:
    """The contact information, in the order of the mock-up."""
    found = [Fact(str(BY_NAME["birth_date"].label), _lines(_birth(contact)))]
    found += [_plain(contact, name) for name in ("gender", "nationality", "language")]
    refused = refusals_of(contact)
    found += [replace(_reach(contact, name), refusal=refused.get(name)) for name in CAN_BE_OF_OTHERS]
    found.append(Fact(_("Home address"), _address(contact)))
    found.append(Fact(_("Account"), _lines(_("Not shown to somebody who looks for an account.") if contact.not_findable else "")))
    return [f for f in found if f.lines or f.warning or f.label in {str(BY_NAME[name].label) for name in ALWAYS} | {_("Home address")}]


def _lines(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _birth(contact: Contact) -> str:
    return f"{format_date(contact.birth_date)} ({contact.age})" if contact.birth_date else ""


def _plain(contact: Contact, name: str) -> Fact:
    return Fact(str(BY_NAME[name].label), _lines(BY_NAME[name].show(getattr(contact, name))))


def _reach(contact: Contact, name: str) -> Fact:
    value = getattr(contact, name)
    label = str(BY_NAME[name].label)
    if not value:
        return Fact(label, warning=_("Not filled in; without it there can be no login and no mail.") if name == "email_1" else "")
    url = f"mailto:{quote(value, safe='@+')}" if name.startswith("email") else "tel:" + value.replace(" ", "")
    return Fact(label, (value,), url, (contact.whose or {}).get(name, ""))


def _address(contact: Contact) -> tuple[str, ...]:
    street = " ".join(part for part in (contact.street, contact.house_number) if part)
    if contact.box:
        street = _("%(street)s box %(box)s", street=street, box=contact.box)
    town = " ".join(part for part in (contact.postcode, contact.town) if part)
    country = country_name(contact.country) if contact.country else ""
    if not (street or town):
        return ()
    return tuple(line for line in (street, ", ".join(part for part in (town, country) if part)) if line)


@dataclass(frozen=True)
class ExtraFact:
    """A line of the card "Other". `reveal_url` is POSTed to see a protected value."""

    label: str
    text: str
    url: str | None = None
    reveal_url: str | None = None


@dataclass
class ExtraFacts:
    """The extra fields of one owner; locked when a federation or module made them."""

    owner: str
    is_locked: bool
    rows: list[ExtraFact] = field(default_factory=list)


def extra_facts(contact: Contact) -> list[ExtraFacts]:
    """The extra fields the person may see, by who made them, also those that are empty."""
    actor = current_actor()
    shown = [definition for definition in extra.definitions("contact") if extra.may_see(definition, actor)]
    kept = extra.files_of(contact) if any(definition.type == "file" and (contact.extra or {}).get(definition.key) for definition in shown) else {}
    found: dict[str, ExtraFacts] = {}
    for definition in shown:
        owner = definition.owner_name or current_organisation().name
        group = found.setdefault(owner, ExtraFacts(owner, bool(definition.owner_name)))
        group.rows.append(_extra_fact(contact, definition, kept.get(definition.key)))
    return list(found.values())


def _extra_fact(contact: Contact, definition: ExtraField, file: Any) -> ExtraFact:
    value = (contact.extra or {}).get(definition.key)
    if definition.type == "file":
        return ExtraFact(definition.title, file.filename, url_for("FileView.download", pk=file.id)) if file else ExtraFact(definition.title, "")
    text = extra.show(definition, value)
    if definition.is_sensitive and text and current_actor().can("fields.reveal"):
        return ExtraFact(definition.title, text, reveal_url=url_for("ContactProfile.reveal", pk=contact.id, key=definition.key))
    return ExtraFact(definition.title, text, link_to(definition, text))


def link_to(definition: ExtraField, text: str) -> str | None:
    """Where a click on a value goes."""
    if not text:
        return None
    return {"email": f"mailto:{quote(text, safe='@+')}", "phone": "tel:" + text.replace(" ", ""), "url": text}.get(definition.type)


# --- cards of plugins --------------------------------------------------------------------------


@dataclass
class Sections:
    """The cards of all rooms and plugins, drawn, and what they say under the name."""

    main: list[Markup] = field(default_factory=list)
    side: list[Markup] = field(default_factory=list)
    badges: list[Any] = field(default_factory=list)


def sections(contact: Contact, *, badges_only: bool = False) -> Sections:
    """Draw the cards of the active plugins that this person may see."""
    found = Sections()
    for section in registry().active("contact_sections", active_plugins()):
        if current_actor().can(section.permission):
            _draw(section, contact, found, badges_only)
    return found


def _draw(section: ContactSection, contact: Contact, found: Sections, badges_only: bool) -> None:
    """One that breaks shows a small box, and leaves the rest of the page alone."""
    try:
        badges = list(section.badges(contact)) if section.badges else []
        card = "" if badges_only else render_template(section.template, section=section, contact=contact, **section.context(contact))
    except Exception:  # noqa: BLE001 -- page furniture of a plugin may not take the page down
        logger.exception("contact section", extra={"section": section.name})
        badges, card = [], "" if badges_only else render_template("contacts/_broken.html", section=section)
    found.badges += badges
    if card.strip():
        (found.main if section.column == "main" else found.side).append(Markup(card))  # noqa: S704 -- made by a template


# --- head ----------------------------------------------------------------------------------------


def frame(contact: Contact, here: str) -> dict[str, Any]:
    """What every page of a contact needs: the line under the name, and the tabs."""
    return {"contact": contact, "subtitle": subtitle(contact), "record_tabs": record_tabs(contact, here)}


def subtitle(contact: Contact) -> str:
    """The line under the name: "72 years · Herent"."""
    age = _n("%(num)s year", "%(num)s years", contact.age) if contact.age is not None else ""
    return " · ".join(part for part in (age, contact.town) if part)


def record_tabs(contact: Contact, here: str) -> list[dict[str, Any]]:
    """The tabs of a contact: ours, and those plugins registered for the page "contact"."""
    ours = [
        {"title": _("Contact"), "url": url_for("ContactProfile.show", pk=contact.id), "current": here == "show"},
        {"title": _("History"), "url": url_for("ContactProfile.history", pk=contact.id), "current": here == "history"},
    ]
    theirs = [
        {"title": str(tab.title), "icon": tab.icon, "url": url_for(tab.endpoint, pk=contact.id), "current": here == tab.endpoint}
        for tab in registry().active("tabs", active_plugins())
        if tab.page == "contact" and current_organisation().kind in tab.kinds and current_actor().can(tab.permission)
    ]
    return [ours[0], *theirs, ours[1]]
