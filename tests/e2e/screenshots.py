"""Pictures of the pages for the README: ``python -m tests.e2e.screenshots [folder]``. Drawn phantoms only."""

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from deploy.viewer import build
from tests.e2e.conftest import WIDTHS, chromium_launched, sign_in
from tests.e2e.serving import ACCOUNTS, ROOT, Stage, run, served_scene
from tests.e2e.viewing import NEWER
from tests.phantoms import dicom, pictures

#: Colours kept: a picture of a page then weighs a third.
COLOURS = 256


def taken(page: Page, folder: Path, name: str) -> None:
    """Take one picture and make it small."""
    path = folder / f"{name}.png"
    page.screenshot(path=path)
    made_small(path, path)


def made_small(source: Path, path: Path) -> None:
    """Write a picture with few colours."""
    with Image.open(source) as shot:
        shot.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            path, optimize=True
        )


def study(page: Page, name: str) -> None:
    """Open a study from the worklist."""
    page.goto("/")
    page.get_by_role("link", name=name).click()
    page.locator("#slice[href]").wait_for(state="attached")
    page.wait_for_timeout(400)


def files(folder: Path) -> list[Path]:
    """Make files to upload: good ones, one sent twice, two that are refused."""
    good = [pictures.png(folder / f"wrist-{number}.png", seed=900 + number) for number in range(3)]
    again = Path(shutil.copy(good[0], folder / "wrist-0 (copy).png"))
    scan = dicom.saved(
        dicom.image(pictures.disc(seed=950), PatientName="Phantom^Paul", PatientID="P-9"), folder / "IM0001"
    )
    letter = folder / "letter.docx.txt"
    letter.write_text("Dear colleague")
    cut = folder / "IM0002"
    cut.write_bytes(scan.read_bytes()[:-4000])
    return [*good, again, scan, letter, cut]


def pages(page: Page, folder: Path, scratch: Path) -> None:
    """Take all pictures."""
    page.wait_for_load_state("networkidle")
    taken(page, folder, "worklist")
    study(page, "Phantom, Petra")
    taken(page, folder, "study")
    page.keyboard.press("h")
    page.wait_for_timeout(300)
    taken(page, folder, "study-heat-map")
    study(page, "Muster, Dr Max")
    taken(page, folder, "study-disagreement")
    page.locator("#map").scroll_into_view_if_needed()
    page.mouse.wheel(0, 2000)
    page.wait_for_timeout(300)
    taken(page, folder, "path")
    page.goto("/upload/")
    page.locator("#files").set_input_files(files(scratch))
    page.get_by_text("all done").wait_for()
    taken(page, folder, "upload")
    for name in ("models", "audit"):
        page.goto(f"/{name}/")
        taken(page, folder, name)
    page.goto("/models/tumour-detector/")
    taken(page, folder, "model")


def viewer(page: Page, folder: Path, stage: Stage) -> None:
    """Take the viewer: a prior beside and a measurement, then three planes."""
    run([sys.executable, "-m", "tests.webapp.scenes.viewer"], stage.environment)
    page.goto("/")
    page.goto(f"/studies/{page.evaluate(NEWER)}/viewer/")
    for cell, loaded in enumerate(("24/24", "12/12")):
        page.locator(".cell").nth(cell).and_(page.locator(f"[data-loaded='{loaded}']")).wait_for()
    page.keyboard.press("b")
    page.mouse.move(240, 360)
    page.mouse.down()
    page.mouse.move(280, 385, steps=4)
    page.mouse.up()
    page.wait_for_timeout(800)
    taken(page, folder, "viewer")
    page.keyboard.press("f")
    page.locator("[data-plane=coronal] .corner.bottom.right span").first.wait_for()
    page.wait_for_timeout(1500)
    taken(page, folder, "viewer-planes")


def performance(page: Page, folder: Path, stage: Stage) -> None:
    """Take the performance page over weeks of runs; last, for the worklist would show them all."""
    run([sys.executable, "-m", "tests.webapp.scenes.history", "600"], stage.environment)
    page.goto("/performance/")
    taken(page, folder, "performance")
    page.get_by_role("link", name="tumour-detector/").last.click()  # the newest version
    page.get_by_role("heading", name="Tumour detector").scroll_into_view_if_needed()
    page.mouse.wheel(0, 400)
    page.wait_for_timeout(300)
    taken(page, folder, "performance-model")


def shift(folder: Path) -> None:
    """Keep what the test of a whole shift saw, where it ran: ``pytest tests/e2e/test_whole_shift.py``."""
    for seen in sorted((ROOT / "test-results" / "screenshots").glob("shift-*.png")):
        made_small(seen, folder / seen.name)


def main() -> None:
    """Serve the scene and photograph it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    build()
    with (
        tempfile.TemporaryDirectory() as name,
        served_scene(Path(name) / "data", weights=ROOT / "weights") as stage,
        sync_playwright() as playwright,
    ):
        chromium = chromium_launched(playwright)
        for size, (width, height) in WIDTHS.items():
            page = chromium.new_context(base_url=stage.url, viewport={"width": width, "height": height}).new_page()
            if size == "desk":
                page.goto("/sign-in/")
                taken(page, folder, "sign-in")
            sign_in(page, *ACCOUNTS["admin"])
            if size == "desk":
                pages(page, folder, Path(name))
                viewer(page, folder, stage)
            else:
                study(page, "Phantom, Petra")
                taken(page, folder, "study-tablet")
                page.set_viewport_size({"width": WIDTHS["desk"][0], "height": WIDTHS["desk"][1]})
                performance(page, folder, stage)
        chromium.close()
    shift(folder)


if __name__ == "__main__":
    main()
