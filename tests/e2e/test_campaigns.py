"""Campaigns in a browser: a reader draws, presses a digit and is on; who runs it sees counts; a third decides."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.serving import Stage
from tests.e2e.test_axe import faults, usable_at_twice_the_size
from tests.e2e.test_every_page import CONTRAST

NAME = "Tumours on head MRI"
OUTLINES = "Outlines of tumours"


pytestmark = pytest.mark.usefixtures("viewer_built")


@pytest.fixture(scope="module", autouse=True)
def campaigned(stage: Stage) -> None:
    stage.happens("campaigned")


def opened(page: Page, name: str = NAME) -> None:
    page.goto("/campaigns/")
    page.get_by_role("link", name=name).click()
    page.wait_for_url("**/campaigns/*/")


def case_opened(page: Page, key: str) -> None:
    """Open the next case by its key, and wait until its picture is there."""
    page.keyboard.press(key)
    page.wait_for_url("**/campaigns/cases/*/")
    page.locator("#slice[href]").wait_for(state="attached")


def drawn(page: Page, *, at: tuple[float, float], to: tuple[float, float]) -> None:
    """Draw on the picture with the left button, by shares of its width and height."""
    box = page.locator("#slice").bounding_box()
    assert box
    (x0, y0), (x1, y1) = ((box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (at, to))
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move(x1, y1, steps=4)
    page.mouse.up()


def looked_at(page: Page, path: Path) -> None:
    size = page.viewport_size
    assert size
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate(CONTRAST) == []
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path, full_page=True)
    assert faults(page) == []
    usable_at_twice_the_size(page)
    page.set_viewport_size(size)


@pytest.mark.parametrize("size", ["desk", "tablet"])
def test_pages_fit_and_can_be_read(visit: Open, size: str, pictures_kept: Path) -> None:
    with visit("/campaigns/", role="senior", size=size) as page:
        looked_at(page, pictures_kept / f"campaigns-{size}.png")
        opened(page)
        looked_at(page, pictures_kept / f"campaign-{size}.png")
        page.get_by_role("link", name="Version 1").click()
        page.wait_for_url("**/campaigns/sets/*/")
        looked_at(page, pictures_kept / f"campaign-set-{size}.png")
        opened(page)
        page.get_by_role("link", name="Version 2").click()
        page.wait_for_url("**/campaigns/sets/*/")
        looked_at(page, pictures_kept / f"campaign-set-failed-{size}.png")
        opened(page)
        page.keyboard.press("d")
        expect(page.get_by_text("The readers disagree: you adjudicate.")).to_be_visible()
        page.get_by_role("button", name="Use the boxes of reader").first.click()
        expect(page.locator("#drawn rect")).to_have_count(1)
        looked_at(page, pictures_kept / f"campaign-deciding-{size}.png")
        page.goto("/campaigns/new/")
        looked_at(page, pictures_kept / f"campaign-new-{size}.png")
    with visit(role="clinician", size=size) as page:
        opened(page)
        looked_at(page, pictures_kept / f"campaign-reader-{size}.png")
        page.keyboard.press("n")
        page.locator("#slice[href]").wait_for(state="attached")
        looked_at(page, pictures_kept / f"campaign-case-{size}.png")


def test_a_box_is_drawn_or_typed_and_a_digit_answers(visit: Open) -> None:
    with visit(role="clinician") as page:
        opened(page)
        page.keyboard.press("n")
        page.locator("#slice[href]").wait_for(state="attached")
        first = page.url
        drawn(page, at=(0.5, 0.5), to=(0.65, 0.6))
        expect(page.locator("#boxes li")).to_have_count(1)
        for edge, value in (("Left", "20"), ("Top", "30"), ("Right", "60")):
            page.get_by_label(edge).fill(value)
        page.get_by_label("Bottom").fill("80")
        page.get_by_label("Bottom").press("Enter")
        expect(page.locator("#boxes li")).to_have_count(2)
        expect(page.locator("#boxes")).to_contain_text("20, 30 to 60, 80")
        page.locator("h1").click()
        page.keyboard.press("ArrowDown")
        expect(page.locator("#drawn rect")).to_have_count(0)
        page.keyboard.press("k")
        expect(page.locator("#drawn rect")).to_have_count(2)
        page.keyboard.press("z")
        page.keyboard.press("1")
        page.wait_for_url(lambda url: url != first)
        page.keyboard.press("b")
        page.wait_for_url(first)
        expect(page.get_by_text("your answer: tumour")).to_be_visible()
        expect(page.locator("#drawn rect")).to_have_count(1)


@pytest.mark.parametrize("size", ["desk", "tablet"])
def test_pages_of_outlines_fit_and_can_be_read(visit: Open, size: str, pictures_kept: Path) -> None:
    with visit(role="senior", size=size) as page:
        opened(page, OUTLINES)
        expect(page.get_by_text("Mean outline overlap (Dice)")).to_be_visible()
        looked_at(page, pictures_kept / f"campaign-outlines-{size}.png")
        page.get_by_role("link", name="Version 1").click()
        page.wait_for_url("**/campaigns/sets/*/")
        looked_at(page, pictures_kept / f"campaign-outlines-set-{size}.png")
        opened(page, OUTLINES)
        case_opened(page, "d")
        expect(page.locator("#others image")).to_have_count(2)
        expect(page.locator("#outline-state")).to_have_text("Not outlined yet.")
        page.get_by_role("button", name="Use the outline of reader").first.click()
        expect(page.locator("#outline-state")).to_contain_text("Outlined: ")
        looked_at(page, pictures_kept / f"campaign-outlines-deciding-{size}.png")
    with visit(role="clinician", size=size) as page:
        opened(page, OUTLINES)
        case_opened(page, "n")
        looked_at(page, pictures_kept / f"campaign-outlines-case-{size}.png")


def test_an_outline_is_drawn_taken_back_or_said_to_be_nothing(visit: Open) -> None:
    with visit(role="clinician") as page:
        opened(page, OUTLINES)
        case_opened(page, "n")
        first, state = page.url, page.locator("#outline-state")
        expect(page.locator("#brush-size")).to_have_text("Brush: 12 pixels across")
        expect(state).to_have_text("Not outlined yet.")
        page.keyboard.press("1")
        expect(state).to_contain_text("Outline it first, or mark (x)")
        drawn(page, at=(0.4, 0.4), to=(0.5, 0.5))
        expect(state).to_contain_text("Outlined: ")
        page.keyboard.press("z")
        expect(state).to_have_text("Not outlined yet.")
        page.keyboard.press("x")
        expect(state).to_have_text("Marked: nothing to outline.")
        page.keyboard.press("ArrowDown")
        expect(page.locator("#slice-number")).not_to_contain_text("asked about")
        drawn(page, at=(0.4, 0.4), to=(0.5, 0.5))
        expect(state).to_have_text("Marked: nothing to outline.")
        page.keyboard.press("k")
        expect(page.locator("#slice-number")).to_contain_text("asked about")
        for _ in range(14):
            page.keyboard.press("[")
        expect(page.locator("#brush-size")).to_have_text("Brush: 1 pixel across")
        page.locator("#screen").focus()
        page.keyboard.down(" ")
        for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
            page.keyboard.press(key)
        page.keyboard.up(" ")
        expect(state).to_have_text("Outlined: 4 pixels.")
        expect(page.get_by_label("Nothing to outline on this picture")).not_to_be_checked()
        page.keyboard.press("1")
        page.wait_for_url(lambda url: url != first)
        page.goto(first)
        expect(page.get_by_text("your answer: tumour")).to_be_visible()
        expect(state).to_have_text("Outlined: 4 pixels.")
