"""Writing and signing a report in a browser: every letter is kept, and two keys lead to the next case."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open, report_left
from tests.e2e.serving import ACCOUNTS, Stage, served_copy
from tests.e2e.test_every_page import CONTRAST

PASSWORD = ACCOUNTS["clinician"][1]


@pytest.fixture
def stage(scene: Path, tmp_path: Path) -> Iterator[Stage]:
    """A copy of the scene for each test: a signed report stays signed."""
    with served_copy(scene, tmp_path / "scene") as stage:
        yield stage


def opened(page: Page, name: str = "Phantom, Petra") -> str:
    """Open a study, take it in hand, and return its address."""
    page.get_by_role("link", name=name).click()
    page.wait_for_url("**/studies/**")
    expect(page.locator("#held.mine")).to_be_visible()
    return page.url.split("?")[0]


def written(page: Page) -> None:
    """Open the report of the open study by key."""
    page.keyboard.press("r")
    page.wait_for_url("**/report/")


def test_it_is_saved_as_it_is_typed_and_signed_into_the_next_case_by_two_keys(visit: Open, pictures_kept: Path) -> None:
    with visit() as page:
        study = opened(page)
        written(page)
        assert "MRI of brain" in page.get_by_label("Technique").input_value()
        page.get_by_label("Impression").fill("Mass of the left side.")
        expect(page.locator("#saved")).to_contain_text("Saved")
        page.reload()
        expect(page.get_by_label("Impression")).to_have_value("Mass of the left side.")
        page.goto(study)
        expect(page.locator(".report-line")).to_contain_text("Draft of a report")
        page.keyboard.press("Shift+S")
        page.wait_for_url("**/report/?sign")
        expect(page.get_by_label("Your password")).to_be_focused()
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/studies/*/")
        assert page.url != study
        expect(page.locator(".messages")).to_contain_text("Final report signed, version 1.")
        page.goto(f"{study}report/")
        expect(page.locator(".signature")).to_contain_text("I have read the images and answer for this report.")
        page.get_by_role("button", name="Verify").click()
        expect(page.locator("#verified")).to_contain_text("The signature holds.")
        page.screenshot(path=pictures_kept / "report-signed-desk.png", full_page=True)


@pytest.mark.parametrize("presses", [1, 2], ids=["once", "twice"])
def test_what_was_typed_last_is_saved_before_it_is_signed(visit: Open, presses: int) -> None:
    with visit() as page:
        study = opened(page)
        written(page)
        page.get_by_label("Impression").fill("Normal.")
        expect(page.locator("#saved")).to_contain_text("Saved")
        page.get_by_label("Impression").press("End")
        page.keyboard.type(" Really.")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_label("Your password")).to_be_focused()
        page.keyboard.type(PASSWORD)
        for _ in range(presses):
            page.keyboard.press("Enter")
        report_left(page)
        expect(page.locator(".messages")).to_contain_text("Final report signed, version 1.")
        page.goto(f"{study}report/")
        expect(page.locator(".signed")).to_contain_text("Normal. Really.")
        assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('readroom-report'))") == []


def test_a_lost_line_is_told_and_the_text_is_sent_when_it_is_back(visit: Open, pictures_kept: Path) -> None:
    with visit(quietly=False) as page:
        opened(page)
        written(page)
        page.context.set_offline(True)
        page.get_by_label("Impression").fill("Typed in the dark.")
        expect(page.locator("#saved")).to_contain_text("Not saved: no connection")
        page.screenshot(path=pictures_kept / "report-offline-desk.png")
        page.context.set_offline(False)
        expect(page.locator("#saved")).to_contain_text("Saved")
        page.reload()
        expect(page.get_by_label("Impression")).to_have_value("Typed in the dark.")


def test_a_crash_loses_nothing(visit: Open) -> None:
    with visit(quietly=False) as page:
        opened(page)
        written(page)
        page.context.set_offline(True)
        page.get_by_label("Impression").fill("Before the crash.")
        expect(page.locator("#saved")).to_contain_text("Not saved")
        address, context = page.url, page.context
        page.close()
        context.set_offline(False)
        again = context.new_page()
        again.goto(address)
        expect(again.get_by_label("Impression")).to_have_value("Before the crash.")
        expect(again.locator("#saved")).to_contain_text("Saved")


def test_two_windows_do_not_overwrite_each_other(visit: Open, pictures_kept: Path) -> None:
    with visit(quietly=False) as page:
        opened(page)
        written(page)
        other = page.context.new_page()
        other.goto(page.url)
        page.get_by_label("Impression").fill("First window.")
        expect(page.locator("#saved")).to_contain_text("Saved")
        other.get_by_label("Impression").fill("Second window.")
        expect(other.locator("#saved")).to_contain_text("Nothing was overwritten")
        expect(other.locator("#saved")).to_contain_text("First window.")
        expect(other.get_by_label("Impression")).to_have_value("Second window.")
        other.screenshot(path=pictures_kept / "report-conflict-desk.png", full_page=True)
        other.get_by_role("button", name="Keep mine").click()
        expect(other.locator("#saved")).to_contain_text("Saved")
        page.reload()
        expect(page.get_by_label("Impression")).to_have_value("Second window.")


def test_a_wrong_password_asks_again_with_the_text_still_there(visit: Open, pictures_kept: Path) -> None:
    with visit(quietly=False) as page:
        opened(page)
        written(page)
        page.get_by_label("Impression").fill("Mass.")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_label("Your password")).to_be_focused()
        page.keyboard.type("guess")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("Wrong password")
        expect(page.get_by_label("Impression")).to_have_value("Mass.")
        expect(page.get_by_label("Your password")).to_be_focused()
        page.screenshot(path=pictures_kept / "report-wrong-password-desk.png", full_page=True)


def test_another_template_keeps_the_text(visit: Open) -> None:
    with visit() as page:
        opened(page)
        written(page)
        page.get_by_label("Impression").fill("Mass.")
        expect(page.locator("#saved")).to_contain_text("Saved")
        page.get_by_label("Template").select_option("us-breast")
        expect(page.get_by_label("Recommendation")).to_be_visible()
        expect(page.get_by_label("Impression")).to_have_value("Mass.")


@pytest.mark.parametrize("size", ["desk", "tablet"])
def test_the_pages_look_right(size: str, visit: Open, stage: Stage, pictures_kept: Path) -> None:
    stage.happens("reported")
    with visit(role="admin", size=size) as page:
        for name, address in (
            ("discrepancies", "/discrepancies/"),
            ("discrepancies-none", "/discrepancies/?show=done"),
        ):
            page.goto(address)
            looked_at(page, pictures_kept / f"{name}-{size}.png")
        page.goto("/discrepancies/")
        page.locator(".queue a").nth(1).click()
        page.wait_for_url("**/report/1/")
        looked_at(page, pictures_kept / f"report-superseded-{size}.png")
        page.get_by_role("link", name="Read the newest").click()
        page.wait_for_url("**/report/")
        looked_at(page, pictures_kept / f"report-addendum-{size}.png")
        page.keyboard.press("Shift+S")
        page.wait_for_url("**/report/?write")
        looked_at(page, pictures_kept / f"report-write-addendum-{size}.png")
        page.keyboard.press("i")
        page.wait_for_url("**/studies/*/")
        looked_at(page, pictures_kept / f"report-line-{size}.png")
    with visit(size=size) as page:
        opened(page)
        written(page)
        looked_at(page, pictures_kept / f"report-fresh-{size}.png")
        page.reload()  # a picture leaves its traces in the fields
        page.get_by_label("Impression").fill("Mass of the left side, most likely a meningioma.")
        expect(page.locator("#saved")).to_contain_text("Saved")
        looked_at(page, pictures_kept / f"report-write-{size}.png")


def looked_at(page: Page, path: Path) -> None:
    """Take a picture of a page that fits its window and can be read."""
    page.wait_for_load_state("load")
    page.screenshot(path=path, full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    assert page.evaluate(CONTRAST) == []
