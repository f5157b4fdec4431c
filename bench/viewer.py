"""How soon the viewer shows a picture and the whole stack, and how it scrolls: ``python -m bench.viewer``.

Over a line of a stated speed, in headless Chromium with an empty cache. The least that could be is the bytes on the
wire by the speed of the line; what is told is how many times that it took.
"""

import argparse
import statistics
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.dicomweb.client import Connection, Place
from bench.dicomweb.material import Named, template
from tests.e2e.conftest import chromium_launched, sign_in
from tests.e2e.serving import ACCOUNTS, Stage, served_scene

#: Bits a second of the lines: a practice's, a ward's.
LINES = {"50 Mbit/s": 50e6, "200 Mbit/s": 200e6}
#: What is noted, and how many times as long as its bytes it may take.
TARGETS = {"first": "1.2", "ready": "", "whole": "1.15"}
HOLDS = """
## What limits the rest

- **The first picture** is drawn directly, before its tools have loaded. Page, study and frame are requested one after
  the other, each served by a core that the browser uses too, while the tools' script (1.0 MB) shares the line; the
  part of it that has arrived by then is not counted, so the ratio is too high.
- **Its tools**: one core reads 3.8 MB of script (mostly Cornerstone and its rendering engine), starts WebGL in
  software and draws again. A graphics card removes the last two, a second visit the first.
- **The whole stack.** On the slower line the line is the limit. On the faster one client and server share two cores,
  and each slice costs about 35 ms of them: the request, the response's way through Python, decompression, the cache.
- **Scrolling.** Each picture is drawn without a graphics card; every second frame of the screen misses its deadline.
"""
#: Notes when the first picture is on the screen, when it has its tools, and when all pictures are there.
WATCH = """() => {
  const times = (window.readroomTimes = {});
  new MutationObserver(() => {
    const [done, all] = (document.querySelector('.cell[data-loaded]')?.dataset.loaded ?? '0/0').split('/').map(Number);
    if (document.querySelector(".early[data-shown]")) times.first ??= performance.timeOrigin + performance.now();
    if (done >= 1) times.ready ??= performance.timeOrigin + performance.now();
    if (all > 0 && done === all) times.whole ??= performance.timeOrigin + performance.now();
  }).observe(document, { subtree: true, childList: true, attributeFilter: ["data-loaded", "data-shown"] });
}"""
#: Turns the wheel once with each frame of the screen, and counts the pictures that came.
SCROLL = """async (frames) => {
  const cell = document.querySelector('.cell'), corner = cell.querySelector('.corner.bottom.right');
  const pixels = cell.querySelector('.pixels');
  let shown = 0, last = corner.textContent, way = 1;
  const began = performance.now();
  for (let frame = 0; frame < frames; frame += 1) {
    const [, at, all] = /Slice (\\d+) \\/ (\\d+)/.exec(corner.textContent) ?? [0, 1, 1];
    if (Number(at) >= Number(all)) way = -1; else if (Number(at) <= 1) way = 1;
    pixels.dispatchEvent(new WheelEvent('wheel', { deltaY: 100 * way, bubbles: true, cancelable: true }));
    await new Promise(requestAnimationFrame);
    if (corner.textContent !== last) { shown += 1; last = corner.textContent; }
  }
  const seconds = (performance.now() - began) / 1000;
  return [shown / seconds, frames / seconds];
}"""


@dataclass(frozen=True)
class Came:
    """Seconds until something was on the screen, and the bytes on the wire until then."""

    seconds: float
    size: float

    def times(self, bits: float) -> float:
        """Return how many times as long it took as those bytes need on the line."""
        return self.seconds / (self.size * 8 / bits)


class Wire:
    """What went over the line of one page, and when it was whole."""

    def __init__(self, session: CDPSession, bits: float) -> None:
        self.began: float | None = None
        self.pieces: list[tuple[float, float]] = []
        self._offset = 0.0
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.loadingFinished", self._received)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        line = {"offline": False, "latency": 0, "downloadThroughput": bits / 8, "uploadThroughput": -1}
        session.send("Network.emulateNetworkConditions", line)

    def _asked(self, told: dict[str, Any]) -> None:
        if self.began is None:
            self.began = float(told["wallTime"])
            self._offset = self.began - float(told["timestamp"])

    def _received(self, told: dict[str, Any]) -> None:
        self.pieces.append((float(told["timestamp"]) + self._offset, float(told["encodedDataLength"])))

    def until(self, at: float) -> Came:
        """Return what came until a moment, in seconds of the clock."""
        assert self.began is not None
        return Came(at - self.began, sum(size for when, size in self.pieces if when <= at))


def main() -> int:
    """Measure; return 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.viewer", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep the table in this page")
    parser.add_argument("--slices", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    told = []
    for line in page(slices=chosen.slices, rounds=chosen.rounds):
        print(line, flush=True)
        told.append(line)
    if chosen.write:
        chosen.write.write_text("\n".join(told) + "\n")
    return 0


def page(*, slices: int, rounds: int) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# The viewer, measured\n"
    yield f"`python -m bench.viewer --write docs/bench-viewer.md`: a CT of {slices} slices of 512 x 512 (512 KiB each),"
    yield "headless Chromium without a graphics card, an empty cache, client and server on the same cores."
    yield f"Medians of {rounds}. *Times the wire*: relative to the transfer time of the bytes on the line.\n"
    heads = [f"{what} | times the wire | target" for what in ("first picture", "with its tools", "whole stack")]
    yield f"| line | {' | '.join(heads)} |"
    yield f"|---|{'---|---|---|' * len(heads)}"
    with tempfile.TemporaryDirectory(prefix="readroom-bench-") as folder, served_scene(Path(folder)) as stage:
        stack = stored(stage, slices)
        with sync_playwright() as playwright:
            browser = chromium_launched(playwright)
            for name, bits in LINES.items():
                came = [opened(browser, stage, bits) for _ in range(rounds)]
                yield _row(name, bits, came)
            shown, frames = scrolled(browser, stage, stack)
            yield f"\nScrolling: {shown:.0f} pictures a second, of {frames:.0f} that the screen could have displayed."
            browser.close()
    yield HOLDS


def stored(stage: Stage, slices: int) -> list[Named]:
    """Send a stack and return its objects."""
    password = b64encode(":".join(ACCOUNTS["clinician"]).encode()).decode()
    place = Place(int(stage.url.rpartition(":")[2]), "/dicomweb", f"Basic {password}")
    stack = template(side=512).series(slices)
    with closing(Connection(place)) as connection:
        for start in range(0, slices, 10):
            connection.store([one.content for one in stack[start : start + 10]])
    return stack


def opened(browser: Browser, stage: Stage, bits: float) -> dict[str, Came]:
    """Open the viewer once, with an empty cache; return when what came."""
    context = browser.new_context(base_url=stage.url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    address = _address(page)
    wire = Wire(context.new_cdp_session(page), bits)
    page.add_init_script(f"({WATCH})()")
    page.goto(address)
    page.wait_for_function("() => window.readroomTimes?.whole", timeout=120_000)
    times = page.evaluate("() => window.readroomTimes")
    page.wait_for_timeout(300)
    came = {what: wire.until(at / 1000) for what, at in times.items()}
    context.close()
    return came


def scrolled(browser: Browser, stage: Stage, stack: list[Named]) -> tuple[float, float]:
    """Scroll through the whole stack; return pictures a second, and frames of the screen."""
    context = browser.new_context(base_url=stage.url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(_address(page))
    loaded = f"() => document.querySelector('.cell')?.dataset.loaded === '{len(stack)}/{len(stack)}'"
    page.wait_for_function(loaded, timeout=300_000)
    shown, frames = page.evaluate(SCROLL, 240)
    context.close()
    return shown, frames


def _address(page: Page) -> str:
    sign_in(page, *ACCOUNTS["clinician"])
    link = page.get_by_role("link", name="Phantom, Bench").get_attribute("href") or ""
    return f"{link.partition('?')[0]}viewer/"


def _row(name: str, bits: float, came: list[dict[str, Came]]) -> str:
    cells = [name]
    for what, wanted in TARGETS.items():
        seconds = statistics.median(one[what].seconds for one in came)
        times = statistics.median(one[what].times(bits) for one in came)
        megabytes = statistics.median(one[what].size for one in came) / 1e6
        cells += [f"{seconds:.2f} s, {megabytes:.1f} MB", f"{times:.2f}", wanted]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
