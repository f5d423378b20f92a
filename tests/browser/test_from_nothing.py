"""From an empty installation to parents who act for their children, with every mail through a mail server."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests
from aiosmtpd.controller import Controller
from playwright.sync_api import expect

from core.testing.servers import free_port
from tests.browser.conftest import PHONE, WIDE, Person, Site
from tests.browser.server import koepel, serving
from tests.browser.test_getting_in import rows, sound
from tests.core.outbox.conftest import MailServer

CLUB = "/o/kamerkoor"
#: passwords by the rules of the federation: 8 to 20 characters, a digit, no sign but !-@._#
LIEVE, HILDE, MIA, MIA_DIEST, JAN, BERT, BERT_AGAIN = (f"{colour}-huis-73" for colour in ("blauw", "groen", "geel", "rood", "bruin", "paars", "zwart"))
RULES = (
    "Between 8 and 20 characters.",
    "At least one digit, no spaces, and of other signs only ! - @ . _ #",
    "Not your own name, and not a password that many people use.",
)
#: twenty people to appoint all at once, beside the ones with a part of their own
TWENTY = 20
LIST = (
    ("Family name", "First name", "Birth date", "Town", "E-mail address 1"),
    ("Claes", "Mia", "03/04/1985", "Aarschot", "mia@leden.example"),
    ("Peeters", "Jan", "05/06/1980", "Aarschot", "jan.peeters@leden.example"),
    ("Peeters", "Lotte", "07/08/2017", "Aarschot", ""),
    ("Willems", "Bert", "09/10/1975", "Aarschot", "bert@leden.example"),
    ("Maes", "Hilde", "11/12/1970", "Diest", "hilde@leden.example"),
    *(("Zanger", f"Nummer{number}", "01/02/1960", "Leuven", f"zanger{number}@leden.example") for number in range(TWENTY)),
)


class Postbox:
    """The mail server, and the letters in it."""

    def __init__(self, handler: MailServer, port: int) -> None:
        self.handler, self.port = handler, port

    def next_to(self, address: str, subject: str, *, within: float = 20) -> EmailMessage:
        """The mail that came for this address; every one is fetched once, so that none is left over."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            for number, (_sender, to) in enumerate(self.handler.envelopes):
                if to == [address] and self.handler.received[number]["Subject"] == subject and not self.handler.received[number].get("X-Read"):
                    self.handler.received[number]["X-Read"] = "yes"
                    return self.handler.received[number]
            time.sleep(0.1)
        raise AssertionError(f"no mail {subject!r} to {address}, but {self.unread()}")

    def unread(self) -> list[tuple[str, str]]:
        """(address, subject) of what nobody fetched."""
        pairs = zip(self.handler.envelopes, self.handler.received, strict=True)
        return [(to[0], str(mail["Subject"])) for (_sender, to), mail in pairs if not mail.get("X-Read")]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def link_in(mail: EmailMessage) -> str:
    """The path of its one button; in the text and in the HTML it is the same."""
    path = re.search(r"https?://[^/\s]+(/\S+/[\w-]{40,})", text_of(mail))[1]  # type: ignore[index]  # no link: no such mail
    html = mail.get_body(("html",))
    assert html is not None and f'{path}"' in html.get_content()
    return path


@dataclass
class Town:
    """The installation, its mail server, and who sits there."""

    site: Site
    post: Postbox
    visit: Callable[..., Person]


@pytest.fixture(scope="module")
def post() -> Iterator[Postbox]:
    handler = MailServer()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield Postbox(handler, controller.port)
    controller.stop()


@pytest.fixture(scope="module")
def operator(post: Postbox, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """operator("migrate"): a command on the new installation; operator() without words: what both are started with."""
    given = {"instance": tmp_path_factory.mktemp("nothing") / "instance", "port": free_port()}
    settings = {"KOEPEL_ENVIRONMENT": "demo", "KOEPEL_MAIL_SERVER": "127.0.0.1", "KOEPEL_MAIL_PORT": str(post.port)}
    return lambda *words: koepel(*words, **given, **settings) if words else {**given, **settings}


@pytest.fixture(scope="module")
def site(operator: Callable[..., Any]) -> Iterator[Site]:
    """A federation, two clubs and an invitation for the first administrator of each: all an operator does."""
    operator("migrate")
    operator("create-organisation", "Zangfederatie", "--plugin", "koor_en_stem", "--language", "en")
    club = ("--kind", "club", "--federation", "zangfederatie", "--language", "en")
    clubs = (("Kamerkoor Aarschot", "kamerkoor"), ("Vocaal Diest", "vocaal"))
    admins = (("kamerkoor", "lieve@koor.example", "Lieve", "Wouters"), ("vocaal", "mia@diest.example", "Mia", "Claes"))
    with ThreadPoolExecutor(2) as both:  # half the wait of starting a process each
        list(both.map(lambda one: operator("create-organisation", one[0], "--slug", one[1], *club), clubs))
        list(both.map(lambda one: operator("create-admin", one[0], "--email", one[1], "--first-name", one[2], "--last-name", one[3], "--mail"), admins))
    with serving(**operator()) as found:
        yield found


@pytest.fixture
def town(site: Site, post: Postbox, visit: Callable[..., Person]) -> Town:
    return Town(site, post, visit)


@pytest.mark.covers(
    "R001", "R002", "R003", "R004", "R007", "R009", "R010", "R011", "R012", "R013", "R014", "R015", "R016", "R017", "R018", "R019", "R020", "R021",
    "R022", "R024", "R025", "R026", "R027", "R033", "R035", "R036", "R037", "R039", "R297", "R300", "R301",
)  # fmt: skip
def test_from_an_empty_installation_to_a_parent_who_acts_for_a_child(town: Town, tmp_path: Path) -> None:
    lieve = the_first_admin_comes_in(town)
    lieve_imports_her_list(town, lieve, tmp_path / "leden.csv")
    hilde = another_admin_is_appointed(town, lieve)
    twenty_at_once_never_make_seven(town, lieve)
    hilde.check()
    lieve_invites_two_members(lieve)
    mia = mia_takes_her_invitation(town)
    bert_takes_his_and_forgets_it(town)
    jan = jan_registers_himself(town)
    mia_links_her_other_club(town, mia)
    a_family_is_made(lieve)
    jan_acts_for_lotte(town, jan, lieve)
    assert town.post.unread() == [], "every mail was wanted"


# --- the first administrators ------------------------------------------------------------------------


def the_first_admin_comes_in(town: Town) -> Person:
    page = (lieve := town.visit(None)).page
    lieve.expected = {422}
    mail = town.post.next_to("lieve@koor.example", "Your Koepel account")
    assert text_of(mail).startswith("Hello Lieve,") and "administer Kamerkoor Aarschot" in text_of(mail)
    lieve.go(link_in(mail))
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Kamerkoor Aarschot")
    assert page.locator("ul.form-hint li").all_inner_texts() == list(RULES)
    sound(lieve)
    page.set_viewport_size(WIDE)
    page.get_by_label("Choose a password").fill("kort")
    page.get_by_role("button", name="Make my login").click()
    expect(page.locator("#new-error")).to_be_visible()
    page.get_by_label("Choose a password").fill(LIEVE)
    page.get_by_role("button", name="Make my login").click()
    page.wait_for_url(f"**{CLUB}/**")
    assert page.get_by_role("navigation", name="Main menu").get_by_role("heading").all_inner_texts() == ["My Koepel", "Manage"]
    return lieve


def lieve_imports_her_list(town: Town, lieve: Person, file: Path) -> None:
    file.write_text("".join(f"{';'.join(row)}\n" for row in LIST), encoding="utf-8")
    page = lieve.page
    lieve.go(f"{CLUB}/crm/import/")
    page.set_input_files("#file", file)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#import-stats")).to_contain_text(f"{len(LIST) - 1}\nrows are in order", use_inner_text=True)
    page.get_by_role("button", name=f"Continue with {len(LIST) - 1} rows").click()
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_role("heading", name="Import completed", level=2)).to_be_visible(timeout=30_000)
    expect(page.locator("#outcome")).to_contain_text(f"{len(LIST) - 1}\nnew contacts", use_inner_text=True)
    town.post.next_to("lieve@koor.example", "Your import is done")


def choose(page: Any, name: str) -> None:
    """In a field one types in to find a contact."""
    page.locator("#contact-ts-control").click()
    page.locator("#contact-ts-control").press_sequentially(name)
    page.locator(".ts-dropdown .option", has_text=name).first.click()
    expect(page.locator(".ts-control .item", has_text=name)).to_be_visible()
    # the field takes the focus back a moment after the choice, and would get the letters meant for the next field
    page.evaluate("() => new Promise(done => setTimeout(() => requestAnimationFrame(() => setTimeout(done))))")


def another_admin_is_appointed(town: Town, lieve: Person) -> Person:
    page = lieve.page
    lieve.go(f"{CLUB}/settings/admins/")
    page.get_by_role("link", name="Add admin").click()
    choose(page, "Maes Hilde")
    page.get_by_label("Password").fill(LIEVE)
    page.get_by_role("button", name="Add admin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A mail goes to Hilde Maes")
    address = page.get_by_label("Or give the link yourself").input_value()
    mail = town.post.next_to("hilde@leden.example", "Your Koepel account")
    assert "administer Kamerkoor Aarschot" in text_of(mail) and address == town.site.address + link_in(mail)
    hilde = town.visit(None)
    hilde.go(link_in(mail))
    hilde.page.get_by_label("Choose a password").fill(HILDE)
    hilde.page.get_by_role("button", name="Make my login").click()
    hilde.page.wait_for_url(f"**{CLUB}/**")
    hilde.go(f"{CLUB}/settings/admins/")
    expect(hilde.page.locator("#s-admins, section:has(#s-admins)").first).to_contain_text("Hilde Maes")
    return hilde


def twenty_at_once_never_make_seven(town: Town, lieve: Person) -> None:
    page, add = lieve.page, f"{CLUB}/settings/admins/add"
    lieve.go(add)
    token = page.get_attribute("meta[name=csrf-token]", "content")
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    people = rows(town.site, "select id, email_1 from contact where last_name = 'Zanger' order by id")

    def appoint(pk: str) -> int:
        data = {"csrf_token": token, "contact": str(pk), "password": LIEVE}
        return requests.post(town.site.address + add, data=data, cookies=cookies, headers={"Referer": town.site.address + add}, timeout=60).status_code

    with ThreadPoolExecutor(TWENTY) as pool:
        answers = list(pool.map(appoint, (pk for pk, _address in people)))
    assert sorted(answers) == [200] * 4 + [422] * (TWENTY - 4), "two were there, and six is the most"
    for (_pk, address), answer in zip(people, answers, strict=True):
        if answer == 200:
            link_in(town.post.next_to(address, "Your Koepel account"))
    lieve.expected = {422}
    choose(page, "Claes Mia")
    page.get_by_label("Password").fill(LIEVE)
    page.get_by_role("button", name="Add admin").click()
    expect(page.get_by_text("There are already 6 administrators, which is the most. Remove one first.")).to_be_visible()
    expect(page.locator(".ts-control .item")).to_have_text("Claes Mia")
    lieve.go(f"{CLUB}/settings/admins/")
    expect(page.get_by_text("There are 6 administrators, which is the most.")).to_be_visible()
    expect(page.get_by_role("link", name="Add admin")).to_have_count(0)
    expect(page.get_by_text("Link not used yet")).to_have_count(4)


# --- members -----------------------------------------------------------------------------------------


def lieve_invites_two_members(lieve: Person) -> None:
    page = lieve.page
    lieve.go(f"{CLUB}/crm/contacts/?f.login.is=none&f.town.contains=Aarschot")
    for name in ("Claes", "Willems"):
        page.locator("tbody tr", has_text=name).locator("input[name=ids]").check()
    page.locator("[data-bulkbar]").get_by_role("button", name="Actions").click()
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_label("Subject")).to_have_value("Your Koepel account")
    page.get_by_label("Subject").fill("Come in, {first_name}")
    page.get_by_label("Text").fill("Dear {name},\n\nWe sing on Tuesdays; {club} writes it here from now on.")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=20_000)


def fill_credentials(page: Any, username: str, password: str) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Choose a password").fill(password)
    page.get_by_label("The same password again").fill(password)
    page.get_by_role("button", name="Save and continue").click()


def mia_takes_her_invitation(town: Town) -> Person:
    page = (mia := town.visit(None, PHONE)).page
    mail = town.post.next_to("mia@leden.example", "Come in, Mia")
    assert text_of(mail).startswith("Dear Mia Claes,\n\nWe sing on Tuesdays; Kamerkoor Aarschot writes it here from now on.")
    assert "Koepel on your phone (free)" in text_of(mail)
    assert "Kamerkoor Aarschot" in str(mail["From"])
    path = link_in(mail)
    mia.go(path)
    expect(page.get_by_text("This login is for: Mia Claes")).to_be_visible()
    fill_credentials(page, "mia.claes", MIA)
    page.wait_for_url(f"**{CLUB}/home/")
    page.set_viewport_size(WIDE)
    assert page.get_by_role("navigation", name="Main menu").get_by_role("heading").all_inner_texts() == ["My Koepel"]
    stranger = town.visit(None)
    stranger.expected = {404}
    assert stranger.go(path).status == 404, "a link works once"
    return mia


def find_me(town: Town, person: Person, link: str, name: tuple[str, str]) -> None:
    """From the login page: the organisation by a part of its name, the person by name alone, and the button beside the hit."""
    page = person.page
    person.go("/login/")
    page.get_by_role("link", name=link).click()
    page.get_by_label("Name of your club").fill("kamerk")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Kamerkoor Aarschot").click()
    page.get_by_label("First name").fill(name[0])
    page.get_by_label("Family name").fill(name[1])
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="We think we found you")).to_be_visible()
    page.get_by_role("button", name="Request login").click()


def bert_takes_his_and_forgets_it(town: Town) -> None:
    page = (bert := town.visit(None)).page
    bert.go(link_in(town.post.next_to("bert@leden.example", "Come in, Bert")))
    fill_credentials(page, "bert.zingt", BERT)
    page.wait_for_url(f"**{CLUB}/home/")
    later = town.visit(None)
    find_me(town, later, "Forgot your user name or password?", ("bert", "willems"))
    expect(later.page.get_by_text("(b...t@leden.example)")).to_be_visible()
    mail = town.post.next_to("bert@leden.example", "Your Koepel account")
    assert "Your user name is: bert.zingt" in text_of(mail)
    later.go(link_in(mail))
    later.page.get_by_label("New password").fill(BERT_AGAIN)
    later.page.get_by_label("The same password again").fill(BERT_AGAIN)
    later.page.get_by_role("button", name="Save and continue").click()
    later.page.wait_for_url(f"**{CLUB}/home/")
    page.reload()
    page.wait_for_url("**/login/**")  # where it was open, it is not any more


def jan_registers_himself(town: Town) -> Person:
    page = (jan := town.visit(None, PHONE)).page
    find_me(town, jan, "Register here", ("Jan", "Peeters"))
    expect(page.get_by_text("(j...s@leden.example)")).to_be_visible()
    mail = town.post.next_to("jan.peeters@leden.example", "Your Koepel account")
    assert text_of(mail).startswith("Hello Jan,\n\nSomebody asked for a login for Jan Peeters at Kamerkoor Aarschot.")
    jan.go(link_in(mail))
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Kamerkoor Aarschot")
    fill_credentials(page, "jan.peeters", JAN)
    page.wait_for_url(f"**{CLUB}/home/")
    return jan


# --- one person, two clubs ---------------------------------------------------------------------------


def mia_links_her_other_club(town: Town, mia: Person) -> None:
    there = town.visit(None)
    there.go(link_in(town.post.next_to("mia@diest.example", "Your Koepel account")))
    there.page.get_by_label("Choose a password").fill(MIA_DIEST)
    there.page.get_by_role("button", name="Make my login").click()
    there.page.wait_for_url("**/o/vocaal/**")
    page = mia.page
    page.locator(".k-side .k-orgswitch-btn").click()
    page.get_by_role("link", name="Mia Claes").click()
    page.get_by_role("link", name="Link accounts of other users").click()
    page.get_by_role("link", name="Another user").click()
    page.get_by_label("User name or e-mail address").fill("mia@diest.example")
    page.locator("input[name=password]").fill(MIA_DIEST)
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.locator("#flashes")).to_contain_text("mia@diest.example is linked")
    for address in ("mia@leden.example", "mia@diest.example"):
        assert "was linked to" in text_of(town.post.next_to(address, "Linked users"))
    for name, slug in (("Vocaal Diest", "vocaal"), ("Kamerkoor Aarschot", "kamerkoor")):
        page.locator(".k-side .k-orgswitch-btn").click()
        page.get_by_role("button", name=name).click()
        page.wait_for_url(f"**/o/{slug}/**")


# --- a parent and a child ----------------------------------------------------------------------------


def a_family_is_made(lieve: Person) -> None:
    page = lieve.page
    lieve.go(f"{CLUB}/crm/families/add")
    page.get_by_label("Name of the family").fill("Peeters")
    page.get_by_role("button", name="Go on").click()
    for name, function in (("Peeters Jan", "Father"), ("Peeters Lotte", "Child")):
        page.wait_for_url("**/members/add**")
        choose(page, name)
        page.get_by_label("Family function").select_option(label=function)
        page.get_by_role("button", name="Add a member").click()
        expect(page.locator("#flashes")).to_contain_text("was added to the family")
        if function == "Father":
            page.get_by_role("link", name="Add a member").click()
    expect(page.get_by_text("Has access")).to_be_visible()


def jan_acts_for_lotte(town: Town, jan: Person, lieve: Person) -> None:
    page = jan.page
    page.set_viewport_size(WIDE)
    page.reload()
    page.locator(".k-side .k-orgswitch-btn").click()
    page.get_by_role("button", name="Lotte Peeters").click()
    expect(page.locator(".k-acting")).to_contain_text("You are acting for Lotte Peeters.")
    page.get_by_role("navigation", name="Main menu").get_by_role("link", name="Contact details").click()
    page.get_by_role("link", name="Correct my details").click()
    page.get_by_label("Town").fill("Langdorp")
    page.get_by_role("button", name="Send to the club").click()
    expect(page.get_by_text("Your request was sent to the club")).to_be_visible()
    page.get_by_role("button", name="Back to myself").click()
    expect(page.locator(".k-acting")).to_have_count(0)
    for address in ("lieve@koor.example", "hilde@leden.example"):
        town.post.next_to(address, "A member asks to correct details")
    desk = lieve.page
    lieve.go(f"{CLUB}/settings/log/")
    line = desk.locator("tbody tr", has_text="Jan Peeters on behalf of Lotte Peeters").first
    expect(line).to_be_visible()
    lieve.go(f"{CLUB}/crm/corrections/")
    desk.get_by_role("link", name="Lotte Peeters").click()
    desk.get_by_role("button", name="Accept and store").click()
    expect(desk.get_by_text("gets a notification")).to_be_visible()
    mail = town.post.next_to("jan.peeters@leden.example", "Your correction was accepted")
    assert "For Lotte Peeters:" in text_of(mail)
