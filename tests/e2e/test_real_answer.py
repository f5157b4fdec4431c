"""The whole thing, in both deployments: pictures go in by browser and come out explained, by themselves."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.deployment import Deployment
from tests.e2e.conftest import sign_in
from tests.e2e.evidence import traced_context
from tests.phantoms import dicom, pictures
from tests.webapp.scenes import pictures as drawn

#: Two cores, two networks' first load, and other tests' servers beside it.
PATIENCE_MS = 120_000
FINISHED = r"Findings|Nothing found|Classified only|Not analysed"


@pytest.fixture
def page(browser: Browser, deployment: Deployment) -> Iterator[Page]:
    """A signed-in clinician's browser on the running deployment."""
    context = traced_context(browser, base_url=deployment.url, viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    sign_in(opened, *deployment.accounts["clinician"])
    yield opened
    context.close()


def uploaded(page: Page, files: list[Path]) -> None:
    """Send files from the upload page."""
    page.goto("/upload/")
    page.locator("#files").set_input_files(files)
    expect(page.locator("#tally")).to_contain_text("all done", timeout=PATIENCE_MS)
    expect(page.locator(".row.is-stored")).to_have_count(len(files))


def test_a_series_is_answered_without_touching_the_page(
    page: Page, tmp_path: Path, pictures_kept: Path, deployment: Deployment
) -> None:
    slices = [
        dicom.saved(one, tmp_path / f"{number}.dcm")
        for number, one in enumerate(
            dicom.series(6, PatientName=f"Phantom^{deployment.name}", PatientID=deployment.name, Modality="MR")
        )
    ]
    uploaded(page, slices)
    page.goto("/")
    row = page.locator(".worklist tbody", has_text=f"Phantom, {deployment.name}")
    expect(row.locator(".mark")).to_have_text(re.compile(FINISHED), timeout=PATIENCE_MS)
    row.locator(".person").click()
    page.locator("#slice[href]").wait_for(state="attached")
    expect(page.locator("#slice-number")).to_contain_text("/ 6")
    expect(page.locator(".path .taken").first).to_contain_text("Medical image?")
    expect(page.locator("#map .lit rect").first).to_be_visible()
    page.get_by_text("Details of this run").click()
    expect(page.locator(".events")).to_contain_text("finish")
    page.screenshot(path=pictures_kept / f"real-{deployment.name}.png")


def test_a_page_of_text_is_not_analysed_and_says_why(page: Page, tmp_path: Path, deployment: Deployment) -> None:
    seed = sum(map(ord, deployment.name))
    letter = pictures.png(tmp_path / "letter.png", drawn.page(seed=seed))
    uploaded(page, [letter])
    page.get_by_role("link", name="Open study").click()
    expect(page.locator("#outcome-title")).to_contain_text("Not analysed", timeout=PATIENCE_MS)
    expect(page.locator(".because")).to_contain_text("does not look like a medical image")
