"""The models' pages and the performance page under a hand: full, empty and broken, at a desk and on a tablet."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.serving import Stage, run, served
from tests.webapp.model_reports import report_kept

CONTRAST = Path(__file__).with_name("contrast.js").read_text()
RUNS = 800
#: What axe would find in our own words: controls without a name, tables without heads, pictures without words.
UNNAMED = """() => [
  ...[...document.querySelectorAll("a, button, select, input:not([type=hidden])")]
    .filter((e) => !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length)),
  ...document.querySelectorAll("th:not([scope])"),
  ...[...document.querySelectorAll("table")].filter((e) => !e.caption && !e.closest(".prose")),
  ...[...document.querySelectorAll("img:not([alt]), svg[role=img]:not([aria-label])")],
].map((e) => e.outerHTML.slice(0, 90))"""
PAGES = {
    "model": "/models/tumour-detector/",
    "model-bare": "/models/fracture-detector/",
    "model-damaged": "/models/sorter/",
    "models-list": "/models/",
    "performance": "/performance/",
    "performance-model": "/performance/?model=tumour-detector%2F1",
    "performance-empty": "/performance/?model=tumour-segmenter%2F7",
}


@pytest.fixture(scope="module")
def stage(scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Weeks of runs; one model with figures, one without, one whose figures are damaged."""
    data = Path(shutil.copytree(scene, tmp_path_factory.mktemp("history") / "scene"))
    report_kept(data / "weights", "tumour-detector")
    (data / "weights" / "sorter-1.json").write_text("{")
    with served(data) as stage:
        run([sys.executable, "-m", "tests.webapp.scenes.history", str(RUNS)], stage.environment)
        yield stage


@pytest.mark.parametrize("size", ["desk", "tablet"])
@pytest.mark.parametrize("name", PAGES)
def test_page(name: str, size: str, visit: Open, pictures_kept: Path) -> None:
    with visit(PAGES[name], role="admin", size=size) as page:
        for summary in page.locator("summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate(UNNAMED) == []
        page.reload()
        page.screenshot(path=pictures_kept / f"{name}-{size}.png", full_page=True)


def test_charts_are_drawn_and_their_tables_open_by_key(visit: Open) -> None:
    with visit(PAGES["performance-model"], role="admin") as page:
        chart = page.locator("svg.chart").first
        expect(chart).to_be_visible()
        assert chart.evaluate("e => getComputedStyle(e.querySelector('text')).fontFamily").startswith("system-ui")
        page.locator("main summary").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("details[open] table").first).to_be_visible()


def test_example_pictures_come_when_they_are_reached(visit: Open) -> None:
    with visit(PAGES["model"]) as page:
        pictures = page.locator(".examples img")
        assert pictures.count() == 2
        for picture in pictures.all():
            picture.scroll_into_view_if_needed()
            expect(picture).to_have_js_property("naturalWidth", 256)


def test_without_a_script_the_numbers_are_all_there(visit: Open, stage: Stage) -> None:
    with visit("/performance/", role="admin") as page:
        cookies = page.context.cookies()
        plain = page.context.browser.new_context(base_url=stage.url, java_script_enabled=False)  # type: ignore[union-attr]
        plain.add_cookies(cookies)  # type: ignore[arg-type]
        bare = plain.new_page()
        bare.goto("/performance/")
        bare.get_by_label("Model version", exact=True).select_option("tumour-detector/1")
        bare.get_by_role("button", name="Show").click()
        expect(bare.get_by_role("heading", level=1)).to_contain_text("tumour-detector")
        bare.locator("main summary").first.click()
        expect(bare.locator("details[open] table").first).to_be_visible()
        plain.close()


def test_the_download_comes_as_a_file_with_what_was_chosen(visit: Open, tmp_path: Path) -> None:
    with visit("/performance/?weeks=4", role="admin") as page:
        with page.expect_download() as coming:
            page.get_by_role("link", name="Download as CSV").click()
        coming.value.save_as(tmp_path / "figures.csv")
        head, *rows = (tmp_path / "figures.csv").read_text().splitlines()
        assert head == "week,model,version,step,measure,value,n"
        assert len({row.split(",")[0] for row in rows}) == 4
