"""What a reader measures: saved as it is made, and never lost, whatever becomes of connection, page or session."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open, signed_in_there
from tests.e2e.serving import ACCOUNTS, Stage
from tests.e2e.viewing import awaited, pictured, viewer_opened

pytestmark = pytest.mark.usefixtures("viewer_built")
MARKS = "**/api/marks/**"


@pytest.fixture
def knee(visit: Open) -> Iterator[Page]:
    """An MRI of one slice in the viewer. What the tests break is told on the console."""
    with visit(quietly=False) as page:
        viewer_opened(page, "Beispiel, Berta")
        page.evaluate("() => localStorage.clear()")
        yield page


def drawn(page: Page, *, shift: int = 0) -> None:
    """Draw a length with the mouse."""
    box = page.locator(".cell").first.bounding_box()
    assert box is not None
    left, top = box["x"] + box["width"] / 2 - 60, box["y"] + box["height"] / 2 + shift
    page.keyboard.press("m")
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + 40, top + 10, steps=3)
    page.mouse.move(left + 120, top + 30, steps=3)
    page.mouse.up()


def state(page: Page, words: str) -> None:
    """Expect the state of saving in words."""
    expect(page.locator(".saved-state")).to_contain_text(words)


def kept(page: Page, count: int) -> None:
    """Expect so many marks beside the wall, all saved: just after a stroke the state is still that of before."""
    expect(page.locator(".marks .finding")).to_have_count(count)
    expect(page.locator(".marks")).not_to_contain_text("not saved yet")
    state(page, "Saved")


def saved(page: Page) -> list[dict[str, Any]]:
    """Return the marks that the server has of this study."""
    study = page.url.split("/studies/")[1].split("/")[0]
    told: list[dict[str, Any]] = page.request.get(f"/api/studies/{study}/marks/").json()
    return told


def test_a_length_survives_a_dead_connection_and_a_reload_and_is_then_saved(knee: Page) -> None:
    before = len(saved(knee))
    knee.context.route(MARKS, lambda route: route.abort())
    drawn(knee)
    state(knee, "Not saved yet: 1 mark is kept in this browser and will be sent when the connection is back.")
    knee.reload()
    pictured(knee)
    expect(knee.locator(".marks .finding")).to_have_count(before + 1)
    expect(knee.locator(".marks")).to_contain_text("not saved yet")
    assert len(saved(knee)) == before
    knee.context.unroute(MARKS)
    state(knee, "Saved")
    mark = saved(knee)[-1]
    assert (mark["kind"], mark["version"], mark["unit"]) == ("length", 1, "px")
    (x0, y0), (x1, y1) = mark["points"]
    assert mark["figures"]["length"] == pytest.approx(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, rel=0.01)
    stored = knee.evaluate("() => Object.keys(localStorage).filter((key) => key.startsWith('readroom-mark'))")
    assert stored == []


def test_a_session_that_ended_keeps_marks_until_somebody_signs_in_again(knee: Page) -> None:
    before = len(saved(knee))
    knee.context.clear_cookies()
    drawn(knee, shift=40)
    state(knee, "You are signed out. 1 mark is kept in this browser")
    with knee.context.expect_page() as opened:
        knee.get_by_role("link", name="Sign in in a new tab").click()
    signed_in_there(opened.value, *ACCOUNTS["clinician"])
    state(knee, "Saved")
    assert len(saved(knee)) == before + 1


def test_a_mark_changed_in_two_windows_is_kept_in_both_forms_and_said_so(knee: Page) -> None:
    before = len(mark_ids(knee))
    drawn(knee, shift=80)
    kept(knee, before + 1)
    (mine,) = [one for one in saved(knee) if one["id"] in mark_ids(knee)][-1:]
    token = next(one["value"] for one in knee.context.cookies() if one["name"] == "csrftoken")
    other = knee.request.put(
        f"/api/marks/{mine['id']}/",
        data={name: mine[name] for name in ("series", "sop", "frame", "kind", "points", "figures", "unit", "version")}
        | {"text": "seen elsewhere"},
        headers={"X-CSRFToken": token, "Referer": knee.url},
    )
    assert other.status == 200
    moved(knee, shift=80)
    state(knee, "Both are kept: yours is saved as a separate annotation.")
    state(knee, "Saved")
    told = {one["id"]: one for one in saved(knee)}
    assert (told[mine["id"]]["text"], told[mine["id"]]["version"]) == ("seen elsewhere", 2)
    assert len([one for one in told.values() if one["points"][0] == pytest.approx(mine["points"][0], abs=0.01)]) == 2


def test_what_is_taken_away_comes_back_with_undo(knee: Page) -> None:
    before = len(saved(knee))
    drawn(knee, shift=120)
    kept(knee, before + 1)
    assert len(saved(knee)) == before + 1
    knee.keyboard.press("Control+z")
    expect(knee.locator(".marks .finding")).to_have_count(before)
    assert len(awaited(knee, lambda: saved(knee), until=lambda now: len(now) == before)) == before
    knee.keyboard.press("Control+y")
    expect(knee.locator(".marks .finding")).to_have_count(before + 1)


def mark_ids(page: Page) -> list[str]:
    """Return the marks beside the wall."""
    return [one.get_attribute("data-name") or "" for one in page.locator(".marks .finding").all()]


def moved(page: Page, *, shift: int) -> None:
    """Move the far end of the length that `drawn` drew."""
    box = page.locator(".cell").first.bounding_box()
    assert box is not None
    left, top = box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2 + shift + 30
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + 10, top + 10, steps=3)
    page.mouse.move(left + 20, top - 20, steps=3)
    page.mouse.up()


def test_of_changes_at_the_same_moment_one_is_saved_and_the_others_are_told(stage: Stage, knee: Page) -> None:
    with requests.Session() as session:
        session.cookies.update({one["name"]: one["value"] for one in knee.context.cookies()})
        session.headers["X-CSRFToken"] = str(session.cookies["csrftoken"])
        study = knee.url.split("/studies/")[1].split("/")[0]
        (series,) = session.get(f"{stage.url}/api/studies/{study}/viewer/", timeout=30).json()["series"]
        image = series["images"][0]
        body = {
            "series": series["id"],
            "sop": image["sop"],
            "frame": 1,
            "kind": "probe",
            "points": [[1, 2]],
            "unit": "px",
        }
        address = f"{stage.url}/api/marks/{uuid.uuid4()}/"

        def put(**changed: Any) -> int:
            return session.put(address, json=body | changed, timeout=60).status_code

        with ThreadPoolExecutor(6) as pool:
            made = sorted(pool.map(lambda _: put(), range(6)))
            changed = sorted(pool.map(lambda number: put(version=1, text=str(number)), range(6)))
        assert (made, changed) == ([200] * 5 + [201], [200] + [409] * 5)
