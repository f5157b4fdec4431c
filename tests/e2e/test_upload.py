"""The upload page under a hand: many files, folders, zips, refusals, and a connection that goes away."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.phantoms import dicom, pictures


@pytest.fixture(scope="module")
def numbers() -> list[int]:
    """Seeds that were used: a picture sent twice is a duplicate."""
    return [10_000]


@pytest.fixture
def files(tmp_path: Path, numbers: list[int]) -> Path:
    """A folder with a good picture, a good DICOM object, a text, and a zip of both kinds; all new."""
    numbers[0] += 10
    seed = numbers[0]
    folder = tmp_path / "from the scanner"
    (folder / "deeper").mkdir(parents=True)
    pictures.png(folder / "hand.png", seed=seed)
    (folder / "letter.txt").write_text("Dear colleague")
    dicom.saved(dicom.image(pictures.disc(seed=seed + 1), PatientID=f"UP-{seed}"), folder / "deeper" / "IM0001")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(pictures.png(tmp_path / "zipped.png", seed=seed + 2), "one.png")
        archive.writestr("notes.txt", "nothing to see")
    return folder


def told(page: Page, name: str) -> str:
    """Return what stands in a file's row."""
    return page.locator(".row", has=page.get_by_text(name, exact=True)).locator(".said").inner_text()


def test_files_are_sent_and_each_is_answered(visit: Open, files: Path, pictures_kept: Path) -> None:
    with visit("/upload/") as page:
        page.locator("#files").set_input_files([files / "hand.png", files / "letter.txt", files / "more.zip"])
        expect(page.locator("#tally")).to_have_text("3 of 3 files, all done", timeout=30_000)
        assert told(page, "hand.png") == "Stored"
        assert told(page, "letter.txt") == "This is neither a DICOM file nor a PNG, JPEG or TIFF picture."
        assert told(page, "more.zip") == "2 files: 1 stored or known, 1 refused"
        assert told(page, "notes.txt").startswith("This is neither")
        assert page.locator(".views b").all_inner_texts() == ["4", "2", "0", "2"]
        page.screenshot(path=pictures_kept / "upload-done-desk.png")
        page.get_by_role("button", name="Refused 2").click()
        expect(page.locator(".row:visible")).to_have_count(2)
        page.get_by_role("button", name="All 4").click()
        page.locator(".row", has_text="hand.png").get_by_role("link", name="Open study").click()
        page.wait_for_url("**/studies/**")
        expect(page.locator("#outcome-title")).to_contain_text("Receiving")


def test_a_folder_is_sent_with_the_paths_below_it(visit: Open, files: Path) -> None:
    with visit("/upload/") as page:
        page.locator("#folder").set_input_files(files)
        expect(page.locator("#tally")).to_have_text("4 of 4 files, all done", timeout=30_000)
        assert told(page, "from the scanner/deeper/IM0001") == "Stored"


def test_the_same_file_again_is_known(visit: Open, files: Path) -> None:
    with visit("/upload/") as page:
        for done in ("1 of 1 file, all done", "2 of 2 files, all done"):
            page.locator("#files").set_input_files(files / "hand.png")
            expect(page.locator("#tally")).to_have_text(done, timeout=30_000)
        expect(page.locator(".row.is-duplicate .said")).to_have_text("The same file is stored already.")


def test_files_are_dropped(visit: Open, files: Path) -> None:
    with visit("/upload/") as page:
        page.evaluate(
            """(bytes) => {
              const transfer = new DataTransfer();
              transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png", {type: "image/png"}));
              for (const type of ["dragenter", "dragover", "drop"]) {
                const event = new DragEvent(type, {dataTransfer: transfer, bubbles: true, cancelable: true});
                document.querySelector("#drop").dispatchEvent(event);
              }
            }""",
            list((files / "hand.png").read_bytes()),
        )
        expect(page.locator("#tally")).to_have_text("1 of 1 file, all done", timeout=30_000)
        assert told(page, "dropped.png") == "Stored"


def test_a_lost_connection_loses_nothing(visit: Open, files: Path) -> None:
    with visit("/upload/", quietly=False) as page:
        page.context.set_offline(True)
        page.locator("#files").set_input_files([files / "hand.png", files / "letter.txt"])
        again = page.get_by_role("button", name="Send the rest again")
        expect(again).to_be_visible(timeout=15_000)
        expect(page.get_by_role("alert")).to_contain_text("The connection was lost")
        page.context.set_offline(False)
        again.click()
        expect(page.locator("#tally")).to_have_text("2 of 2 files, all done", timeout=30_000)
        assert told(page, "hand.png") == "Stored"


@pytest.mark.parametrize(
    ("status", "detail", "said"),
    [
        (413, "The file is larger than 2,048 MiB, the limit.", "The file is larger than 2,048 MiB"),
        (507, "The disk is full. Nothing of this file was kept.", "The disk is full."),
        (500, None, "The server did not answer as expected."),
    ],
)
def test_trouble_at_the_other_end_is_told_in_its_own_words(
    visit: Open, files: Path, status: int, detail: str | None, said: str
) -> None:
    body = f'{{"detail": "{detail}"}}' if detail else "<html>broken</html>"
    with visit("/upload/", quietly=False) as page:
        page.route("**/api/uploads/", lambda route: route.fulfill(status=status, body=body))
        page.locator("#files").set_input_files(files / "hand.png")
        expect(page.locator(".row .said")).to_contain_text(said, timeout=15_000)


def test_leaving_in_the_middle_asks_first(visit: Open, files: Path) -> None:
    with visit("/upload/") as page:
        page.route("**/api/uploads/", lambda _route: None)
        page.locator("#files").set_input_files(files / "hand.png")
        expect(page.locator(".row")).to_have_count(1)
        assert page.evaluate("!dispatchEvent(new Event('beforeunload', {cancelable: true}))")
        page.unroute_all(behavior="ignoreErrors")


def test_hundreds_of_files_are_counted_and_sent(visit: Open, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(120):
        buffer = io.BytesIO()
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(buffer, format="PNG")
        (folder / f"{number:03}.png").write_bytes(buffer.getvalue())
    with visit("/upload/") as page:
        page.locator("#folder").set_input_files(folder)
        expect(page.locator("#tally")).to_have_text("120 of 120 files, all done", timeout=60_000)
        assert page.locator(".views b").all_inner_texts() == ["120", "120", "0", "0"]
