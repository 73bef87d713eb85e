"""The streams of events behind open walls: what is told, to whom, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import json

import pytest

from knitwork.web.walls import live as live_module
from knitwork.web.walls import news
from knitwork.web.walls.live import Live, LookOut, Reader
from knitwork.web.walls.render import Inside, Wanted
from knitwork.web.walls.views import WALL_HEADER

pytestmark = pytest.mark.enable_socket  # asyncio makes a pair of sockets for itself
CCU = Wanted("CCU")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(live_module, "POLL_S", 0.01)
    monkeypatch.setattr(live_module, "ALIVE_S", 0.1)


class Home:
    """A home whose generation a test moves on, and whose walls say which one they are of."""

    def __init__(self):
        self.generation, self.made = 1, []

    def seen(self):
        return self.generation

    def make(self, wanted, language):
        if wanted.unit == "broken":
            raise RuntimeError("this wall cannot be made")
        self.made.append((wanted, language, self.generation))
        html = f"{wanted.unit} {language} {self.generation}"
        return Inside(gzip.compress(html.encode()), f"tag-{html}", None, 1)


class Pages:
    """Django's part: lets readers in, each to one wall, until told otherwise."""

    def __init__(self, wanted=CCU, status=200, language="en-gb"):
        self.wanted, self.status, self.language, self.asked = wanted, status, language, 0

    async def __call__(self, scope, receive, send):
        assert (await receive())["type"] == "http.request"
        self.asked += 1
        headers = [(b"content-language", self.language.encode())]
        if self.status == 200:
            headers.append((WALL_HEADER.lower().encode(), json.dumps(dataclasses.asdict(self.wanted)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"pages"})


class Screen:
    """One open stream, as a server would hold it."""

    def __init__(self, app, path="/live/", shows=""):
        self.scope = {
            "type": "http", "method": "GET", "path": path, "query_string": f"shows={shows}".encode(),
            "headers": [(b"accept-encoding", b"gzip")],
        }  # fmt: skip
        self.app, self.sent, self.away = app, [], asyncio.Event()
        self.task = asyncio.create_task(app(self.scope, self.receive, self.send))

    async def receive(self):
        await self.away.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)

    @property
    def text(self):
        return b"".join(m.get("body", b"") for m in self.sent).decode()

    def events(self, kind="wall"):
        blocks = [block.splitlines() for block in self.text.split("\n\n")]
        return [lines[-1].removeprefix("data: ") for lines in blocks if f"event: {kind}" in lines]

    async def until(self, what, seconds=15.0):
        async with asyncio.timeout(seconds):
            while not what(self):
                await asyncio.sleep(0.005)

    async def leave(self):
        self.away.set()
        await asyncio.wait_for(self.task, 15)


async def fetched(app, address, *, gzipped=True):
    screen = Screen(app, address)
    if not gzipped:
        screen.scope["headers"] = []
    await screen.task
    body = b"".join(m.get("body", b"") for m in screen.sent)
    return screen.sent[0]["status"], (gzip.decompress(body).decode() if gzipped and body else body.decode())


def run(scenario, home=None, pages=None):
    """Run a scenario, and see that it leaves no reader, no watch and no task behind."""
    home, pages = home or Home(), pages or Pages()

    async def whole():
        look_out = LookOut(seen=home.seen, make=home.make)
        app = Live(pages, look_out)
        await scenario(app, home, pages)
        await asyncio.sleep(0.06)
        assert look_out.readers == set()
        assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []

    asyncio.run(whole())
    assert not news._listeners


def test_a_new_generation_is_told_to_every_screen_and_made_once():
    async def scenario(app, home, pages):
        screens = [Screen(app, shows="tag-CCU en-gb 1") for _ in range(50)]
        for screen in screens:
            await screen.until(lambda s: s.events("alive"))
        # Each looks once whether its page is old already; `kept` makes that cheap.
        await screens[0].until(lambda s: len(home.made) > len(screens))
        await asyncio.sleep(0.2)

        home.generation = 2
        for screen in screens:
            await screen.until(lambda s: s.events())

        news_ = {screen.events()[0] for screen in screens}
        assert len(news_) == 1
        told = json.loads(news_.pop())
        assert told["tag"] == "tag-CCU en-gb 2"
        assert await fetched(app, told["part"]) == (200, "CCU en-gb 2")
        assert await fetched(app, told["part"], gzipped=False) == (200, "CCU en-gb 2")
        assert [m for m in home.made if m[2] == 2] == [(CCU, "en-gb", 2)]
        for screen in screens:
            await screen.leave()

    run(scenario)


def test_a_screen_whose_page_is_old_already_is_told_at_once():
    async def scenario(app, home, pages):
        old, fresh = Screen(app, shows="tag-of-yesterday"), Screen(app, shows="tag-CCU en-gb 1")

        await old.until(lambda s: s.events())
        await fresh.until(lambda s: len(s.events("alive")) > 1)

        assert fresh.events() == []
        await old.leave()
        await fresh.leave()

    run(scenario)


def test_what_did_not_change_is_not_told():
    async def scenario(app, home, pages):
        screen = Screen(app, shows="same")
        await screen.until(lambda s: s.events("alive"))
        for generation in range(2, 6):
            home.generation = generation
            await asyncio.sleep(0.03)

        assert screen.events() == []
        await screen.leave()

    home = Home()
    home.make = lambda wanted, language: Inside(b"", "same", None, 1)
    run(scenario, home)


@pytest.mark.parametrize("status", [302, 403, 404])
def test_who_may_not_see_the_page_gets_its_answer_and_no_stream(status):
    async def scenario(app, home, pages):
        screen = Screen(app)
        await screen.task

        assert screen.sent[0]["status"] == status
        assert screen.text == "pages"

    run(scenario, pages=Pages(status=status))


def test_a_stream_ends_when_the_page_would_no_longer_be_shown():
    async def scenario(app, home, pages):
        screen = Screen(app)
        await screen.until(lambda s: s.events("alive"))

        pages.status = 403
        await asyncio.wait_for(screen.task, 15)

        assert screen.events("ended") == [""]
        assert screen.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}

    run(scenario)


def test_a_wall_that_is_changed_asks_at_once_and_other_walls_are_left_alone(monkeypatch):
    monkeypatch.setattr(live_module, "ALIVE_S", 60.0)

    async def scenario(app, home, pages):
        screen = Screen(app, shows="tag-CCU en-gb 1")
        await screen.until(lambda s: len(s.sent) > 1)
        await asyncio.sleep(0.05)
        asked = pages.asked

        await asyncio.to_thread(news.tell, 6)
        await asyncio.sleep(0.05)
        assert pages.asked == asked
        pages.status = 404
        await asyncio.to_thread(news.tell, 5)
        await asyncio.wait_for(screen.task, 15)

        assert screen.events("ended") == [""]

    run(scenario, pages=Pages(Wanted("CCU", wall=5, linked=True)))


def test_fifty_screens_that_come_and_go_leave_nothing_behind():
    async def scenario(app, home, pages):
        for _ in range(50):
            screen = Screen(app)
            await screen.until(lambda s: len(s.sent) > 1)
            home.generation += 1
            await screen.leave()
        assert app.look_out.readers == set()

    run(scenario)


def test_a_screen_that_does_not_read_keeps_only_the_latest_news():
    async def scenario(app, home, pages):
        reader = Reader(CCU, "en-gb", "")
        for number in range(1000):
            reader.put(str(number))

        assert reader.queue.qsize() == live_module.WAITING
        assert [reader.queue.get_nowait() for _ in range(live_module.WAITING)][-1] == "999"

    run(scenario)


def test_a_wall_that_cannot_be_made_stays_open_and_holds_up_no_other(caplog):
    async def scenario(app, home, pages):
        broken = Screen(Live(Pages(Wanted("broken")), app.look_out))
        whole = Screen(app, shows="tag-CCU en-gb 1")
        await broken.until(lambda s: s.events("alive"))

        home.generation = 2
        await whole.until(lambda s: s.events())
        await broken.until(lambda s: len(s.events("alive")) > 2)

        await broken.leave()
        await whole.leave()

    run(scenario)


def test_an_address_of_a_part_cannot_be_guessed_and_is_forgotten(monkeypatch):
    monkeypatch.setattr(live_module, "KEPT_S", 0.05)

    async def scenario(app, home, pages):
        screen = Screen(app, shows="old")
        await screen.until(lambda s: s.events())
        part = json.loads(screen.events()[0])["part"]

        assert len(part) > 30
        assert (await fetched(app, "/live/part/x/"))[0] == 404
        await asyncio.sleep(0.15)
        assert (await fetched(app, part))[0] == 404
        assert app.look_out.tickets == {}
        await screen.leave()

    run(scenario)


def test_streams_end_by_themselves_when_the_server_is_to_stop():
    async def scenario(app, home, pages):
        screens = [Screen(app) for _ in range(20)]
        for screen in screens:
            await screen.until(lambda s: len(s.sent) > 1)

        app.look_out.stopping = lambda: True

        async with asyncio.timeout(15):
            await asyncio.gather(*(screen.task for screen in screens))
        assert all(screen.sent[-1].get("more_body") is False for screen in screens)

    run(scenario)


def test_a_stream_is_never_packed_and_no_proxy_holds_it_back():
    async def scenario(app, home, pages):
        screen = Screen(app)
        await screen.until(lambda s: s.sent)
        headers = dict(screen.sent[0]["headers"])

        assert headers[b"content-type"].startswith(b"text/event-stream")
        assert headers[b"x-accel-buffering"] == b"no"
        assert headers[b"cache-control"] == b"no-store"
        assert b"content-encoding" not in headers
        await screen.leave()

    run(scenario)


def test_everything_else_goes_to_the_pages():
    async def scenario(app, home, pages):
        for method, path in (("POST", "/live/"), ("GET", "/"), ("HEAD", "/live/")):
            said = []

            async def send(message, said=said):
                said.append(message)

            async def receive():
                return {"type": "http.request", "body": b"", "more_body": False}

            await app({"type": "http", "method": method, "path": path, "headers": []}, receive, send)
            assert said[-1]["body"] == b"pages"

    run(scenario)
