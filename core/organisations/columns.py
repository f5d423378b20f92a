"""What the list of clubs of a federation shows and is searched on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from sqlalchemy import and_, func, or_
from sqlalchemy.orm import aliased

from core import clock
from core.contacts.names import fold
from core.contacts.parsing import language_name
from core.i18n import _, _l
from core.lists.columns import Column, Person
from core.lists.conditions import choice_condition, contains, date_condition, text_condition
from core.lists.definition import AddEntry, ListDefinition
from core.lists.filters import Filter
from core.organisations.models import Affiliation, ClubReadiness, Organisation
from core.organisations.services.readiness import is_ready, is_started
from core.organisations.services.regions import regions_of
from core.web.context import current_organisation, federations_of

LIST = "clubs"
GROUP = _l("Club")
READINESS = _l("In order")
Region = aliased(Organisation, name="region")


def join_clubs(statement: Any) -> Any:
    """Organisations that are affiliated today with the federation (in the region) at hand."""
    today = clock.today()
    counts = and_(Affiliation.from_on <= today, or_(Affiliation.until_on.is_(None), Affiliation.until_on >= today))
    same = and_(ClubReadiness.organisation_id == Affiliation.organisation_id, ClubReadiness.federation_id == Affiliation.federation_id)
    return (
        statement.join(Affiliation, and_(Affiliation.organisation_id == Organisation.id, counts))
        .outerjoin(Region, Region.id == Affiliation.region_id)
        .outerjoin(ClubReadiness, same)
    )


def club_search(text: str) -> Any:
    """Every word occurs in the name, the town or the number."""
    words = fold(text).split() or [""]
    return and_(*(or_(contains(Organisation.name, word), contains(Organisation.town, word), Affiliation.number.like(f"{_plain(word)}%")) for word in words))


def _plain(word: str) -> str:
    return word.replace("%", "").replace("_", "")


# --- cells ---------------------------------------------------------------------------------------


def show_club(value: tuple[str, str | None]) -> Person:
    name, number = value
    return Person(name, "".join(word[0] for word in name.replace("-", " ").split()[:2]).upper(), below=_("Number %(number)s", number=number) if number else "")


def show_readiness(value: tuple[int | None, int | None]) -> Markup:
    """Small blocks, some filled, and "3/5"."""
    done, total = value
    if total is None:
        return Markup('<span class="k-muted">{}</span>').format(_("Not looked at yet"))
    blocks = Markup("").join(Markup('<i class="on"></i>') if number < (done or 0) else Markup("<i></i>") for number in range(total))
    return Markup(
        '<span class="k-row gap-2 flex-nowrap"><span class="k-segs" role="img" aria-label="{}">{}</span>'
        '<span class="k-num k-muted" aria-hidden="true">{}/{}</span></span>'
    ).format(_("%(done)s of %(total)s in order", done=done, total=total), blocks, done, total)


def export_readiness(value: tuple[int | None, int | None]) -> str | None:
    return f"{value[0]}/{value[1]}" if value[1] is not None else None


def show_missing(missing: list[dict[str, str]]) -> str:
    return ", ".join(item["title"] for item in missing)


def _column(name: str, label: Any, expression: Any, *, group: Any = GROUP, **options: Any) -> Column:
    options.setdefault("order_by", (expression,))
    return Column(name, LIST, label, group, expression=expression, **options)


COLUMNS = (
    _column("name", _l("Club"), (Organisation.name, Affiliation.number), kind="person", show=show_club, export=lambda value: value[0],
            order_by=(Organisation.name,), default=True, position=1),
    _column("number", _l("Number"), Affiliation.number, position=2),
    _column("town", _l("Town"), Organisation.town, default=True, position=3),
    _column("region", _l("Region"), Region.name, default=True, position=4),
    _column("readiness", READINESS, (ClubReadiness.done, ClubReadiness.total), group=READINESS, kind="status", show=show_readiness, export=export_readiness,
            order_by=(ClubReadiness.done,), default=True, position=5),
    _column("missing", _l("What is missing"), ClubReadiness.missing, group=READINESS, show=show_missing, export=show_missing, order_by=None,
            default=True, position=6),
    _column("official_name", _l("Official name"), Organisation.official_name, position=20),
    _column("email", _l("General e-mail address"), Organisation.email, kind="email", position=21),
    _column("phone", _l("General phone number"), Organisation.phone, kind="phone", position=22),
    _column("website", _l("Website"), Organisation.website, position=23),
    _column("postcode", _l("Postcode"), Organisation.postcode, position=24),
    _column("language", _l("Language"), Organisation.language, show=language_name, export=language_name, position=25),
    _column("invoice_email", _l("Invoice e-mail address"), Organisation.invoice_email, kind="email", position=26),
    _column("vat_number", _l("VAT number"), Organisation.vat_number, position=27),
    _column("from_on", _l("Affiliated since"), Affiliation.from_on, kind="date", position=30),
)  # fmt: skip


# --- filters -------------------------------------------------------------------------------------


def _regions() -> Sequence[tuple[str, Any]]:
    organisation = current_organisation()
    federation = organisation if organisation.kind == "federation" else federations_of(organisation)[0]
    return [(str(region.id), region.name) for region in regions_of(federation)]


def _in_region(operator: str, value: Any) -> Any:
    if operator == "empty":
        return Affiliation.region_id.is_(None) if value else Affiliation.region_id.is_not(None)
    return Affiliation.region_id == int(value)


def _readiness_choices() -> Sequence[tuple[str, Any]]:
    return [("no", _l("Not yet")), ("ready", _l("Ready")), ("started", _l("Started")), ("open", _l("Not started"))]


def _readiness(_operator: str, value: Any) -> Any:
    ready, started = func.coalesce(is_ready(), False), func.coalesce(is_started(), False)
    return {"no": ~ready, "ready": ready, "started": and_(started, ~ready), "open": and_(~started, ~ready)}[value]


FILTERS = (
    Filter("name", LIST, _l("Club"), GROUP, "text", text_condition(Organisation.name, Organisation.official_name), position=1, icon="building-community"),
    Filter("number", LIST, _l("Number"), GROUP, "text", text_condition(Affiliation.number), position=2),
    Filter("town", LIST, _l("Town"), GROUP, "text", text_condition(Organisation.town), position=3),
    Filter("postcode", LIST, _l("Postcode"), GROUP, "text", text_condition(Organisation.postcode), position=4),
    Filter("region", LIST, _l("Region"), GROUP, "choice", _in_region, choices=_regions, position=5),
    Filter("language", LIST, _l("Language"), GROUP, "choice", choice_condition(Organisation.language),
           choices=lambda: [(code, language_name(code)) for code in ("nl", "fr", "de", "en")], position=6),
    Filter("from_on", LIST, _l("Affiliated since"), GROUP, "date", date_condition(Affiliation.from_on), position=7),
    Filter("readiness", LIST, READINESS, READINESS, "choice", _readiness, choices=_readiness_choices, operators=("is",), position=20, icon="checklist"),
)  # fmt: skip

CLUBS = ListDefinition(
    name=LIST,
    model=Organisation,
    title=_l("Clubs"),
    noun=_l("clubs"),
    permission="clubs.read",
    export_permission="clubs.export",
    columns=COLUMNS,
    filters=FILTERS,
    search=club_search,
    search_hint=_l("Search by club, town or number"),
    default_sort="name",
    base_reason=_l("Not affiliated today"),
    joins=join_clubs,
    profile_endpoint="ClubPage.show",
    edit_endpoint="ClubPage.edit",
    edit_permission="clubs.write",
    extra_fields=(("organisation", Organisation.extra),),
    add=(AddEntry(_l("Add club"), "plus", "ClubPage.add", "clubs.write"),),
    empty_title=_l("No clubs yet"),
    empty_text=_l("Add the first club: its name is enough to begin."),
)
