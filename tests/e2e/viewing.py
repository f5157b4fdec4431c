"""The viewer under a hand: opening a study in it, and what its screen shows."""

import io
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

Pixels = NDArray[np.int16]
T = TypeVar("T")
#: Finds, from the worklist, the newer study of `tests.webapp.scenes.viewer`.
NEWER = """async () => {
  for (const link of document.querySelectorAll("a[href*='/studies/']")) {
    const id = link.getAttribute('href').split('/')[2];
    const { study } = await (await fetch(`/api/studies/${id}/viewer/`)).json();
    if (study.date === '2026-03-01' && study.patientId === 'VIEW-1') return id;
  }
}"""


def viewer_opened(page: Page, patient: str, *, query: str = "") -> None:
    """Open a study in the viewer by its patient, and wait for the picture."""
    page.goto("/")
    study = (page.get_by_role("link", name=patient).last.get_attribute("href") or "").split("?")[0]
    page.goto(f"{study}viewer/{query}")
    pictured(page)


def pictured(page: Page) -> None:
    """Wait until a picture and the marks on it are there."""
    expect(page.locator(".cell").first).to_have_attribute("data-loaded", re.compile(r"\d+/\d+"))
    expect(page.locator(".saved-state")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.layer .on-image')?.hasAttribute('transform')")


def screen(page: Page) -> Pixels:
    """Return what the first viewport shows, (rows, columns, 3)."""
    shot = page.locator(".cell").first.screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(np.int16)


@dataclass(frozen=True)
class Bounds:
    """A rectangle on the screen of the first viewport, in CSS pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def is_near(self, other: "Bounds", *, within: float) -> bool:
        """Say whether no edge is farther off than so many pixels."""
        return max(abs(mine - theirs) for mine, theirs in zip(self.edges, other.edges, strict=True)) <= within

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.left, self.top, self.right, self.bottom


def bounds_of(mask: NDArray[np.bool_]) -> Bounds:
    """Return the rectangle round what is true."""
    rows, columns = np.nonzero(mask)
    return Bounds(float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))


def element_bounds(page: Page, selector: str) -> Bounds:
    """Return where an element lies on the first viewport, its stroke left out."""
    x0, y0, x1, y1 = page.evaluate(
        """(selector) => {
          const cell = document.querySelector('.cell').getBoundingClientRect();
          const element = document.querySelector(selector);
          const { x, y, width, height } = element.getBBox();
          const corners = [[x, y], [x + width, y], [x, y + height], [x + width, y + height]]
            .map(([left, top]) => new DOMPoint(left, top).matrixTransform(element.getScreenCTM()));
          const [xs, ys] = [corners.map((one) => one.x - cell.x), corners.map((one) => one.y - cell.y)];
          return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
        }""",
        selector,
    )
    return Bounds(x0, y0, x1, y1)


def awaited(page: Page, asked: Callable[[], T], *, until: Callable[[T], bool]) -> T:
    """Ask the server until it tells what is waited for, as `expect` asks the page; return what it told last."""
    end = time.monotonic() + 20
    while not until(told := asked()) and time.monotonic() < end:
        page.wait_for_timeout(100)
    return told


def settled(page: Page) -> None:
    """Wait until nothing is drawn any more."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_timeout(150)
