"""Exports and webhooks, full and failed, as an administrator sees them."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.serving import Stage
from tests.e2e.test_every_page import CONTRAST


@pytest.mark.parametrize("size", ["desk", "tablet"])
def test_full_pages_fit_and_can_be_read(visit: Open, stage: Stage, size: str, pictures_kept: Path) -> None:
    if size == "desk":
        stage.happens("leaving")
    with visit("/exports/", role="admin", size=size) as page:
        for name, address in (
            ("exports", ""),
            ("export-running", "part 2"),
            ("export-done", "part 3"),
            ("export-failed", "part 4"),
            ("webhooks", "/webhooks/"),
        ):
            if address.startswith("/"):
                page.goto(address)
            elif address:
                page.goto("/exports/")
                page.get_by_role("link", name=address).click()
                page.wait_for_url("**/exports/*-*/")
            assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
            assert page.evaluate(CONTRAST) == []
            page.screenshot(path=pictures_kept / f"{name}-full-{size}.png", full_page=True)


def test_an_export_is_asked_for_by_hand(visit: Open) -> None:
    with visit("/exports/", role="admin") as page:
        page.get_by_label("Phantom, Petra").check()
        page.get_by_label("Name", exact=True).fill("By hand")
        page.get_by_role("button", name="Export", exact=True).click()
        page.wait_for_url("**/exports/*-*/")
        expect(page.get_by_role("heading", name="By hand")).to_be_visible()
        with page.expect_response(lambda answer: "/exports/" in answer.url):
            expect(page.locator("#export")).to_contain_text("Waiting")
