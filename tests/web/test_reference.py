"""The reference of pages is complete."""

from __future__ import annotations

import re
from pathlib import Path

from django.urls import get_resolver

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "pages.md"


def test_every_page_is_in_the_reference_with_its_address_and_who_may_see_it():
    rows = re.findall(r"^\| `/([^`]*)` \| `([\w-]+)` \| (\w+) \|", REFERENCE.read_text("utf-8"), re.MULTILINE)
    who = {
        "read": "reader", "patients": "team", "walls": "lead", "charts": "lead", "set_up": "owner", "link": "link", None: "everybody",
    }  # fmt: skip
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", str(route.pattern)).replace("sender", "from").replace("receiver", "to"),
         route.name, who[getattr(route.callback, "right", None)])
        for route in get_resolver().url_patterns
    }  # fmt: skip

    assert set(rows) == routes
