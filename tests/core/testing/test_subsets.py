"""Which selections of plugins there are, and that what is wrong with one is seen."""

from __future__ import annotations

import pytest
from flask import Flask, render_template

from core.extend.registry import registry
from core.testing import subsets
from core.testing.factories import World

IMPORTS = {"members": (), "bills": ("members",), "kin": (), "alpine": ("bills", "members")}


def test_a_selection_is_complete_or_not_there() -> None:
    assert subsets.complete(IMPORTS) == [
        (), ("kin",), ("members",), ("bills", "members"), ("kin", "members"),
        ("alpine", "bills", "members"), ("bills", "kin", "members"), ("alpine", "bills", "kin", "members"),
    ]  # fmt: skip


def test_all_but_one_leaves_out_those_that_need_it_too() -> None:
    assert subsets.extremes(IMPORTS) == {
        "none": (),
        "all": ("alpine", "bills", "kin", "members"),
        "without:alpine": ("bills", "kin", "members"),
        "without:bills": ("kin", "members"),
        "without:kin": ("alpine", "bills", "members"),
        "without:members": ("kin",),
    }


def test_one_can_ask_for_a_few() -> None:
    assert subsets.chosen(["none", "without:bills", "members,kin"], IMPORTS, {}) == {
        "none": (), "without:bills": ("kin", "members"), "members,kin": ("kin", "members"),
    }  # fmt: skip
    assert subsets.chosen([], IMPORTS, {"kin": ("kin",)}) == {"kin": ("kin",)}


@pytest.fixture
def walk(app: Flask, world: World) -> subsets.Walk:
    return subsets.Walk(app, "admin.a", "club-a")


def test_a_page_that_works_is_no_problem(walk: subsets.Walk) -> None:
    assert walk.ask("/o/club-a/dashboard/") == 200
    assert walk.problems == []


@pytest.mark.parametrize(
    ("page", "problems"),
    [
        (lambda: render_template("nowhere.html"), ["logged: unexpected TemplateNotFound nowhere.html", "admin.a: 500 /o/club-a/dashboard/"]),
        (lambda: '<a href="/o/club-a/choirs/?size=20">', ["admin.a: /o/club-a/dashboard/ links to /o/club-a/choirs/?size=20, which is nowhere"]),
        (lambda: '<a href="/o/club-a/crm/contacts/#top"><a href="https://koepel.example/">', []),
    ],
)
def test_what_is_wrong_with_a_page_is_seen(app: Flask, walk: subsets.Walk, monkeypatch: pytest.MonkeyPatch, page, problems) -> None:
    endpoint, _values = walk.addresses.match("/o/club-a/dashboard/", method="GET")
    monkeypatch.setitem(app.view_functions, endpoint, lambda **_values: page())
    walk.ask("/o/club-a/dashboard/")
    assert walk.problems == problems


def test_a_part_of_a_page_that_is_out_of_order_is_seen(app: Flask, walk: subsets.Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_arguments: object) -> None:
        raise RuntimeError("no such choir")

    with app.app_context():
        widgets = registry().all("widgets")
    for widget in widgets:
        monkeypatch.setitem(widget.__dict__, "context", break_down)
    assert walk.ask("/o/club-a/dashboard/") == 200
    assert set(walk.problems) == {"logged: widget RuntimeError no such choir"}


def test_a_link_to_what_does_not_exist_here_is_seen(app: Flask, walk: subsets.Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint, _values = walk.addresses.match("/o/club-a/dashboard/", method="GET")
    monkeypatch.setitem(app.view_functions, endpoint, lambda **_values: '<a href="/o/club-a/crm/contacts/999999999">')
    monkeypatch.setattr(subsets, "pages_without_arguments", lambda app: [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint])
    walk.all_pages()
    assert walk.problems == ["admin.a: /o/club-a/dashboard/ links to /o/club-a/crm/contacts/999999999, which does not exist here"]
