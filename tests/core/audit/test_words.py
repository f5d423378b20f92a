"""What the log says has words, in the language of whoever reads it: no name of a table, no half of an action."""

from __future__ import annotations

import re

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from core.audit.history import _VERBS, _described, subject_names, title_of
from core.audit.models import AuditEntry
from core.db import db
from core.demo.services import seed
from core.organisations.services import by_slug
from core.tenancy import scope, unscoped
from core.testing.house import ROOT, our_files

pytestmark = pytest.mark.once
#: the first word of record(), and of an entry of record_many(); an action made of parts has its words tested where it is made
_RECORDED = re.compile(r"""\b[rR]ecord\(\s*"([a-z_]+\.[a-z_]+)"[,)]""")


def test_every_action_in_the_code_has_words(app):
    known = {action for described in _described.values() for action in described.actions}
    off = {file.parent.name for file in our_files() if file.name == "plugin.py"} - app.extensions["koepel"].plugins.manifests.keys()
    ours = [file for file in our_files() if file.relative_to(ROOT).parts[1] not in off]
    found = {action for file in ours for action in _RECORDED.findall(file.read_text("utf-8"))}
    assert len(found) > 40, "positive control"
    assert {action for action in found if action not in known and action.partition(".")[2] not in _VERBS} == set()


def test_everything_the_demo_did_has_words(app):
    with app.app_context():
        seed("small")
        db.session.remove()
        with unscoped("what stands in the log of the demo"):
            written = {(row.subject_type, row.action) for row in db.session.execute(select(AuditEntry.subject_type, AuditEntry.action).distinct())}
    assert len(written) > 3, "positive control"
    known = {(kind, action) for kind, described in _described.items() if described.title for action in described.actions}
    titled = {kind for kind, described in _described.items() if described.title}
    assert {pair for pair in written - known if pair[0] not in titled or pair[1].partition(".")[2] not in _VERBS} == set()


def test_things_in_the_log_are_called_by_their_name(app):
    """Also at the federation, which reads no contacts of its clubs."""
    with app.app_context():
        seed("small")
        db.session.remove()
        for slug in ("trefpunt-aarschot", "okra-sport"):
            with unscoped("the organisation of a test"):
                organisation = by_slug(slug)
            with scope(organisation):
                written: dict[str, set[int]] = {}
                for kind, pk in db.session.execute(select(AuditEntry.subject_type, AuditEntry.subject_id)):
                    written.setdefault(kind, set()).add(pk)
                for kind in written.keys() & {"contact", "membership", "membership_type", "invoice_run", "group_unit", "group_season"}:
                    names = subject_names(kind, sorted(written[kind]))
                    assert names.keys() == written[kind] and all(re.search("[a-z]|20", name) for name in names.values()), (slug, kind)


def test_an_action_without_a_name_of_its_own_says_of_what_it_is(app):
    with app.app_context(), force_locale("en"):
        assert title_of("selection", "contacts.exported") == "Selection: exported"
        assert title_of("import_run", "import.done") == "Import completed"
    with app.app_context(), force_locale("nl"):
        assert title_of("import_run", "import.changed") == "Import: gewijzigd"
