"""The manual: the project's own docs, read from the same Markdown that stands in the repository.

It comes with the package, so that it can be read in a closed network, and its links lead to its own pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from posixpath import normpath

from django.urls import reverse
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

# Where a link leads out of the docs its words stay and the link goes: the page is not in the package.
PICTURES = frozenset({".png"})
EXCERPT = 160
CODE = ("fence", "code_block")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page under one heading: where it is, and its words without markup."""

    page: str
    page_title: str
    heading: str
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the manual."""

    path: str
    title: str
    html: SafeString
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A place in the manual that holds every word that was looked for."""

    section: Section
    excerpt: str


@cache
def folder() -> Path:
    """Return where the docs lie: inside the installed package, or beside the source."""
    inside = Path(str(files("knitwork") / "docs"))
    return inside if inside.is_dir() else Path(__file__).resolve().parents[3] / "docs"


@cache
def paths() -> tuple[str, ...]:
    """Return the path of every page, without its ending: `how-to/read-a-chart`."""
    return tuple(sorted(p.relative_to(folder()).with_suffix("").as_posix() for p in folder().rglob("*.md")))


def picture(name: str) -> Path | None:
    """Return the file of a picture in the docs, or None where there is none of that name."""
    known = {p.name: p for p in (folder() / "pictures").glob("*") if p.suffix in PICTURES}
    return known.get(name)


@cache
def page(path: str) -> Page | None:
    """Return one page as HTML, or None where there is no such page."""
    if path not in paths():
        return None
    text = (folder() / f"{path}.md").read_text(encoding="utf-8")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = list(_adapted(markdown.parse(text), path))
    sections = tuple(_sections(tokens, path))
    html: str = markdown.renderer.render(tokens, markdown.options, {})
    return Page(path, sections[0].heading if sections else path, SafeString(html), sections)


def search(words: str, most: int = 30) -> list[Found]:
    """Return the sections that hold all the words, those with a word in their heading first, in the docs' order."""
    # From the beginning of a word: "merge" is not looked for in "emergency".
    wanted = [
        re.compile(rf"\b{re.escape(word)}" if word[0].isalnum() else re.escape(word)) for word in words.lower().split()
    ]
    if not wanted:
        return []
    found = []
    for path in paths():
        known = page(path)
        for section in known.sections if known else ():
            heading, text = section.heading.lower(), section.text.lower()
            if all(word.search(heading) or word.search(text) for word in wanted):
                missed = sum(not word.search(heading) for word in wanted)
                # Decisions tell why, and are seldom what somebody at work is looking for.
                found.append((missed, path.startswith("decisions/"), Found(section, _excerpt(section.text, wanted))))
    return [one for *_order, one in sorted(found, key=lambda row: row[:2])][:most]


def anchor(heading: str) -> str:
    """Return a heading as the name by which links find it, as hosts of Markdown make it.

    >>> anchor("What `status` says, and why")
    'what-status-says-and-why'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _excerpt(text: str, wanted: list[re.Pattern[str]]) -> str:
    """Return the words around the first place at which one of those wanted stands."""
    at = min((known.start() for word in wanted if (known := word.search(text.lower()))), default=0)
    first = max(0, at - EXCERPT // 3)
    start = 0 if first == 0 else text.find(" ", first) + 1
    cut = text[start : start + EXCERPT]
    if start + EXCERPT < len(text):
        cut = cut[: cut.rfind(" ")] + " …"
    return ("… " if start else "") + cut


def _adapted(tokens: list[Token], path: str) -> Iterator[Token]:
    """Give headings and glossary terms their names, lead links to our own pages, and let wide tables and code scroll."""
    for before, token, following in zip([None, *tokens[:-1]], tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following is not None:
            token.attrSet("id", anchor(_plain(following)))
        elif token.type == "paragraph_open" and following is not None and (term := _term(following)):
            token.attrSet("id", anchor(term))
        elif token.type == "inline":
            token.children = list(_linked(token.children or [], path))
        if token.type in ("th_open", "td_open") and "text-align:right" in str(token.attrs.pop("style", "")):
            # The parser says it by a style, which our policy refuses.
            token.attrSet("class", "n")
        if token.type == "th_open" and following is not None and not following.content:
            # A heading without words is none.
            token.tag = "td"
        if token.type == "th_close" and before is not None and before.type == "inline" and not before.content:
            token.tag = "td"
        if token.type in ("table_open", *CODE):
            yield _markup('<div class="wide" tabindex="0" role="group">')
        yield token
        if token.type in ("table_close", *CODE):
            yield _markup("</div>\n")


def _markup(text: str) -> Token:
    box = Token("html_block", "", 0)
    box.content = text
    return box


def _term(inline: Token) -> str:
    """Return the term that a paragraph of the glossary explains: the bold words it begins with."""
    children = inline.children or []
    bold = next((i for i, child in enumerate(children) if child.type == "strong_open"), None)
    if bold is None or any(child.content for child in children[:bold]):
        return ""
    return children[bold + 1].content


def _linked(children: list[Token], path: str) -> Iterator[Token]:
    """Lead relative links to the manual's own pages; of a link that leads elsewhere only its words stay."""
    dropped = 0
    for child in children:
        if child.type == "link_open":
            address = _address(str(child.attrGet("href") or ""), path)
            if address is None:
                dropped += 1
                continue
            child.attrSet("href", address)
        elif child.type == "link_close" and dropped:
            dropped -= 1
            continue
        elif child.type == "image":
            name = str(child.attrGet("src") or "").rsplit("/", 1)[-1]
            child.attrSet("src", reverse("help-picture", kwargs={"name": name}))
            child.attrSet("loading", "lazy")  # a page of pictures sends those that are looked at
        yield child


def _address(link: str, path: str) -> str | None:
    """Return where a link of a page leads inside the manual; None where it leads out of it."""
    if re.match(r"[a-z]+:", link):
        return None
    target, _, heading = link.partition("#")
    end = f"#{heading}" if heading else ""
    if not target:
        return end
    known = normpath(f"{path}/../{target}").removesuffix(".md")
    if known not in paths():
        return None
    return reverse("help-page", kwargs={"path": known}) + end


def _plain(inline: Token) -> str:
    breaks = ("softbreak", "hardbreak")
    return "".join(" " if child.type in breaks else child.content for child in inline.children or [])


def _sections(tokens: list[Token], path: str) -> Iterator[Section]:
    """Cut a page at its headings."""
    title, heading, text = "", "", list[str]()
    for token, before in zip(tokens, [None, *tokens], strict=False):
        if token.type == "inline" and before is not None and before.type == "heading_open":
            if heading:
                yield Section(path, title, heading, anchor(heading), " ".join(text))
            heading, text = _plain(token), []
            title = title or heading
        elif token.type in ("inline", "fence", "code_block"):
            text.append(token.content if token.type != "inline" else _plain(token))
    if heading:
        yield Section(path, title, heading, anchor(heading), " ".join(text))
