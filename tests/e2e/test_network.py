"""The network page and sending from the study page, as people see them."""

from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.conftest import Open
from tests.e2e.serving import Stage
from tests.e2e.test_every_page import CONTRAST


def test_an_admin_names_a_destination_and_a_clinician_sends_there(visit: Open, pictures_kept: Path) -> None:
    with visit("/network/", role="admin") as page:
        expect(page.get_by_text("No destinations yet.")).to_be_visible()
        page.screenshot(path=pictures_kept / "network-empty-desk.png")
        page.get_by_text("Add a destination").click()
        page.get_by_label("Name").fill("Archive of the house")
        page.get_by_label("Host").fill("pacs.example")
        page.get_by_label("Port").fill("104")
        page.get_by_label("AE title").fill("PACS")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("link", name="Archive of the house")).to_be_visible()
    with visit() as page:
        page.get_by_role("link", name="Phantom, Petra").click()
        page.wait_for_url("**/studies/**")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#deliveries").get_by_text("Waiting")).to_be_visible()
        expect(page.locator("#deliveries").get_by_text("0 of 26")).to_be_visible()


@pytest.mark.parametrize("size", ["desk", "tablet"])
def test_what_is_on_its_way_and_what_waits_for_a_person(
    size: str, visit: Open, stage: Stage, pictures_kept: Path
) -> None:
    if size == "desk":
        stage.happens("network")
    with visit("/network/", role="admin", size=size) as page:
        expect(page.get_by_role("button", name="Retry").first).to_be_visible()
        page.screenshot(path=pictures_kept / f"network-{size}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
        assert page.evaluate(CONTRAST) == []
        page.goto("/")
        page.get_by_role("link", name="Phantom, Petra").click()
        page.wait_for_url("**/studies/**")
        expect(page.locator("#deliveries").get_by_text("Not sent")).to_be_visible()
        page.locator("#sending").scroll_into_view_if_needed()
        page.screenshot(path=pictures_kept / f"study-sending-{size}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
        assert page.evaluate(CONTRAST) == []


def test_a_button_pressed_twice_makes_one_token(visit: Open) -> None:
    with visit("/tokens/", role="admin") as page:
        held: list[Route] = []
        page.route("**/tokens/", lambda *route: held.append(route[0]))
        page.get_by_label("Machine").fill("Gateway")
        page.get_by_label("Acts as").select_option("clinician")
        page.keyboard.press("Enter")
        while not held:
            page.wait_for_timeout(20)
        page.keyboard.press("Enter")
        held[0].continue_()
        expect(page.get_by_label("Token", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Revoke Gateway")).to_have_count(1)
