"""Every text of the code is there in every language, with the same arguments."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Message

from core.testing import strings


def test_every_text_is_translated_and_compiled() -> None:
    assert strings.problems() == []


def test_texts_are_found_in_python_and_in_templates() -> None:
    catalog = strings.collect()
    places = {location[0].rpartition(".")[2] for message in catalog for location in message.locations}
    assert places >= {"py", "html"}
    assert len(catalog) > 1000
    assert catalog.get("Log in") is not None
    assert any(isinstance(message.id, (list, tuple)) for message in catalog)  # plurals


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (Message("Hello %(name)s", "Dag %(name)s"), []),
        (Message("Hello %(name)s", ""), ["not translated"]),
        (Message("Hello %(name)s", "Dag %(naam)s"), ["arguments differ: ['naam', 'name']"]),
        (Message("Hello", "Dag", flags=["fuzzy"]), ["only guessed (fuzzy)"]),
        (Message(("%(num)s day", "%(num)s days"), ("%(num)s dag", "%(num)s dagen")), []),
        (Message(("%(num)s day", "%(num)s days"), ("%(num)s dag", "")), ["not translated"]),
    ],
)
def test_what_a_reader_would_miss_is_found(message: Message, found: list[str]) -> None:
    assert strings.problems_of(message) == found
