"""What browsers showed when a test failed: picture and HTML of each open page, and Playwright's trace up to then.

Traces are without pictures of each step, which would make every test take twice as long.
"""

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
    context.tracing.start()
    OPEN.append(context)
    context.on("close", _forget)
    return context


def _forget(context: BrowserContext) -> None:
    OPEN.remove(context)


def evidence_keep(folder: Path, *, prefix: str) -> None:
    """Keep picture and HTML of every open page, and the trace of every open context (`playwright show-trace FILE`)."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, context in enumerate(OPEN, start=1):
        for page_number, page in enumerate(context.pages, start=1):
            with suppress(BrowserError):  # a page that hangs: its trace says more
                shown = folder / f"{prefix}-browser-{number}-page-{page_number}"
                page.screenshot(path=shown.with_suffix(".png"), timeout=10_000)
                shown.with_suffix(".html").write_text(page.content())
        with suppress(BrowserError):
            context.tracing.stop(path=folder / f"{prefix}-browser-{number}-trace.zip")
            context.tracing.start()  # a context of a whole module goes on
