"""A served home, asked for every page that leads from another; nothing follows a redirect or forgets a header."""

from __future__ import annotations

import html
import http.client
import re
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from django.urls import Resolver404, resolve


@dataclass(frozen=True)
class Answer:
    """What came back: the address asked for, the status, the headers and the body."""

    path: str
    status: int
    headers: dict[str, str]
    body: str

    @property
    def links(self) -> list[str]:
        """Return every address in the page, in the words of a browser: links, pictures, forms and where it leads on."""
        found = re.findall(r'(?:href|src|action|data-[a-z-]+)="([^"]*)"', self.body)
        return [html.unescape(one) for one in [*found, *self.headers.get("location", "").split()]]

    @property
    def route(self) -> str:
        """Return the name of the page."""
        return route_of(self.path)


def route_of(path: str) -> str:
    try:
        return resolve(urlsplit(path).path).url_name
    except Resolver404:
        return ""


@dataclass
class Browser:
    """Asks one server, with the cookies that it was given."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, *, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        """Ask for one page. Headers are named with _ for -."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            told["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            told.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body=body, headers=told)
            came = connection.getresponse()
            head = {name.lower(): value for name, value in came.getheaders()}
            for name, value in came.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.split(";")[0]
            return Answer(path, came.status, head, came.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def token(self, page: Answer) -> str:
        """Return what a form of this page sends along."""
        return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.body)[1]

    def walk(self, begin: list[str], *, each: int, most: int) -> list[Answer]:
        """Ask for pages and for what they lead to: `each` pages of a kind, `most` in all."""
        todo, seen, kinds, answers = list(begin), set(), Counter(), []
        while todo and len(answers) < most:
            path = todo.pop(0).split("#")[0]
            kind = route_of(path)
            if path in seen or path.startswith("/static/") or kinds[kind] >= each or kind in ("live", "live-link"):
                continue
            seen.add(path)
            kinds[kind] += 1
            answer = self.ask(path)
            answers.append(answer)
            if answer.headers.get("content-type", "").startswith("text/html"):
                todo += [urljoin(path, one) for one in answer.links if urljoin(path, one).startswith("/")]
        return answers
