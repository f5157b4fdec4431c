"""Browsers for the tests. Debian's Chromium, driven by Playwright."""

import re
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, StorageState, expect, sync_playwright

from deploy import viewer
from tests.e2e.evidence import OPEN, evidence_keep, traced_context
from tests.e2e.serving import ACCOUNTS, ROOT, Stage, scene_made, served_copy
from tests.second_try import evidence_folder, try_number

CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTHS = {"desk": (1280, 800), "tablet": (820, 1180)}
# Two cores are shared with other tests' servers; what does not come in this time does not come.
expect.set_options(timeout=20_000)
Open = Callable[..., AbstractContextManager[Page]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what the browsers show where a test fails."""
    report = yield
    if report.failed:
        evidence_keep(evidence_folder(item), prefix=f"try-{try_number(item)}")
    return report


@pytest.fixture(scope="session")
def viewer_built() -> None:
    """The viewer's scripts, built where they are not."""
    viewer.build()


@pytest.fixture(scope="session")
def scene(viewer_built: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - it is collected
    """A data folder with a scene of every state, made once. Copy it before you serve it."""
    data = tmp_path_factory.mktemp("scene")
    scene_made(data)
    return data


@pytest.fixture(scope="module")
def stage(scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The pages over a scene of every state."""
    with served_copy(scene, tmp_path_factory.mktemp("served") / "scene") as stage:
        yield stage


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium. Ended with this package: its event loop must not outlive it into tests of the database."""
    with sync_playwright() as playwright:
        chromium = chromium_launched(playwright)
        yield chromium
        chromium.close()


def chromium_launched(playwright: Playwright) -> Browser:
    """Start Debian's Chromium."""
    program = shutil.which("chromium")
    assert program, "chromium is missing: apt install chromium"
    return playwright.chromium.launch(executable_path=program, args=CHROMIUM)


@pytest.fixture(scope="session")
def signed_in() -> dict[tuple[str, str], StorageState]:
    """Cookies of those who signed in already, by server and role: a password is slow to check, as it should be."""
    return {}


@pytest.fixture
def visit(browser: Browser, stage: Stage, signed_in: dict[tuple[str, str], StorageState]) -> Iterator[Open]:
    """Open a page as somebody; afterwards the browser must have had nothing to complain about."""

    @contextmanager
    def opened(
        address: str = "/",
        *,
        role: str = "clinician",
        size: str = "desk",
        url: str = stage.url,
        quietly: bool = True,
        touch: bool = False,
    ) -> Iterator[Page]:
        width, height = WIDTHS[size]
        who = (url, role)
        context = traced_context(
            browser,
            base_url=url,
            viewport={"width": width, "height": height},
            storage_state=signed_in.get(who),
            has_touch=touch,
        )
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/")
        if "/sign-in/" in page.url:  # for the first time, or somebody signed out meanwhile
            sign_in(page, *ACCOUNTS[role])
            signed_in[who] = context.storage_state()
        if address != "/":
            page.goto(address)
        yield page
        if quietly:
            assert complaints == []
        context.close()

    others = list(OPEN)
    yield opened
    for context in [one for one in OPEN if one not in others]:  # of a test that failed: what they showed is kept by now
        context.close()


def sign_in(page: Page, name: str, password: str) -> None:
    """Sign in on the sign-in page."""
    page.goto("/sign-in/")
    signed_in_there(page, name, password)


def signed_in_there(page: Page, name: str, password: str) -> None:
    """Fill in the sign-in page that is open, and wait for the page behind it."""
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.wait_for_load_state()


def report_left(page: Page) -> None:
    """Wait until the page of the report is left, over however many redirects."""
    expect(page).not_to_have_url(re.compile("/report/"))
    page.wait_for_load_state()


@pytest.fixture(scope="session")
def pictures_kept() -> Path:
    """Folder for screenshots that a person looks at after the tests."""
    folder = ROOT / "test-results" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
