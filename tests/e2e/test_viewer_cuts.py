"""Measuring on cuts through a volume: right in millimetres however it was scanned, saved, found again where it lies."""

import math
import re
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Open
from tests.e2e.serving import Stage, run
from tests.e2e.test_viewer_marks import MARKS, kept, saved, state
from tests.e2e.viewing import pictured, settled, viewer_opened
from tests.webapp.scenes.mpr import APART, VOLUMES, Volume

pytestmark = pytest.mark.usefixtures("viewer_built")
#: Returns the middles of what is bright on a canvas, the left one first: CSS pixels of the canvas.
SPOTS_OF = """(canvas) => {
  const { width, height } = canvas, scale = canvas.clientWidth / width;
  const grey = canvas.getContext('2d', { willReadFrequently: true }).getImageData(0, 0, width, height).data;
  const isBright = (at) => at >= 0 && at < width * height && grey[4 * at] > 60;
  const seen = new Set(), found = [];
  for (let start = 0; start < width * height; start += 1) {
    if (seen.has(start) || !isBright(start)) continue;
    const todo = [start], sums = [0, 0, 0];
    seen.add(start);
    while (todo.length) {
      const at = todo.pop(), column = at % width;
      [1, column + 0.5, (at - column) / width + 0.5].forEach((by, index) => { sums[index] += by * grey[4 * at]; });
      for (const next of [at - 1, at + 1, at - width, at + width]) {
        if (!seen.has(next) && isBright(next)) { seen.add(next); todo.push(next); }
      }
    }
    found.push([scale * sums[1] / sums[0], scale * sums[2] / sums[0]]);
  }
  return found.sort(([one], [other]) => one - other);
}"""
Place = tuple[float, float]
Cutting = Callable[[Volume], AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def volumes(stage: Stage) -> None:
    """Take the volumes in."""
    run([sys.executable, "-m", "tests.webapp.scenes.mpr"], stage.environment)


@pytest.fixture
def cutting(visit: Open, volumes: None) -> Cutting:  # noqa: ARG001
    """Open a volume, cut in three planes. What the tests break is told on the console."""

    @contextmanager
    def opened(volume: Volume) -> Iterator[Page]:
        with visit(quietly=False) as page:
            viewer_opened(page, f"Schnitt, {volume.name.title()}")
            page.keyboard.press("f")
            is_cut(page)
            yield page

    return opened


def is_cut(page: Page) -> None:
    """Wait until the three planes are drawn."""
    for plane in ("axial", "sagittal", "coronal"):
        shown = cut(page, plane).locator(".corner.bottom.right")
        expect(shown).to_contain_text(re.compile(rf"{plane.title()} \d+"))
    settled(page)


def cut(page: Page, plane: str = "coronal") -> Locator:
    """Return one of the three planes."""
    return page.locator(f"[data-plane={plane}]")


def spots(page: Page, plane: str = "coronal") -> list[Place]:
    """Return where the spots lie on a cut."""
    settled(page)
    found: list[Place] = cut(page, plane).locator("canvas").evaluate(SPOTS_OF)
    return found


def larger(page: Page) -> None:
    """Show the coronal cut larger: a hand on it is then nearer to a spot."""
    cut(page).focus()
    before = spots(page)
    for _ in range(2):
        page.keyboard.press("+")
    page.wait_for_function(
        f"""(least) => {{
          const [left, right] = ({SPOTS_OF})(document.querySelector('[data-plane=coronal] canvas'));
          return right !== undefined && Math.hypot(left[0] - right[0], left[1] - right[1]) > least;
        }}""",
        arg=1.5 * math.dist(*before),
    )


def stroke(page: Page, key: str, start: Place, end: Place, *, plane: str = "coronal") -> None:
    """Draw with a tool from one place of a cut to another: CSS pixels of the cut."""
    box = cut(page, plane).locator("canvas").bounding_box()
    assert box is not None
    page.keyboard.press(key)
    places = [start, tuple(np.add(start, end) / 2), end]
    for index, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
        if index == 0:
            page.mouse.down()
    page.mouse.up()


def bent(page: Page, first: Place, middle: Place, last: Place) -> None:
    """Draw an angle on the coronal cut: its first leg by hand, then a click where the second ends."""
    stroke(page, "g", first, middle)
    box = cut(page).locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + last[0], box["y"] + last[1], steps=3)
    page.mouse.click(box["x"] + last[0], box["y"] + last[1])


def line_of(page: Page, mark: dict[str, Any], plane: str = "coronal") -> Locator:
    """Return the line of a length on a cut."""
    return cut(page, plane).locator(f"line[data-id^='{mark['id']}']")


@pytest.mark.parametrize("volume", VOLUMES, ids=lambda volume: volume.name)
def test_a_length_between_two_spots_is_right_and_is_there_again_after_a_reload(
    cutting: Cutting, volume: Volume
) -> None:
    with cutting(volume) as page:
        larger(page)
        left, right = spots(page)
        stroke(page, "m", left, right)
        kept(page, 1)
        expect(page.locator(".marks .finding")).to_contain_text("coronal reformat")
        (mark,) = saved(page)
        assert mark["figures"]["length"] == pytest.approx(APART, rel=0.01)
        assert np.abs(mark["normal"]) == pytest.approx([0, 1, 0], abs=1e-6)
        np.testing.assert_allclose(sorted(mark["points"]), volume.spots, atol=0.6)
        page.reload()
        pictured(page)
        expect(page.locator(".marks .finding")).to_have_text(re.compile(r"Length 40\.\d mm.*coronal reformat.*saved"))
        page.locator(".marks .finding").click()
        is_cut(page)
        line = line_of(page, mark)
        expect(line).to_have_count(1)
        ends = [[float(line.get_attribute(f"{axis}{end}") or 0) for axis in "xy"] for end in (1, 2)]
        np.testing.assert_allclose(sorted(ends), spots(page), atol=2)
        (again,) = saved(page)
        assert again == mark


def test_what_is_drawn_on_a_cut_is_undone_moved_and_taken_away_like_on_a_stack(cutting: Cutting) -> None:
    with cutting(VOLUMES[0]) as page:
        before = len(saved(page))
        left, right = spots(page)
        below = [(x, y + 60) for x, y in (left, right)]
        stroke(page, "m", *below)
        kept(page, before + 1)
        page.keyboard.press("Control+z")
        kept(page, before)
        page.keyboard.press("Control+y")
        kept(page, before + 1)
        page.keyboard.press("Delete")
        kept(page, before)
        page.keyboard.press("f")  # nothing of it lies on an image
        expect(page.locator(".planes")).to_have_count(0)
        page.keyboard.press("Delete")
        expect(page.locator("#said")).to_have_text("There is no measurement on this image.")


def test_regions_an_angle_and_a_point_say_what_is_there(cutting: Cutting) -> None:
    volume = VOLUMES[0]
    with cutting(volume) as page:
        before = len(saved(page))
        left, right = spots(page)
        (x0, y0), (x1, y1) = left, right
        below = [(x0, y0 + 30), (x0 + 60, y0 + 60)]
        drawn: dict[str, Callable[[], None]] = {
            "rectangle": lambda: stroke(page, "b", *below),
            "ellipse": lambda: stroke(page, "q", (x1 - 20, y1 + 60), (x1 - 2, y1 + 85)),
            "angle": lambda: bent(page, (x0, y0 - 40), (x0 + 30, y0 - 70), (x0 + 70, y0 - 60)),
            "probe": lambda: stroke(page, "x", (x1, y1 - 40), (x1, y1 - 40)),
        }
        marks: dict[str, Any] = {}
        for number, (kind, draw) in enumerate(drawn.items(), start=1):
            draw()
            kept(page, before + number)
            marks[kind] = next(one for one in saved(page) if one["kind"] == kind)
        for kind, figure in (("rectangle", "mean"), ("ellipse", "mean"), ("probe", "value")):
            places = np.asarray(marks[kind]["points"])
            expected = float(volume.ground(places.mean(axis=0)))
            assert marks[kind]["figures"][figure] == pytest.approx(expected, abs=8), kind  # half a voxel up or down
        legs = np.asarray(marks["angle"]["points"])[[0, 2]] - marks["angle"]["points"][1]
        cosine = legs[0] @ legs[1] / np.linalg.norm(legs[0]) / np.linalg.norm(legs[1])
        assert marks["angle"]["figures"]["angle"] == pytest.approx(math.degrees(math.acos(cosine)), abs=0.5)
        corners = np.asarray(marks["rectangle"]["points"])
        area = math.dist(corners[0], corners[1]) * math.dist(corners[0], corners[2])
        assert marks["rectangle"]["figures"]["area"] == pytest.approx(area, rel=0.01)
        low, high, left_end, right_end = marks["ellipse"]["points"]
        area = math.pi / 4 * math.dist(low, high) * math.dist(left_end, right_end)
        assert marks["ellipse"]["figures"]["area"] == pytest.approx(area, rel=0.01)


def test_a_mark_on_a_cut_outlives_a_dead_connection_and_a_click_finds_it(cutting: Cutting) -> None:
    with cutting(VOLUMES[1]) as page:
        before = len(saved(page))
        left, right = spots(page)
        page.context.route(MARKS, lambda route: route.abort())
        stroke(page, "m", (left[0], left[1] - 70), (right[0], right[1] - 40))
        state(page, "Not saved yet: 1 mark is kept in this browser")
        page.reload()
        pictured(page)
        listed = page.locator(".marks .finding")
        expect(listed).to_have_count(before + 1)
        expect(page.locator(".marks")).to_contain_text("not saved yet")
        page.context.unroute(MARKS)
        kept(page, before + 1)
        mark = saved(page)[-1]
        line = line_of(page, mark)
        listed.filter(has_text="reformat").last.click()
        is_cut(page)
        expect(line).to_have_count(1)
        for _ in range(3):
            page.keyboard.press("ArrowDown")
        expect(line).to_have_count(0)  # beside its plane it is not drawn
        listed.filter(has_text="reformat").last.click()
        expect(line).to_have_count(1)


def test_a_mark_on_a_tilted_cut_is_shown_on_just_that_cut(cutting: Cutting) -> None:
    volume = VOLUMES[2]
    with cutting(volume) as page:
        cos, sin = math.cos(math.radians(30)), math.sin(math.radians(30))
        ends = [(volume.middle + by * np.array([cos, sin, 0.0])).round(3).tolist() for by in (-15, 15)]
        answer = written(page, {"normal": [-sin, cos, 0.0], "points": ends, "figures": {"length": 30.0}})
        page.reload()
        pictured(page)
        listed = page.locator(".marks .finding").filter(has_text="Length 30.0 mm")
        expect(listed).to_contain_text("oblique coronal reformat")
        listed.click()
        is_cut(page)
        expect(line_of(page, answer)).to_have_count(1)
        expect(cut(page).locator("[data-annotation-uid]")).to_contain_text(re.compile(r"^(30|29\.9\d?|30\.0\d?) mm$"))
        page.keyboard.press(" ")  # as it was cut at first
        expect(line_of(page, answer)).to_have_count(0)
        assert [one for one in saved(page) if one["id"] == answer["id"]] == [answer]


def test_moved_on_a_cut_beside_its_plane_a_mark_stays_on_its_plane(cutting: Cutting) -> None:
    volume = VOLUMES[3]
    with cutting(volume) as page:
        ends = [(volume.middle + np.array([x, 0.3, -20.0])).round(3).tolist() for x in (-12.0, 12.0)]
        mark = written(page, {"normal": [0.0, -1.0, 0.0], "points": ends, "figures": {"length": 24.0}})
        page.reload()
        pictured(page)
        listed = page.locator(".marks .finding").filter(has_text="Length 24.0 mm")
        page.keyboard.press("f")  # opened in the middle, 0.3 mm beside it
        is_cut(page)
        line = line_of(page, mark)
        expect(line).to_have_count(1)
        page.keyboard.press("m")
        box = cut(page).locator("canvas").bounding_box()
        assert box is not None
        x, y = (float(line.get_attribute(name) or 0) for name in ("x2", "y2"))
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down()
        for by in (4, 8, 12):
            page.mouse.move(box["x"] + x + by, box["y"] + y - by)
        page.mouse.up()
        expect(listed).to_have_count(0)
        expect(page.locator(".marks")).not_to_contain_text("not saved yet")
        state(page, "Saved")
        moved = next(one for one in saved(page) if one["id"] == mark["id"])
        assert moved["version"] > 1
        assert [place[1] for place in moved["points"]] == pytest.approx([ends[0][1]] * 2, abs=1e-3)
        assert moved["figures"]["length"] == pytest.approx(math.dist(*moved["points"]), rel=1e-3)


def written(page: Page, drawn: dict[str, Any]) -> dict[str, Any]:
    """Save a length on a cut as another window does."""
    study = page.url.split("/studies/")[1].split("/")[0]
    (series,) = page.request.get(f"/api/studies/{study}/viewer/").json()["series"]
    headers = page.request.get(f"/dicomweb/studies/{study_uid(page, study)}/series/{series['uid']}/metadata").json()
    body = {
        "series": series["id"], "frameOfReference": headers[0]["00200052"]["Value"][0],
        "kind": "length", "unit": "mm", "version": 0, **drawn,
    }  # fmt: skip
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")
    answer = page.request.put(
        f"/api/annotations/{uuid.uuid4()}/", data=body, headers={"X-CSRFToken": token, "Referer": page.url}
    )
    assert answer.status == 201, answer.text()
    told: dict[str, Any] = answer.json()
    return told


def study_uid(page: Page, study: str) -> str:
    """Return the UID of a study."""
    return str(page.request.get(f"/api/studies/{study}/viewer/").json()["study"]["uid"])
