"""`make strings`: collects the texts of the code into the catalogues, and compiles them; `--check` only looks.

English texts are the message ids themselves, so the English catalogue stays empty.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from core.i18n import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "translations"
SOURCE = "en"
KEYWORDS = {**DEFAULT_KEYWORDS, "_": None, "_l": None, "_n": (1, 2), "lazy_gettext": None}
_ARGUMENT = re.compile(r"%\((\w+)\)[a-z]")
Text = str | tuple[str, ...] | list[str]


def collect() -> Catalog:
    """Every text of the code, with where it is."""
    with (FOLDER / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    catalog = Catalog(project="Koepel", charset="utf-8")
    found = extract_from_dir(ROOT, method_map=methods, options_map=options, keywords=KEYWORDS, directory_filter=_is_ours)
    for filename, line, text, comments, context in sorted(found, key=lambda one: (one[0].replace("\\", "/"), one[1])):
        catalog.add(text, None, [(filename.replace("\\", "/"), line)], auto_comments=comments, context=context)
    return catalog


def _is_ours(folder: str | Path) -> bool:
    return not Path(folder).name.startswith((".", "_")) and Path(folder).name not in ("instance", "site", "build", "dist", "node_modules")


def catalogue(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    with catalogue(language).open("rb") as file:
        return read_po(file, locale=language)


def update() -> None:
    """Bring every catalogue up to date with the code: new texts are added, those that are gone removed."""
    template = collect()
    for language in LANGUAGES:
        path = catalogue(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        catalog = read(language) if path.exists() else Catalog(locale=language, project="Koepel", charset="utf-8")
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.revision_date = catalog.creation_date  # else every run changes every file
        with path.open("wb") as file:
            write_po(file, catalog, width=120, omit_header=False, include_lineno=False, sort_output=True)
        path.with_suffix(".mo").write_bytes(compiled(read(language)))
        missing = 0 if language == SOURCE else sum(not is_translated(message) for message in catalog if message.id)
        print(f"{language}: {len(catalog)} texts, {missing} not translated")


def compiled(catalog: Catalog) -> bytes:
    stream = io.BytesIO()
    write_mo(stream, catalog)
    return stream.getvalue()


def problems() -> list[str]:
    """What a reader would miss: texts without translation, lost arguments, catalogues that are behind the code."""
    template, found = collect(), []
    for language in LANGUAGES:
        if not catalogue(language).exists():
            found.append(f"{language}: no catalogue, run make strings")
            continue
        catalog = read(language)
        for message in template:
            if not message.id:
                continue
            where = f"{language}: {_shown(message.id)!r} ({message.locations[0][0]})"
            known = catalog.get(message.id, message.context)
            if known is None:
                found.append(f"{where}: not in the catalogue")
            elif language != SOURCE:
                found += [f"{where}: {problem}" for problem in problems_of(known)]
        machine = catalogue(language).with_suffix(".mo")
        if not machine.exists() or machine.read_bytes() != compiled(catalog):
            found.append(f"{language}: the compiled catalogue is old, run make strings")
    return found


def problems_of(message: Message) -> list[str]:
    """Is the text there in this language, and does it have the same arguments?"""
    if not is_translated(message):
        return ["not translated"]
    if message.fuzzy:
        return ["only guessed (fuzzy)"]
    wanted = set(_ARGUMENT.findall(" ".join(_parts(message.id))))
    have = set(_ARGUMENT.findall(" ".join(_parts(message.string))))
    return [f"arguments differ: {sorted(wanted ^ have)}"] if wanted != have else []


def is_translated(message: Message) -> bool:
    return all(_parts(message.string)) and bool(_parts(message.string))


def _parts(text: Text | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def _shown(text: Text) -> str:
    return _parts(text)[0][:70]


def main(arguments: list[str]) -> int:
    if "--check" not in arguments:
        update()
        return 0
    found = problems()
    print("\n".join(found[:200]) or "all texts are there in every language")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
