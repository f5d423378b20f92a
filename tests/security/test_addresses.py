"""Addresses somebody made up: other hosts, other sites, other columns, nonsense."""

from __future__ import annotations

import pytest

from core.testing.factories import PASSWORD, inside, make_contact
from core.testing.plugin import csrf_of

pytestmark = pytest.mark.once

# --- redirects -----------------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "http:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "//evil.example\\@localhost",
    "http://localhost@evil.example",
    "http://localhost:80@evil.example/",
    "/\x00/evil.example",
    "//%65vil.example",
    "https://evil.example%23@localhost",
    "/.evil.example/../..//evil.example",
]


def host_of(location: str) -> str:
    """Where a browser goes: it drops tabs and line ends, and reads \\ as /."""
    clean = "".join(c for c in location if c not in "\t\r\n").replace("\\", "/").strip()
    if clean.startswith("//"):
        return clean[2:].partition("/")[0]
    return clean.partition("://")[2].partition("/")[0] if "://" in clean else ("" if clean.startswith("/") else clean)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_next_leaves_the_site(app, world, client, target):
    page = client.get("/login/", query_string={"next": target})
    data = {"username": "admin.a", "password": PASSWORD, "csrf_token": csrf_of(page.text), "next": target}
    answer = client.post("/login/", query_string={"next": target}, data=data)
    assert (answer.status_code, host_of(answer.headers["Location"])) == (302, "")
    for path in ("/language/", "/theme/"):
        token = csrf_of(client.get("/o/club-a/api-keys/add").text)
        answer = client.post(path, data={"csrf_token": token, "language": "nl", "theme": "dark", "next": target})
        assert (answer.status_code, host_of(answer.headers["Location"])) == (302, ""), path


def test_a_next_of_our_own_is_followed(app, world, client):
    """The positive control."""
    page = client.get("/login/?next=/o/club-a/crm/contacts/%3Fq%3Dan")
    data = {"username": "admin.a", "password": PASSWORD, "csrf_token": csrf_of(page.text), "next": "/o/club-a/crm/contacts/?q=an"}
    assert client.post("/login/", data=data).headers["Location"] == "/o/club-a/crm/contacts/?q=an"


# --- hosts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/login/", "/", "/o/club-a/dashboard/", "/healthz", "/api/v1/openapi.json", "/nowhere"])
@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:8080", "localhost@evil.example"])
def test_a_forged_host_is_refused(app, world, client, path, host):
    answer = client.get(path, headers={"Host": host})
    assert (answer.status_code, "evil.example" in str(answer.headers)) == (400, False)


def test_a_forged_forwarded_host_is_ignored(app, world, client):
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    answer = client.get("/o/club-a/dashboard/", headers=headers)
    assert answer.status_code == 302
    assert "evil.example" not in answer.headers["Location"] + answer.text


def test_links_to_hand_on_start_with_the_configured_address(app, world, login):
    """Not with the host of the request that made them."""
    with app.app_context(), inside(world.club):
        ann = make_contact("Ann", "Maes", email_1="ann@members.example").id
    client = login("admin.a")
    token = csrf_of(client.get("/o/club-a/settings/admins/add").text)
    data = {"csrf_token": token, "contact": ann, "password": PASSWORD}
    answer = client.post("/o/club-a/settings/admins/add", data=data, headers={"Host": "localhost", "X-Forwarded-Host": "evil.example"})
    public = app.config["KOEPEL"].public_url
    assert public != "http://localhost"
    assert (f"{public}/invitation/" in answer.text, "http://localhost/invitation/" in answer.text, "evil.example" in answer.text) == (True, False, False)


# --- columns nobody may see ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "f.password.contains=scrypt",
        "f.organisation.name.contains=B",
        "f.organisation_id.is=2",
        "f.search_text.contains=ann",
        "f.import_id.is=1",
        "f.extra.rijksregisternummer.contains=85",
        "f.whose.contains=a",
        "sort=organisation.password",
        "sort=search_text",
        "sort=created_by.password",
    ],
)
def test_hidden_columns_answer_no_questions(app, world, login, query):
    """The page says that it did not understand, and shows nobody rather than everybody."""
    with app.app_context(), inside(world.club):
        make_contact("Ann", "Canary")
    client = login("admin.a")
    page = client.get(f"/o/club-a/crm/contacts/?{query}")
    assert page.status_code == 200
    assert ("k-notice-bad" in page.text, "Canary" in page.text and query.startswith("f.")) == (True, False)
    assert client.get(f"/api/v1/o/club-a/contacts?{query}").status_code == 400


@pytest.mark.parametrize("query", ["_flt_0_password=scrypt", "_oc_ContactList=organisation.name", "psize_ContactList=100000000", "page_ContactList=abc"])
def test_arguments_of_the_framework_do_nothing(app, world, login, query):
    with app.app_context(), inside(world.club):
        make_contact("Ann", "Canary")
    assert "Canary" in login("admin.a").get(f"/o/club-a/crm/contacts/?{query}").text
