"""Who may use which route: asked of the running application, and kept in routes.tsv.

`python -m tests.security.routes` shows what differs; with --write the table is written anew.
Read the difference before you commit it: a line that changed is a right that changed.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from sqlalchemy import delete
from werkzeug.routing import Rule

from core.db import db, transaction
from core.extend.registry import Registry
from core.users.models import LoginAttempt
from tests.security import town as arranged
from tests.security.town import ADMIN_OF, PARTS, ROLES, A, B

TABLE = Path(__file__).with_name("routes.tsv")
#: "outsider" is the administrator of another club, in an organisation where she has no role
COLUMNS = ("endpoint", "method", "permission", "anonymous", "outsider", *ROLES, *PARTS)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: what stands in the place of an argument; no row has this id
NOBODY = 999_999_999
#: ends the session with which we ask
LAST = ("SessionView.logout", "AccountPage.end_others", "AccountPage.end")


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every rule and method of ours, once; GET first."""
    rules = [rule for rule in app.url_map.iter_rules() if not rule.endpoint.endswith("static")]
    pairs = sorted({(rule.endpoint, method): rule for rule in rules for method in METHODS if method in (rule.methods or ())}.items())
    for (_endpoint, method), rule in sorted(pairs, key=lambda pair: (pair[0][0] in LAST, pair[0][1] != "GET", pair[0])):
        yield rule, method


def permission_of(app: Flask, endpoint: str) -> str:
    view: Any = app.view_functions[endpoint]
    if hasattr(view, "_koepel_permission"):
        return str(view._koepel_permission)
    owner = view.__self__
    return f"{owner.class_permission_name}.{owner.method_permission_name.get(view._permission_name, view._permission_name)}"


def plugin_of(app: Flask, rule: Rule) -> str:
    """The plugin (or "core") whose page this is."""
    registry: Registry = app.extensions["koepel"]
    views = {owned.item.__name__: owned.plugin for owned in registry.owned("views")}
    return views.get(rule.endpoint.partition(".")[0], "core")


def path_of(rule: Rule, slug: str, number: int = NOBODY, word: str = "nothing") -> str:
    """An address of a rule, with stand-ins for its arguments."""
    values: dict[str, Any] = {}
    for name in rule.arguments:
        kind = type(rule._converters[name]).__name__
        values[name] = slug if name == "org" else number if kind == "IntegerConverter" else word
    _domain, path = rule.build(values) or ("", "")
    return path


def outcome(answer: Any) -> str:
    """What an answer says about the right: login, no, none (it does not exist for her) or yes."""
    code, location = answer.status_code, answer.headers.get("Location", "")
    answer.close()
    if code == 401 or location.startswith("/login/"):
        return "login"
    if code == 403:
        return "no"
    return "error" if code == 500 else "none" if code == 404 else "yes"


@contextmanager
def without_drawing() -> Iterator[None]:
    """Pages are empty inside: whether somebody may see one is settled before it is drawn, and drawing is most of the time."""
    with patch("flask.templating._render", lambda _app, _template, _context: ""):
        yield


def ask(client: Any, method: str, path: str, token: str) -> Any:
    with without_drawing():
        if method == "GET":
            return client.get(path)
        if path.startswith("/api/"):
            return client.open(path, method=method, json={}, headers={"X-CSRFToken": token})
        return client.open(path, method=method, data={"csrf_token": token})


def table(app: Flask) -> list[tuple[str, ...]]:
    """The rights of every role, by asking; on a database one can spoil."""
    nobody = app.test_client()
    answers: dict[str, dict[tuple[str, str], str]] = {"anonymous": {}}
    anonymous_token = arranged.token_of(nobody, "/login/")
    for rule, method in routes(app):
        answers["anonymous"][rule.endpoint, method] = outcome(ask(nobody, method, path_of(rule, A), anonymous_token))
    for role, (username, slug) in {"outsider": (ADMIN_OF[B], A), **ROLES, **PARTS}.items():
        answers[role] = _answers_of(app, role, username, slug)
    return [
        (rule.endpoint, method, permission_of(app, rule.endpoint), *(answers[role][rule.endpoint, method] for role in COLUMNS[3:]))
        for rule, method in sorted(routes(app), key=lambda pair: (pair[0].endpoint, pair[1]))
    ]


def _answers_of(app: Flask, role: str, username: str, slug: str) -> dict[tuple[str, str], str]:
    client, token = _log_in(app, username)
    found = {}
    for rule, method in routes(app):
        if rule.endpoint in LAST:
            client, token = _log_in(app, username)
        answer = ask(client, method, path_of(rule, slug), token)
        if method != "GET" and "Set-Cookie" in answer.headers:  # the session may have ended, or have a new token: a wrong one looks allowed
            client, token = _still_in(app, client, username)
        found[rule.endpoint, method] = outcome(answer)
    return found


def _still_in(app: Flask, client: Any, username: str) -> tuple[Any, str]:
    try:
        return client, arranged.token_of(client, "/welcome/")
    except ValueError:
        return _log_in(app, username)


def _log_in(app: Flask, username: str) -> tuple[Any, str]:
    """A new session; the empty passwords that doors were sent before do not make it wait."""
    with app.app_context(), transaction():
        db.session.execute(delete(LoginAttempt))
    client = arranged.log_in(app, username)
    return client, arranged.token_of(client, "/welcome/")


def read() -> list[tuple[str, ...]]:
    """The rows as they were kept; a visitor who is new there has no answers yet."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [tuple(row.get(column) or "" for column in COLUMNS) for row in csv.DictReader(file, delimiter="\t")]


def write(rows: list[tuple[str, ...]]) -> None:
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t", lineterminator="\n").writerows([COLUMNS, *rows])


def differences(kept: list[tuple[str, ...]], found: list[tuple[str, ...]]) -> list[str]:
    """What a reviewer has to look at, a line each."""
    before, after = {row[:2]: row for row in kept}, {row[:2]: row for row in found}
    said = [f"new route, not in the table: {' '.join(key)}" for key in sorted(after.keys() - before.keys())]
    said += [f"in the table, but no route: {' '.join(key)}" for key in sorted(before.keys() - after.keys())]
    for key in sorted(before.keys() & after.keys()):
        changed = [f"{column} {old} -> {new}" for column, old, new in zip(COLUMNS, before[key], after[key], strict=True) if old != new]
        if changed:
            said.append(f"{' '.join(key)}: {', '.join(changed)}")
    return said


def main() -> int:
    """Ask an application on a database of its own, show what differs, and write it when asked."""
    import tempfile  # noqa: PLC0415 -- only for the command

    from core import config as configuration  # noqa: PLC0415 -- only for the command
    from core.testing.databases import make_test_app  # noqa: PLC0415 -- only for the command

    with tempfile.TemporaryDirectory() as folder:
        config = configuration.load({}, environment="test", instance_dir=Path(folder), embedded_worker=False, ask_second_factor=False, log_level="ERROR")
        app = make_test_app(config)
        arranged.build(app)
        found = table(app)
    said = differences(read() if TABLE.exists() else [], found)
    print("\n".join(said) or "The table is as the application says.")
    if "--write" in sys.argv and said:
        write(found)
        print(f"Written: {TABLE}. Read the difference above before you commit it.")
        return 0
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
