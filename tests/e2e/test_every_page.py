"""What holds on every page, at a desk and on a tablet."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open

CONTRAST = Path(__file__).with_name("contrast.js").read_text()
#: Name of the screenshot -> address, or the words of the study's row in the worklist.
PAGES = {
    "worklist": "/",
    "study-findings": "Phantom, Petra",
    "study-disagreement": "Muster, Dr Max",
    "study-failed": "Beispiel, Berta",
    "study-queued": "Warte, Wilma",
    "upload": "/upload/",
    "models": "/models/",
    "audit": "/audit/",
    "exports": "/exports/",
    "webhooks": "/webhooks/",
    "empty-view": "/?show=contradiction&page=1",
    "nothing": "/nothing/",
}


def open_page(page: Page, name: str) -> None:
    """Go to one of PAGES and wait until it stands still."""
    where = PAGES[name]
    if where.startswith("/"):
        page.goto(where)
    else:
        page.get_by_role("link", name=where).click()
        page.wait_for_url("**/studies/**")
        page.locator("#slice[href]").wait_for(state="attached")
    page.wait_for_load_state("load")


@pytest.mark.parametrize("size", ["desk", "tablet"])
@pytest.mark.parametrize("name", PAGES)
def test_page(name: str, size: str, visit: Open, pictures_kept: Path) -> None:
    with visit(role="admin", size=size, quietly=name != "nothing") as page:
        open_page(page, name)
        strip = page.get_by_text("Research use, not for diagnosis")
        expect(strip).to_be_in_viewport()
        page.mouse.wheel(0, 3000)
        expect(strip).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
        assert page.evaluate(CONTRAST) == []
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=pictures_kept / f"{name}-{size}.png")


@pytest.mark.parametrize("size", ["desk", "tablet"])
@pytest.mark.parametrize("name", ["worklist", "upload", "audit", "study-findings", "exports", "webhooks"])
def test_what_a_finger_presses_is_large_enough(name: str, size: str, visit: Open) -> None:
    with visit(role="admin", size=size) as page:
        open_page(page, name)
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, .button, nav a, .chip, select, input:not([hidden])")]
              .map((e) => [e.textContent.trim() || e.id, (e.closest("label") ?? e).getBoundingClientRect()])
              .filter(([, box]) => box.width && (box.height < 32 || box.width < 24)).map(([name]) => name)"""
        )
        assert small == []


def test_the_strip_is_there_before_signing_in_and_on_the_way_out(visit: Open, pictures_kept: Path) -> None:
    with visit() as page:
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in/")
        expect(page.get_by_text("Research use, not for diagnosis")).to_be_in_viewport()
        page.screenshot(path=pictures_kept / "sign-in-desk.png")


def test_the_first_tab_leads_past_the_bar(visit: Open) -> None:
    with visit() as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()


def test_keys_lead_from_page_to_page_and_are_explained(visit: Open) -> None:
    with visit() as page:
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("Next, previous study")
        page.keyboard.press("Escape")
        page.keyboard.press("u")
        page.wait_for_url("**/upload/")
        page.keyboard.press("g")
        page.keyboard.press("w")
        expect(page).to_have_url("/")
