"""Critical results and the end of a shift, by keyboard; and what each role is shown."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.serving import Stage
from tests.e2e.test_every_page import CONTRAST


def fits(page: Page, kept: Path) -> None:
    """A page is as wide as its window, can be read, and is kept as a picture.

    The caret is left alone: hiding it leaves a style behind, which htmx would carry over and the policy refuse.
    """
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    assert page.evaluate(CONTRAST) == []
    page.screenshot(path=kept, full_page=True, caret="initial")


def test_a_critical_result_is_recorded_and_read_back_by_keyboard(visit: Open, pictures_kept: Path) -> None:
    with visit() as page:
        page.get_by_role("link", name="Phantom, Petra").click()
        page.locator("#slice[href]").wait_for(state="attached")
        panel = page.locator("#criticals")
        expect(panel).to_contain_text("No critical result is recorded")
        page.screenshot(path=pictures_kept / "study-critical-missing-desk.png", caret="initial")
        page.keyboard.press("c")
        page.keyboard.type("Tumour with mass effect.")
        page.keyboard.press("Enter")
        expect(panel).to_contain_text("Not notified yet")
        page.keyboard.press("c")
        page.keyboard.type("Dr Weiss, surgeon on call")
        for _ in range(3):
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.screenshot(path=pictures_kept / "study-critical-told-desk.png", caret="initial")
        page.keyboard.press("Enter")
        expect(panel).to_contain_text("1 critical result read back or withdrawn")
        expect(panel.locator("summary").first).to_be_focused()
        page.keyboard.press("Enter")
        expect(panel.get_by_text("by phone, read back")).to_be_visible()
        fits(page, pictures_kept / "study-critical-desk.png")


@pytest.mark.parametrize("size", ["desk", "tablet"])
def test_a_shift_is_handed_over_and_accepted(size: str, visit: Open, stage: Stage, pictures_kept: Path) -> None:
    stage.happens("shift")
    with visit(size=size) as page:
        expect(page.get_by_text("Hand-over from anna").first).to_be_visible()
        fits(page, pictures_kept / f"worklist-shift-{size}.png")
        page.keyboard.press("g")
        page.keyboard.press("c")
        page.wait_for_url("**/criticals/")
        fits(page, pictures_kept / f"criticals-{size}.png")
        page.keyboard.press("g")
        page.keyboard.press("h")
        page.wait_for_url("**/hand-over/")
        fits(page, pictures_kept / f"hand-over-{size}.png")
        page.get_by_role("link", name="Review and accept").first.click()
        page.wait_for_url("**/hand-over/*/")
        expect(page.get_by_text("Still open").first).to_be_visible()
        page.keyboard.press("a")
        expect(page.get_by_text("Accepted by clinician")).to_be_visible()
        fits(page, pictures_kept / f"hand-over-one-{size}.png")


@pytest.mark.parametrize("role", ["auditor", "senior", "admin"])
@pytest.mark.parametrize("size", ["desk", "tablet"])
def test_each_role_has_its_pages(role: str, size: str, visit: Open, pictures_kept: Path) -> None:
    with visit(role=role, size=size) as page:
        fits(page, pictures_kept / f"worklist-{role}-{size}.png")
        page.get_by_role("link", name="Phantom, Petra").first.click()
        page.locator("#slice[href]").wait_for(state="attached")
        expect(page.locator("#criticals .record")).to_have_count(0 if role == "auditor" else 1)
        fits(page, pictures_kept / f"study-{role}-{size}.png")
        page.goto("/audit/" if role != "senior" else "/hand-over/")
        if role == "admin":
            page.locator(".house summary").press("Enter")
            expect(page.get_by_role("link", name="Webhooks")).to_be_in_viewport()
        fits(page, pictures_kept / f"other-{role}-{size}.png")
