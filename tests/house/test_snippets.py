"""What documents quote is what the code says."""

from pathlib import Path

from core.testing.house import ROOT
from core.testing.snippets import different, quoted_in

README = ROOT / "federations" / "README.md"


def test_a_federation_in_one_evening_quotes_the_example() -> None:
    assert quoted_in(README) == ["manifest", "types", "functions", "groups", "fields"]
    assert different(README) == []


def test_a_quote_that_is_not_the_code_is_found(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("# [part]\nx = 1\n# [/part]\n")
    document = tmp_path / "doc.md"
    document.write_text("<!-- from code.py: part -->\n```python\nx = 1\n```\n")
    assert different(document) == []
    document.write_text("<!-- from code.py: part -->\n```python\nx = 2\n```\n<!-- from code.py: gone -->\n```\n```\n")
    assert different(document) == ["code.py: part", "code.py: gone"]
