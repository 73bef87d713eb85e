"""Collects what the screens say and compiles the translations: `make messages`."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from knitwork.measures.catalogue import catalogue
from knitwork.measures.computable import WAYS_OUT
from knitwork.measures.definition import NEEDS

SOURCE = Path(__file__).parents[1] / "src" / "knitwork"
LOCALE = SOURCE / "web" / "locale"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_n_": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
TRANSLATE = re.compile(r"""{%\s*(?:translate|trans)\s+(?:"([^"]*)"|'([^']*)')""")
BLOCK = re.compile(r"{%\s*blocktranslate[^%]*%}(.*?){%\s*endblocktranslate\s*%}", re.DOTALL)
PLURAL = re.compile(r"{%\s*plural\s*%}")
NAME = re.compile(r"{{\s*(\w+)\s*}}")


def collect() -> Catalog:
    """Return every text of our Python and templates."""
    found = Catalog(project="Knitwork", charset="utf-8")
    for path in sorted(SOURCE.rglob("*.py")):
        with path.open("rb") as source:
            for line, function, message, comments in extract_python(source, KEYWORDS, (), {}):
                # of ngettext the number comes too, as None
                texts = tuple(t for t in message if t) if isinstance(message, tuple) else message
                if not texts:
                    continue
                context = None
                if function == "pgettext" and isinstance(texts, tuple):
                    context, texts = texts[0], texts[1:]
                said = texts[0] if isinstance(texts, tuple) and len(texts) == 1 else texts
                found.add(
                    said, context=context, locations=[(str(path.relative_to(SOURCE)), line)], auto_comments=comments
                )
    for path in sorted(SOURCE.rglob("*.html")):
        text = path.read_text("utf-8")
        for match in TRANSLATE.finditer(text):
            found.add(
                (match[1] or match[2]).replace("%", "%%"),  # as the tag looks it up
                locations=[(str(path.relative_to(SOURCE)), 1 + text.count("\n", 0, match.start()))],
            )
        for match in BLOCK.finditer(text):
            parts = [NAME.sub(r"%(\1)s", part) for part in PLURAL.split(match[1])]
            trimmed = [" ".join(p.split()) for p in parts] if "trimmed" in match[0].split("%}")[0] else parts
            found.add(
                tuple(trimmed) if len(trimmed) > 1 else trimmed[0], locations=[(str(path.relative_to(SOURCE)), 1)]
            )
    for place, texts in of_measures().items():
        for text in texts:
            found.add(text, locations=[(place, 1)])
    return found


def of_measures() -> dict[str, list[str]]:
    """Return what the catalogue of measures says, by the file it stands in."""
    found = {
        f"measures/catalogue/{one.id}.yaml": [
            *(one.title, one.title_short, one.why, one.source, one.unlock, one.unit),
            *(one.words.sentence, one.words.numerator, one.words.denominator),
            *((one.said.up, one.said.down) if one.said else ()),
        ]
        for one in catalogue()
    }
    found["measures/definition.py"] = list(NEEDS.values())
    found["measures/computable.py"] = list(WAYS_OUT.values())
    return {place: [text for text in texts if any(c.isalpha() for c in text)] for place, texts in found.items()}


def main() -> None:
    template = collect()
    for po in sorted(LOCALE.glob("*/LC_MESSAGES/django.po")):
        with po.open("rb") as old:
            catalog = read_po(old, locale=po.parts[-3])
        catalog.update(template, no_fuzzy_matching=True)
        with po.open("wb") as out:
            write_po(out, catalog, width=120, ignore_obsolete=True)
        with po.with_suffix(".mo").open("wb") as out:
            write_mo(out, catalog)
        missing = sum(1 for m in catalog if m.id and not (all(m.string) if isinstance(m.string, tuple) else m.string))
        print(f"{po.parts[-3]}: {len(catalog)} texts, {missing} not yet translated")


if __name__ == "__main__":
    main()
