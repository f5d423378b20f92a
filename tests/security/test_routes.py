"""Every route of the address map: who may use it, what it does with nonsense, and without a token."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import islice

import pytest

from tests.security import routes as asked
from tests.security import town as arranged
from tests.security.town import ADMIN_OF, FEDERATION, OTHER_YOUNG, ROLES, YOUNG, A, B

INSIDE = re.compile(r"Traceback|site-packages|sqlalchemy|sqlite3|psycopg|werkzeug|File \"/|SELECT .* FROM|OperationalError", re.IGNORECASE)


#: what a part of running an organisation opens, and nothing else
ALLOWED = {
    "members": {
        "contacts", "corrections", "dashboard", "families", "fields", "files", "filters", "groups", "joining", "memberships", "membership_types",
        "readiness", "statistics",
    },
    "finance": {"dashboard", "fees", "files", "invoices", "invoice_runs"},
}  # fmt: skip


@pytest.fixture(scope="module")
def app(town):
    return town.app


def editors(town):
    """Two people who together reach nearly every route: (client, slug)."""
    return [(town.client(ROLES[role][0]), ROLES[role][1]) for role in ("club_admin", "federation_admin")]


# --- nonsense: before anything is spoiled --------------------------------------------------------------

NUMBERS = (0, 2**31, 10**22)
WORDS = ("%00", "..%2f..%2fetc%2fpasswd", "%F0%9F%92%A5" * 40, "%27%20OR%201=1--", "{{7*7}}", "x" * 3000)
ARGUMENTS = (
    "page=abc&before=99999999999999999999999&after=-1&offset=1e9&size=100000000&sort=__class__&at=%00&only=abc&selection=-1"
    "&csrf_token=a&org=trefpunt-brugge&pk=1&id=1&contact=99999999999999999999&club=-5&run=abc&ids=a&all=1&query=%00&columns=%00&like=99999999999",
    "sort=-__class__.__init__&size=-1&at=gAAAAA&q=%00%FF&f.name.contains=%00&f..=1&f.name.=x&f.age.is=999999999999999999999999"
    "&f.birth_date.on=99999-99-99&show=%00&_oc_X=created_by.password&psize_X=100000000&_flt_0_nrn=85&next=%0d%0aX: y&name=%E2%80%AE&day=2027-02-30",
)


def test_no_address_gives_500(town, app, capsys):
    """Wrong ids, 23 digits, bytes that are no text, arguments of other frameworks: a page in words, always.

    Asked by somebody who is let in: who has no right does not get as far as the arguments.
    """
    failures, number = [], 0
    for rule, method in asked.routes(app):
        if method != "GET" or rule.endpoint == "HealthView.ready":
            continue
        has_number = any(type(rule._converters[name]).__name__ == "IntegerConverter" for name in rule.arguments)
        has_word = len(rule.arguments - {"org"}) > has_number
        client, slug = next((who for who in editors(town) if _code(who[0], asked.path_of(rule, who[1])) != 403), editors(town)[0])
        paths = [asked.path_of(rule, slug, value) for value in (NUMBERS if has_number else NUMBERS[:1])]
        paths += [asked.path_of(rule, slug, 1, "WORD").replace("WORD", word) for word in (WORDS if has_word else ())]
        paths += [f"{asked.path_of(rule, slug, 1)}?{arguments}" for arguments in ARGUMENTS]
        for path in paths:
            answer = client.get(path)
            number += 1
            if answer.status_code >= 500 or (answer.status_code >= 400 and INSIDE.search(answer.text)):
                failures.append(f"{answer.status_code} {path}")
            answer.close()
    with capsys.disabled():
        print(f"\nfuzz: {number} addresses, {len(failures)} failures")
    assert [failure[:300] for failure in failures] == []


# --- the token -----------------------------------------------------------------------------------------


@pytest.mark.once
def test_nothing_is_done_without_a_token(town, app):
    """Every POST, PUT, PATCH and DELETE: 400, and nothing changes. With somebody else's token too."""
    stranger = arranged.token_of(town.client(ADMIN_OF[B]), "/welcome/")
    before = arranged.dump(app)
    wrong = []
    number = 0
    for client, slug in editors(town):
        for rule, method in asked.routes(app):
            if method == "GET":
                continue
            path = asked.path_of(rule, slug, 1)
            for headers in ({}, {"X-CSRFToken": stranger}):
                content = {"json": {}} if path.startswith("/api/") else {"data": {"name": "x"}}
                answer = client.open(path, method=method, headers=headers, **content)
                number += 1
                if answer.status_code != 400:
                    wrong.append(f"{answer.status_code} {method} {path}")
    assert wrong == []
    assert number > 200
    assert arranged.difference(before, arranged.dump(app)) == {}


@pytest.mark.once
def test_with_a_token_the_same_calls_arrive(town, app):
    """The positive control: a few of them, with the token."""
    client, slug = town.client(ADMIN_OF[A]), A
    token = arranged.token_of(client, "/welcome/")
    codes = [asked.ask(client, "POST", f"/o/{slug}/{path}", token).status_code for path in ("api-keys/add", "crm/contacts/add", "crm/contacts/saved")]
    assert 400 not in codes


# --- other people's ids ----------------------------------------------------------------------------------

PAIRS = (
    pytest.param((A, ADMIN_OF[A]), (B, ADMIN_OF[B]), id="club"),
    pytest.param((FEDERATION, "admin.okra"), (A, ADMIN_OF[A]), id="federation-club"),
    pytest.param((FEDERATION, "admin.okra"), (arranged.OTHER_FEDERATION, arranged.OTHER_ADMIN), id="federation"),
    pytest.param((YOUNG, ADMIN_OF[YOUNG]), (OTHER_YOUNG, ADMIN_OF[OTHER_YOUNG]), id="young"),
)
#: stands where an address has a word: the name of an action
WORD = "put_in_bin"
#: rows the club and its federation both work with, each on pages of their own: seeing them is right
SHARED = {
    "club": {"MembershipTypeApi.show_row"},
    "federation-club": {
        "InvoiceView.show",
        "InvoiceView.pdf",
        "InvoiceApi.show_row",
        "MembershipApi.show_row",
        "MembershipTypeApi.show_row",
        "MembershipView.show",
        "FederationMemberList.row",
        "FederationRequestList.row",
        "FederationRefusalList.row",
        "FederationMembership.show",
        "FederationGroupList.row",
    },
    "young": {"MembershipTypeApi.show_row"},
}
#: endpoints with an id that worked for its owner, and those that did not yet, in some pair
_proven: set[str] = set()
_unproven: set[str] = set()
#: (organisation, endpoint) -> ids that work for its owner
_works: dict[tuple[str, str], list[int]] = {}


@pytest.mark.parametrize(("victim", "intruder"), PAIRS)
def test_other_peoples_ids_do_not_exist(town, app, victim, intruder, request, capsys):
    """Every route with an id: what works for its owner is 404 for the others, pages and API alike."""
    (their_slug, their_name), (my_slug, my_name) = victim, intruder
    theirs, mine = town.client(their_name), town.client(my_name)
    shared = SHARED.get(request.node.callspec.id, set())
    owned = arranged.ids_of(app, arranged.organisation_id(app, their_slug))
    few = sorted({number for ids in owned.values() for number in (*ids[:1], *ids[-1:])})
    more = sorted({number for ids in owned.values() for number in (*ids[:8], *ids[-8:])} - set(few))
    active, only_new = arranged.plugins_of(app, their_slug), their_slug == YOUNG  # these clubs are here for what the others lack
    proven, unproven, wrong = [], [], []
    for rule, method in asked.routes(app):
        kinds = {name: type(rule._converters[name]).__name__ for name in rule.arguments}
        if method != "GET" or list(kinds.values()).count("IntegerConverter") != 1 or "org" not in kinds:
            continue
        if asked.plugin_of(app, rule) not in active or _code(theirs, asked.path_of(rule, their_slug)) == 403:
            continue  # switched off there, or not for this kind of organisation
        if only_new and rule.endpoint in _proven:
            continue
        working = _works.get((their_slug, rule.endpoint)) or _working(theirs, rule, their_slug, few)
        if not working and rule.endpoint not in _proven:
            working = _working(theirs, rule, their_slug, more)
        _works[their_slug, rule.endpoint] = working
        (proven if working else unproven).append(rule.endpoint)
        for number in working:
            code = _code(mine, asked.path_of(rule, my_slug, number, WORD))
            expected = 404 if _may(town, my_name, my_slug, rule) else 403
            if code != expected and rule.endpoint not in shared:
                wrong.append(f"{code} {rule.endpoint} {number}")
            if _code(mine, asked.path_of(rule, their_slug, number, WORD)) != 404:
                wrong.append(f"not 404 in their own address: {rule.endpoint} {number}")
    with capsys.disabled():
        print(f"\nprobe {their_slug} by {my_slug}: {len(proven)} routes with an id that works for its owner, without one: {', '.join(unproven) or 'none'}")
    assert wrong == []
    _proven.update(proven)
    _unproven.update(unproven)


def test_every_address_with_an_id_was_proven():
    """Above, each of them worked for somebody: a 404 for others says something."""
    assert _unproven - _proven == set()
    assert len(_proven) > 100


def _working(client, rule, slug, numbers):
    """Up to two ids with which an address answers its owner, with a page, by leading on or by saying that it is done."""
    return list(islice((number for number in numbers if _code(client, asked.path_of(rule, slug, number, WORD)) in (200, 204, 302)), 2))


def _code(client, path):
    with asked.without_drawing():
        answer = client.get(path)
    answer.close()
    return answer.status_code


_cache: dict[tuple[str, str], bool] = {}


def _may(town, username, slug, rule):
    """Has the intruder the right at all? Then only 404 will do."""
    key = (username, rule.endpoint)
    if key not in _cache:
        _cache[key] = _code(town.client(username), asked.path_of(rule, slug)) != 403
    return _cache[key]


# --- the table of rights: last, because asking spoils the database -----------------------------------------


@pytest.mark.once
def test_the_table_of_rights_is_as_the_application_says(town, app):
    """A route without a row fails, a row without a route fails, a right that changed fails.

    After looking at the difference: `python -m tests.security.routes --write`.
    """
    assert asked.differences(asked.read(), asked.table(app)) == []


#: what everybody writes in the own part: the login, the own details, how one is told
OWN_PART = {
    "AccountPage.end_others", "AccountPage.password", "PasskeyPage.add", "PasskeyPage.question", "SecondFactorPage.show",
    "NotificationsPage.see_all", "OwnDetails.change", "OwnDetails.withdraw", "PreferencesPage.edit",
    "ActFor.stop", "FindableView.choose", "LinkedLogins.add", "LinkedLogins.mail", "LinkedLogins.suggested",
    "OwnPrivacy.download", "OwnPrivacy.erase", "OwnPrivacy.link", "OwnPrivacy.withdraw",
}  # fmt: skip


@pytest.mark.once
def test_the_table_of_rights_has_no_holes():
    """Whatever the application says: strangers see nothing of an organisation, members manage nothing."""
    rows = [dict(zip(asked.COLUMNS, row, strict=True)) for row in asked.read()]
    open_to_all = {row["endpoint"] for row in rows if row["permission"] == "public"}
    assert {row["endpoint"] for row in rows if row["anonymous"] != "login"} <= open_to_all
    of_nobody = {"OpenApi.show", "SessionView.nowhere", "LinkConfirmation.mine", "ActFor.stop"}  # these are in no organisation
    assert {row["endpoint"] for row in rows if row["outsider"] not in ("none", "login")} <= open_to_all | of_nobody
    writes = defaultdict(set)
    for row in rows:
        if row["method"] != "GET" and row["member"] == "yes":
            writes["member"].add(row["endpoint"])
    assert writes["member"] <= open_to_all | OWN_PART
    assert not [row for row in rows if "error" in row.values()]
    for part, nouns in ALLOWED.items():
        opened = {row["permission"].partition(".")[0] for row in rows if row[part] not in ("no", "none", "login")}
        assert opened - {"public", "login"} <= nouns and {"dashboard"} < opened & nouns, part

