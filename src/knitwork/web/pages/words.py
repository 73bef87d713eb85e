"""The help page: how to read a chart, and what the words mean."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from knitwork.web.accounts.access import needs


@needs("read")
def words(request: HttpRequest) -> HttpResponse:
    """Show the help that comes with the package."""
    return render(request, "pages/help.html", {"text": help_text()})


@cache
def help_text() -> SafeString:
    """Return help.md as HTML. It is ours, and HTML in it is shown as text all the same."""
    text = (files("knitwork.web") / "help.md").read_text(encoding="utf-8")
    written: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return SafeString(written)
