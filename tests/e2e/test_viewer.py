"""The viewer under a hand: right pixels, letters and millimetres, three planes, a prior beside, nothing asked twice."""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Route, expect

from tests.e2e.conftest import Open, sign_in
from tests.e2e.evidence import traced_context
from tests.e2e.serving import ACCOUNTS, Stage, run
from tests.e2e.viewing import NEWER, settled
from tests.webapp.scenes.viewer import BAR, BLOCK, COLUMNS, GROUND, ROWS, SPACING

pytestmark = pytest.mark.usefixtures("viewer_built")
CONTRAST = Path(__file__).with_name("contrast.js").read_text()
EDGES = ("top", "right", "bottom", "left")
#: Pixels of the phantom (column, row): in the block, in the bar, on the ground.
IN_BLOCK, IN_BAR, ON_GROUND = (16, 12), (70, 38), (40, 30)
GREY_AT = """([x, y]) => {
  const canvas = document.querySelector('.cell canvas');
  const scale = canvas.width / canvas.clientWidth;
  return canvas.getContext('2d').getImageData(Math.round(x * scale), Math.round(y * scale), 1, 1).data[0];
}"""

PIXEL_OF = "(canvas, [x, y]) => canvas.getContext('2d').getImageData(x, y, 1, 1).data[0]"


@pytest.fixture(scope="module")
def eyes(stage: Stage) -> Stage:
    """The pages over studies with known geometry."""
    run([sys.executable, "-m", "tests.webapp.scenes.viewer"], stage.environment)
    return stage


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """Addresses that the viewer asked for, in order."""
    return []


@pytest.fixture(scope="module")
def vera(eyes: Stage, browser: Browser, viewer_built: None, asked: list[str]) -> Iterator[Page]:  # noqa: ARG001
    """The study of the phantom in the viewer, opened once; the browser must have nothing to complain about."""
    context = traced_context(browser, base_url=eyes.url, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(f"{said.text} {said.location}") if is_bad(said) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, *ACCOUNTS["clinician"])
    opened(page)
    yield page
    assert complaints == []
    context.close()


def is_bad(said: ConsoleMessage) -> bool:
    """Say whether the browser complains of us; that these tests read the canvas back is no fault of the page."""
    # A mark that was never saved is taken away at the server too: the answer to its first save may have been lost.
    is_of_no_mark = "404" in said.text and "/api/marks/" in said.location["url"]
    is_ours = "406" in said.text and said.location["url"].endswith("/frames/1")  # a test refuses that frame
    is_known = "willReadFrequently" in said.text or is_of_no_mark or is_ours
    return said.type in {"error", "warning"} and not is_known


def opened(page: Page) -> None:
    """Open the newer study of the phantom and wait until it and its prior are whole."""
    page.goto(f"/studies/{page.evaluate(NEWER)}/viewer/")
    expect(page.locator(".cell").first).to_have_attribute("data-loaded", "24/24", timeout=60_000)
    expect(page.locator(".cell").nth(1)).to_have_attribute("data-loaded", "12/12", timeout=60_000)
    page.locator(".cell").first.focus()


def corner(page: Page, where: str, cell: int = 0) -> str:
    """Return what stands in a corner of a viewport."""
    return page.locator(".cell").nth(cell).locator(f".corner.{where}").inner_text()


def measured(words: Locator, unit: str) -> float:
    """Return the number that stands before a unit; a hand on a scaled screen is a fraction of a pixel off."""
    settled(words.page)  # while a hand moves, the figure follows it at some distance
    expect(words).to_contain_text(re.compile(rf"[0-9.]+ {unit}"))
    found = re.search(rf"([0-9.]+) {unit}", words.text_content() or "")
    assert found
    return float(found[1])


def round_about(viewport: Locator) -> str:
    """Return who, what and which side stand round a picture."""
    return " ".join(viewport.locator(".corner, .letter").all_inner_texts())


def letters(page: Page, cell: int = 0) -> str:
    """Return the letters of a viewport, clockwise from the top."""
    return " ".join(page.locator(".cell").nth(cell).locator(f".letter.at-{edge}").inner_text() for edge in EDGES)


def place(page: Page, pixel: tuple[float, float]) -> tuple[float, float]:
    """Return where a pixel of the image, hung unturned and fitted, lies in the first viewport."""
    size = page.locator(".cell").first.bounding_box()
    zoom = re.search(r"Zoom ([\d.]+)", corner(page, "bottom.right"))
    assert size is not None
    assert zoom is not None
    step = min(size["width"] / COLUMNS, size["height"] / ROWS)
    assert step == pytest.approx(float(zoom[1]), abs=0.01)
    return size["width"] / 2 + (pixel[0] + 0.5 - COLUMNS / 2) * step, size["height"] / 2 + (
        pixel[1] + 0.5 - ROWS / 2
    ) * step


def grey(page: Page, pixel: tuple[float, float]) -> int:
    """Return the grey that the first viewport shows for a pixel of the image."""
    settled(page)
    return int(page.evaluate(GREY_AT, list(place(page, pixel))))


def windowed(hounsfield: float, *, width: float, level: float) -> float:
    """Return the grey of a value through a window (PS3.3 C.11.2.1.2)."""
    return min(max((hounsfield - level) / width + 0.5, 0), 1) * 255


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw from one pixel of the image to another."""
    size = page.locator(".cell").first.bounding_box()
    assert size is not None
    for index, pixel in enumerate((start, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), end)):
        x, y = place(page, pixel)
        page.mouse.move(size["x"] + x, size["y"] + y, steps=2)
        if index == 0:
            page.mouse.down()
    page.mouse.up()


def test_who_and_what_is_shown_stands_round_the_picture(vera: Page) -> None:
    assert corner(vera, "top.left").splitlines() == ["Sehtest, Vera", "VIEW-1", "born 14 Jun 1958 · female"]
    assert corner(vera, "top.right").splitlines()[:2] == ["01 Mar 2026", "CT phantom"]
    assert corner(vera, "bottom.right").splitlines()[0] == "W 400 L 40"
    assert corner(vera, "bottom.right").splitlines()[-1] == "Slice 13 / 24"
    assert corner(vera, "top.right", cell=1).splitlines()[0] == "Prior · 10 Jan 2025"
    assert (letters(vera), letters(vera, cell=1)) == ("A L P R", "A L P R")
    bar = vera.locator(".cell").first.locator(".scale")
    line = bar.locator("i").bounding_box()
    assert line is not None
    assert bar.inner_text() == "5 mm"
    assert line["width"] == pytest.approx(5 / SPACING[1] * (place(vera, (1, 0))[0] - place(vera, (0, 0))[0]), abs=1)
    expect(vera.get_by_text("Research use, not for diagnosis")).to_be_in_viewport()


def test_nothing_is_asked_for_twice_and_three_planes_need_nothing_more(vera: Page, asked: list[str]) -> None:
    frames = [url for url in asked if "/frames/" in url]
    assert len(frames) == 24 + 12
    assert "instances" in frames[0]
    assert len([url for url in asked if url.endswith("/metadata")]) == 2
    assert [url for url, times in Counter(asked).items() if times > 1 and "/dicomweb/" in url] == []
    vera.keyboard.press("f")
    axial = vera.locator("[data-plane=axial]")
    expect(axial.locator(".corner.bottom.right")).to_contain_text("Axial 12 / 24", timeout=60_000)
    told = {plane: vera.locator(f"[data-plane={plane}]") for plane in ("sagittal", "coronal")}
    expect(told["sagittal"].locator(".corner.bottom.right")).to_contain_text("/ 80")
    expect(told["coronal"].locator(".corner.bottom.right")).to_contain_text("/ 60")
    shown = {plane: [cell.locator(f".letter.at-{edge}").inner_text() for edge in EDGES] for plane, cell in told.items()}
    assert shown == {"sagittal": ["H", "P", "F", "A"], "coronal": ["H", "L", "F", "R"]}
    vera.keyboard.press("ArrowDown")
    expect(axial.locator(".corner.bottom.right")).to_contain_text("Axial 13 / 24")
    vera.keyboard.press("h")
    expect(vera.locator("#said")).to_have_text("This works on a stack: press f to leave the three planes.")
    vera.keyboard.press("f")
    expect(vera.locator(".planes")).to_have_count(0)
    assert len([url for url in asked if "/frames/" in url]) == len(frames)


def test_the_pixels_are_those_of_the_phantom_through_every_window(vera: Page) -> None:
    for key, width, level in (("1", 400, 40), ("2", 1500, -600), ("4", 2500, 480)):
        vera.keyboard.press(key)
        expect(vera.locator(".cell").first.locator(".corner.bottom.right")).to_contain_text(f"W {width} L {level}")
        for pixel, value in ((IN_BLOCK, BLOCK), (IN_BAR, BAR), (ON_GROUND, GROUND)):
            assert grey(vera, pixel) == pytest.approx(windowed(value, width=width, level=level), abs=2), (key, value)
    vera.keyboard.press("i")
    assert grey(vera, IN_BLOCK) == pytest.approx(255 - windowed(BLOCK, width=2500, level=480), abs=2)
    told = vera.locator(".cell").first.locator(".corner.bottom.right")
    expect(told).to_contain_text("inverted")
    vera.keyboard.press(" ")
    expect(told).to_contain_text("W 400 L 40")
    expect(told).not_to_contain_text("inverted")


def test_letters_and_pixels_turn_together_and_undo_turns_them_back(vera: Page) -> None:
    middle = (
        "() => { const c = document.querySelector('.cell canvas'); return [c.clientWidth / 2, c.clientHeight / 2]; }"
    )
    x, y = vera.evaluate(middle)
    step = place(vera, (1, 0))[0] - place(vera, (0, 0))[0]
    # From the middle of the image to the middle of the block, which lies right and in front.
    across, up = (IN_BLOCK[0] + 0.5 - COLUMNS / 2) * step, (IN_BLOCK[1] + 0.5 - ROWS / 2) * step
    turns = {
        "h": ("A R P L", (-across, up)),
        "v": ("P R A L", (-across, -up)),
        "r": ("L P R A", (up, -across)),
        "l": ("P R A L", (-across, -up)),
    }
    for key, (expected, (right, down)) in turns.items():
        vera.keyboard.press(key)
        settled(vera)
        assert letters(vera) == expected, key
        assert vera.evaluate(GREY_AT, [x + right, y + down]) > 250, key
    for expected in ("L P R A", "P R A L", "A R P L", "A L P R"):
        vera.keyboard.press("Control+z")
        settled(vera)
        assert letters(vera) == expected
    vera.keyboard.press("Control+y")
    settled(vera)
    assert letters(vera) == "A R P L"
    vera.keyboard.press(" ")
    settled(vera)
    assert letters(vera) == "A L P R"


def test_images_are_reached_by_key_and_wheel_and_the_prior_follows_when_linked(vera: Page) -> None:
    number = vera.locator(".cell").first.locator(".corner.bottom.right")
    for key, at in (("ArrowDown", 14), ("ArrowUp", 13), ("End", 24), ("Home", 1)):
        vera.keyboard.press(key)
        expect(number).to_contain_text(f"Slice {at} / 24")
    assert grey(vera, (9, 52)) > 100  # the stripe is as long as the number of the slice
    assert grey(vera, (11, 52)) == 0
    vera.keyboard.press("y")
    for _ in range(3):
        vera.keyboard.press("ArrowDown")
    expect(number).to_contain_text("Slice 4 / 24")
    expect(vera.locator(".cell").nth(1).locator(".corner.bottom.right")).to_contain_text("Slice 10 / 12")
    vera.keyboard.press("y")
    vera.locator(".cell").first.hover()
    vera.mouse.wheel(0, 100)
    expect(number).to_contain_text("Slice 5 / 24")
    vera.keyboard.press("c")
    expect(number).not_to_contain_text("Slice 5 / 24")  # it plays, and nobody can say which image a slow look meets
    vera.keyboard.press("c")
    vera.keyboard.press("End")
    expect(number).to_contain_text("Slice 24 / 24")
    settled(vera)
    assert "Slice 24 / 24" in number.inner_text()


def test_measures_are_millimetres_on_a_calibrated_image_and_undo_takes_them_away(vera: Page) -> None:
    words = vera.locator(".cell").first.locator("svg text")
    vera.keyboard.press("m")
    drag(vera, (20, 30), (60, 30))
    assert measured(words.first, "mm") == pytest.approx(20, abs=0.3)
    vera.keyboard.press("Control+z")
    expect(words).to_have_count(0)
    vera.keyboard.press("b")
    drag(vera, (10, 8), (20, 16))
    expect(words.first).to_contain_text("Mean: 300 HU")
    assert measured(words.first, "mm²") == pytest.approx(20, abs=0.6)
    vera.keyboard.press("Delete")
    expect(words).to_have_count(0)
    vera.keyboard.press("w")


def test_the_value_of_a_pixel_is_read_on_any_image_and_comes_back_with_redo(vera: Page) -> None:
    words = vera.locator(".cell").first.locator("svg text")
    assert re.search(r"Slice ([2-9]|\d\d) / 24", corner(vera, "bottom.right"))
    vera.keyboard.press("x")
    for pixel, hounsfield in ((IN_BLOCK, BLOCK), (ON_GROUND, GROUND)):
        drag(vera, pixel, pixel)
        expect(words).to_have_text(f"{hounsfield:g} HU")
        vera.keyboard.press("Control+z")
        expect(words).to_have_count(0)
    vera.keyboard.press("Control+y")
    expect(words).to_have_text(f"{GROUND:g} HU")
    vera.keyboard.press("Delete")
    expect(words).to_have_count(0)
    vera.keyboard.press("w")


def test_what_was_taken_away_is_not_drawn_again_with_its_series(vera: Page) -> None:
    first = vera.locator(".cell").first
    for name in ("wrist", "axial"):
        vera.locator(".thumb", has_text=name).first.press("Enter")
        expect(first.locator(".corner.bottom.left")).to_contain_text(name)
    expect(first).to_have_attribute("data-loaded", "24/24")
    expect(vera.locator(".marks .finding")).to_have_count(0)


def test_an_image_without_calibration_or_cosines_says_so_and_gives_pixels(vera: Page) -> None:
    vera.locator(".thumb", has_text="wrist").press("Enter")
    first = vera.locator(".cell").first
    expect(first.locator(".corner.bottom.left")).to_contain_text("Orientation unknown · not calibrated: pixels")
    assert "Laterality: Left" in corner(vera, "bottom.left")
    assert letters(vera).strip() == ""
    expect(first.locator(".scale")).to_be_hidden()
    vera.keyboard.press("m")
    drag(vera, (20, 30), (60, 30))
    assert measured(first.locator("svg text").first, "px") == pytest.approx(40, abs=0.6)
    vera.keyboard.press("Control+z")
    vera.keyboard.press("f")
    expect(vera.locator("#said")).to_have_text("Other planes need at least 5 slices; this series has 1.")


def test_what_cannot_be_shown_says_why_and_can_be_tried_again(vera: Page) -> None:
    notice = vera.locator(".cell").first.locator(".notice-over")
    vera.locator(".thumb", has_text="dose report").press("Enter")
    expect(notice).to_contain_text("it holds words and measurements, no image")
    refusal = "The pixels of this image are packed in a way that cannot be opened here."
    sent: list[str] = []

    def refuse(route: Route) -> None:
        sent.append(route.request.url)
        route.fulfill(status=200, content_type="application/octet-stream; transfer-syntax=1.2.3", body=b"\x00" * 8)

    vera.route("**/frames/1", refuse)
    vera.locator(".thumb", has_text="oblique").press("Enter")
    expect(notice).to_contain_text("The pixels cannot be decoded here (No decoder for transfer syntax 1.2.3).")
    vera.unroute_all()
    vera.route("**/frames/1", lambda route: route.fulfill(status=406, json={"detail": refusal}))
    notice.get_by_role("button", name="Retry").click()
    expect(notice).to_contain_text(refusal)
    vera.unroute_all()
    notice.get_by_role("button", name="Retry").click()
    expect(notice).to_be_hidden()
    assert letters(vera) == "FP PH HA AF"
    assert sent


def test_layouts_change_without_losing_what_hangs(vera: Page) -> None:
    vera.locator(".thumb", has_text="axial").first.press("Enter")
    expect(vera.locator(".cell").first).to_have_attribute("data-loaded", "24/24")
    for layout, cells in (("2x1", 2), ("2x2", 4), ("1x1", 1), ("1x2", 2)):
        vera.keyboard.press("k")
        expect(vera.locator("#wall")).to_have_attribute("data-layout", layout)
        expect(vera.locator("#wall > .cell")).to_have_count(cells)
        assert "Sehtest, Vera" in corner(vera, "top.left")


def test_every_key_is_explained_and_all_fits_small_screens(vera: Page, pictures_kept: Path) -> None:
    vera.keyboard.press("?")
    help_ = vera.get_by_role("dialog")
    for words in (
        "Rotate left",
        "Flip top to bottom",
        "Window preset 2: Lung",
        "Three planes",
        "Scroll the viewports together",
    ):
        expect(help_).to_contain_text(words)
    vera.keyboard.press("Escape")
    for width, height in ((1280, 800), (820, 1180), (640, 400)):  # the last: 1280 x 800 at 200%
        vera.set_viewport_size({"width": width, "height": height})
        settled(vera)
        expect(vera.get_by_text("Research use, not for diagnosis")).to_be_in_viewport()
        assert vera.evaluate("document.documentElement.scrollWidth") <= width
        size = vera.locator(".cell").first.bounding_box()
        assert size is not None
        assert min(size["width"], size["height"]) > 100
        assert vera.evaluate(CONTRAST) == []
        vera.screenshot(path=pictures_kept / f"viewer-{width}.png")


def test_the_first_picture_does_not_wait_for_its_tools_and_stays_as_it_was(
    vera: Page, browser: Browser, eyes: Stage, pictures_kept: Path
) -> None:
    context = traced_context(browser, base_url=eyes.url, storage_state=vera.context.storage_state())
    page = context.new_page()
    page.route("**/assets/app-*.js", lambda _route: None)  # held back
    page.goto(vera.url)
    page.locator(".early[data-shown]").wait_for()
    page.screenshot(path=pictures_kept / "viewer-early.png")
    early = page.locator(".early canvas").first
    greys = [early.evaluate(PIXEL_OF, list(pixel)) for pixel in (IN_BLOCK, IN_BAR, ON_GROUND)]
    said = round_about(page.locator(".early > div").first)
    assert "Slice 13 / 24" in said
    page.unroute_all()  # what was held back comes, and what is asked for from now on
    expect(page.locator(".cell").first).to_have_attribute("data-loaded", "24/24", timeout=60_000)
    expect(page.locator(".early")).to_have_count(0)
    page.screenshot(path=pictures_kept / "viewer-early-then.png")
    assert [grey(page, pixel) for pixel in (IN_BLOCK, IN_BAR, ON_GROUND)] == pytest.approx(greys, abs=1)
    assert round_about(page.locator(".cell").first) == said
    context.close()


def test_without_network_the_page_says_so(visit: Open, eyes: Stage) -> None:  # noqa: ARG001 - asks for the scene
    with visit(quietly=False) as page:
        study = page.get_by_role("link", name="Sehtest, Vera").first.get_attribute("href") or ""
        page.route("**/api/studies/**", lambda route: route.abort())
        page.goto(f"{study.split('?')[0]}viewer/")
        expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached. Check the network.")
        expect(page.get_by_role("button", name="Retry")).to_be_visible()
