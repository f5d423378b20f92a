"""The small things a plugin adds to pages that are not its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal


@dataclass(frozen=True)
class MenuEntry:
    """A line of the side menu.

    area: "mine" (everybody's own part) or "manage".
    endpoint: view endpoint, e.g. "ContactList.list".
    kinds: organisation kinds in which it shows.
    count: optional () -> number shown as a badge, or a SELECT of one number (indexed): those of a page are asked together.
    matches: other endpoint prefixes for which this entry is the current one.
    tabs: name of a page with tabs: the entry leads to the first tab the person may open, is
        current on all of them, and is left out when there is none. `endpoint` and `permission`
        then only say whose entry it is; use "login" for the permission.
    short: one word for the bar at the bottom of a member's phone, where the first four lines of
        "mine" stand by position; default the title.
    """

    title: Any
    icon: str
    endpoint: str
    permission: str
    area: Literal["mine", "manage"] = "manage"
    kinds: tuple[str, ...] = ("club", "region", "federation")
    position: int = 100
    count: Callable[[], Any] | None = None
    matches: tuple[str, ...] = ()
    tabs: str | None = None
    short: Any = None


@dataclass(frozen=True)
class Tab:
    """A tab of a page that has tabs: `page` is "crm", "contacts" or a page of a plugin.

    count: optional () -> number shown in the tab, or a SELECT of one number: those of all tabs
        of a page are asked in one query.
    """

    page: str
    title: Any
    endpoint: str
    permission: str
    icon: str | None = None
    position: int = 100
    count: Callable[[], Any] | None = None
    kinds: tuple[str, ...] = ("club", "region", "federation")


@dataclass(frozen=True)
class ContactSection:
    """A card on the profile of a contact.

    template: partial that gets what `context(contact)` returns, plus `contact`.
    column: "main" (left) or "side" (right).
    badges: optional (contact) -> list of core.lists.columns.Status shown under the name.
    """

    name: str
    title: Any
    template: str
    context: Callable[[Any], Mapping[str, Any]]
    permission: str
    column: Literal["main", "side"] = "side"
    position: int = 100
    badges: Callable[[Any], list[Any]] | None = None


@dataclass(frozen=True)
class LookedAfter:
    """Somebody a person may act for: a child, in one organisation. `detail` is a line below the name."""

    organisation_id: int
    slug: str
    contact_id: int
    name: str
    detail: str = ""


@dataclass(frozen=True)
class Widget:
    """A block of the dashboard. `shape` "stat" is a number with a link, "card" a partial.

    For a stat, `context(organisation)` returns {"value", "label", "url", "tone", "hint"};
    for a card it returns the variables of `template`. With `count`, a function that gives a SELECT
    of one number, it is called as `context(organisation, number)`: all numbers of a dashboard are
    asked in one query.
    """

    name: str
    title: Any
    context: Callable[..., Mapping[str, Any]]
    permission: str
    shape: Literal["stat", "card"] = "card"
    template: str | None = None
    kinds: tuple[str, ...] = ("club",)
    column: Literal["main", "side"] = "main"
    position: int = 100
    count: Callable[[], Any] | None = None


@dataclass(frozen=True)
class JobKind:
    """Work that runs outside a request.

    run: run(job) where job is a core.jobs.api.JobRun with .arguments, .actor, .organisation
        and .progress(done, total). It runs inside scope(organisation) and acting(actor), NOT
        inside a transaction: it opens its own, small ones, and must be safe to run twice.
    permission: checked again when the job starts.
    queue: "interactive", "mail" or "bulk".
    """

    name: str
    title: Any
    run: Callable[[Any], Any]
    permission: str | None = None
    queue: Literal["interactive", "mail", "bulk"] = "interactive"
    max_attempts: int = 5


@dataclass(frozen=True)
class Schedule:
    """A job started by the clock, once per period, on one worker, for the whole platform."""

    name: str
    job: str
    every: timedelta
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadinessCheck:
    """One line of the "am I in order?" list of a club, answered by a plugin.

    state: "ok", "open" (something to do) or "warn".
    url: where it is repaired; action: text of that link.
    short: what a federation reads in its list of clubs ("Invoice e-mail"); default the title.
    can_confirm: the club says itself that it looked at it, with a button on this line; see
        core.organisations.checks.looked_at.
    Two checks of one name: the one of the federation's plugin counts.
    """

    name: str
    title: str
    state: Literal["ok", "open", "warn"]
    detail: str = ""
    url: str | None = None
    action: str | None = None
    position: int = 100
    short: str = ""
    can_confirm: bool = False


@dataclass(frozen=True)
class FunctionDeclaration:
    """A function contacts hold in a club (chair, secretary ...), declared by a federation.

    required: at least one contact must hold it to be in order.
    """

    key: str
    title: Any
    required: bool = False
    position: int = 100


@dataclass(frozen=True)
class FieldTarget:
    """Something that can have extra fields; its rows keep the values in a JSON column `extra`.

    column: () -> that column of the model, e.g. `lambda: Contact.extra`.
    permission: of who manages its rows: tells them from the person the row is about.
    kinds: organisations whose people may make fields for it.

    Example:
        FieldTarget("membership", _l("Membership"), lambda: Membership.extra, "memberships.read", position=20)
    """

    name: str
    title: Any
    column: Callable[[], Any]
    permission: str
    kinds: tuple[str, ...] = ("club", "federation")
    position: int = 100


@dataclass(frozen=True)
class FilePurpose:
    """What stored files are for (core.files). Without one, a file cannot be kept.

    may_read: (file, actor) -> may this person have it? Asked each time it is given out, inside
        the organisation of the file; the file names its row in `subject_type`, `subject_id`.
    extensions: kinds that are taken, a part of core.files.inspection.TYPES.
    counts: does it count for the room an organisation has?
    is_our_own: made or already checked by us: kept as it is, of any size.
    is_shown: pictures may be shown in pages (FileView.picture).
    forget: called with a file that is past its time, before it is deleted, to take it out of the
        row that names it. Runs for all organisations at once, inside transaction().

    Example:
        FilePurpose("news", _l("Pictures of news"), may_read_news, extensions=("jpg", "jpeg", "png"), is_shown=True)
    """

    name: str
    title: Any
    may_read: Callable[[Any, Any], bool]
    extensions: tuple[str, ...] = ("pdf", "jpg", "jpeg", "png", "gif", "webp", "docx", "xlsx", "odt", "ods", "txt", "csv")
    max_mb: int = 10
    counts: bool = True
    is_our_own: bool = False
    is_shown: bool = False
    forget: Callable[[Any], None] | None = None


@dataclass(frozen=True)
class NotificationKind:
    """Something people are told about, and may choose how.

    key: "<plugin>.<what>". title: its line on the page of preferences; hint: when one gets it.
    audience: who it is for. "contacts": contacts, named by notify(); mail goes to the addresses the
        club knows of them. "managers": everybody who holds `permission` in the organisation, but not
        whoever did it. "user": logins, named by notify() (who asked for a job). Mail to managers and
        logins goes to the address of the login, which a club cannot change.
    by_mail, in_app: what holds until somebody chooses.
    delay: mails wait this long, so that take_back() can still stop them.

    Example:
        NotificationKind("library.due", _l("A book is due"), permission=None)
    """

    key: str
    title: Any
    audience: Literal["contacts", "managers", "user"] = "contacts"
    permission: str | None = None
    hint: Any = ""
    by_mail: bool = True
    in_app: bool = True
    delay: timedelta = timedelta()
    position: int = 100


@dataclass(frozen=True)
class PersonalTable:
    """A table that says something about people: told to them on request, forgotten with them.

    A table is named here, or its plugin answers for it in `privacy_data` and `contact_erased`.

    model: the rows. title: what they are called in the export ("Where you logged in").
    mine: (subject) -> condition for the rows about this core.privacy.subject.Subject, or None
        when there can be none.
    forget: "delete"; "empty" (texts are wiped, the row stays for what names it); "keep" (say in
        `kept` why); or a function (subject, actor) that does it.
    hides: columns that are not told: secrets, and what is made out of other columns.
    of_login: about the login, not about the club: told only to the person, and forgotten only
        when the login is left in no organisation.

    Example:
        PersonalTable(Loan, _l("Borrowed books"), lambda s: Loan.contact_id == s.contact.id)
    """

    model: Any
    title: Any
    mine: Callable[[Any], Any]
    forget: Literal["delete", "empty", "keep"] | Callable[[Any, Any], None] = "delete"
    hides: tuple[str, ...] = ()
    of_login: bool = False
    kept: Any = ""

    @property
    def name(self) -> str:
        return str(self.model.__tablename__)


@dataclass(frozen=True)
class PrivacyHold:
    """Something about a person that stays after erasing, because it must.

    what: in words the person understands ("2 invoices of Federation F").
    why: the reason and until when ("The law asks to keep them for 10 years.").
    until: the last day, when it is known.
    """

    what: str
    why: str
    until: Any = None


@dataclass(frozen=True)
class RetentionRule:
    """Something that is forgotten by itself after a while, by the one daily job.

    term: how long it is kept, in words ("30 days after it was sent").
    due: () -> SELECT of the ids of `model` that are past their time; None: switched off here.
    forget: (ids) -> None forgets up to 500 of them; inside transaction(). Default: the rows are deleted.
    held: (ids) -> {id: why} of those that stay all the same, because something has to be kept.
    label: (ids) -> {id: words} for the page that shows what would go; default the number.
    scope: "platform": asked once, of everything, outside every organisation; "organisation":
        asked in each organisation, in its scope.
    kinds: kinds of organisations it is asked in.

    Example:
        RetentionRule("loans", _l("Books that came back"), _l("Two years"), lambda: select(Loan.id).where(...), Loan)
    """

    name: str
    title: Any
    term: Any
    due: Callable[[], Any]
    model: Any
    forget: Callable[[list[int]], Any] | None = None
    held: Callable[[list[int]], Mapping[int, str]] | None = None
    label: Callable[[list[int]], Mapping[int, str]] | None = None
    scope: Literal["platform", "organisation"] = "platform"
    kinds: tuple[str, ...] = ("club", "federation")
    position: int = 100
