"""Everybody chooses the widgets of the own dashboard."""

import re

import pytest

from core.testing.plugin import csrf_of

PAGE = "/o/club-a/dashboard/"


def titles(page: str) -> list[str]:
    return re.findall(r'name="widgets" value="([a-z_.]+)"( checked)?', page)


@pytest.mark.covers("R061", "R062")
def test_widgets_that_are_not_ticked_are_hidden_for_this_person_only(login):
    client = login("admin.a")
    page = client.get(PAGE).text
    before = titles(page)
    assert len(before) > 2 and all(checked for _name, checked in before)

    kept = [name for name, _checked in before if name != "contacts"]
    answer = client.post(f"{PAGE}widgets", data={"widgets": [*kept, "nobody-offers-this"], "csrf_token": csrf_of(page)})

    assert answer.status_code == 302
    page = client.get(PAGE).text
    assert [name for name, checked in titles(page) if not checked] == ["contacts"]
    assert all(checked for _name, checked in titles(login("admin.b").get(PAGE.replace("club-a", "club-b")).text))

    client.post(f"{PAGE}widgets", data={"csrf_token": csrf_of(page)})
    assert "Your dashboard is empty" in client.get(PAGE).text
