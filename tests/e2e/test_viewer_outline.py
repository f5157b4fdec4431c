"""Correcting an outline with the brush: on the right pixels however the image is turned, kept as it is drawn, told."""

import io
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import APIResponse, Page, expect

from tests.e2e.conftest import Open
from tests.e2e.serving import Stage, run
from tests.e2e.test_axe import faults
from tests.e2e.viewing import awaited, element_bounds, pictured, settled
from tests.webapp.scenes.annotations import BLOCK, MARKED
from tests.webapp.scenes.viewer import COLUMNS, ROWS

pytestmark = pytest.mark.usefixtures("viewer_built")
OUTLINES = "**/api/outlines/**"
#: Where a pixel of the image (the centre of the first is 0, 0) lies on the screen.
ON_SCREEN = """([x, y]) => {
  const at = new DOMPoint(x, y).matrixTransform(document.querySelector('.on-image').getScreenCTM());
  return [at.x, at.y];
}"""
Pixel = tuple[float, float]
NUMBERS = itertools.count(1)


@pytest.fixture
def study(stage: Stage, visit: Open) -> Iterator[Page]:
    """The viewer over a study of its own, on a desk."""
    with outlined(stage, visit) as page:
        yield page


@contextmanager
def outlined(stage: Stage, visit: Open, **how: Any) -> Iterator[Page]:
    """Open a study of its own whose bright block the AI outlined, and which the clinician has in hand."""
    number = next(NUMBERS)  # a person of its own: no study of before hangs beside it
    run(
        [sys.executable, "-m", "tests.webapp.scenes.annotations", f"Umriss^U{number}", f"OUT-{number}"],
        stage.environment,
    )
    with visit(quietly=False, **how) as page:
        address = (page.get_by_role("link", name=f"Umriss, U{number}").get_attribute("href") or "").split("?")[0]
        page.goto(address)
        expect(page.locator("#held")).to_contain_text("Assigned to you")
        page.goto(f"{address}viewer/")
        pictured(page)
        page.evaluate("() => localStorage.clear()")
        yield page


def shown(page: Page, series: str, *, turns: str = "") -> None:
    """Hang a series, go to what the AI found on it, and turn the image by keys; all of it is in view."""
    page.locator(".thumb", has_text=series).click()
    expect(page.locator(".corner.bottom.left").first).to_contain_text(series)
    page.locator(".side-findings .finding").click()
    expect(page.locator(".corner.bottom.right").first).to_contain_text(f"Slice {MARKED + 1} /")
    page.locator(".cell").first.focus()
    for key in [*turns, "="]:
        page.keyboard.press(key)
    settled(page)


def drawn(page: Page, *pixels: Pixel) -> None:
    """Draw from pixel to pixel of the image with the left button."""
    for number, pixel in enumerate(pixels):
        page.mouse.move(*page.evaluate(ON_SCREEN, list(pixel)), steps=1 if number == 0 else 8)
        if number == 0:
            page.mouse.down()
    page.mouse.up()


def drawn_by(page: Page, pointer: str, *pixels: Pixel) -> None:
    """Draw as `drawn`, with a finger or a pen: as Chromium's own input, which scrolls where a page lets it."""
    hand = page.context.new_cdp_session(page)
    corners = [np.array(page.evaluate(ON_SCREEN, list(pixel))) for pixel in pixels]
    way = [corners[0]]
    for start, end in itertools.pairwise(corners):
        way += [start + (end - start) * step / 8 for step in range(1, 9)]
    for number, (x, y) in enumerate(way):
        if pointer == "touch":
            kind = "touchMove" if number else "touchStart"
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y, "force": 1}]})
        else:
            kind = "mouseMoved" if number else "mousePressed"
            pressed = {"x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1, "pointerType": "pen"}
            hand.send("Input.dispatchMouseEvent", {"type": kind, **pressed})
    if pointer == "touch":
        hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    else:
        x, y = way[-1]
        lifted = {"x": x, "y": y, "button": "left", "buttons": 0, "clickCount": 1, "pointerType": "pen"}
        hand.send("Input.dispatchMouseEvent", {"type": "mouseReleased", **lifted})
    hand.detach()


def thinnest(page: Page) -> None:
    """Make the brush, which is in hand, one pixel wide."""
    expect(page.locator(".outlining")).to_have_count(1)
    for _ in range(15):
        page.keyboard.press("[")
    expect(page.locator(".side-outline")).to_contain_text("Brush: 1 pixel across")


def told(page: Page) -> list[dict[str, Any]]:
    """Return the outlines that the server has of this study."""
    study = page.url.split("/studies/")[1].split("/")[0]
    outlines: list[dict[str, Any]] = page.request.get(f"/api/studies/{study}/viewer/").json()["outlines"]
    return outlines


def mask(page: Page, address: str) -> NDArray[np.bool_]:
    """Return a mask that the server keeps, (rows, columns)."""
    return decoded(page.request.get(address))


def masks(page: Page) -> list[NDArray[np.bool_]]:
    """Return the masks of all outlines of this study; asked again where one was saved anew between list and mask."""
    answers = awaited(
        page,
        lambda: [page.request.get(one["mask"]) for one in told(page)],
        until=lambda got: all(answer.ok for answer in got),
    )
    return [decoded(answer) for answer in answers]


def decoded(answer: APIResponse) -> NDArray[np.bool_]:
    """Return the mask in an answer, (rows, columns)."""
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.body())).convert("1"))


def saved(page: Page) -> None:
    """Wait until the server has all of it."""
    page.wait_for_function("() => !Object.keys(localStorage).some((key) => key.startsWith('readroom-mark'))")
    expect(page.locator(".saved-state")).to_contain_text("Saved")


def block() -> NDArray[np.bool_]:
    """Return the AI's outline, (rows, columns)."""
    truth = np.zeros((ROWS, COLUMNS), bool)
    truth[BLOCK[1] : BLOCK[3], BLOCK[0] : BLOCK[2]] = True
    return truth


@pytest.mark.parametrize(("series", "turns"), [("axial 2 mm", "hr"), ("oblique, tall pixels", "vl")])
def test_what_is_drawn_on_a_turned_image_is_kept_on_its_pixels_and_comes_back_after_a_reload(
    study: Page, series: str, turns: str
) -> None:
    shown(study, series, turns=turns)
    study.keyboard.press("e")
    expect(study.locator(".side-outline")).to_contain_text("Drawing the outline of finding 1 (Suspected block).")
    thinnest(study)
    drawn(study, (20, 10), (36, 10), (36, 15))
    study.keyboard.press("t")
    drawn(study, (8, 6), (14, 6))
    saved(study)
    wanted = block()
    wanted[10, 20:37] = wanted[10:16, 36] = True
    wanted[6, 8:15] = False
    (one,) = told(study)
    kept = mask(study, one["mask"])
    assert (kept.shape, np.argwhere(kept != wanted).tolist()) == ((ROWS, COLUMNS), [])
    assert (one["frame"], one["box"]) == (1, [7.5, 5.5, 36.5, 17.5])

    study.reload()
    pictured(study)
    shown(study, series)
    expect(study.locator(".reader-name")).to_have_text("1 · outlined by you")
    expect(study.locator(".on-image [data-kind=outline] image")).to_have_count(1)
    expect(study.locator(".side-findings .told")).to_have_text("You: Corrected: outline")
    study.keyboard.press("e")
    thinnest(study)
    drawn(study, (40, 30), (40, 30))
    saved(study)
    wanted[30, 40] = True
    (now,) = told(study)
    assert (now["id"], now["version"]) == (one["id"], one["version"] + 1)
    assert np.array_equal(mask(study, now["mask"]), wanted)


def test_a_stroke_is_taken_back_and_made_again(study: Page) -> None:
    shown(study, "axial 2 mm")
    study.keyboard.press("e")
    thinnest(study)
    drawn(study, (30, 30), (34, 30))
    saved(study)
    drawn(study, (30, 40), (34, 40))
    saved(study)
    (both,) = masks(study)
    study.keyboard.press("Control+z")
    expect(study.locator(".reader-name")).to_have_count(1)
    (first,) = awaited(study, partial(masks, study), until=lambda now: not np.array_equal(now, [both]))
    assert np.argwhere(both != first).tolist() == [[40, x] for x in range(30, 35)]
    study.keyboard.press("Control+z")
    expect(study.locator(".reader-name")).to_have_count(0)
    expect(study.locator(".side-findings .told")).to_have_count(0)
    assert awaited(study, lambda: told(study), until=lambda now: now == []) == []
    for _ in range(2):
        study.keyboard.press("Control+y")
        settled(study)
    again = awaited(
        study,
        lambda: masks(study),
        until=lambda now: np.array_equal(now, [both]),
    )
    assert np.array_equal(again, [both])


def test_an_outline_survives_a_dead_connection_and_a_reload(study: Page) -> None:
    shown(study, "axial 2 mm")
    study.context.route(OUTLINES, lambda route: route.abort())
    study.get_by_role("button", name="Correct the outline: finding 1").click()
    thinnest(study)
    drawn(study, (30, 30), (34, 30))
    expect(study.locator(".saved-state")).to_contain_text("Not saved yet: 1 mark is kept in this browser")
    study.reload()
    pictured(study)
    shown(study, "axial 2 mm")
    expect(study.locator(".reader-name")).to_have_text("1 · outlined by you")
    assert told(study) == []
    study.context.unroute(OUTLINES)
    saved(study)
    wanted = block()
    wanted[30, 30:35] = True
    assert np.array_equal(mask(study, told(study)[0]["mask"]), wanted)


def test_nothing_to_outline_is_said_of_an_image_taken_back_and_told(study: Page, pictures_kept: Path) -> None:
    name = study.locator(".reader-name")
    shown(study, "axial 2 mm")
    study.keyboard.press("n")
    expect(name).to_have_text("1 · nothing to outline, you say")
    expect(study.locator(".side-findings .told")).to_have_text("You: Corrected: nothing to outline")
    saved(study)
    (one,) = told(study)
    assert one["box"] is None
    assert not mask(study, one["mask"]).any()
    study.keyboard.press("Control+z")
    expect(name).to_have_count(0)
    saved(study)
    assert told(study) == []
    study.keyboard.press("Control+y")
    expect(name).to_have_count(1)
    saved(study)
    study.reload()
    pictured(study)
    shown(study, "axial 2 mm")
    expect(name).to_have_text("1 · nothing to outline, you say")
    study.keyboard.press("e")
    expect(study.locator(".side-outline")).to_contain_text("Nothing to outline on this image, you say, of finding 1")
    assert faults(study) == []
    study.screenshot(path=pictures_kept / "viewer-nothing-to-outline.png")
    thinnest(study)
    drawn(study, (40, 30), (40, 30))
    expect(name).to_have_text("1 · outlined by you")
    study.keyboard.press("n")
    expect(name).to_have_text("1 · nothing to outline, you say")
    saved(study)
    assert [one["box"] for one in told(study)] == [None]
    study.goto(study.url.split("viewer/")[0])
    expect(study.locator("main")).to_contain_text("Corrected: nothing to outline")


def test_what_the_ai_missed_is_outlined_on_several_images_as_one_thing(study: Page, pictures_kept: Path) -> None:
    shown(study, "axial 2 mm")
    study.get_by_label("What did the AI miss?").fill("Stripe")
    study.keyboard.press("Enter")
    thinnest(study)
    drawn(study, (10, 51), (20, 51))
    expect(study.locator(".reader-name")).to_have_text("Stripe · outlined by you")
    study.keyboard.press("ArrowUp")
    expect(study.locator(".corner.bottom.right").first).to_contain_text(f"Slice {MARKED} /")
    expect(study.locator(".reader-name")).to_have_count(0)
    expect(study.locator(".outlining")).to_have_count(1)
    drawn(study, (10, 50), (20, 50))
    expect(study.locator(".missed")).to_contain_text(f"missed by the AI · slices {MARKED}, {MARKED + 1}")
    saved(study)
    outlines = told(study)
    assert len({one["missed"] for one in outlines}) == 1
    study.screenshot(path=pictures_kept / "viewer-missed-on-several.png")
    wanted = [np.zeros((ROWS, COLUMNS), bool), np.zeros((ROWS, COLUMNS), bool)]
    wanted[0][51, 10:21] = wanted[1][50, 10:21] = True
    assert [np.array_equal(mask(study, one["mask"]), truth) for one, truth in zip(outlines, wanted, strict=True)] == [
        True,
        True,
    ]
    study.reload()
    pictured(study)
    shown(study, "axial 2 mm")
    study.get_by_role("button", name="Stripe").click()
    expect(study.locator(".side-outline")).to_contain_text("Drawing the outline of “Stripe”, missed by the AI.")
    expect(study.locator(".outlining")).to_have_count(1)
    study.keyboard.press("n")
    expect(study.locator("#said")).to_contain_text("what the AI missed is outlined where it lies")
    study.goto(study.url.split("viewer/")[0])
    expect(study.locator(".reads")).to_contain_text("Missed by AI: outline drawn on 2 images. Stripe")


def test_what_the_ai_missed_is_outlined_from_nothing_and_stands_on_the_study_page(study: Page) -> None:
    shown(study, "axial 2 mm")
    study.get_by_label("What did the AI miss?").fill("Stripe")
    study.keyboard.press("Enter")
    thinnest(study)
    drawn(study, (10, 51), (20, 51))
    saved(study)
    (one,) = told(study)
    wanted = np.zeros((ROWS, COLUMNS), bool)
    wanted[51, 10:21] = True
    assert (one["finding"], one["label"]) == (None, "Stripe")
    assert np.array_equal(mask(study, one["mask"]), wanted)
    expect(study.locator(".missed")).to_contain_text(f"missed by the AI · slice {MARKED + 1}")
    assert faults(study) == []

    series = study.locator(".cell").first.get_attribute("data-series")
    study.goto(f"{study.url.split('viewer/')[0]}?series={series}")
    expect(study.locator(".reads")).to_contain_text("Missed by AI: outline drawn. Stripe")
    expect(study.locator("#layer-outline text")).to_have_text("Stripe · outlined by you")
    study.keyboard.press("l")
    expect(study.locator("#layer-outline")).to_have_attribute("display", "none")
    study.keyboard.press("l")
    assert faults(study) == []


@pytest.mark.parametrize("pointer", ["touch", "pen"])
def test_a_finger_and_a_pen_draw_where_they_are_and_move_nothing_else(stage: Stage, visit: Open, pointer: str) -> None:
    with outlined(stage, visit, size="tablet", touch=True) as page:
        shown(page, "axial 2 mm")
        page.get_by_role("button", name="Correct the outline: finding 1").tap()
        thinnest(page)
        before = element_bounds(page, ".on-image")
        drawn_by(page, pointer, (20, 10), (36, 10), (36, 15))
        drawn_by(page, pointer, (10, 40), (10, 46))
        saved(page)
        wanted = block()
        wanted[10, 20:37] = wanted[10:16, 36] = wanted[40:47, 10] = True
        kept = mask(page, told(page)[0]["mask"])
        assert np.argwhere(kept != wanted).tolist() == []
        assert element_bounds(page, ".on-image").is_near(before, within=0.5)
        assert page.evaluate("scrollY") == 0


def test_of_two_windows_that_change_one_outline_the_later_one_is_told(study: Page) -> None:
    shown(study, "axial 2 mm")
    study.keyboard.press("e")
    thinnest(study)
    drawn(study, (20, 30), (30, 30))
    saved(study)
    other = study.context.new_page()
    other.goto(study.url)
    pictured(other)
    shown(other, "axial 2 mm")
    expect(other.locator(".reader-name")).to_have_text("1 · outlined by you")
    drawn(study, (20, 40), (30, 40))
    saved(study)
    other.keyboard.press("e")
    thinnest(other)
    drawn(other, (20, 50), (30, 50))
    expect(other.locator(".saved-state")).to_contain_text(
        "An outline that you changed was changed in another window meanwhile. Yours counts now; the other is kept"
    )
    saved(other)
    wanted = block()
    wanted[30, 20:31] = wanted[50, 20:31] = True
    (one,) = told(other)
    assert one["version"] == 3
    assert np.argwhere(mask(other, one["mask"]) != wanted).tolist() == []


def test_of_two_windows_that_begin_an_outline_the_later_one_is_told(study: Page) -> None:
    other = study.context.new_page()
    other.goto(study.url)
    pictured(other)
    for page, row in ((study, 30), (other, 40)):
        shown(page, "axial 2 mm")
        page.keyboard.press("e")
        thinnest(page)
        drawn(page, (20, row), (30, row))
        saved(page)
    expect(other.locator(".saved-state")).to_contain_text("Another window drew a different outline here meanwhile.")
    expect(study.locator(".saved-state")).not_to_contain_text("Another window")
    wanted = block()
    wanted[40, 20:31] = True
    (one,) = told(other)
    assert np.argwhere(mask(other, one["mask"]) != wanted).tolist() == []
