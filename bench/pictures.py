"""Takes the pictures in docs/pictures anew: `make pictures`. Needs Debian's chromium."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.readers import ask
from bench.served import demo
from knitwork.web.place import read_secret
from knitwork.web.sealed import seal

TARGET = Path(__file__).parents[1] / "docs" / "pictures"
CHROMIUM = os.environ.get("KNITWORK_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"

DESK, PHONE, PAPER, WALL, WALL_4K = (1440, 1100), (360, 1400), (794, 1123), (1920, 1080), (3840, 2160)


@dataclass(frozen=True)
class Picture:
    """One picture: the file's name, the page, the size of the screen, and whether it is taken as printed."""

    name: str
    path: str
    size: tuple[int, int]
    printed: bool = False


# Dan Vitale's page, whose address only the home that shows it can seal.
DAN = "DAN-VITALE"
PICTURES = (
    Picture("wall", "/units/RG-CARD/wall/", WALL),
    Picture("wall-4k", "/units/RG-CARD/wall/", WALL_4K),
    Picture("wall-print", "/units/RG-CARD/wall/", PAPER, printed=True),
    Picture("system", "/", DESK),
    Picture("system-phone", "/", PHONE),
    Picture("unit", "/units/RG-CARD/", (1440, 1900)),
    Picture("unit-phone", "/units/RG-CARD/", PHONE),
    Picture("unit-print", "/units/RG-CARD/", PAPER, printed=True),
    Picture("understand", "/units/RG-CARD/understand/", (1440, 1900)),
    Picture("measure", "/units/RG/measures/gap_median/", (1440, 1700)),
    Picture("reversal", "/units/HS/measures/discharge_before_noon/", (1440, 1500)),
    Picture("handoffs", "/handoffs/", DESK),
    Picture("handoffs-map", "/handoffs/?view=map", DESK),
    Picture("handoffs-matrix", "/handoffs/?view=matrix", DESK),
    Picture("pair", "/handoffs/RG-ED/RG-CARD/", DESK),
    Picture("journeys", "/journeys/", (1440, 1700)),
    Picture("patient", DAN, (1440, 1700)),
    Picture("patient-print", DAN, PAPER, printed=True),
    Picture("feeds", "/feeds/", DESK),
    Picture("help", "/help/", DESK),
)


def path_of(picture: Picture, home: Path) -> str:
    """Return the path of a picture's page in this home."""
    if picture.path != DAN:
        return picture.path
    secret = read_secret(home)
    assert secret is not None
    return f"/patients/{seal(DAN, secret)}/"


def take(browser: Browser, address: str, path: str, picture: Picture) -> None:
    """Take one picture of a page, without a trace of focus or pointer."""
    width, height = picture.size
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(address + path)
    if picture.printed:
        page.emulate_media(media="print")
    page.screenshot(path=TARGET / f"{picture.name}.png")
    context.close()
    print(TARGET / f"{picture.name}.png")


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="knitwork-pictures-") as work, demo(Path(work)) as served:
        ask(served.address, "/")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            for picture in PICTURES:
                take(browser, served.address, path_of(picture, served.home), picture)
            browser.close()
    for old in set(TARGET.glob("*.png")) - {TARGET / f"{one.name}.png" for one in PICTURES}:
        old.unlink()


if __name__ == "__main__":
    main()
