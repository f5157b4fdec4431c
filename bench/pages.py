"""How long each page takes where many studies wait: ``python -m bench.pages``."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.services import shared_environment
from deploy.supervisor import ROOT

ROUNDS = 5
#: What a page may take, in seconds, on this machine.
MOST = 1.0
PAGES = [
    "/", "/?page=100", "/?show=findings", "/?show=mine", "/?show=read", "/worklist/rows/", "/studies/{study}/",
    "/studies/{study}/viewer/", "/api/studies/{study}/viewer/", "/studies/{study}/report/",
    "/studies/{study}/follow-up/", "/critical-results/", "/hand-over/", "/discrepancies/", "/models/",
    "/reading-rules/",
]  # fmt: skip


def main() -> int:
    """Measure and print; 1 where a page takes longer than it may."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep the table in this page")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="readroom-bench-", ignore_cleanup_errors=True) as folder:
        environment = {**shared_environment(data=Path(folder)), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
        for words in (["manage.py", "collectstatic", "--no-input"], ["-m", "bench.dicomweb.rows", str(chosen.studies)]):
            subprocess.run([sys.executable, *words], env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        os.environ.update(environment)
        told = list(page(chosen.studies))
    print("\n".join(told))
    if chosen.write:
        chosen.write.write_text("\n".join(told) + "\n")
    return int(any("too long" in line for line in told))


def page(studies: int) -> Iterator[str]:
    """Yield the lines of the page."""
    import django  # noqa: PLC0415 - the data folder is known only now

    django.setup()
    from django.test import Client  # noqa: PLC0415

    from webapp.foundation.accounts.models import User  # noqa: PLC0415
    from webapp.imaging.archive.models import Study  # noqa: PLC0415

    reader = User.objects.get()
    User.objects.filter(pk=reader.pk).update(role=User.Role.SENIOR)
    browser = Client(headers={"host": "localhost"})
    browser.force_login(User.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
    _seconds(browser, "/healthz")  # the start of the process is no page's
    yield "# Pages, measured\n"
    yield f"`python -m bench.pages --write docs/bench-pages.md`: {studies:,} studies waiting at one site, on SQLite, in"
    yield f"one process without a web server. The first response, and the median of {ROUNDS} more.\n"
    yield "| page | first | later | target |"
    yield "|---|---|---|---|"
    for address in PAGES:
        first, *then = [_seconds(browser, address.format(study=Study.objects.all()[0].pk)) for _ in range(ROUNDS + 1)]
        verdict = "under 1 s" if max(first, *then) < MOST else "under 1 s: too long"
        yield f"| `{address}` | {1000 * first:.0f} ms | {1000 * statistics.median(then):.0f} ms | {verdict} |"


def _seconds(browser: object, address: str) -> float:
    began = time.perf_counter()
    answer = browser.get(address)  # type: ignore[attr-defined]
    assert answer.status_code == 200, (address, answer.status_code)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
