"""What the pages answer where a stream of events asks whether it may begin, or go on."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from knitwork.web.walls.render import Wanted
from knitwork.web.walls.views import WALL_HEADER

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Django's own handler wants a dictionary for its scope, and ours is one.
App = Callable[[Any, Receive, Any], Awaitable[None]]


@dataclass
class Answer:
    """What the pages answered to a request for a stream."""

    messages: list[Message] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        raw = self.messages[0].get("headers", []) if self.messages else []
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}

    @property
    def wanted(self) -> Wanted | None:
        """Return the wall that may be followed; None where none may."""
        said = self.headers.get(WALL_HEADER.lower())
        if not self.messages or self.messages[0].get("status") != 200 or said is None:
            return None
        return Wanted(**json.loads(said))

    @property
    def language(self) -> str:
        return self.headers.get("content-language", "en-gb")

    async def pass_on(self, send: Send) -> None:
        for message in self.messages:
            await send(message)
