"""What the AI found, over the image: on the right pixels however the image is turned, switched, faded, and renewed."""

import re
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from scipy import ndimage

from tests.e2e.conftest import Open
from tests.e2e.serving import Stage, run
from tests.e2e.viewing import Bounds, bounds_of, element_bounds, pictured, screen, settled, viewer_opened
from tests.webapp.scenes.annotations import BLOCK, MARKED
from tests.webapp.scenes.segmentations import MOVED
from webapp.foundation.core.formatting import NARROW

#: Keys that turn the image: as it was hung, smaller, flipped, turned, flipped the other way, turned back.
TURNS = ["", "-", "h", "r", "v", "l"]


#: What stands round the image in white would be taken for the block.
HIDE_WORDS = """() => {
  for (const one of document.querySelectorAll('.corner, .letter, .scale')) one.style.visibility = 'hidden';
}"""
pytestmark = pytest.mark.usefixtures("viewer_built")


@pytest.fixture(scope="module")
def marked(stage: Stage) -> Stage:
    """The pages over a study whose bright block the cascade and a person outlined."""
    run([sys.executable, "-m", "tests.webapp.scenes.annotations"], stage.environment)
    return stage


@pytest.fixture
def block(marked: Stage, visit: Open) -> Iterator[Page]:  # noqa: ARG001 - asks for the scene
    """The axial series of that study, opened at the marked slice."""
    with visit() as page:
        viewer_opened(page, "Merkmal, Mona")
        page.evaluate(HIDE_WORDS)
        expect(page.locator(".ai-box")).to_have_count(1)
        yield page


def layers(page: Page, *shown: str) -> None:
    """Switch on these layers and no others."""
    for box in page.locator(".kinds input").all():
        box.set_checked(box.get_attribute("data-name") in shown)


def bright_block(page: Page) -> Bounds:
    """Return where the bare image shows its bright block."""
    page.keyboard.press("o")
    settled(page)
    grey = screen(page)
    page.keyboard.press("o")
    settled(page)
    return bounds_of(largest(np.asarray((grey > 160).all(axis=2))))


def largest(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the largest connected part: words round the image come and go as well."""
    parts, _ = ndimage.label(flags)
    return np.asarray(parts == 1 + np.bincount(parts.ravel())[1:].argmax())


def changed(page: Page, layer: str) -> Bounds:
    """Return what a layer changes on the screen."""
    layers(page)
    settled(page)
    bare = screen(page)
    layers(page, layer)
    drawn = page.locator(f".on-image [data-kind={layer}] image").first
    drawn.wait_for(state="attached")
    drawn.evaluate("image => image.decode()")  # it is there before its pixels are
    settled(page)
    return bounds_of(largest(np.asarray((np.abs(screen(page) - bare) > 20).any(axis=2))))


@pytest.mark.parametrize("series", ["axial 2 mm", "oblique, tall pixels"])
def test_box_mask_and_segmentation_lie_on_their_pixels_however_the_image_is_turned(block: Page, series: str) -> None:
    hang_study = block.locator(".corner.bottom.left").first
    if series not in hang_study.inner_text():  # hung again, it would be put back to how it lay while keys turn it
        block.locator(".thumb", has_text=series).click()
    expect(hang_study).to_contain_text(series)
    expect(block.locator(".segments li")).to_have_count(1)
    block.locator(".cell").first.focus()
    for key in TURNS:
        if key:
            block.keyboard.press(key)
            settled(block)
        layers(block, "box")
        truth = bright_block(block)
        assert element_bounds(block, ".ai-box").is_near(truth, within=2.0), key
        for layer in ("mask", "segment"):
            assert changed(block, layer).is_near(truth, within=2.5), (layer, key)


def test_layers_are_switched_faded_and_named(block: Page) -> None:
    assert "px" in str(block.locator(".ai-box").evaluate("e => getComputedStyle(e).strokeDasharray"))
    expect(block.locator(".ai-name")).to_have_text("AI 1 · Suspected block 87\N{NARROW NO-BREAK SPACE}% · experimental")
    block.keyboard.press("o")
    expect(block.locator(".ai-box")).to_have_count(0)
    expect(block.locator(".legend-note")).to_have_text("All overlays are hidden. Press O to show them.")
    block.keyboard.press("o")
    layers(block, "mask")
    expect(block.locator(".ai-box")).to_have_count(0)
    expect(block.locator(".on-image [data-kind=mask] image")).to_have_count(1)
    block.get_by_label("Opacity of AI overlays").fill("40")
    expect(block.locator(".on-image")).to_have_attribute("opacity", "0.4")


def test_enter_on_a_finding_goes_to_its_slice_and_puts_it_in_the_middle(block: Page) -> None:
    finding = block.locator(".side-findings .finding")
    for words in ("Suspected block", "87", "shown from 35 %", "tumour-detector 1", "Experimental: Drawn by code."):
        expect(finding).to_contain_text(words)
    block.locator(".cell").first.focus()
    block.keyboard.press("End")
    expect(block.locator(".ai-box")).to_have_count(0)
    finding.press("Enter")
    expect(block.locator(".ai-box")).to_have_count(1)
    settled(block)
    at, size = element_bounds(block, ".ai-box"), block.locator(".cell").first.bounding_box()
    assert size is not None
    middle = (at.left + at.right) / 2, (at.top + at.bottom) / 2
    assert middle == pytest.approx((size["width"] / 2, size["height"] / 2), abs=1.5)


@pytest.mark.parametrize("size", ["desk", "tablet"])
def test_the_cell_with_the_most_urgent_finding_is_active_first_and_its_name_and_opinions_are_read_whole(
    size: str, visit: Open
) -> None:
    with visit(size=size) as page:
        viewer_opened(page, "Phantom, Petra")
        localiser, active = page.locator(".cell").nth(0), page.locator(".cell").nth(1)
        expect(active.locator(".corner.bottom.right")).to_contain_text("Slice 13 / 24")
        expect(active).to_have_class(re.compile("is-active"))
        expect(localiser).not_to_have_class(re.compile("is-active"))
        name = active.locator(".ai-name")
        expect(name).to_have_text(f"AI 1 · Suspected brain tumour 93{NARROW}%")
        drawn, room = name.bounding_box(), active.bounding_box()
        assert drawn is not None
        assert room is not None
        assert room["x"] <= drawn["x"] < drawn["x"] + drawn["width"] <= room["x"] + room["width"]
        first, second = (page.get_by_role("group", name=f"second opinion on finding {number}") for number in (1, 2))
        for words in (f"Meningioma 96{NARROW}%", "The two disagree", "does not affect priority", "tumour-kind-boxes 1"):
            expect(first).to_contain_text(words)
        expect(second).to_contain_text(f"Unsure; leans to Meningioma, 71{NARROW}%")
        expect(second).to_contain_text("under the threshold of 93%")


def test_a_run_that_goes_on_says_so_and_its_answer_comes_by_itself(stage: Stage, visit: Open) -> None:
    with visit() as page:
        viewer_opened(page, "Lauf, Lars")
        expect(page.locator(".ai-going")).to_have_text("The analysis is running. The images can be read meanwhile.")
        stage.happens("finish")
        expect(page.locator(".side-findings")).to_contain_text("Findings were looked for and none was found.")
        expect(page.locator(".ai-going")).to_have_count(0)


def test_what_was_signed_and_filed_opens_as_a_layer_by_a_person_on_the_pixels_that_were_drawn(
    stage: Stage, visit: Open
) -> None:
    run([sys.executable, "-m", "tests.webapp.scenes.segmentations", "Umriss^Signiert", "SIGNED-1"], stage.environment)
    with visit() as page:
        page.goto("/?show=read")
        address = (page.get_by_role("link", name="Umriss, Signiert").get_attribute("href") or "").split("?")[0]
        page.goto(f"{address}viewer/")
        pictured(page)
        page.locator(".thumb", has_text="axial 2 mm").click()
        expect(page.locator(".corner.bottom.left").first).to_contain_text("axial 2 mm")
        page.locator(".side-findings .finding").click()
        expect(page.locator(".corner.bottom.right").first).to_contain_text(f"Slice {MARKED + 1} /")
        page.evaluate(HIDE_WORDS)
        layers(page, "segment")
        ours = page.locator(".segments li", has_text="outlined by a person · Outlines of report, version 1, final")
        expect(ours).to_contain_text("1. Suspected block")
        box = ours.locator("input")
        expect(box).not_to_be_checked()  # the reader's outline is drawn already
        for other in page.locator(".segments input").all():
            other.set_checked(False)
        box.set_checked(True)
        layer = changed(page, "segment")
        block = bright_block(page)
        scale = (block.right - block.left) / (BLOCK[2] - BLOCK[0])
        right, down = (scale * by for by in MOVED)
        wanted = Bounds(block.left + right, block.top + down, block.right + right, block.bottom + down)
        assert layer.is_near(wanted, within=1.5 + scale / 4), (layer, wanted)
