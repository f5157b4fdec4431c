"""The study page under a hand: slices, marks, layers, zoom, and an answer that comes in by itself."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.serving import Stage
from tests.e2e.viewing import settled
from tests.webapp.scenes import pictures as drawn


@pytest.fixture
def brain(visit: Open) -> Iterator[Page]:
    """The brain MRI of the scene, its picture loaded."""
    with study(visit, "Phantom, Petra") as page:
        yield page


@contextmanager
def study(visit: Open, name: str) -> Iterator[Page]:
    """Open a study by its patient and wait for the picture."""
    with visit() as page:
        page.get_by_role("link", name=name).last.click()
        page.locator("#slice[href]").wait_for(state="attached")
        yield page


def seen(page: Page) -> NDArray[np.int16]:
    """Return what the picture's part of the screen shows, once all its images are decoded: (rows, columns, 3)."""
    page.locator("#screen").evaluate(
        "(screen) => Promise.all([...screen.querySelectorAll('image[href]')].map((one) => one.decode()))"
    )
    settled(page)
    shot = page.locator("#screen").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(np.int16)


def place(page: Page, selector: str) -> dict[str, float]:
    """Return where an element lies in the picture, in the picture's own pixels."""
    told: dict[str, float] = page.evaluate(
        """(selector) => {
          const box = document.querySelector(selector).getBoundingClientRect();
          const inverse = document.querySelector('#picture').getScreenCTM().inverse();
          const [start, end] = [[box.left, box.top], [box.right, box.bottom]]
            .map(([x, y]) => new DOMPoint(x, y).matrixTransform(inverse));
          return {x0: start.x, y0: start.y, x1: end.x, y1: end.y};
        }""",
        selector,
    )
    return told


def test_it_opens_on_the_surest_finding_with_its_marks(brain: Page) -> None:
    expect(brain.locator("#slice-number")).to_have_text("Slice 13 / 24")
    expect(brain.locator(".mark-box")).to_have_count(1)
    expect(brain.locator(".mark-name")).to_contain_text("Suspected brain tumour")
    assert place(brain, ".mark-box") == pytest.approx({"x0": 144, "y0": 77, "x1": 186, "y1": 121}, abs=1.5)


def test_ai_marks_are_dashed(brain: Page) -> None:
    assert "px" in str(brain.locator(".mark-box").evaluate("e => getComputedStyle(e).strokeDasharray"))


def test_the_mask_covers_the_lesion_and_nothing_else(brain: Page) -> None:
    brain.keyboard.press("b")
    masked = seen(brain)
    brain.keyboard.press("m")
    bare = seen(brain)
    changed = np.abs(masked - bare).max(axis=2) > 12
    inside = Image.fromarray(drawn.tumour_mask())
    corner = brain.locator("#slice").bounding_box()
    screen = brain.locator("#screen").bounding_box()
    assert corner is not None
    assert screen is not None
    wide = round(corner["width"])
    expected = np.zeros(changed.shape, dtype=bool)
    top, left = round(corner["y"] - screen["y"]), round(corner["x"] - screen["x"])
    expected[top : top + wide, left : left + wide] = np.asarray(inside.resize((wide, wide)))[: changed.shape[0] - top]
    overlap = (changed & expected).sum() / (changed | expected).sum()
    assert overlap > 0.85


def test_each_layer_is_switched_apart_by_key_and_by_button(brain: Page) -> None:
    for key, layer, word in (("b", "box", "Boxes"), ("m", "mask", "Masks"), ("h", "heat", "Heat map")):
        button = brain.get_by_role("button", name=word, exact=True)
        before = button.get_attribute("aria-pressed")
        brain.keyboard.press(key)
        other = "false" if before == "true" else "true"
        expect(button).to_have_attribute("aria-pressed", other)
        shown = brain.locator(f"#layer-{layer}").get_attribute("display") != "none"
        assert shown == (other == "true")
        button.click()
        expect(button).to_have_attribute("aria-pressed", str(before))


def test_one_key_takes_all_marks_off_and_on(brain: Page) -> None:
    brain.keyboard.press("o")
    for layer in ("box", "mask", "heat"):
        expect(brain.locator(f"#layer-{layer}")).to_have_attribute("display", "none")
    bare = seen(brain)
    brain.keyboard.press("o")
    assert np.abs(seen(brain) - bare).max() > 60


def test_a_layer_can_be_faded(brain: Page) -> None:
    brain.get_by_label("Masks: how strong").fill("20")
    expect(brain.locator("#layer-mask")).to_have_attribute("opacity", "0.2")


def test_a_finding_without_a_box_shows_its_heat_map_when_asked(visit: Open, stage: Stage) -> None:
    stage.happens("assessed")
    with study(visit, "Probe, Paula") as page:
        expect(page.locator("#slice-number")).to_have_text("Slice 6 / 12")
        expect(page.locator("#continues")).to_contain_text("Finding 1: Suspected haemorrhage")
        expect(page.locator(".mark-box")).to_have_count(0)
        bare = seen(page)
        page.keyboard.press("Home")
        page.locator("#finding-1").click()
        expect(page.locator("#slice-number")).to_have_text("Slice 6 / 12")
        page.locator("#layer-heat image").wait_for(state="attached")
        assert np.abs(seen(page) - bare).max() > 40
        expect(page.get_by_label("Heat map of").locator("option")).to_have_text(["Heat map of: Finding 1"])


def test_the_heat_map_lies_over_the_picture_and_can_be_chosen(brain: Page) -> None:
    bare = seen(brain)
    brain.keyboard.press("h")
    brain.locator("#layer-heat image").wait_for(state="attached")
    choice = brain.get_by_label("Heat map of")
    assert choice.locator("option").all_inner_texts() == ["Heat map of: Finding 1", "Heat map of: Tumour detector"]
    assert np.abs(seen(brain) - bare).max() > 40
    choice.select_option("Tumour detector")
    assert "tumour-boxes.png" in str(brain.locator("#layer-heat image").get_attribute("href"))


def test_slices_are_walked_by_key_wheel_slider_and_finding(brain: Page) -> None:
    number = brain.locator("#slice-number")
    for key, at in (("ArrowDown", 14), ("ArrowUp", 13), ("PageDown", 23), ("End", 24), ("ArrowDown", 24), ("Home", 1)):
        brain.keyboard.press(key)
        expect(number).to_have_text(f"Slice {at} / 24")
    expect(brain.locator(".mark-box")).to_have_count(0)
    brain.keyboard.press("n")
    expect(number).to_have_text("Slice 6 / 24")
    brain.get_by_label("Slice", exact=True).fill("11")
    expect(brain.locator("#continues")).to_have_text("Finding 1: marked on slice 13")
    brain.keyboard.press("p")
    expect(brain.locator("#continues")).to_be_hidden()
    brain.keyboard.press("n")
    expect(number).to_have_text("Slice 13 / 24")
    brain.locator("#screen").hover()
    brain.mouse.wheel(0, 100)
    expect(number).not_to_have_text("Slice 13 / 24")
    brain.get_by_label("Slice", exact=True).fill("20")
    expect(number).to_have_text("Slice 20 / 24")
    brain.locator("#finding-2").click()
    expect(number).to_have_text("Slice 6 / 24")
    expect(brain.locator("#finding-2")).to_have_class("finding is-shown")


def test_findings_are_marked_on_the_slider(brain: Page) -> None:
    marks = brain.locator("#ticks rect").evaluate_all(
        "all => all.map((e) => [+e.getAttribute('x'), +e.getAttribute('width')])"
    )
    assert marks == [[9, 7], [12, 1], [5, 1], [5, 1]]


def test_zooming_keeps_marks_and_picture_together(brain: Page) -> None:
    small = brain.locator("#slice").bounding_box()
    for _ in range(3):
        brain.keyboard.press("+")
    large = brain.locator("#slice").bounding_box()
    assert small is not None
    assert large is not None
    assert large["width"] == pytest.approx(small["width"] * 1.4**3, rel=0.01)
    assert place(brain, ".mark-box") == pytest.approx({"x0": 144, "y0": 77, "x1": 186, "y1": 121}, abs=1.5)
    brain.keyboard.press("0")
    expect(brain.locator("#zoom-shown")).to_have_text("Fit")


def test_another_series_is_one_click_away(brain: Page) -> None:
    brain.get_by_role("link", name="localiser").click()
    expect(brain.locator("#outcome-title")).to_contain_text("Nothing found")
    expect(brain.locator("#slider")).to_be_hidden()


def test_an_object_without_an_image_says_so(brain: Page) -> None:
    brain.get_by_role("link", name="dose report").click()
    expect(brain.locator("#message")).to_have_text("No image to show.")


def test_an_image_that_cannot_be_drawn_says_why_and_the_next_one_is_shown(visit: Open) -> None:
    with visit(quietly=False) as page:
        page.route("**/frames/*/0.png", lambda route: route.fulfill(status=422, body="The pixels are damaged."))
        page.get_by_role("link", name="Beispiel, Berta").click()
        expect(page.locator("#message")).to_have_text("This image cannot be shown. The pixels are damaged.")
        page.unroute_all()
        page.reload()
        page.locator("#slice[href]").wait_for(state="attached")


def test_an_answer_comes_in_by_itself_and_does_not_move_the_reader(visit: Open, stage: Stage) -> None:
    stage.happens("running")
    with study(visit, "Nachher, Nora") as page:
        expect(page.locator("#outcome-title")).to_contain_text("Running")
        page.keyboard.press("End")
        expect(page.locator("#slice-number")).to_have_text("Slice 3 / 3")
        page.evaluate("window.isTheSamePage = true")
        with page.expect_response(lambda answer: answer.status == 204):
            pass
        stage.happens("finish")
        expect(page.locator("#outcome-title")).to_contain_text("Nothing found")
        expect(page.locator("#slice-number")).to_have_text("Slice 3 / 3")
        assert page.evaluate("window.isTheSamePage")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(2500)
        assert not [url for url in asked if "/answer/" in url]


def test_a_failed_run_is_tried_again(visit: Open) -> None:
    with study(visit, "Beispiel, Berta") as page:
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#outcome-title")).to_contain_text("Queued")


def test_the_path_is_drawn_with_what_it_took_lit(brain: Page) -> None:
    lit = brain.locator(".path .on-path .title").all_inner_texts()
    before = ["Medical image?", "Modality", "Plane", "Region", "Tumour detector"]
    assert lit == [*before, "Kind of tumour", "Kind, by features", "Tumour outline"]
    colour = "e => getComputedStyle(e, '::before').backgroundColor"
    taken, other = (brain.locator(f".path {step} .dot").first for step in (".on-path", ".is-step-not_run"))
    assert taken.evaluate(colour) != other.evaluate(colour)
    assert brain.locator("#map .lit rect").count() == len(lit)
