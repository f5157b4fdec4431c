"""Campaigns in a browser: a reader draws, presses a digit and is on; who runs it sees counts; a third decides."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.serving import Stage
from tests.e2e.test_axe import faults, usable_at_twice_the_size
from tests.e2e.test_every_page import CONTRAST

NAME = "Tumours on head MRI"


pytestmark = pytest.mark.usefixtures("viewer_built")


@pytest.fixture(scope="module", autouse=True)
def campaigned(stage: Stage) -> None:
    stage.happens("campaigned")


def opened(page: Page) -> None:
    page.goto("/campaigns/")
    page.get_by_role("link", name=NAME).click()
    page.wait_for_url("**/campaigns/*/")


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
        expect(page.get_by_text("Readers differ: you decide.")).to_be_visible()
        page.get_by_role("button", name="Take the boxes of reader").first.click()
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
        middle = page.locator("#slice").bounding_box()
        assert middle
        x, y = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 60, y + 40, steps=4)
        page.mouse.up()
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
        expect(page.get_by_text("you answered this one: tumour")).to_be_visible()
        expect(page.locator("#drawn rect")).to_have_count(1)
