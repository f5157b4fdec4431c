"""What browsers showed when a test failed: a picture of each open page, and Playwright's trace of what led to it."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext
from playwright.sync_api import Error as BrowserError

#: Every context that is open just now.
OPEN: list[BrowserContext] = []


def traced_context(browser: Browser, **settings: Any) -> BrowserContext:
    """Open a context of a browser; what happens in it is recorded until it is closed."""
    context = browser.new_context(**settings)
    context.tracing.start(snapshots=True)
    OPEN.append(context)
    context.on("close", _forget)
    return context


def _forget(context: BrowserContext) -> None:
    OPEN.remove(context)


def evidence_keep(folder: Path, *, prefix: str) -> None:
    """Keep a picture of every open page, and the trace of every open context (`playwright show-trace FILE`)."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, context in enumerate(OPEN, start=1):
        for page_number, page in enumerate(context.pages, start=1):
            with suppress(BrowserError):  # a page that hangs: its trace says more
                page.screenshot(path=folder / f"{prefix}-browser-{number}-page-{page_number}.png", timeout=10_000)
        with suppress(BrowserError):
            context.tracing.stop(path=folder / f"{prefix}-browser-{number}-trace.zip")
            context.tracing.start(snapshots=True)  # a context of a whole module goes on
