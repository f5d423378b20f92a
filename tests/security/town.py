"""A platform full of data: the demo, and for two of its clubs one of everything that has an id."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from flask import Flask
from PIL import Image
from sqlalchemy import or_, select, text

from core import clock
from core.access import Actor
from core.contacts.models import Contact
from core.corrections.models import ContactCorrection
from core.db import db, metadata, transaction
from core.demo import services as demo
from core.demo.logins import PASSWORD
from core.factors.models import Passkey
from core.fields.models import FieldDefinition
from core.fields.services.values import PURPOSE as FIELD_FILE
from core.files.services import store
from core.jobs.models import JobItem
from core.jobs.services import enqueue
from core.lists.models import SavedFilter
from core.notifications.api import notify
from core.organisations.models import Organisation
from core.organisations.services import by_slug, create_organisation, set_setting
from core.organisations.services.details import LOGO_SETTING
from core.organisations.views.details import LOGO_PURPOSE
from core.outbox.refusals import note_refusal
from core.outbox.services import queue_mail
from core.privacy.requests import ask_erasure
from core.rest.services import make_key
from core.rls import settings_for
from core.tenancy import Scope, unscoped
from core.testing.factories import inside, make_contact, make_user
from core.users.models import User
from core.users.services import give_role
from core.web.context import active_plugins, federations_of
from plugins.exchange.models import Proposal
from plugins.exchange.services.proposals import refuse_proposal
from plugins.groups import services as groups
from plugins.invoices.services.invoices import OrderLine, issue_order, save_order
from plugins.joining import services as joining
from plugins.memberships import services as memberships

A, B = "trefpunt-aarschot", "trefpunt-brugge"
FEDERATION, REGION, PLATFORM = "okra-sport", "regio-vlaams-brabant", "platform"
OTHER_FEDERATION, OTHER_ADMIN = "other-federation", "admin.other"
#: user name per role, and the organisation she works in
ROLES = {
    "member": ("lid.aarschot", A),
    "club_admin": ("admin.aarschot", A),
    "region_admin": ("staf.brabant", REGION),
    "federation_admin": ("admin.okra", FEDERATION),
    "platform_admin": ("platform", PLATFORM),
}
#: parts of running an organisation, as two visitors more
PARTS = {"members": ("part.members", A), "finance": ("part.finance", FEDERATION)}
#: clubs of a federation with families, which the others are without
YOUNG, OTHER_YOUNG = "speelclub-de-vlieger", "jeugdorkest-allegro"
#: a federation with other rules, and the club that belongs to both
CHOIRS, DOUBLE = "koor-en-stem", "trefpunt-torhout"
ADMIN_OF = {
    A: "admin.aarschot", B: "admin.brugge", FEDERATION: "admin.okra", YOUNG: "admin.vlieger", OTHER_YOUNG: "admin.allegro",
    CHOIRS: "admin.koorenstem", DOUBLE: "admin.torhout",
}  # fmt: skip
#: federation -> what only it and the club of both may read: a member, the invoice; a linked group
OF_EACH = {
    FEDERATION: ("Secretsports", "Secretinvoicesports", "Secretlinesports"),
    CHOIRS: ("Secretsinger", "Secretinvoicechoir", "Secretlinechoir", "Secretchoirgroup", "Secretchoirplace"),
}
#: family name of who administers, which nobody in the demo has
OF_ADMINS = "Quisquater"
#: where there is one of everything
FULL = (A, B, FEDERATION, YOUNG)
CSV = b"first_name;last_name;email_1\nCsvname%(mark)s;Csvfamily%(mark)s;csv%(mark)s@members.example\n"


def build(app: Flask) -> None:
    """Fill the empty database of an application."""
    with app.app_context():
        demo.seed("small")
        with unscoped("arranging a test"), transaction():
            other = create_organisation(kind="federation", name="Other Federation", slug=OTHER_FEDERATION, federation_plugin="okra_sport")
            give_role(make_user(OTHER_ADMIN), other, "federation_admin")
            for slug in (OTHER_YOUNG, DOUBLE):
                give_role(make_user(ADMIN_OF[slug]), by_slug(slug), "club_admin")
            for role, (username, slug) in PARTS.items():
                give_role(make_user(username), by_slug(slug), role)
            for user in db.session.scalars(select(User).where(User.username.in_([*ADMIN_OF.values(), ROLES["region_admin"][0]]))):
                user.last_name = OF_ADMINS
        for slug in FULL:
            _one_of_everything(app, slug)
        _in_both_federations(app)
        db.session.remove()


def _in_both_federations(app: Flask) -> None:
    """In the club of both a member, an invoice and a group that only one of the two federations may read."""
    with unscoped("arranging a test"):
        club, federations = by_slug(DOUBLE), {slug: by_slug(slug) for slug in OF_EACH}
    with app.test_request_context(), inside(club) as actor:
        for (slug, federation), key in zip(federations.items(), ("sporting", "both"), strict=True):
            person = make_contact("Fien", OF_EACH[slug][0], birth_date=date(1960, 1, 1), gender="F", street="Secretstreet", postcode="8820", town="Torhout")
            kind = next(kind for kind in memberships.types_of(federation) if kind.key == key)
            memberships.request_membership(person, kind, actor=actor).status = "accepted"
        group = groups.add_group({"name": OF_EACH[CHOIRS][3], "type": "adults"}, groups.current_season(), actor=actor)
        groups.link_group(group, federations[CHOIRS], extra={"rehearsal_place": OF_EACH[CHOIRS][4]}, actor=actor)
    for slug, federation in federations.items():
        with app.test_request_context(), inside(federation) as actor:
            lines = [OrderLine(OF_EACH[slug][2], 1, 1_234)]
            issue_order(save_order(None, debtor_id=club.id, title=OF_EACH[slug][1], note="", due_on=None, lines=lines, actor=actor), actor=actor)


def _one_of_everything(app: Flask, slug: str) -> None:
    mark = slug.rpartition("-")[2].title()
    with unscoped("arranging a test"):
        organisation = db.session.scalars(select(Organisation).where(Organisation.slug == slug)).one()
        user = db.session.scalars(select(User).where(User.username == ADMIN_OF[slug])).one()
    with app.test_request_context(), inside(organisation) as system:
        actor = Actor(user.id, user.full_name, organisation.id, is_system=True)
        contacts = db.session.scalars(select(Contact).order_by(Contact.id).limit(5)).all()
        contacts = contacts or [make_contact("Fien", f"Secretname{mark}") for _each in range(3)]
        for contact in contacts:
            contact.remarks = f"Secretremark{mark}{contact.id}"
        job = enqueue("clean_up", {"of": mark}, actor=actor, title=f"Secretjob{mark}")
        db.session.add(JobItem(job_id=job.id, item_id="1", ok=False, label=f"Secretitem{mark}", text="No"))
        job.state = "failed"
        job.reason = "unexpected"
        mail = queue_mail(to=f"secret{mark}@members.example", subject=f"Secretsubject{mark}", text="x", unique_key=f"security-{mark}", actor=actor)
        mail.state, mail.reason = "failed", "rejected"
        db.session.add(ContactCorrection(contact_id=contacts[0].id, was={"town": "x"}, wanted={"town": f"Secrettown{mark}"}, asked_by=f"Secretasker{mark}"))
        note_refusal(f"secretrefused{mark}@members.example", f"550 Secretsaid{mark}", how="refused")
        told = {"subject": f"Secrettold{mark}", "text": f"Secrettext{mark}", "unique_key": f"security-{mark}", "actor": system}
        notify("jobs.failed", user_ids=[user.id], **told)
        key, _text = make_key(f"Secretkey{mark}", ["contacts:read"], days=90, actor=actor)
        db.session.add(SavedFilter(list_name="contacts", name=f"Secretfilter{mark}", query="q=a", user_id=user.id, is_shared=True))
        db.session.add(
            FieldDefinition(
                target="contact",
                key=f"secret_{mark.lower()}",
                type="text",
                label={"nl": f"Secretfield{mark}"},
                purpose="A test",
                legal_basis="consent",
                is_active=True,
            )
        )
        store(f"Secretfile{mark}".encode(), filename=f"secretfile{mark}.txt", purpose=FIELD_FILE, actor=actor, subject=contacts[0], part="attest")
        picture = io.BytesIO()
        Image.new("RGB", (8, 8)).save(picture, "PNG")
        here = db.session.get_one(Organisation, organisation.id)
        logo = store(picture.getvalue(), filename=f"secretlogo{mark}.png", purpose=LOGO_PURPOSE, actor=actor, subject=here)
        set_setting(here, LOGO_SETTING, logo.id)
        db.session.flush()
        _groups(mark, organisation, contacts[0], actor)
        _lately(mark, contacts[1], user, actor)
        assert system.is_system and key.id


def _lately(mark: str, contact: Contact, user: User, actor: Actor) -> None:
    """Somebody who asks to be forgotten, a key of a phone, a proposal of another system that was answered."""
    ask_erasure(contact, f"Secretreason{mark}", actor=actor)
    db.session.add(Passkey(user_id=user.id, name=f"Secretphone{mark}", credential_id=f"credential-{mark}", public_key="k", handle=f"handle-{mark}"))
    for proposal in db.session.scalars(select(Proposal).where(Proposal.organisation_id == contact.organisation_id).order_by(Proposal.id).limit(1)):
        again = {column.key: getattr(proposal, column.key) for column in Proposal.__mapper__.columns if column.key not in ("id", "state")}
        refuse_proposal(proposal.id, actor=actor)
        db.session.add(Proposal(**again))
    db.session.flush()


def _groups(mark: str, organisation: Organisation, contact: Contact, actor: Actor) -> None:
    """A rule, an exception, a link and words of groups; a price of an option in the federation."""
    if organisation.kind == "federation":
        option = groups.add_term("option", {"name": {"nl": f"Secretoption{mark}"}}, actor=actor)
        groups.add_price(option.key, amount_cents=1_234, from_on=clock.today(), actor=actor)
        return
    groups.add_term("category", {"name": {"nl": f"Secretcategory{mark}"}}, actor=actor)
    season = groups.current_season() or groups.add_season(groups.suggestion(), actor=actor)
    group = groups.add_group({"name": f"Secretgroup{mark}"}, season, actor=actor)
    saved = SavedFilter(
        list_name="contacts", name=f"Secretrule{mark}", query=f"f.last_name.is={contact.last_name}", user_id=actor.user_id, is_shared=True
    )
    db.session.add(saved)
    db.session.flush()
    groups.add_rule(group, saved.id, groups.terms_of("function")[0].key, actor=actor)
    row, _contact = groups.members_of(group)[0]
    groups.leave(row, actor=actor)
    groups.link_group(group, federations_of(organisation)[0], extra={}, actor=actor)
    wish = joining.JoinWish(clock.today(), None, ((group.id, groups.terms_of("function")[1].key),))
    joining.join_several([contact.id], wish, batch=joining.new_batch(), actor=actor)


def by_hand(client: Any, slug: str) -> None:
    """What only the pages make: an import, a selection."""
    mark = slug.rpartition("-")[2].title()
    token = token_of(client, f"/o/{slug}/crm/import/")
    upload = {"csrf_token": token, "file": (io.BytesIO(CSV % {b"mark": mark.encode()}), f"secretimport{mark}.csv")}
    answer = client.post(f"/o/{slug}/crm/import/", data=upload, content_type="multipart/form-data")
    assert answer.status_code in (302, 303), answer.text[:500]
    page = client.get(f"/o/{slug}/crm/contacts/").text
    ids = [part.partition('"')[0] for part in page.split('name="ids" value="')[1:4]]
    answer = client.post(f"/o/{slug}/crm/contacts/select", data={"csrf_token": token, "ids": ids})
    assert answer.status_code in (302, 303), answer.text[:500]


def token_of(client: Any, path: str) -> str:
    """A CSRF token of this session."""
    page = client.get(path)
    marker = '<meta name="csrf-token" content="'
    start = page.text.index(marker) + len(marker)
    return str(page.text[start : page.text.index('"', start)])


def log_in(app: Flask, username: str) -> Any:
    client = app.test_client()
    token = token_of(client, "/login/")
    answer = client.post("/login/", data={"username": username, "password": PASSWORD, "csrf_token": token})
    assert answer.status_code == 302, answer.text[:1000]
    return client


#: tables that change because somebody looks: signs of life, counters of keys, of wrong passwords and of visits of strangers, who saw whom
OF_LOOKING = frozenset({"user_session", "worker_sign", "login_attempt", "tally", "rest_key", "ab_user", "contact_view"})


@contextmanager
def everything() -> Iterator[Any]:
    """A connection that sees the rows of all organisations."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(
                text("SELECT set_config('koepel.low', :low, true), set_config('koepel.high', :high, true), set_config('koepel.federation', :federation, true)"),
                settings_for(Scope(None, "platform", reason="looking at everything in a test")),
            )
        yield connection


def dump(app: Flask, owner: int | None = None, *, federation: int | None = None, leave_out: frozenset[str] = OF_LOOKING) -> dict[str, list[str]]:
    """All rows, or those of one owner (and of those what a federation reads), as text the database itself makes: it is asked hundreds of times."""
    columns = {"organisation_id": owner, "federation_id": federation}
    asked = {name: value for name, value in columns.items() if value is not None}
    names = [t.name for t in metadata.sorted_tables if t.name not in leave_out and all(name in t.c for name in asked)]
    of_owner = " WHERE " + " AND ".join(f"{name} = {value}" for name, value in asked.items()) if asked else ""
    found: dict[str, list[str]] = {name: [] for name in names}
    with app.app_context(), everything() as connection:
        if connection.dialect.name == "postgresql":
            rows = " UNION ALL ".join(f"SELECT '{name}', t::text FROM \"{name}\" t{of_owner}" for name in names)
            for name, row in connection.exec_driver_sql(rows):
                found[name].append(row)
        else:
            for name in names:
                found[name] = list(map(repr, connection.exec_driver_sql(f'SELECT * FROM "{name}"{of_owner}')))
    return {name: sorted(rows) for name, rows in found.items()}


def difference(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, tuple[list[str], list[str]]]:
    """Per table what is gone and what is new."""
    return {
        name: (sorted(set(rows) - set(after[name])), sorted(set(after[name]) - set(rows))) for name, rows in before.items() if rows != after[name]
    }


def ids_of(app: Flask, owner: int) -> dict[str, list[int]]:
    """Ids of the rows of one owner, or that it reads as the federation, per table."""
    found = {}
    with app.app_context(), everything() as connection:
        for table in metadata.sorted_tables:
            if "organisation_id" in table.c and "id" in table.c:
                is_its = or_(*(table.c[name] == owner for name in ("organisation_id", "federation_id") if name in table.c))
                found[table.name] = list(connection.execute(table.select().with_only_columns(table.c.id).where(is_its)).scalars())
    return found


def secrets_of(app: Flask, owner: int) -> list[str]:
    """Texts that stand in rows of this owner and nowhere else in the database."""
    theirs: set[str] = set()
    others: set[str] = set()
    with app.app_context(), everything() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.c if column.type.python_type is str] if table.c else []
            if not columns:
                continue
            for row in connection.execute(table.select()):
                values = {str(row._mapping[column.name]) for column in columns if row._mapping[column.name]}
                is_theirs = "organisation_id" in table.c and row._mapping["organisation_id"] == owner
                (theirs if is_theirs else others).update(values)
    blob = "\n".join(others)
    return sorted(value for value in theirs if len(value) >= 9 and value not in blob and not value.isdigit())


def plugins_of(app: Flask, slug: str) -> frozenset[str]:
    """The core and the plugins that are switched on in an organisation."""
    with app.test_request_context(), unscoped("looking at an organisation in a test"):
        return active_plugins(by_slug(slug)) | {"core"}


def organisation_id(app: Flask, slug: str) -> int:
    with app.app_context(), unscoped("looking at an organisation in a test"):
        return int(db.session.scalars(select(Organisation.id).where(Organisation.slug == slug)).one())
