"""Every page before axe-core (Deque): no serious fault, at a desk and at twice the size."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Open
from tests.e2e.serving import ROOT

AXE = ROOT / "webapp" / "reading" / "viewer" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}
PAGES = [
    "/", "/upload/", "/models/", "/models/sorter/", "/performance/", "/audit/", "/network/", "/tokens/", "/exports/",
    "/webhooks/", "/critical-results/", "/hand-over/", "/discrepancies/", "/reading-rules/",
]  # fmt: skip
#: Of the study of this person.
OF_STUDY = ["", "report/", "viewer/", "follow-up/"]
WHO = "Phantom, Petra"

pytestmark = pytest.mark.usefixtures("viewer_built")


def faults(page: Page) -> list[str]:
    """Return what axe finds, one line a rule and place."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
    return [
        f"{one['id']} ({one['impact']}): {node['target']}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


def of_study(page: Page) -> str:
    """Return the address of the study."""
    return (page.get_by_role("link", name=WHO).first.get_attribute("href") or "").partition("?")[0]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_has_no_serious_fault(address: str, visit: Open) -> None:
    with visit(address, role="admin") as page:
        page.wait_for_load_state("load")
        assert faults(page) == []
        usable_at_twice_the_size(page)


@pytest.mark.parametrize("rest", OF_STUDY)
def test_a_study_has_no_serious_fault(rest: str, visit: Open) -> None:
    with visit() as page:
        page.goto(f"{of_study(page)}{rest}")
        page.wait_for_load_state("load")
        page.wait_for_timeout(500)
        assert faults(page) == []
        if rest != "viewer/":  # its pictures fill the window, whatever its size
            usable_at_twice_the_size(page)


def usable_at_twice_the_size(page: Page) -> None:
    """At 200% a window of 1280 pixels has room for 640: nothing may stand outside (WCAG 2.2, 1.4.10)."""
    page.set_viewport_size({"width": 640, "height": 400})
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
